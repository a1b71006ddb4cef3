import type { JsonObject, KubeObject } from "../../src/objects/index.ts";
import { apiVersionOf } from "../registry/resource-type.ts";
import { toTable } from "../table/table.ts";
import { present } from "../verbs/get.ts";
import type { ListAnswer } from "../verbs/list.ts";
import type { WatchItem } from "../verbs/watch.ts";
import type { RenderContext } from "./render-context.ts";

/** One object in the wanted form. */
export function renderObject(object: KubeObject, context: RenderContext): JsonObject {
  const { form, type } = context;
  const shown = present(object, type);
  if (form.as === "partial") return partial(shown, form.version);
  if (form.as === "table") {
    const { resourceVersion } = shown.metadata;
    return toTable([shown], { ...context, columns: true, metadata: { resourceVersion } });
  }
  return ordered(shown);
}

/** A list in the wanted form. Items of built-in lists carry no kind, as those of the real server. */
export function renderList(answer: ListAnswer, context: RenderContext): JsonObject {
  const { form, type } = context;
  const metadata = {
    resourceVersion: answer.resourceVersion,
    ...(answer.continueToken === "" ? {} : { continue: answer.continueToken }),
    ...(answer.remaining === undefined ? {} : { remainingItemCount: answer.remaining }),
  };
  const items = answer.items.map((item) => present(item, type));
  if (form.as === "table") return toTable(items, { ...context, columns: true, metadata });
  if (form.as === "partial") {
    return {
      kind: "PartialObjectMetadataList",
      apiVersion: `meta.k8s.io/${form.version}`,
      metadata,
      items: items.map((item) => partial(item, form.version)),
    };
  }
  return {
    kind: type.listKind,
    apiVersion: apiVersionOf(type),
    metadata,
    items: type.custom === undefined ? items.map(withoutKind) : items,
  };
}

/** One event of a watch in the wanted form. Bookmarks and errors keep theirs, except in tables. */
export function renderWatchItem(item: WatchItem, context: RenderContext, first: boolean): JsonObject {
  const { form } = context;
  if (item.type === "ERROR" || !isStored(item.object)) return { type: item.type, object: item.object };
  if (form.as === "partial") return { type: item.type, object: partial(item.object, form.version) };
  if (form.as === "table") {
    const { resourceVersion, annotations } = item.object.metadata;
    const metadata = {
      resourceVersion,
      ...(item.type === "BOOKMARK" && annotations !== undefined ? { annotations } : {}),
    };
    const rows = item.type === "BOOKMARK" ? [] : [item.object];
    return { type: item.type, object: toTable(rows, { ...context, columns: first, metadata }) };
  }
  return { type: item.type, object: ordered(item.object) };
}

const isStored = (object: KubeObject | JsonObject): object is KubeObject =>
  typeof object["metadata"] === "object" && object["metadata"] !== null && object["kind"] !== "Status";

/** Kind and apiVersion first, as every API server prints them. */
function ordered(object: KubeObject): KubeObject {
  const { kind, apiVersion, metadata, ...rest } = object;
  return { kind, apiVersion, metadata, ...rest };
}

function withoutKind(object: KubeObject): JsonObject {
  const { kind: _kind, apiVersion: _apiVersion, ...rest } = object;
  return rest;
}

function partial(object: KubeObject, version: string): JsonObject {
  return { kind: "PartialObjectMetadata", apiVersion: `meta.k8s.io/${version}`, metadata: object.metadata };
}
