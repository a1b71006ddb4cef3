import { beforeAll, describe, expect, test } from "vitest";
import { type CaseKeys, caseKeys, differences, expand, kubesealCases } from "../../helpers/kubeseal/cases.ts";
import { runPeer } from "../../helpers/peer-cli.ts";
import { peer } from "../../helpers/peers.ts";

/** The recording was made with a build that does not know its version. */
const tellsVersion = (id: string) => id === "version" || id === "env-version";

const needsController = (id: string) => id.startsWith("cluster-") || id === "controller-name-env";

/** The unit tests hold ours to the same recorded cases; here the recording is held to the original. */
describe("the original kubeseal still does as recorded", () => {
  let keys: CaseKeys;
  beforeAll(async () => {
    keys = await caseKeys(async (args, stdin, certificate) => {
      const files = { "c.pem": certificate };
      return (await runPeer("kubeseal", ["--cert", "c.pem", ...args], { stdin, files })).stdout;
    });
  });

  const cases = kubesealCases().filter(({ id }) => !needsController(id) && !tellsVersion(id));

  test.each(cases.map((one) => ({ ...one })))("$id", async (one) => {
    const files = Object.entries(one.files ?? {}).map(([path, text]) => [path, expand(text, keys)]);
    const result = await runPeer("kubeseal", one.args, {
      stdin: expand(one.stdin ?? "", keys),
      files: Object.fromEntries(files),
      env: one.env ?? {},
    });
    expect(differences(one, result, peer("kubeseal"), keys)).toEqual([]);
  });
});
