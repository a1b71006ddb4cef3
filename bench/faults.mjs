// Random operations on a real API server while things go wrong: servers killed, requests refused, cut and lost, watches
// closed, clocks set, sealing keys deleted and restored. After every burst the cluster has to be as a model expects.
//
//   npm run faults                          every run ten times as long as in npm run test:cluster
//   npm run faults -- --times 50 --seed 7 --only etcd
import { importTypeScript } from "./typescript.mjs";

const words = process.argv.slice(2);
const option = (name, fallback) => {
  const at = words.indexOf(name);
  return at < 0 ? fallback : words[at + 1];
};
const times = Number(option("--times", 10));
const seed = Number(option("--seed", 20_261_121));
const only = option("--only", "");
const { FAULT_RUNS, runFaults, startFaultCluster } = await importTypeScript("test/faults/runs.ts");

const faulty = await startFaultCluster();
let failures = 0;
try {
  for (const run of FAULT_RUNS.filter(({ name }) => name.includes(only))) {
    const started = Date.now();
    try {
      const { operations, passes, writes, lines, faults } = await runFaults(faulty, run, { seed, times, shrinkMs: 0 });
      const seconds = ((Date.now() - started) / 1000).toFixed(0);
      const all = [...writes].map(([what, count]) => `${count} ${what}`).join(", ");
      console.log(
        `${run.name}: ${operations} operations, ${faults} faults, ${passes} passes, ${lines} lines, ${seconds} s (${all})`,
      );
    } catch (error) {
      failures += 1;
      console.log(`${run.name}: FAILED (seed ${seed}): ${error.message}`);
    }
  }
} finally {
  await faulty.stop();
}
process.exitCode = failures === 0 ? 0 : 1;
