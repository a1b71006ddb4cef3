// From apply to done: many SealedSecrets of five items, against the original with its limits lifted and as it comes.
import { withApiServer } from "./api-server.mjs";
import { line } from "./measure.mjs";
import { oneRound } from "./unseal.mjs";

export async function run(folder, { count = 2_000, items = 5, capMs = 120_000 } = {}) {
  return await withApiServer(folder, { count, items }, async ({ client, sealed, startOurs, startTheirs }) => {
    const round = async (name, start, timeoutMs) => {
      const result = await oneRound({ client, start, sealed, timeoutMs });
      const part = result.done < count ? `, stretched from ${result.done}` : "";
      console.error(`  ${name}: ${result.ms.toFixed(0)} ms${part}, ${result.processor.toFixed(1)} s of processor time`);
      return result;
    };
    const ours = await round("ours", () => startOurs(), 900_000);
    const lifted = await round("theirs, limits lifted", () => startTheirs(["--kubeclient-qps=-1"]), 900_000);
    const defaults = await round("theirs, defaults", () => startTheirs([]), capMs);
    const what = `${count} SealedSecrets of ${items} items, apply to all Secrets`;
    const note =
      defaults.done < count
        ? `the rival had made ${defaults.done} Secrets when it was stopped; its time is stretched to all`
        : undefined;
    return [
      line(what, { ours: ours.ms, theirs: lifted.ms, unit: "ms", rival: "original, --kubeclient-qps=-1", limit: 0.5 }),
      line(what, { ours: ours.ms, theirs: defaults.ms, unit: "ms", rival: "original, defaults", limit: 0.1, note }),
    ];
  });
}
