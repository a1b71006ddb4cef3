import {
  type Item,
  type Key,
  MANAGED,
  type Manifest,
  PATCH,
  type PoolKey,
  SKIP_OWNER,
  type Template,
} from "./script.ts";

/** A Secret as far as the controller may touch it. */
export interface Live {
  readonly data: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly type: string;
  readonly immutable: boolean;
  /** uid of the controlling owner. */
  readonly owner: string | undefined;
}

/** A SealedSecret as it was written: a new one of the same name has another uid. */
export interface Sealed {
  readonly uid: string;
  readonly manifest: Manifest;
}

/**
 * What `status` says: synced, or words that its message must hold, and what leads to the next try: a key that comes, a
 * change of the Secret, time alone, or only a change of the SealedSecret.
 */
export type Status =
  | "synced"
  | { readonly says: readonly string[]; readonly waitsFor: "key" | "secret" | "time" | "change" };

/** One way in which things may have gone so far. */
export interface World {
  readonly live: Live | undefined;
  readonly status: Status | undefined;
  /** The version of the SealedSecret that the controller saw last: its view never goes back. */
  readonly seen: number;
  /** A pass has to come, or (after a deletion, or when a failure is tried again) may come. */
  readonly pass: "due" | "possible" | "none";
}

/** What the worlds of one burst have in common. */
export interface Course {
  readonly key: Key;
  /** Versions of the SealedSecret in this burst, the first being that before it; undefined: there is none. */
  readonly versions: readonly (Sealed | undefined)[];
  /** Sets of keys in use in this burst; a pass may have met any of them. */
  readonly keys: readonly ReadonlySet<PoolKey>[];
  /** Whether the controller runs. */
  readonly runs: boolean;
  /** Whether a pass may come at any time: the API server does not let all go well, and failures are tried again. */
  readonly restless: boolean;
  /** Whether a SealedSecret with this uid is there. */
  readonly lives: (uid: string) => boolean;
}

/**
 * What one pass of the controller does. Written from what the original does, and from our documented differences; it
 * shares nothing with the controller's own code.
 */
function passOf(key: Key, sealed: Sealed, live: Live | undefined, keys: ReadonlySet<PoolKey>) {
  const name = key.slice(key.indexOf("/") + 1);
  const { annotations, labels, type, immutable } = sealed.manifest;
  const failed = failures(key, sealed.manifest, keys);
  if (failed !== undefined) return { live, status: failed };
  const foreign: Status = {
    says: [`failed update: Resource "${name}" already exists and is not managed by SealedSecret`],
    waitsFor: "secret",
  };
  const data = rendered(sealed.manifest);
  if (data === undefined) return { live, status: { says: ["bad"], waitsFor: "change" } as const };
  const skipsOwner = annotations[SKIP_OWNER] === "true";
  const owner = skipsOwner ? undefined : sealed.uid;
  const wantedType = type === undefined || type === "" ? "Opaque" : type;
  if (live === undefined) {
    const made: Live = { data, labels, annotations, type: wantedType, immutable: immutable === true, owner };
    const recognised = !skipsOwner || annotations[MANAGED] === "true" || annotations[PATCH] === "true";
    return { live: made, status: recognised ? ("synced" as const) : foreign };
  }
  const isManaged = live.annotations[MANAGED] === "true";
  const isPatched = live.annotations[PATCH] === "true";
  if (live.owner !== sealed.uid && !isManaged && !isPatched) return { live, status: foreign };
  const next: Live = isPatched
    ? {
        ...live,
        data: { ...live.data, ...data },
        labels: { ...live.labels, ...labels },
        annotations: { ...live.annotations, ...annotations },
        owner: isManaged ? owner : live.owner,
        type: wantedType,
      }
    : { ...live, data, labels, annotations, owner, type: wantedType };
  // The API server refuses both, and nothing of the update happens.
  const refused = live.type !== next.type || (live.immutable && !same(live.data, next.data));
  return refused
    ? { live, status: { says: ["field is immutable"], waitsFor: "time" } as const }
    : { live: next, status: "synced" as const };
}

/** What the Secret holds: the items, then what templates make of them. Undefined when one of them fails. */
function rendered({ items, templates = {} }: Manifest): Record<string, string> | undefined {
  const values = Object.entries(items).map(([name, item]) => [name, "value" in item ? item.value : ""] as const);
  const data = Object.fromEntries(values);
  for (const [name, template] of Object.entries(templates)) {
    if (template === "fails") return undefined;
    const value = template === null ? undefined : items[template.item];
    const text = value !== undefined && "value" in value ? atob(value.value) : undefined;
    // An item stands before a template of its name, and templates see the sources of the others.
    if (template === null) delete data[name];
    else data[name] ??= btoa(`${template.before}${text ?? sourceOf(templates[template.item]) ?? "<no value>"}`);
  }
  return data;
}

/** A template in the language of templates. */
export function sourceOf(template: Template | null | undefined): string | undefined {
  if (template === undefined || template === null) return undefined;
  return template === "fails" ? '{{ fail "always" }}' : `${template.before}{{ .${template.item} }}`;
}

/** Undefined when every item opens; otherwise what the status says. */
function failures(key: Key, { items, scope }: Manifest, keys: ReadonlySet<PoolKey>): Status | undefined {
  const noKey: string[] = [];
  const broken: string[] = [];
  for (const [name, item] of Object.entries(items)) {
    if ("broken" in item && item.broken === "base64") broken.push(name);
    else if (!opens(item, key, scope, keys)) noKey.push(name);
  }
  if (noKey.length + broken.length === 0) return undefined;
  const says = [];
  if (noKey.length > 0) says.push(`no key could decrypt secret (${noKey.sort().join(", ")})`);
  if (broken.length > 0) says.push(`illegal base64 data at input byte 0 (${broken.sort().join(", ")})`);
  // No key of the world opens what is broken.
  const isBroken = Object.values(items).some((item) => "broken" in item);
  return { says, waitsFor: isBroken ? "change" : "key" };
}

function opens(item: Item, key: Key, scope: Manifest["scope"], keys: ReadonlySet<PoolKey>): boolean {
  return "value" in item && keys.has(item.key) && labelOf(item.scope, item.for) === labelOf(scope, key);
}

/** What a ciphertext is bound to. */
export function labelOf(scope: Manifest["scope"], key: Key): string {
  return scope === "strict" ? key : scope === "namespace-wide" ? key.slice(0, key.indexOf("/")) : "";
}

/** All worlds that may follow by themselves: by passes that are due, by a retry, by the garbage collector. */
export function closure(worlds: readonly World[], course: Course): World[] {
  const all = new Map(worlds.map((world) => [JSON.stringify(world), world]));
  const queue = [...worlds];
  for (let world = queue.pop(); world !== undefined; world = queue.pop()) {
    for (const next of follow(world, course)) {
      const name = JSON.stringify(next);
      if (all.has(name)) continue;
      all.set(name, next);
      queue.push(next);
      if (all.size > 5_000) throw new Error(`the model of ${course.key} has too many worlds`);
    }
  }
  return [...all.values()];
}

function* follow(world: World, { key, versions, keys, runs, restless, lives }: Course): Generator<World> {
  const latest = versions.length - 1;
  if (runs && (restless || mayPass(world))) {
    for (let seen = world.seen; seen <= latest; seen++) {
      const sealed = versions[seen];
      if (sealed === undefined) continue;
      for (const set of keys) {
        const { live, status } = vague(passOf(key, sealed, world.live, set), keys);
        // A key that came later is news to who waits for one.
        const missed = waitsFor(status) === "key" && [...(keys.at(-1) ?? [])].some((one) => !set.has(one));
        yield { live, status, seen, pass: missed ? "due" : seen === latest ? "none" : world.pass };
      }
    }
  }
  const { owner } = world.live ?? {};
  if (owner !== undefined && !lives(owner)) yield deleted(world, versions[latest] !== undefined);
}

/** The keys may change between one item and the next: then any of the items may be named. */
function vague<T extends { readonly status: Status }>(result: T, keys: Course["keys"]): T {
  if (keys.length === 1 || waitsFor(result.status) !== "key") return result;
  return { ...result, status: { says: ["no key could decrypt secret ("], waitsFor: "key" } };
}

/**
 * A failure that the API server caused is tried again, sooner or later. And a Secret that nothing marks as ours any more
 * is foreign to whatever pass comes next, that which our own write of it causes included.
 */
function mayPass({ pass, status, live }: World): boolean {
  const isUnmarked = live?.owner === undefined && ![MANAGED, PATCH].some((mark) => live?.annotations[mark] === "true");
  return pass !== "none" || waitsFor(status) === "time" || (status === "synced" && isUnmarked);
}

export function waitsFor(status: Status | undefined) {
  return typeof status === "object" ? status.waitsFor : undefined;
}

/** The Secret is gone; whoever has a SealedSecret of that name gets it anew. */
export function deleted(world: World, hasSealed: boolean): World {
  return { ...world, live: undefined, pass: hasSealed ? "due" : world.pass };
}

/** Whether nothing has to follow any more. */
export function isAtRest(world: World, { versions, lives }: Course): boolean {
  if (world.live?.owner !== undefined && !lives(world.live.owner)) return false;
  return versions.at(-1) === undefined || world.pass !== "due";
}

export function same(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
