import type { YamlNode } from "../../../yaml/index.ts";

/** What can be wrong with a configuration. */
export type ConfigFindingCode =
  | "bad-destination"
  | "bad-key"
  | "bad-regex"
  | "bad-threshold"
  | "bad-type"
  | "duplicate-field"
  | "ignored-document"
  | "ignored-field"
  | "matches-nothing"
  | "no-keys"
  | "no-rules"
  | "shadowed-rule"
  | "syntax"
  | "two-selectors"
  | "unknown-field";

/** One thing that is wrong with a configuration, or looks so. Holds no secret key, even if one stands there. */
export interface ConfigFinding {
  /** An `error` makes files that cannot be encrypted, or other ones than were meant; a `warning` may be meant. */
  readonly severity: "error" | "warning";
  readonly code: ConfigFindingCode;
  /** 1-based; 1 and 1 where it is about the whole file. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly hint: string | undefined;
}

/** Finds the word that was most likely meant, or undefined. */
export type Nearest = (word: string, known: Iterable<string>) => string | undefined;

/** Collects findings while the parts of a configuration are looked at. */
export class Findings {
  readonly list: ConfigFinding[] = [];
  readonly nearest: Nearest;

  constructor(nearest: Nearest) {
    this.nearest = nearest;
  }

  error(node: YamlNode | undefined, code: ConfigFindingCode, message: string, hint?: string): void {
    this.#add("error", node, code, message, hint);
  }

  warning(node: YamlNode | undefined, code: ConfigFindingCode, message: string, hint?: string): void {
    this.#add("warning", node, code, message, hint);
  }

  #add(
    severity: ConfigFinding["severity"],
    node: YamlNode | undefined,
    code: ConfigFindingCode,
    message: string,
    hint: string | undefined,
  ): void {
    const { line, column } = node?.at ?? { line: 1, column: 1 };
    this.list.push({ severity, code, line, column, message, hint });
  }
}
