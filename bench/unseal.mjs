// From apply to all Secrets present: SealedSecrets on a real API server, our controller and the original one in turn,
// with the same sealing key. Also the memory of each, and the distance from what RSA itself costs.
import { constants, createPrivateKey, createPublicKey, privateDecrypt, publicEncrypt, randomBytes } from "node:crypto";
import { availableParallelism } from "node:os";
import {
  applyAll,
  checkAll,
  memoryOf,
  processorTimeOf,
  removeAll,
  untilPresent,
  withApiServer,
} from "./api-server.mjs";
import { line, median } from "./measure.mjs";

/** Milliseconds of one core that the private RSA operations alone take: no controller can be quicker. */
function rsaFloor(keyPem, items) {
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  const options = { key: createPrivateKey(keyPem), padding, oaepHash: "sha256" };
  const box = publicEncrypt({ key: createPublicKey(keyPem), padding, oaepHash: "sha256" }, randomBytes(32));
  const times = [];
  for (let at = 0; at < 50; at++) {
    const started = process.hrtime.bigint();
    privateDecrypt(options, box);
    times.push(Number(process.hrtime.bigint() - started) / 1e6);
  }
  return median(times) * items;
}

/**
 * One contender, once: start it, wait until it is ready, apply, wait for the last Secret, check them all. A contender
 * that is not done after `timeoutMs` is stopped, and its time is stretched to what all would have taken.
 */
export async function oneRound({ client, start, sealed, timeoutMs }) {
  const count = sealed.length;
  const running = await start();
  const before = memoryOf(running.pid);
  const processorBefore = processorTimeOf(running.pid);
  const started = Date.now();
  await applyAll(client, sealed);
  const applied = Date.now() - started;
  const done = await untilPresent(client, count, timeoutMs);
  const took = Date.now() - started;
  const memory = memoryOf(running.pid);
  const processor = ((processorTimeOf(running.pid) - processorBefore) * count) / done;
  await checkAll(client);
  await running.stop();
  await removeAll(client);
  return { ms: (took * count) / done, applied, processor, before, memory, done };
}

export async function run(
  folder,
  { count = 500, items = 2, rounds = 3, upstreamArgs = ["--kubeclient-qps=-1"], limit = 0.5, timeoutMs = 900_000 } = {},
) {
  return await withApiServer(folder, { count, items }, async ({ client, key, sealed, startOurs, startTheirs }) => {
    const contenders = { ours: () => startOurs(), theirs: () => startTheirs(upstreamArgs) };
    const results = { ours: [], theirs: [] };
    for (let round = 0; round < rounds; round++) {
      for (const [name, start] of Object.entries(contenders)) {
        const result = await oneRound({ client, start, sealed, timeoutMs });
        const { ms, applied, done, memory } = result;
        const part = done < count ? `, stretched from ${done}` : "";
        console.error(`  ${name}: ${ms.toFixed(0)} ms${part} (applied in ${applied} ms), ${memory.now.toFixed(0)} MiB`);
        results[name].push(result);
      }
    }
    const of = (name, pick) => median(results[name].map(pick));
    const floorPerCore = rsaFloor(key.keyPem, count * items);
    const floor = floorPerCore / availableParallelism();
    const rival = upstreamArgs.length > 0 ? `original, ${upstreamArgs.join(" ")}` : "original, defaults";
    const what = `unseal: ${count} SealedSecrets of ${items} items, apply to all Secrets`;
    const least = Math.min(...results.theirs.map(({ done }) => done));
    const note =
      least < count ? `the rival's time is that of ${least}, times ${(count / least).toFixed(1)}` : undefined;
    const ours = of("ours", ({ ms }) => ms);
    return [
      line(what, { ours, theirs: of("theirs", ({ ms }) => ms), unit: "ms", rival, limit, note }),
      line(what, { ours, theirs: floor, unit: "ms", rival: "RSA alone, on all cores" }),
      line(what, { ours, theirs: of("ours", ({ applied }) => applied), unit: "ms", rival: "applying alone" }),
      line("unseal: processor time of the controller", {
        ours: of("ours", ({ processor }) => processor),
        theirs: of("theirs", ({ processor }) => processor),
        unit: "s",
        rival,
      }),
      line("unseal: processor time of the controller", {
        ours: of("ours", ({ processor }) => processor),
        theirs: floorPerCore / 1000,
        unit: "s",
        rival: "RSA alone",
      }),
      line("unseal: memory afterwards", {
        ours: of("ours", ({ memory }) => memory.now),
        theirs: of("theirs", ({ memory }) => memory.now),
        unit: "MiB",
        rival,
      }),
      line("unseal: memory at rest before", {
        ours: of("ours", ({ before }) => before.now),
        theirs: of("theirs", ({ before }) => before.now),
        unit: "MiB",
        rival,
      }),
    ];
  });
}
