import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startWholeCluster, type WholeCluster } from "../../../../cli/sandbox/whole-cluster.ts";
import { type CaseKeys, caseKeys, differences, expand, kubesealCases } from "../../../helpers/kubeseal/cases.ts";
import { runCli } from "../../../helpers/run-cli.ts";

/** Ends differently with our controller; docs/compatibility/kubeseal.md says why. */
const EXCEPTIONS: ReadonlyMap<string, string> = new Map([
  ["cluster-reencrypt-drops-template-data", "our controller keeps spec.template.data"],
]);

describe("kubeseal through the service proxy does as recorded", () => {
  let cluster: WholeCluster;
  let keys: CaseKeys;

  beforeAll(async () => {
    cluster = await startWholeCluster({ settings: { keySizeBits: 2048, ratePerSecond: 100, rateBurst: 100 } });
    await cluster.controllers.ready;
    const made = await caseKeys(async () => "");
    const kubeconfig = cluster.sandbox.kubeconfig();
    const { stdout: certificate } = await runCli("kubeseal --fetch-cert", {
      files: { kc: kubeconfig },
      env: { KUBECONFIG: "kc" },
    });
    const seal = async (...args: readonly string[]) => {
      const stdin = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n  namespace: apps\ndata:\n  user: YWRtaW4=\n";
      return (await runCli(["kubeseal", "--cert", "c", "-o", "yaml", ...args], { stdin, files: { c: certificate } }))
        .stdout;
    };
    const sealed = await seal();
    const tokens = new Map([
      ...made.tokens,
      ["@KUBECONFIG", kubeconfig],
      ["@KUBECONFIG_CTXNS", kubeconfig.replace("namespace: default", "namespace: ctxns")],
      ["@KUBECONFIG_NOUSER", kubeconfig.replace(/token: .*/, "token: wrong")],
      ["@CSEALED_YAML", sealed],
      ["@CSEALED_CW_YAML", await seal("--scope", "cluster-wide")],
      ["@CSEALED_RENAMED_YAML", sealed.replace("name: db", "name: dc")],
      ["@CSEALED_TPL_YAML", sealed.replace("metadata:\n", "metadata:\n  labels: {own: x}\n")],
    ]);
    keys = { ...made, certificate: certificate.trimEnd(), tokens };
  }, 60_000);
  afterAll(() => cluster.close());

  const cases = kubesealCases().filter(({ id }) => /^cluster-|^controller-name-env$/.test(id));

  test("there are recorded cases", () => {
    expect(cases.length).toBeGreaterThan(20);
  });

  test.each(cases.filter(({ id }) => !EXCEPTIONS.has(id)).map((one) => ({ ...one })))("$id", async (one) => {
    const files = Object.entries(one.files ?? {}).map(([path, text]) => [path, expand(text, keys)]);
    const result = await runCli(["kubeseal", ...one.args], {
      stdin: expand(one.stdin ?? "", keys),
      files: Object.fromEntries(files),
      env: one.env ?? {},
    });
    const { decrypts_to: _, oaep_label: __, ...comparable } = one;
    expect(differences(one.id.startsWith("cluster-raw") ? one : comparable, result, "sealkit", keys)).toEqual([]);
  });
});
