import type { KubeClient } from "../../src/kube/index.ts";
import { isReason, KubeError } from "../../src/kube/index.ts";
import type { KubeObject } from "../../src/objects/index.ts";
import type { SealingKeyPair } from "../../src/x509/index.ts";
import { type Actual, ciphertexts, distinct, fitting, keyOfObject, liveOf, parts, type Track } from "./actual.ts";
import {
  addKey,
  type Controller,
  keyOfCiphertext,
  removeKey,
  retireKey,
  SEALED_SECRETS,
  SECRETS,
  scopeAnnotations,
  scopePatch,
  sealedObject,
} from "./cluster.ts";
import { type Course, closure, deleted, isAtRest, type Live, labelOf, same, waitsFor } from "./model.ts";
import { type Burst, type Item, type Key, type Manifest, NAMESPACES, type Operation, type PoolKey } from "./script.ts";

export interface Bench {
  /** The writer's own client. */
  readonly client: KubeClient;
  readonly pool: readonly SealingKeyPair[];
  readonly controller: Controller;
  /** Makes the server forget its history of changes, when it can. */
  readonly forget?: () => void;
  /** How long a burst may take to come to rest. */
  readonly patienceMs: number;
  /** Silence after which nothing more is to be expected. */
  readonly quietMs: number;
  /** Something that happens to the cluster after the operations of a burst, before it has to come to rest. */
  readonly disturb?: ((burst: number) => Promise<void>) | undefined;
  /**
   * Given when not all goes well with the API: passes may come at any time then, and what the controller knows may lag
   * behind. Called before the last look, to make all go well from there on.
   */
  readonly calm?: (() => Promise<void>) | undefined;
}

export interface Report {
  readonly operations: number;
  /** Reasons for a pass that the script gave: changes, restarts and keys, for each object that they concern. */
  readonly reasons: number;
  readonly passes: number;
  readonly writes: ReadonlyMap<string, number>;
  /** Lines of the log, those for debugging left out. */
  readonly lines: number;
}

/** The cluster is not as any course of events would have left it. */
export class Mismatch extends Error {
  readonly burst: number;
  constructor(burst: number, message: string) {
    super(message);
    this.burst = burst;
  }
}

/** Every so many bursts everything is looked at after a real silence. */
const STRICT_EVERY = 20;

/**
 * Runs a script: after every burst the cluster must come to a state that the model allows.
 *
 * @throws {Mismatch} when it does not.
 */
export async function runScript(script: readonly Burst[], bench: Bench): Promise<Report> {
  const run = new Run(bench, script.length - 1);
  await run.begin();
  for (const [at, burst] of script.entries()) {
    for (const operation of burst) await run.operate(operation);
    if (!run.runs) await run.operate({ do: "start controller" });
    await bench.disturb?.(at);
    if (at === script.length - 1) await bench.calm?.();
    await run.rest(at, at % STRICT_EVERY === 0 || at === script.length - 1);
  }
  return run.report();
}

class Run {
  readonly #bench: Bench;
  readonly #last: number;
  readonly #tracks = new Map<Key, Track>();
  #keys: ReadonlySet<PoolKey>[] = [new Set([0])];
  #keysMoved = false;
  #operations = 0;
  #reasons = 0;
  runs = false;

  constructor(bench: Bench, last: number) {
    this.#bench = bench;
    this.#last = last;
  }

  get #isRestless(): boolean {
    return this.#bench.calm !== undefined;
  }

  async begin(): Promise<void> {
    await addKey(this.#bench.client, this.#bench.pool, 0);
    await this.#bench.controller.start();
    this.runs = true;
  }

  report(): Report {
    const { passes, writes, lines } = this.#bench.controller.watched;
    return { operations: this.#operations, reasons: this.#reasons, passes, writes, lines };
  }

  async operate(operation: Operation): Promise<void> {
    this.#operations += 1;
    if ("key" in operation) {
      const track = this.#track(operation.key);
      track.worlds = closure(track.worlds, this.#course(operation.key));
      track.history.push(JSON.stringify(operation));
    }
    await this.#carryOut(operation);
  }

  async #carryOut(operation: Operation): Promise<void> {
    const { client, controller, pool } = this.#bench;
    switch (operation.do) {
      case "apply":
        return await this.#put(operation.key, operation.manifest);
      case "set item": {
        const manifest = this.#manifest(operation.key);
        if (manifest === undefined) return;
        const { [operation.item]: before, ...rest } = manifest.items;
        const items = operation.to === null ? rest : { ...rest, [operation.item]: operation.to };
        return await this.#put(operation.key, { ...manifest, items }, operation.item);
      }
      case "delete":
        return await this.#delete(operation.key);
      case "rename": {
        const manifest = this.#manifest(operation.key);
        if (manifest === undefined || operation.key === operation.to) return;
        const live = await this.#sealed(operation.key);
        const track = this.#track(operation.to);
        track.worlds = closure(track.worlds, this.#course(operation.to));
        track.history.push(JSON.stringify(operation));
        await this.#put(operation.to, manifest, undefined, ciphertexts(live));
        return await this.#delete(operation.key);
      }
      case "change scope": {
        const before = this.#manifest(operation.key);
        if (before === undefined) return;
        const body = { metadata: { annotations: scopePatch(operation.scope) } };
        const object = await client.patch(SEALED_SECRETS, parts(operation.key), body, { type: "merge" });
        const isNews = before.scope !== operation.scope;
        return this.#written(operation.key, object, { ...before, scope: operation.scope }, isNews);
      }
      case "rotate":
        return await this.#rotate(operation.key);
      case "relabel": {
        if (this.#manifest(operation.key) === undefined) return;
        const body = { metadata: { labels: { app: operation.value } } };
        await client.patch(SEALED_SECRETS, parts(operation.key), body, { type: "merge" });
        return;
      }
      case "create secret":
      case "edit secret":
      case "annotate secret":
      case "delete secret":
        return await this.#touchSecret(operation);
      case "add key":
        await addKey(client, pool, operation.pool);
        return this.#keysAre(new Set([...this.#latestKeys(), operation.pool]));
      case "remove key":
      case "retire key":
        await (operation.do === "remove key" ? removeKey : retireKey)(client, operation.pool);
        return this.#keysAre(new Set([...this.#latestKeys()].filter((one) => one !== operation.pool)));
      case "stop controller":
        if (!this.runs) return;
        this.#closeAll();
        await controller.stop();
        this.#closeAll();
        this.runs = false;
        return;
      case "start controller":
        if (this.runs) return;
        this.#closeAll();
        this.runs = true;
        this.#allDue();
        await controller.start();
        return;
      case "cut watches":
        controller.cutWatches();
        return;
      case "lose history":
        this.#bench.forget?.();
        controller.cutWatches();
        this.#lookedAtAgain();
        return;
    }
  }

  /** Creates or replaces a SealedSecret; `only` names the item that changed, when the others stay byte for byte. */
  async #put(key: Key, manifest: Manifest, only?: string, given: Readonly<Record<string, string>> = {}): Promise<void> {
    const { client, pool } = this.#bench;
    for (;;) {
      const live = await this.#sealed(key);
      const { [only ?? ""]: _, ...others } = ciphertexts(live);
      const kept = only === undefined ? given : others;
      const object = await sealedObject(pool, key, manifest, kept);
      try {
        const now =
          live === undefined
            ? await client.create(SEALED_SECRETS, object)
            : await client.update(SEALED_SECRETS, {
                ...live,
                spec: object["spec"],
                metadata: { ...live.metadata, annotations: scopeAnnotations(manifest.scope) },
              });
        const track = this.#track(key);
        const before = this.#manifest(key);
        const isNews = now.metadata.generation !== track.generation || before?.scope !== manifest.scope;
        return this.#written(key, now, manifest, isNews || live === undefined);
      } catch (error) {
        // The controller wrote the status in between.
        if (!isReason(error, "Conflict")) throw error;
      }
    }
  }

  #written(key: Key, object: KubeObject, manifest: Manifest, isNews: boolean): void {
    const track = this.#track(key);
    track.generation = object.metadata.generation;
    const { uid = "" } = object.metadata;
    const isNew = track.versions.at(-1)?.uid !== uid;
    track.versions.push({ uid, manifest });
    if (isNews) this.#reasons += 1;
    track.worlds = track.worlds.map((world) => ({
      ...world,
      status: isNew ? undefined : world.status,
      pass: isNews ? "due" : world.pass,
      seen: isNews ? world.seen : world.seen === track.versions.length - 2 ? world.seen + 1 : world.seen,
    }));
  }

  async #delete(key: Key): Promise<void> {
    const track = this.#track(key);
    if (track.versions.at(-1) === undefined) return;
    await this.#bench.client.delete(SEALED_SECRETS, parts(key));
    track.versions.push(undefined);
    track.generation = undefined;
    track.worlds = track.worlds.map((world) => ({
      ...world,
      status: undefined,
      // One that was under way may still end.
      pass: world.pass === "none" ? "none" : "possible",
    }));
  }

  async #rotate(key: Key): Promise<void> {
    const { pool, controller } = this.#bench;
    const before = this.#track(key).versions.at(-1);
    const live = await this.#sealed(key);
    if (before === undefined || live === undefined || !this.runs) return;
    const answer = await fetch(`${controller.url}/v1/rotate`, { method: "POST", body: JSON.stringify(live) });
    const opensWith = (set: ReadonlySet<PoolKey>) =>
      Object.values(before.manifest.items).every(
        (item) =>
          "value" in item && set.has(item.key) && labelOf(item.scope, item.for) === labelOf(before.manifest.scope, key),
      );
    const may = new Set(this.#keys.map(opensWith));
    if (!may.has(answer.status === 200)) throw new Error(`rotate of ${key} answered ${answer.status}`);
    if (answer.status !== 200) return;
    const rotated = (await answer.json()) as KubeObject;
    const texts = ciphertexts(rotated);
    const { scope } = before.manifest;
    const items = Object.entries(before.manifest.items).map(([name, item]): [string, Item] => {
      const pooled = keyOfCiphertext(pool, texts[name] ?? "", labelOf(scope, key));
      return [name, { ...item, scope, for: key, key: pooled } as Item];
    });
    const template = (rotated["spec"] as { template: { metadata: KubeObject["metadata"] } }).template.metadata;
    const manifest = {
      ...before.manifest,
      items: Object.fromEntries(items),
      labels: template.labels ?? {},
      annotations: template.annotations ?? {},
    };
    await this.#put(key, manifest, undefined, texts);
  }

  async #touchSecret(
    operation: Extract<Operation, { do: "create secret" | "edit secret" | "annotate secret" | "delete secret" }>,
  ): Promise<void> {
    const { client } = this.#bench;
    const { key } = operation;
    const track = this.#track(key);
    const hasSealed = track.versions.at(-1) !== undefined;
    const keep = (fits: (live: Live | undefined) => boolean) => {
      const left = track.worlds.filter((world) => fits(world.live));
      if (left.length === 0) throw new Error(`${JSON.stringify(operation)} met what cannot be: ${this.#told(track)}`);
      track.worlds = left;
    };
    if (operation.do === "create secret") {
      const annotations = Object.fromEntries(operation.annotations.map((one) => [one, "true"]));
      const data = { foreign: btoa(operation.value) };
      const object = {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { ...parts(key), annotations },
        type: "Opaque",
        data,
      };
      const made = await client.create(SECRETS, object).then(
        () => true,
        (error: unknown) => {
          if (isReason(error, "AlreadyExists")) return false;
          throw error;
        },
      );
      keep((live) => (live === undefined) === made);
      if (!made) return;
      const live: Live = { data, labels: {}, annotations, type: "Opaque", immutable: false, owner: undefined };
      track.worlds = track.worlds.map((world) => ({ ...world, live }));
      return;
    }
    if (operation.do === "delete secret") {
      const was = await client.delete(SECRETS, parts(key));
      keep((live) => (live !== undefined) === was);
      if (was) {
        if (hasSealed) this.#reasons += 1;
        track.worlds = track.worlds.map((world) => deleted(world, hasSealed));
      }
      return;
    }
    const body =
      operation.do === "edit secret"
        ? { data: { [operation.item]: btoa(operation.value) } }
        : { metadata: { annotations: { [operation.annotation]: operation.on ? "true" : null } } };
    const now = await client.patch(SECRETS, parts(key), body, { type: "merge" }).catch((error: unknown) => error);
    if (now instanceof KubeError) {
      if (now.status === 404) return keep((live) => live === undefined);
      if (now.status === 422) return keep((live) => live?.immutable === true);
    }
    if (now instanceof Error) throw now;
    const edited = (live: Live): Live => {
      if (operation.do === "edit secret") {
        return { ...live, data: { ...live.data, [operation.item]: btoa(operation.value) } };
      }
      const { [operation.annotation]: _, ...rest } = live.annotations;
      return { ...live, annotations: operation.on ? { ...rest, [operation.annotation]: "true" } : rest };
    };
    const seen = liveOf(now as KubeObject);
    keep((live) => live !== undefined && same(edited(live), seen));
    if (track.worlds.some(({ status }) => waitsFor(status) === "secret")) this.#reasons += 1;
    track.worlds = track.worlds.map((world) => ({
      ...world,
      live: seen,
      pass: hasSealed && waitsFor(world.status) === "secret" ? "due" : world.pass,
    }));
  }

  #keysAre(keys: ReadonlySet<PoolKey>): void {
    const before = this.#latestKeys();
    if (same([...keys].sort(), [...before].sort())) return;
    this.#closeAll();
    this.#keysMoved = true;
    const isAdded = [...keys].some((one) => !before.has(one));
    this.#keys.push(keys);
    if (!isAdded || !this.runs) return;
    for (const track of this.#tracks.values()) {
      if (track.versions.at(-1) !== undefined) this.#reasons += 1;
      track.worlds = track.worlds.map((world) => ({
        ...world,
        pass: waitsFor(world.status) === "key" ? "due" : world.pass,
      }));
    }
  }

  #allDue(): void {
    for (const track of this.#tracks.values()) {
      const isThere = track.versions.at(-1) !== undefined;
      if (isThere) this.#reasons += 1;
      const seen = track.versions.length - 1;
      track.worlds = track.worlds.map((world) => ({ ...world, seen, pass: isThere ? "due" : "none" }));
    }
    // A start reads the keys as they are now.
    this.#keys = [this.#latestKeys()];
  }

  /** After a break that the server does not remember, objects without Secret are looked at again. */
  #lookedAtAgain(): void {
    this.#closeAll();
    for (const track of this.#tracks.values()) {
      if (track.versions.at(-1) === undefined) continue;
      track.history.push("lose history");
      track.worlds = track.worlds.map((world) =>
        world.live === undefined && world.pass === "none" ? { ...world, pass: "possible" } : world,
      );
    }
  }

  #closeAll(): void {
    for (const [key, track] of this.#tracks) track.worlds = closure(track.worlds, this.#course(key));
  }

  /** Waits until everything is as the model allows, and goes on from what is there. */
  async rest(burst: number, isStrict: boolean): Promise<void> {
    const { patienceMs, quietMs, controller } = this.#bench;
    const deadline = Date.now() + patienceMs;
    for (const [key, track] of this.#tracks) {
      const course = this.#course(key);
      track.worlds = closure(track.worlds, course).filter((world) => isAtRest(world, course));
      if (track.worlds.length === 0) throw new Mismatch(burst, `the model of ${key} never comes to rest`);
    }
    // The Secret alone does not tell such worlds apart, and the status may still be that of before.
    const isDoubtful = [...this.#tracks.values()].some(({ worlds, history }) => {
      const states = new Map(worlds.map(({ live, status }) => [JSON.stringify(live), JSON.stringify(status)]));
      return (
        history.length > 0 &&
        worlds.some(({ live, status }) => states.get(JSON.stringify(live)) !== JSON.stringify(status))
      );
    });
    if (burst === this.#last || (!this.#isRestless && (isStrict || isDoubtful || this.#keysMoved)))
      await controller.quiet(quietMs);
    for (let pauseMs = 2; ; pauseMs = Math.min(pauseMs * 2, 200)) {
      const actual = await this.#look();
      const wrong = [...this.#tracks].filter(([key, track]) => fitting(track, actual.get(key)).length === 0);
      if (wrong.length === 0) {
        this.#goOn(actual, isStrict);
        return;
      }
      if (Date.now() > deadline) throw new Mismatch(burst, this.#explained(wrong, actual));
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  #goOn(actual: ReadonlyMap<Key, Actual>, isStrict: boolean): void {
    for (const [key, track] of this.#tracks) {
      // A pass whose result is what was there before cannot be told from one that is still to come.
      const isOver = !this.#isRestless && (isStrict || track.history.length === 0);
      const pass = isOver ? ("none" as const) : ("possible" as const);
      const worlds = fitting(track, actual.get(key)).map((world) => ({ ...world, seen: 0, pass }));
      track.worlds = [...new Map(worlds.map((world) => [JSON.stringify(world), world])).values()];
      track.versions = [track.versions.at(-1)];
      track.history = [];
    }
    if (this.#isRestless) this.#keys = distinct(this.#keys);
    else if (isStrict || this.#keysMoved) this.#keys = [this.#latestKeys()];
    this.#keysMoved = false;
  }

  async #look(): Promise<Map<Key, Actual>> {
    const { client } = this.#bench;
    const [sealed, secrets] = await Promise.all(
      [SEALED_SECRETS, SECRETS].map(async (resource) => {
        const lists = await Promise.all(NAMESPACES.map((namespace) => client.list(resource, { namespace })));
        return new Map(lists.flatMap(({ items }) => items).map((item) => [keyOfObject(item), item]));
      }),
    );
    return new Map(
      [...this.#tracks.keys()].map((key) => [key, { sealed: sealed?.get(key), secret: secrets?.get(key) }]),
    );
  }

  #explained(wrong: readonly (readonly [Key, Track])[], actual: ReadonlyMap<Key, Actual>): string {
    return wrong
      .slice(0, 3)
      .map(([key, track]) => {
        const { sealed, secret } = actual.get(key) ?? {};
        const is = {
          secret: secret && liveOf(secret),
          status: sealed?.["status"],
          generation: sealed?.metadata.generation,
        };
        return [
          `${key} is ${JSON.stringify(is)}`,
          `allowed: ${this.#told(track)}`,
          `now: ${JSON.stringify(track.versions.at(-1))}, keys ${this.#keys.map((set) => [...set].join("+")).join(", ")}`,
          `after: ${track.history.join("\n       ")}`,
        ].join("\n");
      })
      .join("\n\n");
  }

  #told({ worlds }: Track): string {
    return worlds
      .slice(0, 5)
      .map((world) => JSON.stringify(world))
      .join("\n         ");
  }

  #track(key: Key): Track {
    const known = this.#tracks.get(key);
    if (known !== undefined) return known;
    const fresh: Track = {
      worlds: [{ live: undefined, status: undefined, seen: 0, pass: "none" }],
      versions: [undefined],
      generation: undefined,
      history: [],
    };
    this.#tracks.set(key, fresh);
    return fresh;
  }

  #course(key: Key): Course {
    const uids = new Set([...this.#tracks.values()].flatMap(({ versions }) => versions.at(-1)?.uid ?? []));
    return {
      key,
      versions: this.#track(key).versions,
      keys: this.#keys,
      runs: this.runs,
      restless: this.#isRestless,
      lives: (uid) => uids.has(uid),
    };
  }

  #manifest(key: Key): Manifest | undefined {
    return this.#track(key).versions.at(-1)?.manifest;
  }

  #latestKeys(): ReadonlySet<PoolKey> {
    return this.#keys.at(-1) ?? new Set();
  }

  #sealed(key: Key): Promise<KubeObject | undefined> {
    return this.#bench.client.get(SEALED_SECRETS, parts(key));
  }
}
