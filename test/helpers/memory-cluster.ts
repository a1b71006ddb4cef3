import {
  type ApiResource,
  apiVersionOf,
  type KubeClient,
  KubeError,
  keyOf,
  type ListOptions,
  type WatchEvent,
} from "../../src/kube/index.ts";
import type { KubeObject } from "../../src/objects/index.ts";

export interface Recorded {
  readonly verb: "get" | "list" | "create" | "update" | "patch" | "delete" | "watch";
  readonly resource: string;
  readonly key: string;
}

/** A cluster in memory: optimistic locking, watches that replay, a record of all calls, one settable failure per verb. */
export interface MemoryCluster extends KubeClient {
  readonly calls: Recorded[];
  /** While set, this verb on this resource (`create secrets`) throws what the function gives; undefined lets it pass. */
  readonly failures: Map<string, (key: string) => Error | undefined>;
  objects(plural: string): KubeObject[];
  object(plural: string, key: string): KubeObject | undefined;
  /** Puts an object there as another client would, status and all. */
  put(resource: ApiResource, object: KubeObject): KubeObject;
  remove(resource: ApiResource, key: string): void;
  /** Ends all watches as a server does that restarts; with `forget` their place is gone (410). */
  cutWatches(how?: "forget"): void;
}

interface Stored {
  version: number;
  object: KubeObject;
}

const clone = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

export function memoryCluster(): MemoryCluster {
  const tables = new Map<string, Map<string, Stored>>();
  const log: {
    version: number;
    plural: string;
    type: "ADDED" | "MODIFIED" | "DELETED";
    object: KubeObject;
    before?: KubeObject;
  }[] = [];
  const calls: Recorded[] = [];
  const failures = new Map<string, (key: string) => Error | undefined>();
  let version = 0;
  let uids = 0;
  let oldest = 0;
  const wake: (() => void)[] = [];
  let cuts = 0;

  const table = (plural: string) => {
    const found = tables.get(plural) ?? new Map<string, Stored>();
    tables.set(plural, found);
    return found;
  };
  const announce = () => {
    for (const done of wake.splice(0)) done();
  };
  const call = (verb: Recorded["verb"], resource: ApiResource, key: string) => {
    calls.push({ verb, resource: resource.plural, key });
    const error = failures.get(`${verb} ${resource.plural}`)?.(key);
    if (error !== undefined) throw error;
  };
  const matches = (object: KubeObject, options: ListOptions) => {
    if (options.namespace !== undefined && options.namespace !== "" && object.metadata.namespace !== options.namespace)
      return false;
    const [, name] = /^metadata\.name=(.*)$/.exec(options.fieldSelector ?? "") ?? [];
    if (name !== undefined && object.metadata.name !== name) return false;
    return (options.labelSelector ?? "")
      .split(",")
      .filter((term) => term !== "")
      .every((term) => {
        const [name = "", value] = term.split("=");
        const label = object.metadata.labels?.[name];
        return value === undefined ? label !== undefined : label === value;
      });
  };
  const store = (resource: ApiResource, object: KubeObject): KubeObject => {
    const key = keyOf(object);
    const before = table(resource.plural).get(key);
    version += 1;
    const specMoved = JSON.stringify(before?.object["spec"]) !== JSON.stringify(object["spec"]);
    const stored = clone({
      ...object,
      apiVersion: apiVersionOf(resource),
      kind: resource.kind,
      metadata: {
        creationTimestamp: "2026-01-01T00:00:00Z",
        ...object.metadata,
        uid: object.metadata.uid ?? before?.object.metadata.uid ?? `uid-${++uids}`,
        generation: (before?.object.metadata.generation ?? 0) + (specMoved || before === undefined ? 1 : 0),
        resourceVersion: String(version),
      },
    });
    table(resource.plural).set(key, { version, object: stored });
    log.push({
      version,
      plural: resource.plural,
      type: before === undefined ? "ADDED" : "MODIFIED",
      object: stored,
      ...(before === undefined ? {} : { before: before.object }),
    });
    announce();
    return clone(stored);
  };
  const drop = (resource: ApiResource, key: string) => {
    const before = table(resource.plural).get(key);
    if (before === undefined) return false;
    table(resource.plural).delete(key);
    version += 1;
    const object = { ...before.object, metadata: { ...before.object.metadata, resourceVersion: String(version) } };
    log.push({ version, plural: resource.plural, type: "DELETED", object });
    announce();
    return true;
  };
  const notFound = (resource: ApiResource, key: string) =>
    new KubeError("KUBE_API", `Cannot find ${resource.plural} "${key}"`, {
      status: 404,
      reason: "NotFound",
      apiMessage: `${resource.plural} "${key}" not found`,
    });
  const conflict = (key: string) =>
    new KubeError("KUBE_API", `Cannot update "${key}"`, {
      status: 409,
      reason: "Conflict",
      apiMessage: `Operation cannot be fulfilled on "${key}": the object has been modified`,
    });

  const cluster: MemoryCluster = {
    calls,
    failures,
    objects: (plural) => [...table(plural).values()].map(({ object }) => clone(object)),
    object: (plural, key) => {
      const found = table(plural).get(key);
      return found === undefined ? undefined : clone(found.object);
    },
    put: store,
    remove: drop,
    cutWatches(how) {
      cuts += 1;
      if (how === "forget") {
        version += 1;
        oldest = version;
      }
      announce();
    },

    async get<T extends KubeObject>(
      resource: ApiResource,
      { namespace, name }: { namespace?: string | undefined; name: string },
    ) {
      const key = namespace === undefined || namespace === "" ? name : `${namespace}/${name}`;
      call("get", resource, key);
      return cluster.object(resource.plural, key) as T | undefined;
    },
    async list<T extends KubeObject>(resource: ApiResource, options: ListOptions = {}) {
      call("list", resource, options.namespace ?? "");
      const items = cluster.objects(resource.plural).filter((object) => matches(object, options));
      return { items: items as T[], resourceVersion: String(version) };
    },
    async create<T extends KubeObject>(resource: ApiResource, object: T) {
      const { generateName, name = `${generateName}${String(++uids).padStart(5, "0")}` } = object.metadata;
      const named = { ...object, metadata: { ...object.metadata, name } };
      call("create", resource, keyOf(named));
      if (table(resource.plural).has(keyOf(named))) {
        throw new KubeError("KUBE_API", `Cannot create "${name}"`, {
          status: 409,
          reason: "AlreadyExists",
          apiMessage: `${resource.plural} "${name}" already exists`,
        });
      }
      return store(resource, named) as T;
    },
    async update<T extends KubeObject>(resource: ApiResource, object: T, options: { subresource?: string } = {}) {
      const key = keyOf(object);
      call("update", resource, key);
      const before = table(resource.plural).get(key);
      if (before === undefined) throw notFound(resource, key);
      const expected = object.metadata.resourceVersion;
      if (expected !== undefined && expected !== before.object.metadata.resourceVersion) throw conflict(key);
      const next =
        options.subresource === "status"
          ? { ...before.object, status: object["status"] }
          : { ...object, status: before.object["status"] };
      return store(resource, next) as T;
    },
    async patch<T extends KubeObject>(
      resource: ApiResource,
      { namespace, name }: { namespace?: string | undefined; name: string },
      body: unknown,
    ) {
      const key = namespace === undefined || namespace === "" ? name : `${namespace}/${name}`;
      call("patch", resource, key);
      const before = table(resource.plural).get(key);
      if (before === undefined) throw notFound(resource, key);
      const uid = (body as { metadata?: { uid?: string } }).metadata?.uid;
      if (uid !== undefined && uid !== before.object.metadata.uid) throw conflict(key);
      return store(resource, mergePatch(before.object, body) as KubeObject) as T;
    },
    async delete(resource, { namespace, name }) {
      const key = namespace === undefined || namespace === "" ? name : `${namespace}/${name}`;
      call("delete", resource, key);
      return drop(resource, key);
    },
    async *watch<T extends KubeObject>(
      resource: ApiResource,
      options: ListOptions & { resourceVersion: string; signal: AbortSignal },
    ) {
      call("watch", resource, options.resourceVersion);
      let place = Number(options.resourceVersion);
      const opened = cuts;
      if (place < oldest)
        throw new KubeError("KUBE_API", "Cannot watch", {
          status: 410,
          reason: "Expired",
          apiMessage: "too old resource version",
        });
      const aborted = () => announce();
      options.signal.addEventListener("abort", aborted, { once: true });
      while (!options.signal.aborted) {
        if (cuts !== opened) return;
        for (const entry of log.filter((one) => one.version > place && one.plural === resource.plural)) {
          place = entry.version;
          const now = entry.type !== "DELETED" && matches(entry.object, options);
          const was =
            entry.before === undefined
              ? entry.type === "DELETED" && matches(entry.object, options)
              : matches(entry.before, options);
          if (!now && !was) continue;
          const type = now ? (was ? "MODIFIED" : "ADDED") : "DELETED";
          yield { type, object: clone(entry.object) as T } as WatchEvent<T>;
        }
        if (!log.some((one) => one.version > place && one.plural === resource.plural)) {
          await new Promise<void>((resolve) => {
            if (options.signal.aborted) resolve();
            else wake.push(resolve);
          });
        }
      }
    },
    resourceFor: () => Promise.resolve(undefined),
    raw: () => Promise.reject(new Error("the memory cluster has no raw requests")),
    impersonate: () => cluster,
    close: () => Promise.resolve(),
  };
  return cluster;
}

function mergePatch(target: unknown, patch: unknown): unknown {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> =
    typeof target === "object" && target !== null && !Array.isArray(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = mergePatch(result[key], value);
  }
  return result;
}
