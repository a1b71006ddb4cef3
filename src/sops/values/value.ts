/**
 * The values of a SOPS tree. Each kind of JavaScript value is one SOPS type: `bigint` is an int, `number` a float (so 5
 * and 5.0 differ, and 64-bit integers are exact), `null` is never encrypted.
 *
 * Source: the types that the format knows (`str`, `int`, `float`, `bool`, `time`, `bytes`).
 */
export type Leaf = string | bigint | number | boolean | null | TimeValue | ByteString;

/** A timestamp. `text` is its RFC 3339 form with the offset and the nanoseconds it was written with. */
export interface TimeValue {
  readonly kind: "time";
  readonly text: string;
  /** As it stood in the file, when it was clear there. */
  readonly source?: string | undefined;
}

/** A string that is not UTF-8. */
export interface ByteString {
  readonly kind: "bytes";
  readonly bytes: Uint8Array;
}

/** A comment without its `#`. `inline` stands behind the value that follows it in the tree. */
export interface Comment {
  readonly kind: "comment";
  readonly text: string;
  readonly inline: boolean;
}

/** A mapping in document order. Keys may repeat where the format allows it. */
export interface Branch {
  readonly kind: "branch";
  readonly items: (Entry | Comment)[];
}

export interface Entry {
  readonly kind: "entry";
  readonly key: string;
  value: Node;
}

export interface List {
  readonly kind: "list";
  readonly items: (Node | Comment)[];
}

export type Node = Leaf | Branch | List;

/** Where a node of a list is a comment and no value. */
export function isComment(node: Node | Comment | Entry): node is Comment {
  return typeof node === "object" && node !== null && node.kind === "comment";
}

/** The type label of the envelope for a leaf, or of a null. */
export function typeOf(leaf: Leaf): "str" | "int" | "float" | "bool" | "time" | "null" {
  switch (typeof leaf) {
    case "string":
      return "str";
    case "bigint":
      return "int";
    case "number":
      return "float";
    case "boolean":
      return "bool";
    default:
      if (leaf === null) return "null";
      return leaf.kind === "time" ? "time" : "str";
  }
}

/** The Go name of a value's type, as the original's messages say it. */
export function goTypeOf(node: Node): string {
  if (node === null) return "<nil>";
  if (typeof node === "object") {
    if (node.kind === "branch") return "sops.TreeBranch";
    if (node.kind === "list") return "[]interface {}";
    return node.kind === "time" ? "time.Time" : "string";
  }
  return { string: "string", bigint: "int", number: "float64", boolean: "bool" }[
    typeof node as "string" | "bigint" | "number" | "boolean"
  ];
}
