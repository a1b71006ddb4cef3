/** `namespace/name` of a SealedSecret and its Secret. */
export type Key = string;
/** A sealing key of the pool, by its place in it: a later one is newer. */
export type PoolKey = number;
export type Scope = "strict" | "namespace-wide" | "cluster-wide";

/** An item: what it holds (base64), and for which key, scope and object it is sealed; or something that is no sealed item. */
export type Item =
  | { readonly value: string; readonly key: PoolKey; readonly scope: Scope; readonly for: Key }
  | { readonly broken: "base64" | "short" };

/** What a person writes into a SealedSecret. */
export interface Manifest {
  readonly scope: Scope;
  readonly items: Readonly<Record<string, Item>>;
  readonly labels: Readonly<Record<string, string>>;
  /** Of the template. */
  readonly annotations: Readonly<Record<string, string>>;
  readonly type?: string;
  readonly immutable?: boolean;
  /** `spec.template.data`; null takes the item of that name out of the Secret. */
  readonly templates?: Readonly<Record<string, Template | null>>;
}

/** A text around one item, or a template that always fails. */
export type Template = { readonly before: string; readonly item: string } | "fails";

/** One thing that somebody does. On an object that is not there it does nothing. */
export type Operation =
  | { readonly do: "apply"; readonly key: Key; readonly manifest: Manifest }
  | { readonly do: "set item"; readonly key: Key; readonly item: string; readonly to: Item | null }
  | { readonly do: "delete"; readonly key: Key }
  | { readonly do: "rename"; readonly key: Key; readonly to: Key }
  | { readonly do: "change scope"; readonly key: Key; readonly scope: Scope }
  | { readonly do: "rotate"; readonly key: Key }
  | { readonly do: "relabel"; readonly key: Key; readonly value: string }
  | { readonly do: "create secret"; readonly key: Key; readonly annotations: readonly string[]; readonly value: string }
  | { readonly do: "edit secret"; readonly key: Key; readonly item: string; readonly value: string }
  | { readonly do: "annotate secret"; readonly key: Key; readonly annotation: string; readonly on: boolean }
  | { readonly do: "delete secret"; readonly key: Key }
  | { readonly do: "add key"; readonly pool: PoolKey }
  | { readonly do: "remove key"; readonly pool: PoolKey }
  | { readonly do: "retire key"; readonly pool: PoolKey }
  | { readonly do: "stop controller" }
  | { readonly do: "start controller" }
  | { readonly do: "cut watches" }
  | { readonly do: "lose history" };

/** Operations in quick succession; afterwards everything comes to rest and is compared. */
export type Burst = readonly Operation[];

const PREFIX = "sealedsecrets.bitnami.com/";
export const MANAGED = `${PREFIX}managed`;
export const PATCH = `${PREFIX}patch`;
export const SKIP_OWNER = `${PREFIX}skip-set-owner-references`;

export const NAMESPACES = ["apps", "shop"] as const;
/** Key 0 is always there: a controller without any would make one of its own. */
export const POOL = 4;

export interface ScriptOptions {
  readonly random: () => number;
  readonly operations: number;
  /** Different names in each namespace. Default 10. */
  readonly names?: number;
  /** Longest burst. Default 12. */
  readonly longest?: number;
  /** Whether some SealedSecrets have templates. Default true. */
  readonly templates?: boolean;
}

/** A random script of as many operations. The same random numbers give the same script. */
export function randomScript(options: ScriptOptions): Burst[] {
  const { random, operations, names = 10, longest = 12 } = options;
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T;
  const chance = (probability: number) => random() < probability;
  const key = (namespace: string = pick(NAMESPACES)) => `${namespace}/s${Math.floor(random() * names)}`;
  const scopes = ["strict", "strict", "namespace-wide", "cluster-wide"] as const;
  let serial = 0;
  const value = () => `value ${serial++}`;

  const item = (owner: Key, scope: Scope): Item => {
    if (chance(0.03)) return { broken: pick(["base64", "short"] as const) };
    return {
      value: btoa(value()),
      key: Math.floor(random() * POOL * 0.99),
      // Now and then one that was sealed for another scope or another object.
      scope: chance(0.04) ? pick(scopes) : scope,
      for: chance(0.03) ? key() : owner,
    };
  };
  const templates = (): Readonly<Record<string, Template | null>> => {
    const around = { before: `${value()}: `, item: pick(["item0", "item1"]) };
    return pick([{ text: around }, { text: around, item0: null }, { item1: around }, { text: around, bad: "fails" }]);
  };
  const manifest = (owner: Key): Manifest => {
    const scope = pick(scopes);
    const count = pick([0, 1, 1, 1, 2, 3]);
    const annotations: Record<string, string> = chance(0.3) ? { note: value() } : {};
    if (chance(0.1)) annotations[MANAGED] = "true";
    if (chance(0.08)) annotations[PATCH] = "true";
    if (chance(0.06)) annotations[SKIP_OWNER] = "true";
    return {
      scope,
      items: Object.fromEntries(Array.from({ length: count }, (_, at) => [`item${at}`, item(owner, scope)])),
      labels: chance(0.3) ? { app: value().replace(" ", "-") } : {},
      annotations,
      ...(chance(0.25) ? { type: pick(["Opaque", "my/type"]) } : {}),
      ...(chance(0.06) ? { immutable: chance(0.8) } : {}),
      ...(chance(0.2) && options.templates !== false ? { templates: templates() } : {}),
    };
  };

  const kinds: readonly [weight: number, make: () => Operation][] = [
    [20, () => ((owner) => ({ do: "apply", key: owner, manifest: manifest(owner) }) as const)(key())],
    [
      14,
      () =>
        ((owner) => {
          const to = chance(0.2) ? null : item(owner, pick(scopes));
          return { do: "set item", key: owner, item: `item${Math.floor(random() * 3)}`, to } as const;
        })(key()),
    ],
    [10, () => ({ do: "delete", key: key() })],
    [
      5,
      () => {
        const namespace = pick(NAMESPACES);
        return { do: "rename", key: key(namespace), to: key(namespace) };
      },
    ],
    [6, () => ({ do: "change scope", key: key(), scope: pick(scopes) })],
    [4, () => ({ do: "rotate", key: key() })],
    [3, () => ({ do: "relabel", key: key(), value: value().replace(" ", "-") })],
    [
      6,
      () => ({
        do: "create secret",
        key: key(),
        annotations: [MANAGED, PATCH].filter(() => chance(0.3)),
        value: value(),
      }),
    ],
    [9, () => ({ do: "edit secret", key: key(), item: `item${Math.floor(random() * 4)}`, value: value() })],
    [6, () => ({ do: "annotate secret", key: key(), annotation: pick([MANAGED, PATCH]), on: chance(0.6) })],
    [9, () => ({ do: "delete secret", key: key() })],
    [2, () => ({ do: "cut watches" })],
    [1, () => ({ do: "lose history" })],
  ];
  const total = kinds.reduce((sum, [weight]) => sum + weight, 0);
  const operation = (): Operation => {
    let at = random() * total;
    for (const [weight, make] of kinds) {
      at -= weight;
      if (at < 0) return make();
    }
    return { do: "cut watches" };
  };

  const bursts: Burst[] = [];
  for (let done = 0; done < operations; ) {
    const burst: Operation[] = Array.from({ length: 1 + Math.floor(random() * longest) }, operation);
    // One change of the set of keys in a burst, first, in the middle or last.
    if (chance(0.2)) {
      const pool = 1 + Math.floor(random() * (POOL - 1));
      const change = pick(["add key", "add key", "remove key", "retire key"] as const);
      burst.splice(Math.floor(random() * (burst.length + 1)), 0, { do: change, pool });
    }
    if (chance(0.08)) {
      const from = Math.floor(random() * burst.length);
      burst.splice(from, 0, { do: "stop controller" });
      burst.splice(from + 1 + Math.floor(random() * (burst.length - from)), 0, { do: "start controller" });
    }
    bursts.push(burst);
    done += burst.length;
  }
  return bursts;
}
