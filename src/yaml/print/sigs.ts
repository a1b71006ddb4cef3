import { YamlError } from "../errors.ts";
import { formatJsonNumber, formatYamlFloat } from "../go-number.ts";
import { compareKeys } from "../key-order.ts";
import { YAML_LIMITS } from "../limits.ts";
import type { ScalarNode, YamlNode } from "../node.ts";
import { resolveText } from "../resolve.ts";
import { booleanNode, mappingNode, nullNode, sequenceNode, stringNode } from "../value-node.ts";
import { Printer } from "./printer.ts";

/** Column behind which sigs.k8s.io/yaml folds lines. */
const WIDTH = 80;

/**
 * Prints a value as `Marshal` of sigs.k8s.io/yaml does: keys sorted, list items at the column of their key, text that
 * would read as something else in double quotes, lines folded at 80 columns. Properties that are undefined are left out.
 *
 * Source: sigs.k8s.io/yaml 1.6.0, held to it by `fixtures/yaml`.
 *
 * @throws {YamlError} `YAML_UNPRINTABLE` for functions, symbols, NaN and infinity, `YAML_TOO_DEEP`.
 *
 * @example
 * printSigs({ kind: "Secret", apiVersion: "v1" }); // "apiVersion: v1\nkind: Secret\n"
 */
export function printSigs(value: unknown): string {
  const printer = new Printer({ flavor: "v2", indent: 2, width: WIDTH });
  printer.document(nodeOf(value, 0), { first: true, head: "", foot: "" });
  return printer.finish();
}

function nodeOf(value: unknown, depth: number): YamlNode {
  if (depth > YAML_LIMITS.maxDepth) {
    throw new YamlError("YAML_TOO_DEEP", `the value is nested deeper than ${YAML_LIMITS.maxDepth} levels`, {
      at: NOWHERE,
    });
  }
  if (value === null || value === undefined) return nullNode();
  switch (typeof value) {
    case "string":
      return stringNode(value, "v2");
    case "boolean":
      return booleanNode(value);
    case "number":
      if (!Number.isFinite(value)) throw unprintable(`the number ${value}`);
      return numberNode(formatJsonNumber(value));
    case "bigint":
      return numberNode(value.toString());
    case "object":
      if (Array.isArray(value)) return sequenceNode(value.map((item) => nodeOf(item, depth + 1)));
      return mappingNode(
        Object.entries(value)
          .filter(([, member]) => member !== undefined)
          .sort(([a], [b]) => compareKeys(a, b))
          .map(([key, member]) => ({ key: stringNode(key, "v2"), value: nodeOf(member, depth + 1) })),
      );
    default:
      throw unprintable(`a ${typeof value}`);
  }
}

/** Numbers pass through JSON on their way, where 1000000.0 and 1000000 are the same. */
function numberNode(json: string): ScalarNode {
  const resolved = resolveText(json, "v2");
  const text =
    resolved.tag === "!!float"
      ? formatYamlFloat(resolved.value)
      : resolved.tag === "!!int"
        ? resolved.value.toString()
        : json;
  return { ...nullNode(), value: text, tag: "" };
}

const NOWHERE = { line: 0, column: 0, offset: 0 };

function unprintable(what: string): YamlError {
  return new YamlError("YAML_UNPRINTABLE", `${what} has no form in YAML`, { at: NOWHERE });
}
