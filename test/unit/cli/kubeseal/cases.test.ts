import { beforeAll, describe, expect, test } from "vitest";
import { type CaseKeys, caseKeys, differences, expand, kubesealCases } from "../../../helpers/kubeseal/cases.ts";
import { runCli } from "../../../helpers/run-cli.ts";

/** Cases that end differently here, each with its reason; docs/compatibility/kubeseal.md says the same. */
const EXCEPTIONS: ReadonlyMap<string, string> = new Map([
  ["version", "we say whose version it is"],
  ["env-version", "we say whose version it is"],
  ["merge-labels-into-none-panics", "the original crashes, we merge"],
  ["merge-scope-flag-panics", "the original crashes, we refuse a scope that the other items do not have"],
  ["merge-target-empty-spec-panics", "the original crashes, we merge"],
  ["merge-target-scope-not-taken", "the original adds an item that nobody can open, we take the target's scope"],
  ["seal-second-fails-w", "the original leaves a stray temporary file"],
  ["seal-w-missing-directory", "the original names its temporary file"],
  ["cert-ec", "the original prints raw numbers"],
]);

/** These need a controller behind a service proxy: test/peers/kubeseal and test/cluster run them. */
const needsController = (id: string) => id.startsWith("cluster-") || id === "controller-name-env";

describe("kubeseal does as recorded", () => {
  let keys: CaseKeys;
  beforeAll(async () => {
    keys = await caseKeys(async (args, stdin, certificate) => {
      const { stdout } = await runCli(["kubeseal", "--cert", "c.pem", ...args], {
        stdin,
        files: { "c.pem": certificate },
      });
      return stdout;
    });
  });

  const cases = kubesealCases().filter(({ id }) => !needsController(id));

  test("all recorded cases are here", () => {
    expect(cases.length).toBeGreaterThan(160);
    expect([...EXCEPTIONS.keys()].filter((id) => !cases.some((one) => one.id === id))).toEqual([]);
  });

  test.each(cases.filter(({ id }) => !EXCEPTIONS.has(id)).map((one) => ({ ...one })))("$id", async (one) => {
    const files = Object.entries(one.files ?? {}).map(([path, text]) => [path, expand(text, keys)]);
    const result = await runCli(["kubeseal", ...one.args], {
      stdin: expand(one.stdin ?? "", keys),
      files: Object.fromEntries(files),
      env: one.env ?? {},
    });
    expect(differences(one, result, "sealkit", keys)).toEqual([]);
  });
});
