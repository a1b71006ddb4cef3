import type { ScalarNode, YamlDocument, YamlNode } from "../node.ts";
import { Printer } from "./printer.ts";

export interface PrintV3Options {
  /** Spaces per level; outside of 2 to 9 it is 2, as in yaml.v3. @defaultValue 4 */
  readonly indent?: number;
}

/** What is printed of a document. */
export type PrintableDocument = Pick<YamlDocument, "root" | "head" | "foot">;

/**
 * Prints node trees as an Encoder of yaml.v3 with `SetIndent(indent)` does: `---` between documents, comments, styles
 * and anchors of the nodes, no folding.
 *
 * The only difference: block scalars that yaml.v3 could not read again are written in double quotes.
 *
 * Source: go.yaml.in/yaml/v3 3.0.4, held to it by `fixtures/yaml`.
 */
export function printV3(documents: readonly PrintableDocument[], options: PrintV3Options = {}): string {
  const wanted = options.indent ?? 4;
  const indent = wanted < 2 || wanted > 9 ? 2 : wanted;
  const printer = new Printer({ flavor: "v3", indent, width: Number.MAX_SAFE_INTEGER });
  documents.forEach(({ root, head, foot }, at) => {
    printer.document(root ?? emptyRoot(), { first: at === 0, head, foot });
  });
  return printer.finish();
}

function emptyRoot(): ScalarNode {
  return {
    kind: "scalar",
    value: "",
    tag: "",
    anchor: undefined,
    style: "plain",
    at: undefined,
    head: "",
    line: "",
    foot: "",
  };
}

/** Prints one tree without document comments. */
export function printV3Node(root: YamlNode, options: PrintV3Options = {}): string {
  return printV3([{ root, head: "", foot: "" }], options);
}
