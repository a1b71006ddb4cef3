import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startWholeCluster, type WholeCluster } from "../../cli/sandbox/whole-cluster.ts";
import { createLog } from "../../controller/log.ts";
import { serveGit } from "../../src/git/http-backend-adapter.ts";
import { systemClock } from "../../src/kube/index.ts";
import type { KubeObject } from "../../src/objects/index.ts";
import { TestRepository } from "../helpers/git-server.ts";
import { testRenderer } from "../helpers/render-worker.ts";
import { runCli } from "../helpers/run-cli.ts";
import { type Canary, makeCanary, type Watched, watchTemporaryFiles } from "./canary.ts";

/** Clear text of sealed items, of SOPS files, of manifests in Git; what logs in to Git; the identity that decrypts. */
const sealed = makeCanary("sealed");
const encrypted = makeCanary("sops");
const inGit = makeCanary("clear");
const password = makeCanary("password");
const canaries: Record<string, Canary> = { sealed, encrypted, inGit, password };

/** Templates that fail with a value in their error text. */
const HOSTILE_TEMPLATES = [
  "{{ fail .password }}",
  "{{ .password | fail }}",
  "{{ mustToDate .password .password }}",
  "{{ semver .password }}",
  "{{ semverCompare .password .password }}",
  "{{ mustRegexMatch (print `(` .password) `x` }}",
  "{{ urlParse (print `%` .password) }}",
  "{{ mustFromJson .password }}",
  "{{ genCAWithKey `x` 1 .password }}",
  "{{ genSelfSignedCert `x` (list .password) nil 1 }}",
  "{{ decryptAES `k` .password }}",
  "{{ index . `a` `b` .password }}",
  "{{ (index . `password`).Nope }}",
  "{{ get . .password }}",
  "{{ slice .password 1000 }}",
  "{{ fail (b64enc .password) }}",
  "{{ fail (printf `%x` .password) }}",
  "{{ call .password }}",
  "{{ lt .password 1 }}",
  "{{ template .password }}",
  "{{ range until 100000 }}{{ repeat 1000 $.password }}{{ end }}",
];

const NAMESPACE = "apps";
const logs: string[] = [];
const answers: string[] = [];
let cluster: WholeCluster;
let temporary: Watched;
let base = "";
let storagePath = "";
const closing: (() => Promise<unknown>)[] = [];

const create = async (object: KubeObject) => {
  const resource = await cluster.client.resourceFor(object.apiVersion, object.kind);
  if (resource === undefined) throw new Error(`no ${object.kind}`);
  return await cluster.client.create(resource, object);
};

const status = async (apiVersion: string, kind: string, namespace: string, name: string) => {
  const resource = await cluster.client.resourceFor(apiVersion, kind);
  if (resource === undefined) throw new Error(`no ${kind}`);
  const live = await cluster.client.get<KubeObject>(resource, { namespace, name });
  return live?.["status"] as { conditions?: { type: string; status: string; message?: string }[] } | undefined;
};

/** Waits until the object's condition is False: every case here is one that fails. */
async function failing(apiVersion: string, kind: string, namespace: string, name: string, type: string) {
  return await expect
    .poll(
      async () =>
        (await status(apiVersion, kind, namespace, name))?.conditions?.find((one) => one.type === type)?.status,
      { timeout: 60_000, interval: 50 },
    )
    .toBe("False");
}

const secret = (name: string, stringData: Record<string, string>, more: object = {}): KubeObject => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name, namespace: NAMESPACE },
  stringData,
  ...more,
});

async function seal(object: KubeObject): Promise<KubeObject> {
  const certificate = await fetch(`${cluster.controllers.url}/v1/cert.pem`);
  const result = await runCli("kubeseal --cert cert.pem -o json", {
    stdin: JSON.stringify(object),
    files: { "cert.pem": await certificate.text() },
  });
  expect(result.stderr).toBe("");
  return JSON.parse(result.stdout);
}

beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), "sealkit-canary-cluster-"));
  temporary = watchTemporaryFiles();
  storagePath = join(base, "artifacts");
  cluster = await startWholeCluster({
    storagePath,
    settings: { keySizeBits: 2048 },
    renderer: await testRenderer(),
    listenMetrics: "127.0.0.1:0",
    log: createLog({ clock: systemClock, level: "debug", format: "text", write: (line) => logs.push(line) }),
  });
  await create({ apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } });
}, 60_000);

afterAll(async () => {
  await cluster.close();
  for (const close of closing) await close();
  temporary.restore();
  rmSync(base, { recursive: true, force: true });
});

describe("SealedSecrets that fail", () => {
  const API = "bitnami.com/v1alpha1";
  const cases: Readonly<Record<string, (good: KubeObject) => KubeObject | Promise<KubeObject>>> = {
    "another-name": (good) => ({ ...good, metadata: { ...good.metadata, name: "another-name" } }),
    flipped: (good) =>
      withItem(good, (item) => `${item.slice(0, 100)}${item[100] === "A" ? "B" : "A"}${item.slice(101)}`),
    cut: (good) => withItem(good, (item) => item.slice(0, 400)),
    "clear-text": (good) => withItem(good, () => sealed.text),
    "base64-of-clear-text": (good) => withItem(good, () => Buffer.from(sealed.text).toString("base64")),
    "with-template": (good) => withTemplate(good, { data: { out: "{{ fail .password }}", other: "{{ .password }" } }),
    ...Object.fromEntries(
      HOSTILE_TEMPLATES.map((source, at) => [
        `template-${at}`,
        (good: KubeObject) => withTemplate(good, { data: { out: source, [`sibling-${at}`]: "{{ fail .out }}" } }),
      ]),
    ),
    "bad-type": (good) => withTemplate(good, { type: "kubernetes.io/tls" }),
    "bad-label": (good) => withTemplate(good, { metadata: { labels: { "no good": "x" } } }),
    "bad-key": async () => await seal(secret("bad-key", { "no good": sealed.text })),
    "in-the-way": (good) => good,
  };

  function withItem(object: KubeObject, change: (item: string) => string): KubeObject {
    const spec = object["spec"] as { encryptedData: Record<string, string> };
    return { ...object, spec: { ...spec, encryptedData: { password: change(spec.encryptedData["password"] ?? "") } } };
  }

  function withTemplate(object: KubeObject, template: object): KubeObject {
    const spec = object["spec"] as { template: object };
    return { ...object, spec: { ...spec, template: { ...spec.template, ...template } } };
  }

  test("a foreign Secret is in the way", async () => {
    await create(secret("in-the-way", { password: sealed.text }));
  });

  for (const [name, change] of Object.entries(cases)) {
    test(name, async () => {
      const object = await change(
        await seal(secret(name === "another-name" ? "its-own" : name, { password: sealed.text })),
      );
      for (const path of ["verify", "rotate"]) {
        const answer = await fetch(`${cluster.controllers.url}/v1/${path}`, {
          method: "POST",
          body: JSON.stringify(object),
          headers: { "x-forwarded-for": name },
        });
        answers.push(JSON.stringify([...answer.headers]), await answer.text());
      }
      await create(object);
      await failing(API, "SealedSecret", NAMESPACE, object.metadata.name ?? "", "Synced");
    });
  }

  test("clear Secrets and nonsense at the HTTP interface", async () => {
    const bodies = [JSON.stringify(secret("x", { password: sealed.text })), sealed.text, `{"kind": "${sealed.text}`];
    for (const [at, body] of bodies.entries()) {
      for (const path of ["verify", "rotate", "cert.pem", sealed.text.slice(0, 6)]) {
        const answer = await fetch(`${cluster.controllers.url}/v1/${path}`, {
          method: "POST",
          body,
          headers: { "x-forwarded-for": `body-${at}` },
        });
        answers.push(JSON.stringify([...answer.headers]), await answer.text());
      }
    }
  });

  test("a good one, whose Secret becomes immutable and changes", async () => {
    await create(await seal({ ...secret("frozen", { password: sealed.text }), immutable: true }));
    const live = async () => await status(API, "SealedSecret", NAMESPACE, "frozen");
    await expect.poll(async () => (await live())?.conditions?.[0]?.status, { timeout: 60_000 }).toBe("True");
    const next = await seal(secret("frozen", { password: `${sealed.text}-changed` }));
    const resource = await cluster.client.resourceFor(API, "SealedSecret");
    await cluster.client.patch(
      resource!,
      { namespace: NAMESPACE, name: "frozen" },
      { spec: next["spec"] },
      { type: "merge" },
    );
    await failing(API, "SealedSecret", NAMESPACE, "frozen", "Synced");
  });
});

describe("repositories that fail", () => {
  const SOURCE = "source.toolkit.fluxcd.io/v1";
  const SYNC = "kustomize.toolkit.fluxcd.io/v1";
  let url = "";
  let repository: TestRepository;
  let identity = "";
  let sops = "";

  beforeAll(async () => {
    identity = (await runCli("age-keygen")).stdout;
    const recipient = (await runCli("age-keygen -y", { stdin: identity })).stdout.trim();
    const made = await runCli(["seal", "--age", recipient, "-o", "yaml"], {
      stdin: JSON.stringify(secret("db", { password: encrypted.text })),
    });
    sops = made.stdout;
    expect(made.code).toBe(0);
    canaries["identity"] = {
      text: "",
      seenIn: (text) => (String(text).includes(identity.trim().slice(-40)) ? "as it is" : undefined),
    };
    repository = new TestRepository(base, "fleet");
    const config = await runCli(
      ["sops", "encrypt", "--age", recipient, "--input-type", "yaml", "--output-type", "yaml", "config.yaml"],
      {
        files: {
          "config.yaml": `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: config\n  namespace: ${NAMESPACE}\ndata:\n  password: ${encrypted.text}\n`,
        },
      },
    );
    repository.commit({
      "damaged/db.yaml": sops.replace(
        /(password: ENC\[AES256_GCM,data:)(.)/,
        (_, head, one) => head + (one === "A" ? "B" : "A"),
      ),
      "good/db.yaml": sops,
      "config/config.yaml": config.stdout,
      "base64/db.yaml": `apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: ${NAMESPACE}}\ndata:\n  password: "${inGit.text}"\n`,
      "twice/db.yaml": `apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: ${NAMESPACE}}\nstringData:\n  password: ${inGit.text}\n  password: ${inGit.text}\n`,
      "list/db.yaml": `apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: ${NAMESPACE}}\nstringData:\n  password: [${inGit.text}]\n`,
      "type/db.yaml": `apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: ${NAMESPACE}}\ntype: kubernetes.io/tls\nstringData:\n  password: ${inGit.text}\n`,
      "broken/db.yaml": `apiVersion: v1\nkind: Secret\nstringData:\n  password: "${inGit.text}\n`,
      "alias/db.yaml": `apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData:\n  password: *${inGit.text}\n`,
    });
    const server = await serveGit({ root: base });
    closing.push(() => server.close());
    url = `${server.url}/fleet`;
    const metadata = (name: string) => ({ name, namespace: NAMESPACE });
    await create(secret("age", { "id.agekey": identity }));
    await create(secret("other-age", { "id.agekey": (await runCli("age-keygen")).stdout }));
    await create(secret("broken-age", { "id.agekey": `AGE-SECRET-KEY-1${password.text}` }));
    await create({
      apiVersion: SOURCE,
      kind: "GitRepository",
      metadata: metadata("fleet"),
      spec: { url, interval: "1h", ref: { branch: "main" } },
    });
  });

  test.each([
    { name: "damaged", path: "damaged", key: "age" },
    { name: "another-identity", path: "good", key: "other-age" },
    { name: "broken-identity", path: "good", key: "broken-age" },
    { name: "missing-identity", path: "good", key: "none" },
    { name: "no-decryption", path: "good", key: undefined },
    { name: "into-a-config-map", path: "config", key: "age" },
    { name: "not-base64", path: "base64", key: "age" },
    { name: "key-twice", path: "twice", key: "age" },
    { name: "list-as-value", path: "list", key: "age" },
    { name: "refused-by-the-api", path: "type", key: "age" },
    { name: "no-yaml", path: "broken", key: "age" },
    { name: "no-anchor", path: "alias", key: "age" },
  ])("Kustomization $name", async ({ name, path, key }) => {
    const decryption = key === undefined ? {} : { decryption: { provider: "sops", secretRef: { name: key } } };
    await create({
      apiVersion: SYNC,
      kind: "Kustomization",
      metadata: { name, namespace: NAMESPACE },
      spec: { sourceRef: { kind: "GitRepository", name: "fleet" }, path, prune: true, interval: "1h", ...decryption },
    });
    await failing(SYNC, "Kustomization", NAMESPACE, name, "Ready");
  });

  test("Git servers that say the password back", async () => {
    const echo = createServer((request, response) => {
      const given = String(request.headers.authorization);
      const said = `${given} ${Buffer.from(given.slice(6), "base64")
        .toString("latin1")
        .replace(/[^ -~]/g, "?")}`;
      const away = request.url?.startsWith("/away") === true;
      response.writeHead(away ? 302 : 401, {
        "www-authenticate": `Basic realm="${said}"`,
        location: `http://127.0.0.1:1/${said.length}`,
      });
      response.end(said);
    });
    await new Promise<void>((done) => echo.listen(0, "127.0.0.1", done));
    closing.push(() => new Promise((done) => echo.close(done)));
    const { port } = echo.address() as AddressInfo;
    await create(secret("login", { username: "git", password: password.text }));
    await create(secret("bearer", { bearerToken: password.text }));
    await create(secret("ssh", { identity: password.text, known_hosts: password.text }));
    const sources = {
      "says-no": { url: `http://127.0.0.1:${port}/x`, secretRef: { name: "login" } },
      "says-no-to-a-token": { url: `http://127.0.0.1:${port}/x`, secretRef: { name: "bearer" } },
      "sends-away": { url: `http://127.0.0.1:${port}/away`, secretRef: { name: "login" } },
      "nobody-there": { url: "http://127.0.0.1:1/x", secretRef: { name: "login" } },
      "in-the-url": { url: `http://git:${password.text}@127.0.0.1:1/x` },
      ssh: { url: "ssh://git@127.0.0.1:1/x", secretRef: { name: "ssh" } },
    };
    for (const [name, spec] of Object.entries(sources)) {
      // A password in the URL is in the object itself, which its author wrote: it is looked for elsewhere only.
      await create({
        apiVersion: SOURCE,
        kind: "GitRepository",
        metadata: { name, namespace: NAMESPACE },
        spec: { interval: "1h", timeout: "5s", ...spec },
      });
      await failing(SOURCE, "GitRepository", NAMESPACE, name, "Ready");
    }
  }, 60_000);
});

describe("the secrets are nowhere", () => {
  const searched = (where: string, text: string | Uint8Array, names = Object.keys(canaries)) => {
    for (const name of names) expect(canaries[name]?.seenIn(text), `${name} in ${where}`).toBeUndefined();
  };

  const unpacked = (path: string) => (path.endsWith(".gz") ? gunzipSync(readFileSync(path)) : readFileSync(path));

  test("the search finds them where they belong", async () => {
    const resource = await cluster.client.resourceFor("v1", "Secret");
    const { items } = await cluster.client.list<KubeObject>(resource!, { namespace: NAMESPACE });
    const text = JSON.stringify(items);
    for (const name of ["sealed", "password"]) expect(canaries[name]?.seenIn(text), name).toBeDefined();
  });

  test("not in the log, down to debug", () => {
    expect(logs.length).toBeGreaterThan(20);
    searched("the log", logs.join(""));
  });

  test("not in what HTTP answered", () => {
    expect(answers.length).toBeGreaterThan(20);
    searched("an answer", answers.join("\n"));
  });

  test("not in metrics", async () => {
    const metrics = await (await fetch(`${cluster.controllers.metricsUrl}/metrics`)).text();
    expect(metrics).toContain("sealed_secrets_controller_unseal_errors_total");
    searched("metrics", metrics);
  });

  test("not in any object but Secrets: events, conditions, inventories", async () => {
    const kinds = [
      ["v1", "Event"],
      ["v1", "ConfigMap"],
      ["bitnami.com/v1alpha1", "SealedSecret"],
      ["kustomize.toolkit.fluxcd.io/v1", "Kustomization"],
      ["source.toolkit.fluxcd.io/v1", "GitRepository"],
    ] as const;
    for (const [apiVersion, kind] of kinds) {
      const resource = await cluster.client.resourceFor(apiVersion, kind);
      const { items } = await cluster.client.list<KubeObject>(resource!);
      if (kind !== "ConfigMap") expect(items.length, kind).toBeGreaterThan(5);
      for (const item of items) {
        // What the author wrote into spec is the author's; what we say about it is ours.
        const isWritten = item.metadata.name === "in-the-url" || item.metadata.name?.includes("clear-text") === true;
        searched(`${kind} ${item.metadata.name}`, JSON.stringify(isWritten ? { ...item, spec: undefined } : item));
      }
    }
  });

  test("not in artifacts and temporary files, save what Git itself holds in clear", () => {
    const files = readdirSync(storagePath, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files.length).toBeGreaterThan(0);
    const all = [
      ...files.map((entry) => join(entry.parentPath, entry.name)),
      ...temporary.leftovers().map(({ path }) => path),
    ];
    for (const path of all) searched(path, unpacked(path), ["sealed", "encrypted", "password", "identity"]);
  });
});
