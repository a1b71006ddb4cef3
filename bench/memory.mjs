// Memory of the controllers with thousands of SealedSecrets: after they took them in, and after a start that met them all.
import { applyAll, checkAll, memoryOf, present, processorTimeOf, untilPresent, withApiServer } from "./api-server.mjs";
import { line } from "./measure.mjs";

/** Quick to open; the objects are as large as with keys of 4096 bits because of it having more items. */
const POPULATE = ["--kubeclient-qps=-1"];

/** Waits until a process has had nothing to do for a while, then looks at its memory. */
async function atRest(running) {
  for (let idle = 0, before = processorTimeOf(running.pid); idle < 3; ) {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const now = processorTimeOf(running.pid);
    idle = now - before < 0.1 ? idle + 1 : 0;
    before = now;
  }
  return memoryOf(running.pid);
}

export async function run(folder, { count = 4_000, items = 5, bits = 4096 } = {}) {
  return await withApiServer(folder, { count, items, bits }, async ({ client, sealed, startOurs, startTheirs }) => {
    const first = await startTheirs(POPULATE);
    await applyAll(client, sealed);
    await untilPresent(client, count, 900_000);
    if ((await present(client)) < count) throw new Error("the original did not take in all objects in 15 minutes");
    await checkAll(client);
    const takenIn = await atRest(first);
    await first.stop();
    const contenders = { ours: () => startOurs(), theirs: () => startTheirs(POPULATE) };
    const results = {};
    for (const [name, start] of Object.entries(contenders)) {
      const running = await start();
      results[name] = await atRest(running);
      const { now, peak } = results[name];
      console.error(`  ${name}: ${now.toFixed(0)} MiB, at most ${peak.toFixed(0)} MiB`);
      await running.stop();
    }
    console.error(`  theirs after taking in: ${takenIn.now.toFixed(0)} MiB`);
    const what = `memory: ${count} SealedSecrets of ${items} items, after a start`;
    const rival = `original, ${POPULATE.join(" ")}`;
    const { ours, theirs } = results;
    return [
      line(what, { ours: ours.now, theirs: theirs.now, unit: "MiB", rival, limit: 1.5 }),
      line(`${what}, at most`, { ours: ours.peak, theirs: theirs.peak, unit: "MiB", rival }),
    ];
  });
}
