import { encodeBase64 } from "../bytes/base64.ts";
import type { ClearText } from "../clear-text.ts";
import type { KubeObject, ObjectMeta } from "../objects/index.ts";

/** A Secret with its values decoded. `data` keeps its order. */
export interface Secret {
  readonly metadata: ObjectMeta;
  readonly type: string | undefined;
  readonly immutable: boolean | undefined;
  readonly data: ReadonlyMap<string, ClearText>;
}

/** `namespace/name` for messages. */
export function nameOf({ namespace, name }: ObjectMeta): string {
  return namespace === undefined || namespace === "" ? (name ?? "") : `${namespace}/${name ?? ""}`;
}

/**
 * The Secret as the object that the API server takes: its values in base64, in other words in the clear. Call this only
 * where the Secret is to be written or was asked for.
 */
export function secretManifest({ metadata, type, immutable, data }: Secret): KubeObject {
  // Item names may be anything that a key of a Secret may be, `__proto__` too.
  const values: Record<string, string> = Object.create(null);
  for (const [key, value] of data) values[key] = encodeBase64(value.reveal());
  return {
    kind: "Secret",
    apiVersion: "v1",
    metadata,
    ...(immutable === undefined ? {} : { immutable }),
    ...(data.size === 0 ? {} : { data: values }),
    ...(type === undefined ? {} : { type }),
  };
}
