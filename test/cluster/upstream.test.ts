import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Cluster, startCluster } from "../helpers/cluster.ts";
import { buildSealkit, startController } from "../helpers/controller.ts";
import { doesWithoutOwnNetwork, OWN_ADDRESS } from "../helpers/own-network.ts";
import { until } from "../helpers/process.ts";
import { type CliResult, runCli } from "../helpers/run-cli.ts";
import { kubeseal, prepareCluster, publishController, startUpstream } from "../helpers/upstream.ts";

const secret = {
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "db", namespace: "default" },
  stringData: { password: "s3cret" },
};

const contentsOf = ({ files }: CliResult, of: object) =>
  Object.fromEntries(Object.keys(of).map((path) => [path, files[path]?.text ?? ""]));

describe.skipIf(doesWithoutOwnNetwork())("the original controller and kubeseal on a real API server", () => {
  let cluster: Cluster;
  let before: string;
  // Where tests run in a pod, the machine has such a folder of its own.
  const accounts = async () => (await cluster.run(["ls", "-lR", "/var/run/secrets"])).stdout;
  beforeAll(async () => {
    await buildSealkit();
    cluster = await startCluster({ namespaceOfOwn: true });
    before = await accounts();
    await prepareCluster(cluster);
    const upstream = await startUpstream(cluster, { args: ["--rate-limit=100", "--rate-limit-burst=100"] });
    await publishController(cluster, upstream.port);
  });
  afterAll(() => cluster?.stop());

  test("kubeseal seals through the service proxy and the controller unseals", async () => {
    const sealed = await kubeseal(cluster, ["-o", "yaml"], { input: JSON.stringify(secret) });
    expect(sealed.code, sealed.stderr).toBe(0);
    expect((await kubeseal(cluster, ["--validate"], { input: sealed.stdout })).code).toBe(0);
    await cluster.apply(sealed.stdout);
    const path = "/api/v1/namespaces/default/secrets/db";
    await until("the Secret is there", async () => (await cluster.api("GET", path)).status === 200);
    expect((await cluster.api("GET", path)).json.data).toEqual({ password: btoa("s3cret") });
    const state = (await cluster.api("GET", "/apis/bitnami.com/v1alpha1/namespaces/default/sealedsecrets/db")).json;
    expect(state.status.conditions[0]).toMatchObject({ type: "Synced", status: "True" });
  });

  test("kubeseal re-encrypts through the service proxy", async () => {
    const sealed = await kubeseal(cluster, ["-o", "json"], { input: JSON.stringify(secret) });
    const again = await kubeseal(cluster, ["--re-encrypt", "-o", "json"], { input: sealed.stdout });
    expect(again.code, again.stderr).toBe(0);
    expect(JSON.parse(again.stdout).spec.encryptedData.password).not.toBe(
      JSON.parse(sealed.stdout).spec.encryptedData.password,
    );
  });

  test("the original's own re-encryption loses templates, annotations and comments", async () => {
    const again = await kubeseal(cluster, ["--re-encrypt", "-o", "yaml"], { input: await inGit("lost") });
    expect(again.code, again.stderr).toBe(0);
    expect(again.stdout).not.toMatch(/ours|url:|kept/);
  });

  test.each([
    { name: "the original", start: () => startUpstream(cluster, { port: 18_080 }), metrics: true },
    { name: "our", start: () => startController(cluster, { args: ["--key-size=2048"] }), metrics: false },
  ])(
    "sealkit rotates through $name controller at its rate, and keeps what is not sealed",
    async ({ start, metrics }) => {
      const files: Record<string, string> = {};
      // Three at once are let through: the others have to wait.
      for (const name of ["a", "b", "c", "d", "e"]) files[`repo/${name}.yaml`] = await inGit(name);
      const kubeconfig = `--kubeconfig=${cluster.kubeconfig}`;
      const renewed = await runCli(["keys", "renew", "--bits=2048", "--timeout=0s", "-o", "json", kubeconfig]);
      expect(renewed.code, renewed.stderr).toBe(0);
      const { fingerprint } = JSON.parse(renewed.stdout);
      // The original sees a key that came at its next start; this one has the limits that it has without flags.
      const controller = await start();
      await publishController(cluster, controller.port);
      const rotate = ["rotate", "--repo=repo", "--via-controller", kubeconfig];
      const wrong = await runCli([...rotate, `--cert-fingerprint=SHA256:${"A".repeat(43)}`], { files });
      expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining("its key is another one")]);
      const foreign = { "repo/f.yaml": files["repo/a.yaml"]?.replace("name: a", "name: moved") ?? "" };
      const done = await runCli([...rotate, `--cert-fingerprint=${fingerprint}`], { files: { ...files, ...foreign } });
      expect([done.code, done.stdout]).toEqual([1, expect.stringMatching(/f\.yaml.*it with none of its keys/)]);
      expect(done.stderr).toContain("Rotated 10 items in 5 files of SealedSecrets");
      const keys = JSON.parse(
        (await runCli(["keys", "list", "-o", "json", "--repo=repo", kubeconfig], { files: contentsOf(done, files) }))
          .stdout,
      );
      expect(keys.find((key: { fingerprint: string }) => key.fingerprint === fingerprint).neededInGit).toBe(5);
      const shape = (text: string | undefined) => text?.replace(/A[gQ][\w+/=]{300,}/g, "");
      for (const [path, before] of Object.entries(files)) expect(shape(done.files[path]?.text)).toBe(shape(before));
      if (metrics) expect(await timesTooOften(controller.metricsPort)).toBeGreaterThan(0);
    },
    60_000,
  );

  /** A SealedSecret as people keep it: with a template, comments, and a label of its own. */
  async function inGit(name: string): Promise<string> {
    const input = JSON.stringify({ ...secret, metadata: { ...secret.metadata, name }, data: { more: btoa("x") } });
    const sealed = await kubeseal(cluster, ["-o", "yaml"], { input });
    expect(sealed.code, sealed.stderr).toBe(0);
    return sealed.stdout
      .replace("metadata:\n", "metadata: # ours\n  labels: {team: a}\n")
      .replace("  template:\n", '  template:\n    data: {url: "{{ .password }}@db"}\n')
      .replace(/( {4}metadata:\n)(?!.*metadata)/s, "$1      annotations: {kept: yes-please}\n");
  }

  async function timesTooOften(port: number): Promise<number> {
    const script = "fetch(process.argv[1]).then((answer) => answer.text()).then(console.log)";
    const { stdout } = await cluster.run([process.execPath, "-e", script, `http://${OWN_ADDRESS}:${port}/metrics`]);
    return Number(/http_requests_total\{code="429"[^}]*rotate[^}]*\} (\d+)/.exec(stdout)?.[1] ?? 0);
  }

  test("nothing of it is left on the machine's own folders", async () => {
    expect(await accounts()).toBe(before);
  });
});
