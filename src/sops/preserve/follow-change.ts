import { SopsError } from "../errors.ts";
import { type Format, storeOf } from "../format.ts";
import type { StoreContext } from "../stores/store.ts";
import type { Branch, Node } from "../values/value.ts";
import { type Layout, LayoutError } from "./layout.ts";
import { bytesOf, layoutOf, textOf } from "./layout-of.ts";
import { readsAs } from "./read-again.ts";
import { isSameSpot, type Spot, spotsOf } from "./spots.ts";
import { edited, type TextEdit } from "./text-edit.ts";

/**
 * A clear text with its layout after a change of its documents. Only what the change touches is written anew.
 *
 * @throws {LayoutError} when the text cannot follow.
 */
export function followChange(
  input: Uint8Array,
  format: Format,
  wanted: readonly Branch[],
  context: StoreContext,
): Uint8Array {
  const layout = layoutOf(format);
  if (layout === undefined) throw new RangeError("followChange: expected a format with a layout");
  const store = storeOf(format);
  const quiet: StoreContext = { ...context, onWarning: undefined };
  const before = store.loadPlain(input, quiet);
  if (readsAs(before, wanted)) return input;
  const source = textOf(input, format);
  const edits = hasOneShape(before, wanted)
    ? valueEdits(source.text, layout, before, wanted)
    : layout.shapeEdits(source.text, before, wanted);
  const text = edited(source.text, edits);
  if (text === undefined) throw new LayoutError("what changes in it cannot be told apart");
  const result = bytesOf({ ...source, text });
  try {
    if (readsAs(store.loadPlain(result, quiet), wanted)) return result;
  } catch (error) {
    if (!(error instanceof SopsError)) throw error;
  }
  throw new LayoutError("the change cannot be written into it without touching other values");
}

function valueEdits(text: string, layout: Layout, before: readonly Branch[], wanted: readonly Branch[]): TextEdit[] {
  const { sites } = layout.locate(text, before);
  const [old, now] = [spotsOf(before), spotsOf(wanted)];
  return now.flatMap((spot, at): TextEdit[] => {
    const [was, site] = [old[at], sites[at]];
    if (was === undefined || isSameSpot(was, spot) || isSameNumber(was, spot)) return [];
    if (site === undefined) throw new LayoutError("the value that changes stands behind an alias");
    return [site.opened(spot)];
  });
}

/** A float that the text has as an integer. */
function isSameNumber(read: Spot, meant: Spot): boolean {
  return typeof read === "bigint" && typeof meant === "number" && Number(read) === meant;
}

/** Whether only values differ. */
function hasOneShape(one: readonly Branch[], other: readonly Branch[]): boolean {
  return one.length === other.length && one.every((document, at) => isOfShape(document, other[at]));
}

function isOfShape(one: Node | Branch["items"][number], other: Node | Branch["items"][number] | undefined): boolean {
  if (other === undefined) return false;
  const [kind, otherKind] = [kindOf(one), kindOf(other)];
  if (kind !== otherKind) return false;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return true;
  if (one.kind === "entry") {
    return other.kind === "entry" && one.key === other.key && isOfShape(one.value, other.value);
  }
  if (one.kind !== "branch" && one.kind !== "list") return true;
  if (other.kind !== "branch" && other.kind !== "list") return false;
  return one.items.length === other.items.length && one.items.every((item, at) => isOfShape(item, other.items[at]));
}

function kindOf(node: Node | Branch["items"][number]): string {
  if (typeof node !== "object" || node === null) return "leaf";
  return node.kind === "time" || node.kind === "bytes" ? "leaf" : node.kind;
}
