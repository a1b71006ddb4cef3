import { decodeBase64 } from "../src/bytes/base64.ts";
import type { ApiResource, KubeClient } from "../src/kube/index.ts";
import { isRecord, type KubeObject } from "../src/objects/index.ts";

const SECRETS: ApiResource = { group: "", version: "v1", plural: "secrets", kind: "Secret", namespaced: true };

/** The decoded `data` of a Secret; undefined when there is no such Secret. What is no base64 is left out. */
export async function readSecretData(
  client: KubeClient,
  key: { readonly namespace: string; readonly name: string },
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, Uint8Array> | undefined> {
  const secret = await client.get<KubeObject>(SECRETS, key, signal);
  if (secret === undefined) return undefined;
  const data = new Map<string, Uint8Array>();
  for (const [name, value] of isRecord(secret["data"]) ? Object.entries(secret["data"]) : []) {
    const bytes = typeof value === "string" ? decodeBase64(value).bytes : undefined;
    if (bytes !== undefined) data.set(name, bytes);
  }
  return data;
}
