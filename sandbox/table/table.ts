import type { JsonObject, KubeObject } from "../../src/objects/index.ts";
import type { RenderContext } from "../http/render-context.ts";
import { cellsFor } from "./cells.ts";

interface TableOptions extends RenderContext {
  /** Whether the column definitions are part of it; a watch sends them once. */
  readonly columns: boolean;
  readonly metadata: JsonObject;
}

/** Objects as the table that `kubectl get` prints. */
export function toTable(objects: readonly KubeObject[], options: TableOptions): JsonObject {
  const { type, form, now } = options;
  const columnDefinitions = type.columns.map(({ name, type: kind, format, description, priority }) => ({
    name,
    type: kind,
    format,
    description: description ?? DESCRIPTIONS[name] ?? "",
    priority,
  }));
  return {
    kind: "Table",
    apiVersion: `meta.k8s.io/${form.version}`,
    metadata: options.metadata,
    columnDefinitions: options.columns ? columnDefinitions : null,
    rows: objects.map((object) => ({
      cells: cellsFor(object, type, now),
      ...rowObject(object, options),
    })),
  };
}

const DESCRIPTIONS: Readonly<Record<string, string>> = {
  Name: "Name must be unique within a namespace.",
  Age: "How long ago the object was created.",
  "Created At": "When the object was created.",
};

function rowObject(object: KubeObject, { includeObject, form }: TableOptions): JsonObject {
  if (includeObject === "None") return {};
  if (includeObject === "Object") return { object };
  const { kind: _kind, ...rest } = { kind: "", metadata: object.metadata };
  return { object: { kind: "PartialObjectMetadata", apiVersion: `meta.k8s.io/${form.version}`, ...rest } };
}
