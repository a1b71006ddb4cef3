import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { install } from "../../../../cli/sandbox/whole-cluster.ts";
import { SEALED_SECRETS } from "../../../../controller/api/index.ts";
import { type Sandbox, startSandbox } from "../../../../sandbox/index.ts";
import { createKubeClient } from "../../../../src/kube/index.ts";
import type { KubeObject } from "../../../../src/objects/index.ts";
import { until } from "../../../helpers/process.ts";
import { runCli } from "../../../helpers/run-cli.ts";

const LEASES = {
  group: "coordination.k8s.io",
  version: "v1",
  plural: "leases",
  kind: "Lease",
  namespaced: true,
} as const;
const SECRETS = { group: "", version: "v1", plural: "secrets", kind: "Secret", namespaced: true } as const;

describe("sealkit controller in a cluster", () => {
  let sandbox: Sandbox;
  let client: ReturnType<typeof createKubeClient>;
  beforeAll(async () => {
    sandbox = await startSandbox();
    const { url: server, caPem: ca, token } = sandbox.endpoint;
    client = createKubeClient({ server, ca, authorize: async () => ({ authorization: `Bearer ${token}` }) });
    await install(client);
  });
  afterAll(async () => {
    await client.close();
    await sandbox.close();
  });

  const keys = async () =>
    (
      await client.list<KubeObject>(SECRETS, {
        namespace: "kube-system",
        labelSelector: "sealedsecrets.bitnami.com/sealed-secrets-key",
      })
    ).items;
  const run = (words: readonly string[]) => {
    const stop = new AbortController();
    const flags = [
      "--kubeconfig=kc",
      "--own-namespace=kube-system",
      "--listen-addr=127.0.0.1:0",
      "--listen-metrics-addr=127.0.0.1:0",
    ];
    let shown = "";
    const ended = runCli(["controller", ...flags, ...words], {
      signal: stop.signal,
      files: { kc: sandbox.kubeconfig() },
      onOutput: (text) => {
        shown += text;
      },
    });
    return { stop, ended, log: () => shown };
  };

  test("starts, makes a key, and ends in good order on SIGTERM", async () => {
    const { stop, ended } = run([
      "--controllers=sealedsecret",
      "--key-size=2048",
      "--my-cn=sealkit.example",
      "--log-format=json",
    ]);
    await until("there is a key", async () => (await keys()).length === 1);
    stop.abort();
    const { code, stdout, stderr } = await ended;
    expect([code, stderr]).toEqual([0, ""]);
    const lines = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { level: string; msg: string });
    expect(lines.map(({ msg }) => msg)).toEqual(
      expect.arrayContaining([
        "Starting sealed-secrets controller",
        "Searching for existing private keys",
        "New key written",
        "registered private key",
        "HTTP server serving",
        "HTTP metrics server serving",
        "Shutting down",
      ]),
    );
    expect(stdout).not.toContain("PRIVATE KEY");
  });

  test("all controllers start with the flags as they come", async () => {
    const storage = mkdtempSync(join(tmpdir(), "sealkit-storage-"));
    try {
      const { stop, ended, log } = run([
        "--controllers=sealedsecret,source,kustomization",
        `--storage-path=${storage}`,
        "--storage-addr=127.0.0.1:0",
      ]);
      const over = ended.then(() => true);
      await until("it serves", () => log().includes("HTTP metrics server serving") || Promise.race([over, false]));
      stop.abort();
      const { code, stderr } = await ended;
      expect([code, stderr]).toEqual([0, ""]);
    } finally {
      rmSync(storage, { recursive: true });
    }
  });

  test.each(["--default-decryption-service-account=opener", "--sops-vault-configmap=vaults"])(
    "%s is refused without its feature gate",
    async (flag) => {
      const { code, stderr } = await run(["--controllers=kustomization", flag]).ended;
      expect(code).not.toBe(0);
      const [name = ""] = flag.split("=");
      expect(stderr).toContain(`Cannot use ${name}: the feature gate ObjectLevelWorkloadIdentity is closed`);
    },
  );

  test("with leader election it works only while it holds the lease, and gives it back", async () => {
    const { stop, ended } = run(["--controllers=sealedsecret", "--leader-elect", "--log-info-stdout=false"]);
    const lease = async () =>
      (await client.get<KubeObject>(LEASES, { namespace: "kube-system", name: "sealkit-controller" }))?.["spec"] as
        | { holderIdentity?: string }
        | undefined;
    await until("it leads", async () => ((await lease())?.holderIdentity ?? "") !== "");
    stop.abort();
    const { code, stdout, stderr } = await ended;
    expect([code, stdout]).toEqual([0, ""]);
    expect(stderr).toContain("Became the leader");
    expect((await lease())?.holderIdentity).toBe("");
  });

  test("names namespaces that are not there and goes on", async () => {
    const { stop, ended, log } = run(["--controllers=sealedsecret", "--additional-namespaces=nope,default"]);
    await until("it has looked", () => log().includes("nope"));
    stop.abort();
    const { code, stderr } = await ended;
    expect(code).toBe(0);
    expect(stderr).toMatch(/level=ERROR msg="namespace doesn't exist" namespace=nope\n/);
  });

  test("looks after its own namespace and the additional ones, and no other", async () => {
    const names = ["kube-system", "default", "kube-public"];
    for (const namespace of names) {
      await client.create(SEALED_SECRETS, {
        apiVersion: "bitnami.com/v1alpha1",
        kind: "SealedSecret",
        metadata: { namespace, name: "one" },
        spec: { encryptedData: {} },
      });
    }
    const { stop, ended } = run(["--controllers=sealedsecret", "--key-size=2048", "--additional-namespaces=default"]);
    const made = async () => {
      const secrets = await Promise.all(names.map((namespace) => client.get(SECRETS, { namespace, name: "one" })));
      return secrets.map((secret) => secret !== undefined);
    };
    await until("those are made", async () => (await made()).slice(0, 2).every((isThere) => isThere));
    stop.abort();
    await ended;
    expect(await made()).toEqual([true, true, false]);
    for (const namespace of names) await client.delete(SEALED_SECRETS, { namespace, name: "one" });
  });

  test("a selector that the API does not understand is refused at once", async () => {
    const { ended } = run(["--label-selector=a in (", "--log-level=ERROR"]);
    const { code, stderr } = await ended;
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: Cannot use "a in \(" for --label-selector: /);
  });

  test("a port in use ends it with one clear error", async () => {
    const { port } = new URL(sandbox.url);
    const { ended } = run(["--controllers=sealedsecret", `--listen-addr=127.0.0.1:${port}`, "--log-level=ERROR"]);
    const { code, stderr, stdout } = await ended;
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^error: Cannot listen on "127\.0\.0\.1:\d+": something else listens there\nhint: /);
  });
});
