// From apply to all Secrets present: 500 SealedSecrets of two items on a real API server, our controller and the
// original one in turn, with the same sealing key. Also the memory of each, and the distance from what RSA itself costs.
import { constants, createPrivateKey, createPublicKey, privateDecrypt, publicEncrypt, randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { certificate, secrets } from "./material.mjs";
import { line, median, sealkit, timed } from "./measure.mjs";
import { importTypeScript } from "./typescript.mjs";

const NAMESPACE = "bench";
const SEALED = `/apis/bitnami.com/v1alpha1/namespaces/${NAMESPACE}/sealedsecrets`;
const SECRETS = `/api/v1/namespaces/${NAMESPACE}/secrets`;

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

/** A client that keeps its connections, so that applying is not what is measured. */
function clientOf(cluster) {
  const agent = new Agent({ keepAlive: true, maxSockets: 16, ca: cluster.ca });
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

async function applyAll(client, objects) {
  const queue = [...objects];
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await client.call("POST", SEALED, next);
  };
  await Promise.all(Array.from({ length: 16 }, worker));
}

async function untilPresent(client, count, timeoutMs) {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const { items, metadata } = await client.call("GET", `${SECRETS}?limit=1`);
    const present = items.length + (metadata.remainingItemCount ?? 0);
    if (present >= count) return;
    if (Date.now() > deadline) throw new Error(`only ${present} of ${count} Secrets after ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function memoryOf(pid) {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const mebibytes = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)[1]) / 1024;
  return { now: mebibytes("VmRSS"), peak: mebibytes("VmHWM") };
}

/** Seconds of processor time that a process has used; in hundredths, as Linux counts. */
function processorTimeOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function startOurs(cluster, helpers) {
  const port = 18_300 + Math.floor(Math.random() * 90);
  const running = cluster.start(
    [
      ...sealkit,
      "controller",
      "--controllers=sealedsecret",
      `--kubeconfig=${cluster.kubeconfig}`,
      `--listen-addr=127.0.0.1:${port}`,
      `--listen-metrics-addr=127.0.0.1:${port + 100}`,
    ],
    { log: join(cluster.folder, `ours-${port}.log`), env: { ...process.env, POD_NAMESPACE: "kube-system" } },
  );
  const ready = async () => {
    if (!running.alive()) throw new Error(`our controller ended\n${running.tail()}`);
    return await fetch(`http://127.0.0.1:${port}/readyz`).then(
      (answer) => answer.status === 200,
      () => false,
    );
  };
  await helpers.until("our controller is ready", ready, { why: () => running.tail() });
  return running;
}

/** One contender, once: start it, wait until it is ready, apply, wait for the last Secret, check them all. */
async function oneRound({ client, start, sealed, count, timeoutMs }) {
  const running = await start();
  const before = memoryOf(running.pid);
  const processorBefore = processorTimeOf(running.pid);
  const started = Date.now();
  await applyAll(client, sealed);
  const applied = Date.now() - started;
  await untilPresent(client, count, timeoutMs);
  const ms = Date.now() - started;
  const memory = memoryOf(running.pid);
  const processor = processorTimeOf(running.pid) - processorBefore;
  const { items } = await client.call("GET", SECRETS);
  for (const { metadata, data } of items) {
    const at = metadata.name.slice(1);
    if (atob(data.username) !== `user-${at}` || atob(data.password) !== `correct horse battery staple ${at}`) {
      throw new Error(`Secret ${metadata.name} has the wrong content`);
    }
  }
  await running.stop();
  await client.call("DELETE", SEALED);
  await client.call("DELETE", SECRETS);
  return { ms, applied, processor, before, memory };
}

export async function run(
  folder,
  { count = 500, rounds = 3, upstreamArgs = ["--kubeclient-qps=-1"], limit = 0.5 } = {},
) {
  const clusterHelper = await importTypeScript("test/helpers/cluster.ts");
  const helpers = await importTypeScript("test/helpers/process.ts");
  const { prepareCluster, startUpstream } = await importTypeScript("test/helpers/upstream.ts");
  const key = await certificate(folder);
  const plain = join(folder, "unseal.json");
  const sealedFile = join(folder, "unseal-sealed.json");
  writeFileSync(plain, secrets(count, { namespace: NAMESPACE }));
  await timed([...sealkit, "kubeseal", "--cert", key.file], { input: plain, output: sealedFile });
  const sealed = splitJson(readFileSync(sealedFile, "utf8"));
  if (sealed.length !== count) throw new Error(`sealed ${sealed.length} of ${count}`);

  const cluster = await clusterHelper.startCluster();
  const client = clientOf(cluster);
  try {
    await prepareCluster(cluster);
    await cluster.api("POST", "/api/v1/namespaces", { metadata: { name: NAMESPACE } });
    await cluster.api("POST", "/api/v1/namespaces/kube-system/secrets", {
      metadata: { name: "bench-key", labels: { "sealedsecrets.bitnami.com/sealed-secrets-key": "active" } },
      type: "kubernetes.io/tls",
      data: { "tls.crt": btoa(key.certPem), "tls.key": btoa(key.keyPem) },
    });
    // The first objects of a new resource cost the API server seconds.
    await applyAll(client, sealed.slice(0, 1));
    await client.call("DELETE", SEALED);
    const contenders = {
      ours: () => startOurs(cluster, helpers),
      theirs: async () => (await startUpstream(cluster, { args: upstreamArgs })).running,
    };
    const results = { ours: [], theirs: [] };
    for (let round = 0; round < rounds; round++) {
      for (const [name, start] of Object.entries(contenders)) {
        const result = await oneRound({ client, start, sealed, count, timeoutMs: 900_000 });
        console.error(
          `  ${name}: ${result.ms} ms (applied in ${result.applied} ms), ${result.memory.now.toFixed(0)} MiB`,
        );
        results[name].push(result);
      }
    }
    const of = (name, pick) => median(results[name].map(pick));
    const floorPerCore = rsaFloor(key.keyPem, count * 2);
    const floor = floorPerCore / availableParallelism();
    const rival = upstreamArgs.length > 0 ? `original, ${upstreamArgs.join(" ")}` : "original, defaults";
    const what = `unseal: ${count} SealedSecrets, apply to all Secrets`;
    const ours = of("ours", ({ ms }) => ms);
    return [
      line(what, { ours, theirs: of("theirs", ({ ms }) => ms), unit: "ms", rival, limit }),
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
  } finally {
    client.close();
    await cluster.stop();
  }
}

/** The documents that kubeseal prints: JSON objects one after the other, with or without `---` between them. */
function splitJson(text) {
  return text
    .split(/^(?:---\n)?(?=\{)/m)
    .map((document) => document.replace(/^---$/gm, "").trim())
    .filter((document) => document !== "")
    .map((document) => JSON.stringify(JSON.parse(document)));
}
