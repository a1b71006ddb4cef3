import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { type Cluster, startCluster } from "./cluster.ts";
import { type OurController, startController } from "./controller.ts";
import { startTestGit, type TestGit, type TestRepository } from "./git-server.ts";
import { peer } from "./peers.ts";
import { runProcess, until } from "./process.ts";
import { prepareCluster } from "./upstream.ts";

/** The steps of the flow, in order. */
export const STEPS = ["first key", "first commit", "second commit", "renewal", "re-encryption", "rest"] as const;

/** When to kill: so long after the start, or after a step has begun. Undefined: not at all. */
export type Moment = { readonly afterMs: number; readonly step?: (typeof STEPS)[number] | undefined } | undefined;

/** What one run met: in which step the controller was killed, and how long everything took. */
export interface ChaosRun {
  readonly step: string;
  readonly tookMs: number;
  /** Names of temporary files that were left in the storage. */
  readonly leftovers: readonly string[];
}

export interface Chaos {
  /** One whole flow in a namespace of its own; the controller is killed (SIGKILL) once and started again. */
  run(moment: Moment): Promise<ChaosRun>;
  stop(): Promise<void>;
}

const KEY_LABEL = "sealedsecrets.bitnami.com/sealed-secrets-key";
const KEYS = "/api/v1/namespaces/kube-system/secrets";
const ACTIVE_KEYS = `${KEYS}?labelSelector=${encodeURIComponent(`${KEY_LABEL}=active`)}`;
const PATIENCE = { timeoutMs: 60_000, everyMs: 50 };

/** Numbers in [0, 1) that are the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * A moment of a flow that takes `wholeMs`: anywhere, or early in one of its steps, which are of unequal length.
 *
 * @public for bench/chaos.mjs, which bundles this file
 */
export function randomMoment(random: () => number, wholeMs: number): Exclude<Moment, undefined> {
  if (random() < 0.5) return { afterMs: Math.round(random() * wholeMs) };
  return { step: STEPS[Math.floor(random() * STEPS.length)], afterMs: Math.round(random() * 600) };
}

/** Starts a real API server and a Git server for runs that follow each other. */
export async function startChaos(): Promise<Chaos> {
  const cluster = await startCluster({ controllerManager: true });
  try {
    await prepareCluster(cluster);
    const git = await startTestGit();
    let number = 0;
    return {
      async run(moment) {
        number += 1;
        return await new Flow(cluster, git, `chaos-${number}`, moment).run();
      },
      async stop() {
        await git.close();
        await cluster.stop();
      },
    };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

class Flow {
  readonly #cluster: Cluster;
  readonly #git: TestGit;
  readonly #namespace: string;
  readonly #folder: string;
  readonly #storage: string;
  readonly #repository: TestRepository;
  readonly #keysSeen = new Map<string, string>();
  #controller: OurController | undefined;
  readonly #moment: Moment;
  #step = "start";
  #killedIn = "";
  #killing: Promise<void> | undefined;
  /** The process that was asked to renew the key. */
  #asked: OurController["running"] | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(cluster: Cluster, git: TestGit, namespace: string, moment: Moment) {
    this.#cluster = cluster;
    this.#moment = moment;
    this.#git = git;
    this.#namespace = namespace;
    this.#folder = join(cluster.folder, namespace);
    this.#storage = join(this.#folder, "storage");
    mkdirSync(this.#storage, { recursive: true });
    this.#repository = git.repository(namespace);
  }

  async run(): Promise<ChaosRun> {
    await this.#forgetKeys();
    const started = Date.now();
    await this.#start();
    if (this.#moment !== undefined && this.#moment.step === undefined) this.#killAfter(this.#moment.afterMs);
    try {
      await this.#flow();
      const tookMs = Date.now() - started;
      // Its moment may come when all is done: then it is killed at rest, and has to come back all the same.
      if (this.#moment !== undefined) await until("it was killed", () => this.#killing !== undefined, PATIENCE);
      await this.#killing;
      await this.#verify();
      return { step: this.#killedIn, tookMs, leftovers: this.#checkStorage() };
    } catch (error) {
      const log = this.#controller?.running.tail(8) ?? "";
      const said = error instanceof Error ? error.message : String(error);
      throw new Error(`killed in "${this.#killedIn}", failed in "${this.#step}": ${said}\n${log}`);
    } finally {
      clearTimeout(this.#timer);
      await this.#killing?.catch(() => undefined);
      await this.#controller?.stop();
      await this.#cluster.api("DELETE", `/api/v1/namespaces/${this.#namespace}`);
    }
  }

  #enter(step: (typeof STEPS)[number]): void {
    this.#step = step;
    if (this.#moment?.step === step) this.#killAfter(this.#moment.afterMs);
  }

  #killAfter(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#killing = this.#killAndRestart();
    }, ms);
  }

  /** Removes the sealing keys of earlier runs, so that this one begins with making the first. */
  async #forgetKeys(): Promise<void> {
    for (const { metadata } of await this.#keys()) await this.#cluster.api("DELETE", `${KEYS}/${metadata.name}`);
  }

  async #start(): Promise<void> {
    this.#controller = await startController(this.#cluster, {
      controllers: "sealedsecret,source,kustomization",
      impatient: true,
      log: join(this.#folder, "controller.log"),
      args: [`--storage-path=${this.#storage}`, "--storage-addr=127.0.0.1:0", "--key-size=2048"],
    });
  }

  async #killAndRestart(): Promise<void> {
    this.#killedIn = this.#step;
    this.#controller?.running.kill("SIGKILL");
    await this.#controller?.running.ended;
    await this.#start();
  }

  /** What the demo does: seal, commit, sync, change, renew the key, re-encrypt. */
  async #flow(): Promise<void> {
    this.#enter("first key");
    const certificate = await this.#certificate();

    this.#enter("first commit");
    const namespace = this.#namespace;
    await this.#create("/api/v1/namespaces", { metadata: { name: namespace } });
    const identity = await this.#ageKey();
    const sealed = await Promise.all(
      (["strict", "namespace-wide", "cluster-wide"] as const).map(async (scope) => ({
        path: `sealed-${scope}.yaml`,
        text: await this.#seal(certificate, scope, `sealed-${scope}`, `value of ${scope}`),
      })),
    );
    this.#repository.commit({
      ...Object.fromEntries(sealed.map(({ path, text }) => [path, text])),
      "encrypted.yaml": await this.#encrypt(identity, "first value"),
      "settings.yaml": JSON.stringify({
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "settings", namespace },
        data: {},
      }),
      "app.yaml": JSON.stringify(deployment(namespace)),
    });
    await this.#create(`/apis/source.toolkit.fluxcd.io/v1/namespaces/${namespace}/gitrepositories`, {
      apiVersion: "source.toolkit.fluxcd.io/v1",
      kind: "GitRepository",
      metadata: { name: "repository" },
      spec: { interval: "1h", url: this.#git.at(this.#repository), ref: { branch: "main" } },
    });
    await this.#create(`/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/${namespace}/kustomizations`, {
      apiVersion: "kustomize.toolkit.fluxcd.io/v1",
      kind: "Kustomization",
      metadata: { name: "apps" },
      spec: {
        interval: "1h",
        retryInterval: "1s",
        prune: true,
        sourceRef: { kind: "GitRepository", name: "repository" },
        decryption: { provider: "sops", secretRef: { name: "sops-age" } },
      },
    });
    await this.#untilSecrets({ ...VALUES, encrypted: "first value" });

    this.#enter("second commit");
    this.#repository.commit({
      "encrypted.yaml": await this.#encrypt(identity, "second value"),
      "settings.yaml": null,
    });
    await this.#reconcile("second");
    await this.#untilSecrets({ ...VALUES, encrypted: "second value" });
    await until(
      "the ConfigMap is pruned",
      async () => (await this.#get("configmaps/settings")) === undefined,
      PATIENCE,
    );

    this.#enter("renewal");
    await until("there is a second key", async () => await this.#renewed(), { ...PATIENCE, everyMs: 200 });

    this.#enter("re-encryption");
    const rotated: Record<string, string> = {};
    for (const { path, text } of sealed) rotated[path] = await this.#rotate(text);
    this.#repository.commit(rotated);
    await this.#reconcile("third");
    await this.#untilApplied(rotated);
    this.#enter("rest");
  }

  async #verify(): Promise<void> {
    this.#step = "verification";
    await this.#untilSecrets({ ...VALUES, encrypted: "second value" });
    const head = this.#repository.git("rev-parse", "HEAD");
    const path = `/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/${this.#namespace}/kustomizations/apps`;
    await until(
      "the Kustomization is ready at the last commit",
      async () => {
        const { status } = (await this.#cluster.api("GET", path)).json;
        const ready = status?.conditions?.find(({ type }: { type: string }) => type === "Ready");
        return ready?.status === "True" && status.lastAppliedRevision === `main@sha1:${head}`;
      },
      PATIENCE,
    );
    const { status } = (await this.#cluster.api("GET", path)).json;
    const inventory = status.inventory.entries.map(({ id }: { id: string }) => id).sort();
    const ns = this.#namespace;
    const wanted = [
      `${ns}_app_apps_Deployment`,
      `${ns}_encrypted__Secret`,
      ...["strict", "namespace-wide", "cluster-wide"].map((scope) => `${ns}_sealed-${scope}_bitnami.com_SealedSecret`),
    ].sort();
    if (JSON.stringify(inventory) !== JSON.stringify(wanted)) throw new Error(`the inventory is ${inventory}`);
    const sealed = await this.#cluster.api("GET", `/apis/bitnami.com/v1alpha1/namespaces/${ns}/sealedsecrets`);
    for (const { metadata, status: state } of sealed.json.items) {
      if (state?.conditions?.[0]?.status !== "True") throw new Error(`${metadata.name} is not synced`);
    }
    const now = new Map((await this.#keys()).map((key) => [key.metadata.name, digest(JSON.stringify(key.data))]));
    for (const [name, content] of this.#keysSeen) {
      if (now.get(name) !== content) throw new Error(`the sealing key ${name} was lost or changed`);
    }
    if (now.size > 3) throw new Error(`${now.size} sealing keys were made where two were wanted`);
  }

  /** Every artifact has to be whole, and the current one to be what the status says. Returns what else lies there. */
  #checkStorage(): string[] {
    const leftovers: string[] = [];
    for (const entry of readdirSync(this.#storage, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      if (entry.name.endsWith(".tar.gz")) gunzipSync(readFileSync(path));
      else leftovers.push(entry.name);
    }
    return leftovers;
  }

  async #certificate(): Promise<string> {
    const file = join(this.#folder, "cert.pem");
    await until(
      "the certificate is served",
      async () => {
        const answer = await this.#controller?.ask("/v1/cert.pem");
        if (answer?.status !== 200 || !answer.text.startsWith("-----BEGIN")) return false;
        writeFileSync(file, answer.text);
        return true;
      },
      PATIENCE,
    );
    await this.#keys();
    return file;
  }

  async #renewed(): Promise<boolean> {
    if ((await this.#keys()).length >= 2) return true;
    // Once for each process, and only when it serves: before, it has no handler and the signal would be one more kill.
    const running = this.#controller?.running;
    if (running === undefined || running === this.#asked) return false;
    if ((await this.#controller?.ask("/readyz"))?.status !== 200) return false;
    running.kill("SIGUSR1");
    this.#asked = running;
    return false;
  }

  async #rotate(sealed: string): Promise<string> {
    let rotated = "";
    await until(
      "a SealedSecret is re-encrypted",
      async () => {
        const answer = await this.#controller?.ask("/v1/rotate", sealed);
        if (answer?.status !== 200) return false;
        // As the original: the answer leaves kind and version to the caller.
        rotated = JSON.stringify({
          apiVersion: "bitnami.com/v1alpha1",
          kind: "SealedSecret",
          ...JSON.parse(answer.text),
        });
        return true;
      },
      { ...PATIENCE, everyMs: 300 },
    );
    return rotated;
  }

  async #reconcile(value: string): Promise<void> {
    const path = `/apis/source.toolkit.fluxcd.io/v1/namespaces/${this.#namespace}/gitrepositories/repository`;
    const body = { metadata: { annotations: { "reconcile.fluxcd.io/requestedAt": value } } };
    await this.#cluster.api("PATCH", path, body, { contentType: "application/merge-patch+json" });
  }

  async #untilSecrets(values: Readonly<Record<string, string>>): Promise<void> {
    const present = async () => {
      for (const [name, value] of Object.entries(values)) {
        if ((await this.#get(`secrets/${name}`))?.data?.password !== btoa(value)) return false;
      }
      return true;
    };
    await until("all Secrets have their values", present, PATIENCE);
  }

  async #untilApplied(files: Readonly<Record<string, string>>): Promise<void> {
    const applied = async () => {
      for (const text of Object.values(files)) {
        const wanted = JSON.parse(text);
        const path = `/apis/bitnami.com/v1alpha1/namespaces/${this.#namespace}/sealedsecrets/${wanted.metadata.name}`;
        const { spec, status, metadata } = (await this.#cluster.api("GET", path)).json;
        if (spec?.encryptedData?.password !== wanted.spec.encryptedData.password) return false;
        if (status?.observedGeneration !== metadata.generation) return false;
      }
      return true;
    };
    await until("the re-encrypted SealedSecrets are applied and unsealed", applied, PATIENCE);
  }

  // biome-ignore lint/suspicious/noExplicitAny: test code reads objects of any kind
  async #get(what: string): Promise<any> {
    const answer = await this.#cluster.api("GET", `/api/v1/namespaces/${this.#namespace}/${what}`);
    return answer.status === 200 ? answer.json : undefined;
  }

  async #create(path: string, object: object): Promise<void> {
    const answer = await this.#cluster.api("POST", path, object);
    if (answer.status !== 201) throw new Error(`POST ${path}: ${answer.text}`);
  }

  /** The sealing keys as they are; remembered, because none may ever be lost. */
  async #keys(): Promise<{ metadata: { name: string }; data: Record<string, string> }[]> {
    const { items } = (await this.#cluster.api("GET", ACTIVE_KEYS)).json;
    if (this.#step !== "start")
      for (const key of items) this.#keysSeen.set(key.metadata.name, digest(JSON.stringify(key.data)));
    return items;
  }

  async #ageKey(): Promise<{ file: string; recipient: string }> {
    const file = join(this.#folder, "age.txt");
    await this.#tool([peer("age-keygen"), "-o", file]);
    const text = readFileSync(file, "utf8");
    const data = { "age.agekey": btoa(text) };
    await this.#create(`/api/v1/namespaces/${this.#namespace}/secrets`, { metadata: { name: "sops-age" }, data });
    return { file, recipient: /public key: (age1\w+)/.exec(text)?.[1] ?? "" };
  }

  async #seal(certificate: string, scope: string, name: string, value: string): Promise<string> {
    const metadata = { name, namespace: this.#namespace };
    const secret = { apiVersion: "v1", kind: "Secret", metadata, stringData: { password: value } };
    const command = [peer("kubeseal"), "--cert", certificate, "--scope", scope, "--format", "json"];
    return await this.#tool(command, JSON.stringify(secret));
  }

  async #encrypt(identity: { recipient: string }, value: string): Promise<string> {
    const metadata = { name: "encrypted", namespace: this.#namespace };
    const secret = { apiVersion: "v1", kind: "Secret", metadata, stringData: { password: value } };
    const regex = "^(data|stringData)$";
    return await this.#tool(
      [
        peer("sops"),
        "encrypt",
        "--age",
        identity.recipient,
        "--encrypted-regex",
        regex,
        "--filename-override",
        "encrypted.yaml",
        "--input-type",
        "json",
        "--output-type",
        "yaml",
      ],
      JSON.stringify(secret),
    );
  }

  async #tool(command: readonly string[], input = ""): Promise<string> {
    const done = await runProcess(command, { input, env: { ...process.env, HOME: this.#folder } });
    if (done.code !== 0) throw new Error(`${command[0]} ended with ${done.code}\n${done.stderr}`);
    return done.stdout;
  }
}

const VALUES = {
  "sealed-strict": "value of strict",
  "sealed-namespace-wide": "value of namespace-wide",
  "sealed-cluster-wide": "value of cluster-wide",
};

const deployment = (namespace: string) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "app", namespace },
  spec: {
    selector: { matchLabels: { app: "app" } },
    template: {
      metadata: { labels: { app: "app" } },
      spec: {
        containers: [
          {
            name: "app",
            image: "app:1",
            envFrom: [{ secretRef: { name: "sealed-strict" } }, { secretRef: { name: "encrypted" } }],
          },
        ],
      },
    },
  },
});

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
