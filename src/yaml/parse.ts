import type { YamlWarning } from "./errors.ts";
import { YAML_LIMITS, type YamlLimits } from "./limits.ts";
import type { YamlDocument } from "./node.ts";
import { Parser } from "./parser.ts";
import { yamlText } from "./text.ts";

export interface ParseOptions {
  /**
   * `strict` (the default) refuses duplicate keys and anchors of earlier documents; `lenient` takes what yaml.v3 takes
   * and reports it.
   */
  readonly mode?: "strict" | "lenient";
  /** Name of the file, for messages. */
  readonly source?: string;
  readonly limits?: Partial<YamlLimits>;
}

export interface ParsedYaml {
  readonly documents: YamlDocument[];
  readonly warnings: readonly YamlWarning[];
  /** The text that the offsets of the nodes count in: decoded, without byte order mark. */
  readonly text: string;
}

/**
 * Reads a stream into node trees as yaml.v3 does: comments attached, tags resolved, order and styles kept. For editing
 * and for SOPS; for plain values see `readManifests`.
 *
 * Source: YAML 1.1 as go.yaml.in/yaml/v3 3.0.4 reads it.
 *
 * @throws {YamlError} with line and column.
 *
 * @example
 * const { documents } = parseYaml("a: 1 # one\n");
 */
export function parseYaml(input: string | Uint8Array, options: ParseOptions = {}): ParsedYaml {
  const limits = { ...YAML_LIMITS, ...options.limits };
  const text = yamlText(input, { limits, source: options.source });
  const strict = options.mode !== "lenient";
  const parser = new Parser(text, {
    flavor: "v3",
    limits,
    source: options.source,
    refuseDuplicates: strict,
    anchorsOfStream: !strict,
  });
  const documents: YamlDocument[] = [];
  for (let document = parser.next(); document !== undefined; document = parser.next()) documents.push(document);
  return { documents, warnings: parser.warnings, text };
}
