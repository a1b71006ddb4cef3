import { type ExactInteger, formatYamlFloat } from "./go-number.ts";
import type { MappingNode, ScalarNode, SequenceNode, Style } from "./node.ts";
import { type Flavor, isOldBoolean, resolveText } from "./resolve.ts";
import { formatTimestamp, type Timestamp } from "./timestamp.ts";

const BASE_60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/;

function scalar(value: string, tag: string, style: Style): ScalarNode {
  return { kind: "scalar", value, tag, anchor: undefined, style, at: undefined, head: "", line: "", foot: "" };
}

/** True when a text without quotes is read as a string again, by readers of YAML 1.1 too. */
function readsAsString(text: string, flavor: Flavor): boolean {
  if (resolveText(text, flavor).tag !== "!!str") return false;
  if (flavor === "v3" && isOldBoolean(text)) return false;
  return !(text.includes(":") && BASE_60.test(text));
}

/**
 * A string as the Go libraries encode it: literal when it has lines, double-quoted when it would read as something else.
 *
 * For `v3` the string `<<` gets the tag `!!merge`, as it does in everything that sops writes.
 */
export function stringNode(text: string, flavor: Flavor = "v3"): ScalarNode {
  const value = text.replace(LONE_SURROGATE, "\ufffd");
  if (flavor === "v3" && value === "<<") return scalar(value, "!!merge", "plain");
  if (value.includes("\n")) return scalar(value, "!!str", "literal");
  return readsAsString(value, flavor) ? scalar(value, "", "plain") : scalar(value, "!!str", "double");
}

const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

export function integerNode(value: ExactInteger): ScalarNode {
  return scalar(value.toString(), "!!int", "plain");
}

/** A float in Go's shortest form; it is printed without a tag even where its text reads as an integer (`5.0` as `5`). */
export function floatNode(value: number): ScalarNode {
  const text = formatYamlFloat(value);
  return scalar(text, "", "plain");
}

export function booleanNode(value: boolean): ScalarNode {
  return scalar(value ? "true" : "false", "!!bool", "plain");
}

export function nullNode(): ScalarNode {
  return scalar("null", "!!null", "plain");
}

export function timestampNode(value: Timestamp): ScalarNode {
  return scalar(formatTimestamp(value), "!!timestamp", "plain");
}

export function sequenceNode(items: SequenceNode["items"]): SequenceNode {
  return {
    kind: "sequence",
    items,
    tag: "!!seq",
    anchor: undefined,
    style: "plain",
    at: undefined,
    head: "",
    line: "",
    foot: "",
  };
}

export function mappingNode(entries: MappingNode["entries"]): MappingNode {
  return {
    kind: "mapping",
    entries,
    tag: "!!map",
    anchor: undefined,
    style: "plain",
    at: undefined,
    head: "",
    line: "",
    foot: "",
  };
}
