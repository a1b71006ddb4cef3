import { isDeepStrictEqual } from "node:util";
import { type ApiResource, isReason, type KubeClient, KubeError, keyOf } from "../../src/kube/index.ts";
import type { KubeObject } from "../../src/objects/index.ts";
import { isLater } from "../versions.ts";
import { type StatusProfile, statusOf } from "./profile.ts";

/**
 * Writes `status` when it differs from what is there, and remembers what was written until the watch has brought it
 * back: a pass that follows at once would otherwise start from an older state.
 */
export class StatusWriter {
  readonly #client: KubeClient;
  readonly #resource: ApiResource;
  readonly #profile: StatusProfile;
  readonly #written = new Map<string, KubeObject>();
  /** Fields that the server does not keep, because its definition of the resource is another one. */
  readonly #pruned = new Set<string>();

  constructor(options: {
    readonly client: KubeClient;
    readonly resource: ApiResource;
    readonly profile: StatusProfile;
  }) {
    this.#client = options.client;
    this.#resource = options.resource;
    this.#profile = options.profile;
  }

  /** The newer of what the cache has and what we wrote ourselves. */
  newest<T extends KubeObject>(cached: T): T {
    const written = this.#written.get(keyOf(cached));
    if (written === undefined || written.metadata.uid !== cached.metadata.uid) return cached;
    return isLater(written.metadata, cached.metadata) ? (written as T) : cached;
  }

  /** The cache has this version now, or the object is gone. */
  seen(key: string, object: KubeObject | undefined): void {
    const written = this.#written.get(key);
    if (written !== undefined && (object === undefined || !isLater(written.metadata, object.metadata)))
      this.#written.delete(key);
  }

  /**
   * @param next gives the whole new status for the object as it is; asked again when the object changed meanwhile.
   * @returns the object as it is now; undefined when it is gone.
   * @throws {KubeError} when the API refuses.
   */
  async write<T extends KubeObject>(
    object: T,
    next: (object: T) => Readonly<Record<string, unknown>> | undefined,
  ): Promise<T | undefined> {
    const wanted = (current: T) => this.#kept(next(current));
    const status = wanted(object);
    if (status === undefined || isDeepStrictEqual(status, statusOf(object))) return object;
    try {
      const now = this.#profile.write === "patch" ? await this.#patch(object, status) : await this.#put(object, wanted);
      if (now !== undefined) {
        this.#written.set(keyOf(now), now);
        // Else the status would differ from what is wanted for ever, and be written for ever.
        const kept = statusOf(now);
        for (const [field, value] of Object.entries(status)) {
          if (value !== null && !(field in kept)) this.#pruned.add(field);
        }
      }
      return now;
    } catch (error) {
      if (error instanceof KubeError && error.status === 404) return undefined;
      throw error;
    }
  }

  #kept(status: Readonly<Record<string, unknown>> | undefined): Readonly<Record<string, unknown>> | undefined {
    if (status === undefined || this.#pruned.size === 0) return status;
    return Object.fromEntries(Object.entries(status).filter(([field]) => !this.#pruned.has(field)));
  }

  /** The uid goes along, so that a successor of the same name never gets this status. */
  #patch<T extends KubeObject>(object: T, status: Readonly<Record<string, unknown>>): Promise<T> {
    const before = statusOf(object);
    const changes: Record<string, unknown> = {};
    for (const [field, value] of Object.entries(status)) {
      if (!isDeepStrictEqual(value, before[field])) changes[field] = replacing(before[field], value);
    }
    for (const field of Object.keys(before)) if (!(field in status)) changes[field] = null;
    const { namespace, name = "", uid } = object.metadata;
    const body = { metadata: { uid }, status: changes };
    return this.#client.patch<T>(this.#resource, { namespace, name }, body, { type: "merge", subresource: "status" });
  }

  async #put<T extends KubeObject>(
    object: T,
    next: (object: T) => Readonly<Record<string, unknown>> | undefined,
  ): Promise<T | undefined> {
    // Somebody may have edited the object meanwhile: what is told is about the generation that was looked at.
    const { generation } = object.metadata;
    const told = (current: T): T =>
      generation === undefined ? current : { ...current, metadata: { ...current.metadata, generation } };
    const put = (current: T) =>
      this.#client.update<T>(this.#resource, { ...current, status: next(told(current)) }, { subresource: "status" });
    try {
      return await put(object);
    } catch (error) {
      if (!isReason(error, "Conflict")) throw error;
      const { namespace, name = "", uid } = object.metadata;
      const live = await this.#client.get<T>(this.#resource, { namespace, name });
      return live === undefined || live.metadata.uid !== uid ? undefined : put(live);
    }
  }
}

/** A merge patch that leaves `value` there and nothing else: keys that went have to be named. */
function replacing(before: unknown, value: unknown): unknown {
  if (!isRecord(before) || !isRecord(value)) return value;
  const patch: Record<string, unknown> = {};
  for (const key of Object.keys(before)) if (!(key in value)) patch[key] = null;
  for (const [key, part] of Object.entries(value)) patch[key] = replacing(before[key], part);
  return patch;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
