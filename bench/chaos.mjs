// Kills the controller with SIGKILL at random moments of a whole flow on a real API server, and sees that all converges.
//
//   npm run chaos -- --runs 50 --seed 1
import { importTypeScript } from "./typescript.mjs";

const words = process.argv.slice(2);
const option = (name, fallback) => {
  const at = words.indexOf(name);
  return at < 0 ? fallback : Number(words[at + 1]);
};
const runs = option("--runs", 50);
const seed = option("--seed", 20_261_121);
const { randomMoment, seeded, startChaos } = await importTypeScript("test/helpers/chaos.ts");

const random = seeded(seed);
const chaos = await startChaos();
const steps = new Map();
let failures = 0;
let leftovers = 0;
try {
  const { tookMs } = await chaos.run(undefined);
  console.log(`without a kill: ${tookMs} ms`);
  for (let run = 1; run <= runs; run++) {
    const moment = randomMoment(random, tookMs);
    const when = `${moment.afterMs} ms after the start${moment.step === undefined ? "" : ` of "${moment.step}"`}`;
    try {
      const result = await chaos.run(moment);
      steps.set(result.step, (steps.get(result.step) ?? 0) + 1);
      leftovers += result.leftovers.length;
      console.log(`${run}/${runs}: killed ${when}, in "${result.step}", converged after ${result.tookMs} ms`);
    } catch (error) {
      failures += 1;
      console.log(`${run}/${runs}: killed ${when}: FAILED: ${error.message}`);
    }
  }
} finally {
  await chaos.stop();
}
const where = [...steps].map(([step, count]) => `${count} in "${step}"`).join(", ");
console.log(`${runs - failures} of ${runs} converged (seed ${seed}; ${where}); ${leftovers} temporary files were left`);
process.exitCode = failures === 0 ? 0 : 1;
