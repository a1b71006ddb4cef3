import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CRDS } from "../../../controller/api/index.ts";
import { type Sandbox, startSandbox } from "../../../sandbox/index.ts";
import { readManifests } from "../../../src/yaml/index.ts";
import { Api } from "../../conformance/endpoint.ts";
import { freePort } from "../../helpers/cluster.ts";
import { OWN_MOUNTS } from "../../helpers/own-network.ts";
import { peer } from "../../helpers/peers.ts";
import { type Running, runProcess, startProcess, until } from "../../helpers/process.ts";
import { type CliRun, runCli } from "../../helpers/run-cli.ts";

const ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";
const SEALED = "/apis/bitnami.com/v1alpha1/namespaces/default/sealedsecrets";
const SECRET = JSON.stringify({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "door", namespace: "default" },
  stringData: { key: "open sesame", empty: "" },
});

/** The original controller and the original kubeseal, with the sandbox as their cluster. */
describe("sealed-secrets against the sandbox", () => {
  let sandbox: Sandbox;
  let api: Api;
  let folder: string;
  let controller: Running;

  beforeAll(async () => {
    sandbox = await startSandbox();
    api = new Api(sandbox.endpoint);
    folder = mkdtempSync(join(tmpdir(), "sealkit-upstream-"));
    writeFileSync(join(folder, "kubeconfig"), sandbox.kubeconfig(), { mode: 0o600 });
    writeFileSync(join(folder, "ca.crt"), sandbox.caPem);
    for (const crd of CRDS) {
      const made = await api.post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", crd);
      expect(made.status).toBe(201);
    }
    const service = { metadata: { name: "sealed-secrets-controller" }, spec: { ports: [{ port: 8080 }] } };
    await api.post("/api/v1/namespaces/kube-system/services", { apiVersion: "v1", kind: "Service", ...service });
    const [port, metricsPort] = [await freePort(), await freePort()];
    controller = startController(port, metricsPort);
    sandbox.registerService({
      namespace: "kube-system",
      name: "sealed-secrets-controller",
      target: { loopbackPort: port },
    });
    const proxy = "/api/v1/namespaces/kube-system/services/http:sealed-secrets-controller:/proxy";
    await until("the controller is ready", async () => (await api.get(`${proxy}/v1/cert.pem`)).status === 200, {
      why: () => controller.tail(),
    });
  });
  afterAll(async () => {
    await controller?.stop();
    api.close();
    await sandbox.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** It reads its account from a fixed folder, so it gets one of its own. */
  function startController(port: number, metricsPort: number): Running {
    const script = [
      'mount -t tmpfs none "$(readlink -f /var/run)"',
      `mkdir -p ${ACCOUNT}`,
      `cp "$1" ${ACCOUNT}/ca.crt`,
      `printf %s "$SANDBOX_TOKEN" > ${ACCOUNT}/token`,
      `printf %s kube-system > ${ACCOUNT}/namespace`,
      "unset SANDBOX_TOKEN",
      "shift",
      'exec "$@"',
    ].join(" && ");
    const program = [
      peer("sealed-secrets-controller"),
      `--listen-addr=127.0.0.1:${port}`,
      `--listen-metrics-addr=127.0.0.1:${metricsPort}`,
    ];
    return startProcess(
      [...OWN_MOUNTS, "sh", "-c", script, "sh", join(folder, "ca.crt"), ...program, "--key-size=2048"],
      {
        log: join(folder, "controller.log"),
        env: {
          ...process.env,
          SANDBOX_TOKEN: sandbox.adminToken,
          KUBERNETES_SERVICE_HOST: "127.0.0.1",
          KUBERNETES_SERVICE_PORT: new URL(sandbox.url).port,
          POD_NAMESPACE: "kube-system",
        },
      },
    );
  }

  const kubeseal = (args: readonly string[], input = "") =>
    runProcess([peer("kubeseal"), "--kubeconfig", join(folder, "kubeconfig"), ...args], { input });

  const secret = async (name: string) => (await api.get(`/api/v1/namespaces/default/secrets/${name}`)).json;

  test("the certificate comes through the proxy", async () => {
    const done = await kubeseal(["--fetch-cert"]);
    expect(done).toMatchObject({ code: 0 });
    expect(done.stdout).toMatch(/^-----BEGIN CERTIFICATE-----\n/);
  });

  test("our own commands work with the original controller, and it passes over their hints", async () => {
    const env = { KUBECONFIG: join(folder, "kubeconfig"), PATH: process.env["PATH"] ?? "" };
    const own = (line: string, more: CliRun = {}) => runCli(line, { ...more, env: { ...env, ...more.env } });
    expect((await own("cert")).stdout).toBe((await kubeseal(["--fetch-cert"])).stdout);
    const manifest = SECRET.replace('"door"', '"own"');
    const sealed = await own("seal -o yaml", { stdin: manifest });
    expect([sealed.code, sealed.stderr]).toEqual([0, ""]);
    const edited = await own("set s.yaml key=changed", { files: { "s.yaml": sealed.stdout } });
    expect(edited.code, edited.stderr).toBe(0);
    const opened = await own("edit s.yaml --from-cluster", {
      files: { "s.yaml": edited.files["s.yaml"]?.text ?? "" },
      env: { EDITOR: "sed -i s/changed/again/" },
    });
    expect(opened.stderr).toBe("Changed key in default/own (s.yaml)\n");
    const text = opened.files["s.yaml"]?.text ?? "";
    expect(text).toContain("sealkit.dev/hints: v1;SHA256:");
    expect((await kubeseal(["--validate"], text)).code).toBe(0);
    const check = await own("seal --check . --from-cluster --verify", { files: { "s.yaml": text } });
    expect([check.code, check.stdout]).toEqual([0, ""]);
    expect(check.stderr).toContain("; 2 open; hints claim SHA256:");
    const moved = await own("seal --check . --verify", { files: { "s.yaml": text.replaceAll("own", "moved") } });
    expect([moved.code, moved.stdout]).toEqual([1, expect.stringContaining("the controller does not open it")]);

    expect((await api.post(SEALED, JSON.stringify(readManifests(text).manifests[0]?.value))).status).toBe(201);
    await until("the Secret is there", async () => (await secret("own")).kind === "Secret", {
      why: () => controller.tail(),
    });
    const made = await secret("own");
    expect(made).toMatchObject({ data: { key: Buffer.from("again").toString("base64"), empty: "" } });
    expect(JSON.stringify(made)).not.toContain("sealkit.dev");
    const clear = await own("unseal - --from-cluster -o json", { stdin: text });
    expect(JSON.parse(clear.stdout).data).toEqual(made.data);

    // Its rotate copies all annotations of the object into the template, hints too.
    const rotated = JSON.parse((await kubeseal(["--re-encrypt", "-o", "json"], text)).stdout);
    expect(rotated.metadata.annotations).toBeUndefined();
    expect(rotated.spec.template.metadata.annotations).toHaveProperty(["sealkit.dev/hints"]);
  });

  test("what kubeseal seals, the controller unseals, and the Secret goes with its SealedSecret", async () => {
    const sealed = await kubeseal(["-o", "json"], SECRET);
    expect(sealed.code).toBe(0);
    const made = await api.post(SEALED, sealed.stdout);
    expect(made.status).toBe(201);
    await until("the Secret is there", async () => (await secret("door")).kind === "Secret", {
      why: () => controller.tail(),
    });
    expect(await secret("door")).toMatchObject({
      data: { key: Buffer.from("open sesame").toString("base64"), empty: "" },
      metadata: { ownerReferences: [{ kind: "SealedSecret", name: "door", controller: true }] },
    });
    await until("the status says so", async () => {
      const seen = await api.get(`${SEALED}/door`);
      return seen.json.status?.conditions?.[0]?.status === "True" && seen.json.status.observedGeneration === 1;
    });
    const events = await api.get("/api/v1/namespaces/default/events?fieldSelector=reason%3DUnsealed");
    expect(events.json.items.length).toBeGreaterThan(0);
    await api.delete(`${SEALED}/door`);
    await until("the Secret is gone", async () => (await secret("door")).kind === "Status");
  });

  test("a Secret that somebody deletes comes back", async () => {
    const sealed = await kubeseal(["-o", "json"], SECRET.replace("door", "gate"));
    await api.post(SEALED, sealed.stdout);
    await until("the Secret is there", async () => (await secret("gate")).kind === "Secret");
    const { uid } = (await secret("gate")).metadata;
    await api.delete("/api/v1/namespaces/default/secrets/gate");
    await until("another Secret is there", async () => {
      const seen = await secret("gate");
      return seen.kind === "Secret" && seen.metadata.uid !== uid;
    });
  });

  test("verify and rotate go through the proxy", async () => {
    const sealed = await kubeseal(["-o", "json"], SECRET);
    expect(await kubeseal(["--validate"], sealed.stdout)).toMatchObject({ code: 0, stderr: "" });
    const other = sealed.stdout.replace('"namespace": "default"', '"namespace": "elsewhere"');
    expect((await kubeseal(["--validate"], other)).code).toBe(1);
    const rotated = await kubeseal(["--re-encrypt", "-o", "json"], sealed.stdout);
    expect(rotated.code).toBe(0);
    const [before, after] = [JSON.parse(sealed.stdout), JSON.parse(rotated.stdout)];
    expect(after.spec.encryptedData.key).not.toBe(before.spec.encryptedData.key);
    expect(await kubeseal(["--validate"], rotated.stdout)).toMatchObject({ code: 0 });
  });

  test("one that cannot be opened says why in its status", async () => {
    const sealed = JSON.parse((await kubeseal(["-o", "json"], SECRET)).stdout);
    sealed.metadata.name = "wrong";
    await api.post(SEALED, sealed);
    await until("the status says so", async () => {
      const seen = await api.get(`${SEALED}/wrong`);
      return seen.json.status?.conditions?.[0]?.status === "False";
    });
    expect((await secret("wrong")).kind).toBe("Status");
  });
});
