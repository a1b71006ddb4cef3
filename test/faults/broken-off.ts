import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseIdentitiesFile } from "../../src/age/index.ts";
import { allKeys, keySecret, listSealingKeys, readBackup } from "../../src/keys/index.ts";
import { createKubeClient, type KubeClient, loadClusterConfig } from "../../src/kube/index.ts";
import type { KubeObject } from "../../src/objects/index.ts";
import { findEncrypted, workTreeFiles } from "../../src/repository/index.ts";
import { Keyring, SCOPES } from "../../src/sealed/index.ts";
import { unsealSecret } from "../../src/secrets/index.ts";
import { decrypt, loadKeyring } from "../../src/sops/index.ts";
import type { SealingKeyPair } from "../../src/x509/index.ts";
import { type Cluster, startCluster } from "../helpers/cluster.ts";
import { sealkitProgram } from "../helpers/controller.ts";
import { sealedYaml, sopsYaml } from "../helpers/encrypted-repository.ts";
import { runProcess, startProcess } from "../helpers/process.ts";
import { makeSealingKey, unsealingKey } from "../helpers/sealing-keys.ts";
import { IDENTITY_A, KEYS_A, RECIPIENT_A } from "../helpers/sops.ts";
import { CONTROLLER_NAMESPACE, prepareCluster } from "../helpers/upstream.ts";
import { type FaultyProxy, startFaultyProxy } from "./proxy.ts";

/** What is killed in the middle. */
export const VICTIMS = ["backup", "restore", "rotate a repository", "rotate a cluster"] as const;
export type Victim = (typeof VICTIMS)[number];

/** When to kill: after a part of the time that the command takes, or at a request of it, as part of all its requests. */
export interface Moment {
  readonly by: "time" | "request";
  /** From 0 to 1, or a little above. */
  readonly part: number;
}

/** What became of one run that was killed. */
export interface BrokenOff {
  /** Whether something, but not all, had been done; `all`: the kill came when all was done. */
  readonly done: "nothing" | "some" | "all";
  /** Milliseconds, or requests. */
  readonly after: number;
  /** Names of files of the killed run that are still there after the next one. */
  readonly leftovers: readonly string[];
}

/** An API server and a repository for runs that follow each other. */
export interface BrokenOffRuns {
  /**
   * Puts everything as it was, starts the command, kills it (SIGKILL) at a moment, sees that every value still opens to
   * what it was, runs it again, and sees that it is done and every value opens.
   */
  run(victim: Victim, moment: Moment): Promise<BrokenOff>;
  stop(): Promise<void>;
}

const DAY_MS = 24 * 3_600_000;
const NAMESPACE = "apps";
const SEALED_SECRETS = `/apis/bitnami.com/v1alpha1/namespaces/${NAMESPACE}/sealedsecrets`;
const KEYS = `/api/v1/namespaces/${CONTROLLER_NAMESPACE}/secrets`;
const AGE_IDENTITY = {
  metadata: { name: "sops-age", namespace: CONTROLLER_NAMESPACE, labels: { "sealkit.dev/backup": "true" } },
  data: { "age.agekey": btoa(IDENTITY_A) },
};
const GENERATIONS = 6;
const IN_CLUSTER = 30;

/** How many files the repository has. Those that are replaced together are 256. */
export interface RepositorySize {
  readonly sealed: number;
  readonly sops: number;
}

export async function startBrokenOffRuns(size: RepositorySize): Promise<BrokenOffRuns> {
  const cluster = await startCluster();
  try {
    await prepareCluster(cluster);
    await cluster.api("POST", "/api/v1/namespaces", { metadata: { name: NAMESPACE } });
    const client = createKubeClient(await loadClusterConfig({ env: {}, cwd: "/", kubeconfig: cluster.kubeconfig }));
    const proxy = await startFaultyProxy({ url: cluster.url, ca: () => cluster.ca, token: cluster.adminToken });
    const runs = new Runs({ cluster, client, proxy, size });
    await runs.begin();
    return {
      run: (victim, moment) => runs.run(victim, moment),
      stop: async () => {
        await proxy.close();
        await client.close();
        await cluster.stop();
      },
    };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

type Digests = ReadonlyMap<string, string>;

interface Stage {
  readonly cluster: Cluster;
  readonly client: KubeClient;
  /** What the commands go through. */
  readonly proxy: FaultyProxy;
  readonly size: RepositorySize;
}

class Runs {
  readonly #cluster: Cluster;
  readonly #client: KubeClient;
  readonly #size: RepositorySize;
  readonly #proxy: FaultyProxy;
  readonly #pristine: string;
  readonly #repository: string;
  /** Of the keys that are there before anything is done. */
  #keyring = new Keyring();
  /** The sealing keys and an age identity, all in one namespace. */
  #secrets: readonly KubeObject[] = [];
  #sealed: readonly KubeObject[] = [];
  #backup = Buffer.alloc(0);
  #inCluster: Digests = new Map();
  #inRepository: Digests = new Map();
  /** Milliseconds and requests of each command when nothing goes wrong. */
  readonly #whole = new Map<Victim, Readonly<Record<Moment["by"], number>>>();

  constructor({ cluster, client, proxy, size }: Stage) {
    this.#size = size;
    this.#proxy = proxy;
    this.#cluster = cluster;
    this.#client = client;
    this.#pristine = join(cluster.folder, "pristine");
    this.#repository = join(cluster.folder, "repository");
  }

  async begin(): Promise<void> {
    const pairs = await Promise.all(
      Array.from({ length: GENERATIONS }, (_, at) =>
        makeSealingKey({ now: Date.now() - (GENERATIONS - at) * 30 * DAY_MS }),
      ),
    );
    const keys = pairs.map((pair, at) => {
      const secret = keySecret(pair, { namespace: CONTROLLER_NAMESPACE, prefix: "sealed-secrets-key" });
      return { ...secret, metadata: { ...secret.metadata, name: `sealed-secrets-key${at}` } };
    });
    this.#secrets = [...keys, { apiVersion: "v1", kind: "Secret", ...AGE_IDENTITY }];
    const nth = (at: number) => pairs[at % GENERATIONS] as SealingKeyPair;
    const newest = nth(GENERATIONS - 1);
    const values = (at: number) => ({ user: `user ${at}`, password: `correct horse ${at}` });
    const texts = Array.from({ length: IN_CLUSTER }, (_, at) => {
      const place = { name: `held-${at}`, namespace: NAMESPACE, scope: SCOPES[at % SCOPES.length] ?? "strict" };
      return sealedYaml(newest, values(at), place);
    });
    mkdirSync(join(this.#pristine, "below"), { recursive: true });
    for (let at = 0; at < this.#size.sealed; at++) {
      const text = await sealedYaml(nth(at), values(at), { name: `db-${at}`, namespace: NAMESPACE });
      writeFileSync(join(this.#pristine, `below/sealed-${at}.yaml`), text);
    }
    for (let at = 0; at < this.#size.sops; at++) {
      writeFileSync(join(this.#pristine, `file-${at}.yaml`), await sopsYaml(`password: "${values(at).password}"\n`));
    }
    this.#keyring = new Keyring(pairs.map(unsealingKey));
    this.#inRepository = await this.#digestsIn(this.#pristine);
    await this.#cluster.apply((await Promise.all(texts)).join("---\n"));
    this.#sealed = (await this.#cluster.api("GET", SEALED_SECRETS)).json.items.map(
      ({ metadata: { name, namespace, annotations }, spec }: KubeObject & { spec: unknown }) => ({
        apiVersion: "bitnami.com/v1alpha1",
        kind: "SealedSecret",
        metadata: { name, namespace, annotations },
        spec,
      }),
    );
    for (const secret of this.#secrets) await this.#cluster.api("POST", KEYS, secret);
    this.#inCluster = await this.#digestsInCluster();
    writeFileSync(this.#file("identity.txt"), `${IDENTITY_A}\n`, { mode: 0o600 });
    writeFileSync(
      this.#file("via-proxy.json"),
      JSON.stringify({
        clusters: [{ name: "c", cluster: { server: this.#proxy.url } }],
        contexts: [{ name: "x", context: { cluster: "c" } }],
        "current-context": "x",
      }),
      { mode: 0o600 },
    );
    await this.#succeed(this.#command("backup"));
    this.#backup = readFileSync(this.#file("keys.age"));
    for (const victim of VICTIMS) {
      await this.#prepare(victim);
      const started = Date.now();
      let request = 0;
      this.#proxy.choose = () => {
        request += 1;
        return "pass";
      };
      await this.#succeed(this.#command(victim));
      this.#whole.set(victim, { time: Date.now() - started, request });
      await this.#check(victim, "afterwards");
    }
  }

  async run(victim: Victim, { by, part }: Moment): Promise<BrokenOff> {
    await this.#prepare(victim);
    const before = await this.#progress(victim);
    const after = Math.ceil((this.#whole.get(victim)?.[by] ?? 0) * part);
    const running = startProcess(this.#command(victim), {
      log: this.#file("killed.log"),
      cwd: this.#cluster.folder,
      env: this.#env(),
    });
    const kill = () => running.kill("SIGKILL");
    const timer = by === "time" ? setTimeout(kill, after) : undefined;
    let requests = 0;
    this.#proxy.choose = () => {
      requests += 1;
      if (by === "time" || requests !== after) return "pass";
      // Whether the request is done, or its answer arrives, is left to chance.
      setTimeout(kill, requests % 8);
      return "pass";
    };
    await running.ended;
    clearTimeout(timer);
    this.#proxy.choose = () => "pass";
    await this.#check(victim, "killed");
    const now = await this.#progress(victim);
    await this.#succeed(this.#command(victim));
    await this.#check(victim, "afterwards");
    const all = await this.#progress(victim);
    return { done: now === before ? "nothing" : now === all ? "all" : "some", after, leftovers: this.#leftovers() };
  }

  #command(victim: Victim): readonly string[] {
    const words: Readonly<Record<Victim, readonly string[]>> = {
      backup: ["keys", "backup", "-r", RECIPIENT_A, "-o", "keys.age"],
      restore: ["keys", "restore", "-i", "identity.txt", "keys.age"],
      "rotate a repository": ["rotate", "--repo", "repository", "--backup", "keys.age", "-i", "identity.txt"],
      "rotate a cluster": [
        ...["keys", "compromise", `sealed-secrets-key${GENERATIONS - 1}`, "--bits", "2048", "--timeout", "0s"],
      ],
    };
    return [...sealkitProgram(), ...words[victim]];
  }

  #env(): Record<string, string | undefined> {
    const file = this.#file("identity.txt");
    return {
      ...process.env,
      HOME: this.#cluster.folder,
      KUBECONFIG: this.#file("via-proxy.json"),
      SOPS_AGE_KEY_FILE: file,
    };
  }

  #file(name: string): string {
    return join(this.#cluster.folder, name);
  }

  async #succeed(command: readonly string[]): Promise<string> {
    const done = await runProcess(command, { cwd: this.#cluster.folder, env: this.#env() });
    if (done.code !== 0) throw new Error(`${command.slice(2).join(" ")} ended with ${done.code}\n${done.stderr}`);
    return done.stdout;
  }

  /** Everything as before the command. */
  async #prepare(victim: Victim): Promise<void> {
    if (this.#backup.length > 0) writeFileSync(this.#file("keys.age"), this.#backup, { mode: 0o600 });
    if (victim === "rotate a repository") {
      rmSync(this.#repository, { recursive: true, force: true });
      cpSync(this.#pristine, this.#repository, { recursive: true });
    }
    if (victim === "rotate a repository") return;
    await this.#cluster.api("DELETE", KEYS);
    await this.#cluster.api("DELETE", SEALED_SECRETS);
    if (victim !== "restore") {
      for (const secret of this.#secrets) await this.#cluster.api("POST", KEYS, secret);
      await Promise.all(this.#sealed.map((object) => this.#cluster.api("POST", SEALED_SECRETS, object)));
    }
  }

  /** Another text for each state that the command goes through. */
  async #progress(victim: Victim): Promise<string> {
    if (victim === "backup") return String(this.#backup.equals(readFileSync(this.#file("keys.age"))));
    if (victim === "rotate a repository") {
      const names = readdirSync(this.#repository, { recursive: true, withFileTypes: true });
      const files = names.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
      const changed = files.filter((path) => {
        const former = join(this.#pristine, path.slice(this.#repository.length));
        return !existsSync(former) || !readFileSync(path).equals(readFileSync(former));
      });
      return String(changed.length);
    }
    const [keys, sealed] = [await this.#cluster.api("GET", KEYS), await this.#cluster.api("GET", SEALED_SECRETS)];
    const labels = keys.json.items.map(({ metadata }: KubeObject) => JSON.stringify(metadata.labels));
    const held = new Set(this.#sealed.map(({ spec }: KubeObject & { spec?: unknown }) => JSON.stringify(spec)));
    const changed = sealed.json.items.filter(({ spec }: { spec: unknown }) => !held.has(JSON.stringify(spec)));
    return JSON.stringify([labels.sort(), sealed.json.items.length, changed.length]);
  }

  /** Every value opens to what it was, at any moment; afterwards all is done, and nothing is there twice. */
  async #check(victim: Victim, when: "killed" | "afterwards"): Promise<void> {
    const say = (what: string) => new Error(`${victim}, ${when}: ${what}`);
    const backup = await readBackup(readFileSync(this.#file("keys.age")), {
      identities: parseIdentitiesFile(IDENTITY_A),
    });
    const { secrets, sealedSecrets } = backup;
    if (secrets.length !== GENERATIONS + 1 || sealedSecrets.length !== IN_CLUSTER) throw say("the backup is not whole");
    if (victim === "rotate a repository") {
      const now = await this.#digestsIn(this.#repository);
      if (!same(now, this.#inRepository)) throw say("the values of the repository are not what they were");
      if (when === "killed") return;
      const verified = JSON.parse(
        await this.#succeed([
          ...[...sealkitProgram(), "keys", "verify", "-i", "identity.txt", "keys.age"],
          ...["--repo", "repository", "-o", "json"],
        ]),
      );
      if (verified[0].usedKeys.length !== 1) throw say(`${verified[0].usedKeys.length} keys are still needed`);
      return;
    }
    const live = await this.#digestsInCluster();
    const isWhole = victim !== "restore" || when === "afterwards";
    if (isWhole && !same(live, this.#inCluster)) throw say("the values of the cluster are not what they were");
    for (const [name, value] of live)
      if (this.#inCluster.get(name) !== value) throw say(`${name} does not open as before`);
    if (when === "killed") return;
    const keys = await listSealingKeys(this.#client, { namespace: CONTROLLER_NAMESPACE });
    const states = keys.map(({ status }) => status).join(" ");
    const active = Array.from({ length: GENERATIONS - 1 }, () => "active").join(" ");
    const wanted = victim === "rotate a cluster" ? `newest ${active} compromised` : `newest ${active}`;
    if (states !== wanted) throw say(`the keys are: ${states}`);
    if (victim !== "rotate a cluster") return;
    const usable = keys.filter(({ status }) => status !== "compromised");
    const without = await this.#digestsInCluster(new Keyring(allKeys(usable)));
    if (!same(without, this.#inCluster)) throw say("something still needs the compromised key");
  }

  /** Digests of all values in the cluster; what a restore has not brought yet is not there. */
  async #digestsInCluster(ring?: Keyring): Promise<Digests> {
    const keyring =
      ring ?? new Keyring(allKeys(await listSealingKeys(this.#client, { namespace: CONTROLLER_NAMESPACE })));
    const { items } = (await this.#cluster.api("GET", SEALED_SECRETS)).json;
    const type = { apiVersion: "bitnami.com/v1alpha1", kind: "SealedSecret" };
    return await digestsOf(
      items.map((object: KubeObject) => ({ ...object, ...type })),
      keyring,
    );
  }

  async #digestsIn(folder: string): Promise<Digests> {
    const digests = new Map<string, string>();
    const sops = loadKeyring(KEYS_A);
    const { files } = await workTreeFiles(folder, { env: process.env, signal: new AbortController().signal });
    for await (const file of files()) {
      // What a run that is under way has beside a file is no file of the repository.
      if (/(^|\/)\.sealkit/.test(file.path)) continue;
      const found = findEncrypted(file);
      if (found?.problem !== undefined) throw new Error(`${file.path}: ${found.problem}`);
      const objects = (found?.sealed ?? []).map(({ object }) => object);
      for (const [name, value] of await digestsOf(objects, this.#keyring)) digests.set(`${file.path} ${name}`, value);
      if (found?.sops === undefined) continue;
      const { clearText } = await decrypt(file.bytes, found.sops.format, sops);
      digests.set(file.path, digest(clearText.reveal()));
    }
    return digests;
  }

  /** Names of what a killed run left in folders and is still there. */
  #leftovers(): string[] {
    const names = readdirSync(this.#cluster.folder).filter((name) => name.startsWith(".keys.age."));
    for (const name of names) rmSync(this.#file(name));
    if (!existsSync(this.#repository)) return names;
    const below = readdirSync(this.#repository, { recursive: true, encoding: "utf8" });
    return [...names, ...below.filter((name) => /(^|\/)\.sealkit(-|\/)/.test(name))];
  }
}

async function digestsOf(objects: readonly KubeObject[], keyring: Keyring): Promise<Digests> {
  const digests = new Map<string, string>();
  for (const object of objects) {
    const { data } = (await unsealSecret(object, keyring, {})).secret;
    for (const [item, value] of data) digests.set(`${object.metadata.name} ${item}`, digest(value.reveal()));
  }
  return digests;
}

function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function same(a: Digests, b: Digests): boolean {
  return a.size === b.size && [...a].every(([name, value]) => b.get(name) === value);
}
