import type { KubeObject } from "../../src/objects/index.ts";
import type { Column, ResourceType } from "../registry/resource-type.ts";
import { since } from "./age.ts";
import { builtinCells } from "./builtin-cells.ts";
import type { Cell } from "./cell.ts";
import { jsonPathCell } from "./json-path.ts";

/** The cells of one row, one per column of the resource. */
export function cellsFor(object: KubeObject, type: ResourceType, now: number): Cell[] {
  if (type.custom !== undefined) return type.columns.map((column) => customCell(object, column, now));
  const known = builtinCells(type.group, type.plural);
  return type.columns.map((column) => {
    const cell = known[column.name];
    return cell === undefined ? plainCell(object, column, now) : cell(object, now);
  });
}

function plainCell(object: KubeObject, column: Column, now: number): Cell {
  if (column.format === "name") return object.metadata.name ?? "";
  if (column.name === "Age") return since(object.metadata.creationTimestamp, now);
  if (column.name === "Created At") return object.metadata.creationTimestamp ?? null;
  return "";
}

function customCell(object: KubeObject, column: Column, now: number): Cell {
  if (column.jsonPath === undefined) return object.metadata.name ?? "";
  const found = jsonPathCell(object, column.jsonPath);
  if (column.type !== "date") return found;
  return found === null ? "<unknown>" : since(found, now);
}
