// A controller starts again in a cluster that holds thousands of SealedSecrets: how long until one that is new is served.
import { readFileSync } from "node:fs";
import { applyAll, checkAll, present, SEALED, SECRETS, untilPresent, withApiServer } from "./api-server.mjs";
import { line, median } from "./measure.mjs";

/**
 * Milliseconds from the start of the process to the Secret of a SealedSecret that was made as soon as it served its
 * certificate. One that is not there after `timeoutMs` is told from how many of all the controller had come to.
 */
async function served({ client, start, fresh, count, timeoutMs }) {
  const { name } = JSON.parse(fresh).metadata;
  const startedAt = Date.now();
  const running = await start();
  try {
    await client.call("POST", SEALED, fresh);
    for (;;) {
      const isThere = await client.call("GET", `${SECRETS}/${name}`).then(
        () => true,
        () => false,
      );
      const ms = Date.now() - startedAt;
      if (isThere) return { ms };
      if (ms > timeoutMs) return { ms: (ms * count) / Math.max(1, comeTo(running)), stretchedFrom: comeTo(running) };
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  } finally {
    await running.stop();
    await client.call("DELETE", `${SEALED}/${name}`);
    await client.call("DELETE", `${SECRETS}/${name}`).catch(() => undefined);
  }
}

/** How many objects the log of the original tells of. */
function comeTo(running) {
  return new Set(readFileSync(running.log, "utf8").match(/msg=Updating key=\S+/g) ?? []).size;
}

export async function run(folder, { count = 4_000, items = 2, rounds = 3, capMs = 180_000 } = {}) {
  return await withApiServer(folder, { count: count + rounds + 3, items }, async (server) => {
    const { client, sealed, startOurs, startTheirs } = server;
    const fresh = sealed.slice(count);
    const populating = await startTheirs(["--kubeclient-qps=-1"]);
    await applyAll(client, sealed.slice(0, count));
    if ((await untilPresent(client, count, 900_000)) < count) {
      throw new Error(`only ${await present(client)} of ${count} objects were taken in within 15 minutes`);
    }
    await checkAll(client);
    await populating.stop();

    const one = (start, timeoutMs = 600_000) => served({ client, start, fresh: fresh.pop(), count, timeoutMs });
    const theirs = await one(() => startTheirs([]), capMs);
    console.error(`  theirs, defaults: ${theirs.ms.toFixed(0)} ms${note(theirs, count)}`);
    const lifted = await one(() => startTheirs(["--kubeclient-qps=-1"]));
    console.error(`  theirs, limits lifted: ${lifted.ms} ms`);
    // The first start of ours meets objects that it never opened before.
    const first = await one(() => startOurs());
    console.error(`  ours, after the original: ${first.ms} ms`);
    const results = [];
    for (let round = 0; round < rounds; round++) results.push((await one(() => startOurs())).ms);
    const ours = median(results);
    console.error(`  ours: ${results.join(", ")} ms`);

    const what = `restart: ${count} SealedSecrets there, until a new one is served`;
    const defaults = {
      theirs: theirs.ms,
      unit: "ms",
      rival: "original, defaults",
      limit: 0.05,
      note: note(theirs, count),
    };
    return [
      line(what, { ...defaults, ours }),
      line(`${what}; the first start after the original`, { ...defaults, ours: first.ms }),
      line(what, { ours, theirs: lifted.ms, unit: "ms", rival: "original, --kubeclient-qps=-1" }),
    ];
  });
}

function note({ stretchedFrom }, count) {
  if (stretchedFrom === undefined) return "";
  return ` the rival had come to ${stretchedFrom} of ${count} when it was stopped; its time is stretched to all`;
}
