import type { AliasNode, MappingNode, ScalarNode, SequenceNode, YamlNode } from "../node.ts";
import type { TextEntry, TextNode, TextScalar } from "./text-node.ts";

/** Where everything stands in the text of a YAML document. `shift` is taken off every offset of the nodes. */
export function yamlTextNode(text: string, root: YamlNode, shift: number): TextNode {
  const aliases = new Map<YamlNode, number>();
  collectAliases(root, aliases);
  return new Locator(text, shift, aliases).locate(root);
}

function collectAliases(node: YamlNode, found: Map<YamlNode, number>): void {
  if (node.kind === "alias") found.set(node.target, node.at?.offset ?? 0);
  else if (node.kind === "sequence") for (const item of node.items) collectAliases(item, found);
  else if (node.kind === "mapping") {
    for (const { key, value } of node.entries) {
      collectAliases(key, found);
      collectAliases(value, found);
    }
  }
}

class Locator {
  readonly #text: string;
  readonly #shift: number;
  readonly #aliases: ReadonlyMap<YamlNode, number>;

  constructor(text: string, shift: number, aliases: ReadonlyMap<YamlNode, number>) {
    this.#text = text;
    this.#shift = shift;
    this.#aliases = aliases;
  }

  locate(node: YamlNode): TextNode {
    switch (node.kind) {
      case "scalar":
        return this.#scalar(node);
      case "alias":
        return this.#alias(node);
      case "sequence":
        return this.#sequence(node);
      case "mapping":
        return this.#mapping(node);
    }
  }

  #scalar(node: ScalarNode): TextScalar {
    const start = (node.textStart ?? 0) - this.#shift;
    const end = (node.textEnd ?? 0) - this.#shift;
    return { kind: "scalar", style: start === end ? "none" : STYLES[node.style], end, ...this.#common(node, start) };
  }

  #alias(node: AliasNode): TextNode {
    const start = this.#startOf(node);
    return { kind: "alias", end: start + 1 + node.name.length, ...this.#common(node, start) };
  }

  #sequence(node: SequenceNode): TextNode {
    const start = this.#behindProperties(node);
    const items = node.items.map((item) => this.locate(item));
    const last = items.at(-1)?.end ?? start;
    const end = node.style === "flow" ? this.#behindBracket(items.length === 0 ? start + 1 : last, "]") : last;
    return { kind: "sequence", items, end, ...this.#common(node, start) };
  }

  #mapping(node: MappingNode): TextNode {
    const entries = node.entries.map(({ key, value }): TextEntry => {
      const keyText = this.locate(key);
      const name = key.kind === "scalar" ? key.value : "";
      return { key: name, keyStart: this.#startOf(key), keyEnd: keyText.end, value: this.locate(value) };
    });
    const isFlow = node.style === "flow";
    const start = isFlow ? this.#behindProperties(node) : (entries[0]?.keyStart ?? this.#startOf(node));
    const last = entries.at(-1)?.value.end ?? start + 1;
    const end = isFlow ? this.#behindBracket(last, "}") : last;
    return { kind: "mapping", isFlow, entries, end, ...this.#common(node, start) };
  }

  #common(node: YamlNode, start: number) {
    const repeated = this.#aliases.get(node);
    const repeatedAt = repeated === undefined ? undefined : repeated - this.#shift;
    return { start, repeatedAt, hasProperties: node.anchor !== undefined || node.explicitTag === true };
  }

  #startOf(node: YamlNode): number {
    return (node.at?.offset ?? 0) - this.#shift;
  }

  /** The bracket of a flow collection, which anchor and tag may stand before. */
  #behindProperties(node: YamlNode): number {
    let at = this.#startOf(node);
    for (;;) {
      at = this.#skip(at, /[\s]/);
      const letter = this.#text.charAt(at);
      if (letter !== "&" && letter !== "!") return at;
      while (at < this.#text.length && !/\s/.test(this.#text.charAt(at))) at++;
    }
  }

  #behindBracket(from: number, bracket: string): number {
    const at = this.#skip(from, /[\s,]/);
    return this.#text.charAt(at) === bracket ? at + 1 : from;
  }

  /** Steps over characters of one kind, and over comments. */
  #skip(from: number, kind: RegExp): number {
    let at = from;
    for (; at < this.#text.length; at++) {
      const letter = this.#text.charAt(at);
      if (letter === "#") {
        while (at < this.#text.length && !/[\r\n]/.test(this.#text.charAt(at))) at++;
        at--;
      } else if (!kind.test(letter)) break;
    }
    return at;
  }
}

const STYLES = {
  plain: "plain",
  single: "single",
  double: "double",
  literal: "block",
  folded: "block",
  flow: "plain",
} as const;
