// Kills backups, restores and rotations with SIGKILL at random moments, in a repository and on a real API server, and sees
// that the next run completes and that every value still opens, right after the kill and in the end.
//
//   npm run broken-off -- --kills 100 --seed 1
import { importTypeScript } from "./typescript.mjs";

const words = process.argv.slice(2);
const option = (name, fallback) => {
  const at = words.indexOf(name);
  return at < 0 ? fallback : Number(words[at + 1]);
};
const kills = option("--kills", 100);
const seed = option("--seed", 20_261_121);
const { startBrokenOffRuns, VICTIMS } = await importTypeScript("test/faults/broken-off.ts");
const { seeded } = await importTypeScript("test/helpers/chaos.ts");

const random = seeded(seed);
const runs = await startBrokenOffRuns({ sealed: 260, sops: 40 });
const results = new Map(VICTIMS.map((victim) => [victim, { good: 0, nothing: 0, some: 0, all: 0, leftovers: 0 }]));
let failures = 0;
try {
  for (let kill = 1; kill <= kills; kill++) {
    const victim = VICTIMS[(kill - 1) % VICTIMS.length];
    // A repository is changed without requests; the file of a backup is written after the last one.
    const byRequest = { backup: 0.5, restore: 0.8, "rotate a repository": 0, "rotate a cluster": 0.8 };
    const by = random() < byRequest[victim] ? "request" : "time";
    // Before a third of its time a program has only been loaded.
    const part = by === "request" ? random() : 0.3 + random() * 0.75;
    try {
      const { done, after, leftovers } = await runs.run(victim, { by, part });
      const result = results.get(victim);
      result.good += 1;
      result[done] += 1;
      result.leftovers += leftovers.length;
      const when = by === "time" ? `after ${after} ms` : `at request ${after}`;
      console.log(`${kill}/${kills}: ${victim}, killed ${when} when ${done} was done; ${leftovers.length} left`);
    } catch (error) {
      failures += 1;
      console.log(`${kill}/${kills}: ${victim}, killed at ${part.toFixed(3)} of its ${by}: FAILED: ${error.message}`);
    }
  }
} finally {
  await runs.stop();
}
for (const [victim, { good, nothing, some, all, leftovers }] of results) {
  const when = `killed with nothing done ${nothing} times, with some ${some}, with all ${all}`;
  console.log(`${victim}: ${good} good; ${when}; ${leftovers} temporary files left`);
}
console.log(`${kills - failures} of ${kills} (seed ${seed})`);
process.exitCode = failures === 0 ? 0 : 1;
