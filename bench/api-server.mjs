// A real API server for benches: SealedSecrets that ask for something, and the controllers that answer, one at a time.
import { readFileSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { join } from "node:path";
import { certificate, secrets } from "./material.mjs";
import { sealkit, timed } from "./measure.mjs";
import { importTypeScript } from "./typescript.mjs";

export const NAMESPACE = "bench";
export const SEALED = `/apis/bitnami.com/v1alpha1/namespaces/${NAMESPACE}/sealedsecrets`;
export const SECRETS = `/api/v1/namespaces/${NAMESPACE}/secrets`;
const PARALLEL = 16;

/** A client that keeps its connections, so that applying is not what is measured. */
function clientOf(cluster) {
  const agent = new Agent({ keepAlive: true, maxSockets: PARALLEL, ca: cluster.ca });
  const call = (method, path, body) =>
    new Promise((done, failed) => {
      const headers = { authorization: `Bearer ${cluster.adminToken}`, "content-type": "application/json" };
      const sent = request(`${cluster.url}${path}`, { method, agent, headers }, (answer) => {
        const chunks = [];
        answer.on("data", (chunk) => chunks.push(chunk));
        answer.on("end", () => {
          const text = Buffer.concat(chunks).toString();
          if (answer.statusCode >= 300) failed(new Error(`${method} ${path}: ${answer.statusCode} ${text}`));
          else done(JSON.parse(text));
        });
      });
      sent.on("error", failed);
      sent.end(body);
    });
  return { call, close: () => agent.destroy() };
}

/**
 * Runs `work` with an API server that knows SealedSecrets and holds one sealing key of `bits`, and what a bench needs
 * around it. `sealed` is `count` SealedSecrets `s0`, `s1`, ... of `items` items, as JSON texts.
 */
export async function withApiServer(folder, { count, items = 2, bits = 4096 }, work) {
  const { startCluster } = await importTypeScript("test/helpers/cluster.ts");
  const { until } = await importTypeScript("test/helpers/process.ts");
  const upstream = await importTypeScript("test/helpers/upstream.ts");
  const key = await certificate(folder, { bits });
  const sealed = await sealAll(folder, { key, count, items });
  const cluster = await startCluster();
  const client = clientOf(cluster);
  try {
    await upstream.prepareCluster(cluster);
    await cluster.api("POST", "/api/v1/namespaces", { metadata: { name: NAMESPACE } });
    await cluster.api("POST", "/api/v1/namespaces/kube-system/secrets", {
      metadata: { name: "bench-key", labels: { "sealedsecrets.bitnami.com/sealed-secrets-key": "active" } },
      type: "kubernetes.io/tls",
      data: { "tls.crt": btoa(key.certPem), "tls.key": btoa(key.keyPem) },
    });
    // The first objects of a new resource cost the API server seconds.
    await applyAll(client, sealed.slice(0, 1));
    await client.call("DELETE", SEALED);
    return await work({
      client,
      key,
      sealed,
      startOurs: (options) => startOurs(cluster, until, options),
      startTheirs: async (args) => (await upstream.startUpstream(cluster, { args })).running,
    });
  } finally {
    client.close();
    await cluster.stop();
  }
}

async function sealAll(folder, { key, count, items }) {
  const plain = join(folder, `plain-${count}-${items}.json`);
  const file = join(folder, `sealed-${count}-${items}.json`);
  writeFileSync(plain, secrets(count, { namespace: NAMESPACE, items }));
  await timed([...sealkit, "kubeseal", "--cert", key.file], { input: plain, output: file });
  const sealed = splitJson(readFileSync(file, "utf8"));
  if (sealed.length !== count) throw new Error(`sealed ${sealed.length} of ${count}`);
  return sealed;
}

/** The documents that kubeseal prints: JSON objects one after the other, with or without `---` between them. */
function splitJson(text) {
  return text
    .split(/^(?:---\n)?(?=\{)/m)
    .map((document) => document.replace(/^---$/gm, "").trim())
    .filter((document) => document !== "")
    .map((document) => JSON.stringify(JSON.parse(document)));
}

export async function applyAll(client, objects) {
  const queue = [...objects];
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await client.call("POST", SEALED, next);
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
}

/** How many Secrets there are now. */
export async function present(client) {
  const { items, metadata } = await client.call("GET", `${SECRETS}?limit=1`);
  return items.length + (metadata.remainingItemCount ?? 0);
}

/** Waits until there are `count` Secrets; resolves with how many there were when it ended, at most after `timeoutMs`. */
export async function untilPresent(client, count, timeoutMs) {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const now = await present(client);
    if (now >= count || Date.now() > deadline) return now;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Throws unless every Secret has the values that its SealedSecret was made of. */
export async function checkAll(client) {
  let next = "";
  do {
    const { items, metadata } = await client.call("GET", `${SECRETS}?limit=500&continue=${next}`);
    for (const { metadata: own, data } of items) {
      const at = own.name.slice(1);
      if (atob(data.username) !== `user-${at}` || atob(data.password) !== `correct horse battery staple ${at}`) {
        throw new Error(`Secret ${own.name} has the wrong content`);
      }
    }
    next = encodeURIComponent(metadata.continue ?? "");
  } while (next !== "");
}

export async function removeAll(client) {
  await client.call("DELETE", SEALED);
  await client.call("DELETE", SECRETS);
}

/** Memory of a process in MiB. */
export function memoryOf(pid) {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const mebibytes = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)[1]) / 1024;
  return { now: mebibytes("VmRSS"), peak: mebibytes("VmHWM") };
}

/** Seconds of processor time that a process has used; in hundredths, as Linux counts. */
export function processorTimeOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function startOurs(cluster, until, { args = [], node = [], env = {} } = {}) {
  const port = 18_300 + Math.floor(Math.random() * 90);
  const [program, ...rest] = sealkit;
  const running = cluster.start(
    [
      program,
      ...node,
      ...rest,
      "controller",
      "--controllers=sealedsecret",
      `--kubeconfig=${cluster.kubeconfig}`,
      `--listen-addr=127.0.0.1:${port}`,
      `--listen-metrics-addr=127.0.0.1:${port + 100}`,
      ...args,
    ],
    { log: join(cluster.folder, `ours-${port}.log`), env: { ...process.env, POD_NAMESPACE: "kube-system", ...env } },
  );
  const ready = async () => {
    if (!running.alive()) throw new Error(`our controller ended\n${running.tail()}`);
    return await fetch(`http://127.0.0.1:${port}/readyz`).then(
      (answer) => answer.status === 200,
      () => false,
    );
  };
  await until("our controller is ready", ready, { why: () => running.tail() });
  return running;
}
