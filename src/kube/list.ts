import type { KubeObject } from "../objects/index.ts";
import { isGone, KubeError } from "./errors.ts";
import { limits } from "./limits.ts";
import { apiVersionOf, collectionPath, query } from "./paths.ts";
import type { ApiResource, ListOptions } from "./port.ts";

interface Page<T> {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items?: readonly T[] | null;
}

const METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";
const METADATA_OBJECT = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";

/** The Accept header of a list or, with `"watch"`, of its watch. */
export function acceptFor(options: { readonly metadataOnly?: boolean | undefined }, call: "list" | "watch"): string {
  if (options.metadataOnly !== true) return "application/json";
  return call === "list" ? METADATA_LIST : METADATA_OBJECT;
}

/**
 * All pages of a list. When the server forgets where we were (410 on a page), it starts over once without pages,
 * because half of one moment and half of another is no list.
 */
export async function listAll<T extends KubeObject>(
  resource: ApiResource,
  options: ListOptions,
  read: <P>(path: string, accept: string) => Promise<P>,
): Promise<{ items: T[]; resourceVersion: string }> {
  try {
    return await pages(resource, options, options.pageSize ?? limits.pageSize, read);
  } catch (error) {
    if (!isGone(error)) throw error;
    return pages(resource, options, undefined, read);
  }
}

async function pages<T extends KubeObject>(
  resource: ApiResource,
  options: ListOptions,
  limit: number | undefined,
  read: <P>(path: string, accept: string) => Promise<P>,
): Promise<{ items: T[]; resourceVersion: string }> {
  const { labelSelector, fieldSelector } = options;
  const base = collectionPath(resource, options.namespace);
  const items: T[] = [];
  let token: string | undefined;
  for (let page = 0; page < limits.maxPages; page++) {
    const path = base + query({ limit, labelSelector, fieldSelector, continue: token });
    const body = await read<Page<T>>(path, acceptFor(options, "list"));
    for (const item of body.items ?? []) items.push(completed(resource, item, options));
    token = body.metadata?.continue;
    if (token === undefined || token === "") {
      return { items, resourceVersion: body.metadata?.resourceVersion ?? "" };
    }
  }
  throw new KubeError("KUBE_PROTOCOL", `Cannot list ${resource.plural}: more than ${limits.maxPages} pages`);
}

/** Items of a list carry no kind of their own; and a server may not know how to send metadata only. */
export function completed<T extends KubeObject>(
  resource: ApiResource,
  item: T,
  options: { readonly metadataOnly?: boolean | undefined },
): T {
  const identity = { apiVersion: apiVersionOf(resource), kind: resource.kind };
  return options.metadataOnly === true ? ({ ...identity, metadata: item.metadata } as T) : { ...item, ...identity };
}
