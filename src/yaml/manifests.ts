import { lineCounter } from "../bytes/line-counter.ts";
import { YamlError, type YamlWarning } from "./errors.ts";
import { jsonValue, parseJsonStream } from "./json-reader.ts";
import { kubernetesValue } from "./kubernetes-value.ts";
import { YAML_LIMITS, type YamlLimits } from "./limits.ts";
import { Parser } from "./parser.ts";
import { yamlText } from "./text.ts";
import type { YamlValue } from "./yaml-value.ts";

export interface ManifestOptions {
  /** `strict` (the default) for the controller and our own commands; `lenient` reads as the Go tools and warns. */
  readonly mode?: "strict" | "lenient";
  /** Name of the file, for messages. */
  readonly source?: string;
  readonly limits?: Partial<YamlLimits>;
  /** Read the first document only and look at nothing behind it, as `Unmarshal` of sigs.k8s.io/yaml does. */
  readonly firstOnly?: boolean;
  /**
   * True for the path of a field that is text in its Go type: numbers and booleans there become strings as
   * sigs.k8s.io/yaml makes them (`1.10` is "1.1", `yes` is "true").
   */
  readonly isText?: (path: readonly string[]) => boolean;
}

/** One document of a manifest file. */
export interface Manifest {
  /** What the document says; nothing of its shape is checked. */
  readonly value: YamlValue;
  /** 0-based index of the document in the stream; empty documents count. */
  readonly document: number;
  /** 1-based line on which its content starts. */
  readonly line: number;
}

export interface Manifests {
  readonly manifests: readonly Manifest[];
  readonly warnings: readonly YamlWarning[];
}

/**
 * Reads a file of Kubernetes manifests, YAML or JSON, as kubectl and the API machinery read scalars and keys. Documents
 * that are empty, or comments only, are left out.
 *
 * Source: sigs.k8s.io/yaml 1.6.0 (on go.yaml.in/yaml/v2), held to it by `fixtures/yaml`.
 *
 * @throws {YamlError} with line and column.
 *
 * @example
 * const { manifests } = readManifests("kind: Secret\n---\nkind: ConfigMap\n", { source: "all.yaml" });
 */
export function readManifests(input: string | Uint8Array, options: ManifestOptions = {}): Manifests {
  const limits = { ...YAML_LIMITS, ...options.limits };
  const text = yamlText(input, { limits, source: options.source });
  if (/^\s*\{/.test(text) && options.isText === undefined && options.firstOnly !== true) {
    const read = readJson(text, options);
    if (read !== undefined) return read;
  }
  return readYaml(text, options, limits);
}

/** JSON is YAML too, but for escapes, long keys and speed. What is no JSON may still be YAML in flow style. */
function readJson(text: string, options: ManifestOptions): Manifests | undefined {
  const lineOf = lineCounter(text);
  try {
    const { values, warnings } = parseJsonStream(text, options);
    const manifests = values.map((node, document) => ({ value: jsonValue(node), document, line: lineOf(node.at) }));
    return { manifests, warnings };
  } catch (error) {
    if (error instanceof YamlError && error.code === "JSON_SYNTAX") return undefined;
    throw error;
  }
}

function readYaml(text: string, options: ManifestOptions, limits: YamlLimits): Manifests {
  const mode = options.mode ?? "strict";
  const parser = new Parser(text, {
    flavor: "v2",
    limits,
    source: options.source,
    refuseDuplicates: false,
    anchorsOfStream: false,
  });
  const manifests: Manifest[] = [];
  const warnings: YamlWarning[] = [];
  for (let document = 0; ; document++) {
    const read = document > 0 && options.firstOnly === true ? undefined : parser.next();
    if (read === undefined) return { manifests, warnings };
    if (read.root === undefined) continue;
    const { value, warnings: found } = kubernetesValue(read.root, {
      mode,
      source: options.source,
      document,
      isText: options.isText,
    });
    for (const warning of found) if (warnings.length < limits.maxWarnings) warnings.push(warning);
    if (value !== null) manifests.push({ value, document, line: read.root.at?.line ?? read.at.line });
  }
}
