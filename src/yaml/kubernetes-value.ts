import { decodeBinary, textOfBytes } from "./binary.ts";
import { YamlError, type YamlErrorCode, type YamlWarning } from "./errors.ts";
import { formatGoFloat, formatYamlFloat, INT64_MAX } from "./go-number.ts";
import { YAML_LIMITS } from "./limits.ts";
import type { Entry, MappingNode, ScalarNode, YamlNode } from "./node.ts";
import { type Resolved, resolveTagged, resolveText } from "./resolve.ts";
import { setOwn, type YamlValue } from "./yaml-value.ts";

export interface ValueOptions {
  /** `strict` refuses what the Go tools take without a word; `lenient` reads as they do and warns. */
  readonly mode: "strict" | "lenient";
  readonly source?: string | undefined;
  /** 0-based index of the document, for warnings. */
  readonly document?: number;
  /**
   * True for the path of a field that is text in its Go type: numbers and booleans there become strings as
   * sigs.k8s.io/yaml makes them (`1.10` is "1.1", `yes` is "true").
   */
  readonly isText?: ((path: readonly string[]) => boolean) | undefined;
}

/**
 * The value of a node tree (read with flavor `v2`) as sigs.k8s.io/yaml converts YAML to JSON: YAML 1.1 booleans and
 * integers, dates as text, keys as text, merge keys applied, aliases copied.
 *
 * @throws {YamlError} `YAML_DUPLICATE_KEY` (strict), `YAML_MERGE`, `YAML_KEY`, `YAML_VALUE`.
 */
export function kubernetesValue(
  root: YamlNode | undefined,
  options: ValueOptions,
): { value: YamlValue; warnings: YamlWarning[] } {
  const reader = new ValueReader(options);
  const value = root === undefined ? null : reader.value(root);
  reader.refuseInfinite(value);
  return { value, warnings: reader.warnings };
}

class ValueReader {
  readonly warnings: YamlWarning[] = [];
  private infinite: ScalarNode | undefined;
  private readonly options: ValueOptions;
  private readonly path: string[] | undefined;

  constructor(options: ValueOptions) {
    this.options = options;
    this.path = options.isText === undefined ? undefined : [];
  }

  value(node: YamlNode): YamlValue {
    switch (node.kind) {
      case "scalar":
        return this.scalarValue(node);
      case "mapping":
        return this.mapping(node);
      case "sequence": {
        const { items } = node;
        const list = new Array<YamlValue>(items.length);
        for (let at = 0; at < items.length; at++) {
          const item = items[at];
          list[at] = item === undefined ? null : this.value(item);
        }
        return list;
      }
      case "alias":
        return this.value(node.target);
    }
  }

  private scalarValue(node: ScalarNode): YamlValue {
    const resolved = this.resolve(node);
    const { value } = resolved;
    if (resolved.tag === "!!binary") return this.binary(node);
    if (this.path !== undefined && this.options.isText?.(this.path) === true) return textOf(resolved, node);
    if (typeof value === "number" && !Number.isFinite(value)) this.infinite ??= node;
    return resolved.tag === "!!timestamp" ? node.value : resolved.value;
  }

  /** JSON has no infinity and no NaN. What a repeated key replaced does not count. */
  refuseInfinite(value: YamlValue): void {
    if (this.infinite === undefined) return;
    const found = firstInfinite(value);
    if (found === undefined) return;
    throw this.failure("YAML_VALUE", "infinity and NaN cannot be in JSON", this.infinite, {
      upstream: `json: unsupported value: ${formatGoFloat(found)}`,
    });
  }

  private binary(node: ScalarNode): string {
    const bytes = decodeBinary(node.value);
    if (bytes === undefined)
      throw this.failure("YAML_VALUE", "the !!binary value is not Base64", node, {
        upstream: "yaml: !!binary value contains invalid base64 data",
      });
    return textOfBytes(bytes);
  }

  private resolve(node: ScalarNode): Resolved {
    if (node.tag === "") {
      return node.style === "plain" ? resolveText(node.value, "v2") : { tag: "!!str", value: node.value };
    }
    const resolved = resolveTagged(node.tag, node.value, "v2");
    if (resolved === undefined) throw this.failure("YAML_VALUE", `the value is no ${node.tag}`, node);
    return resolved;
  }

  private mapping(node: MappingNode): { [key: string]: YamlValue } {
    const result: { [key: string]: YamlValue } = {};
    const merged = node.entries.some(isMerge) ? new Set<string>() : undefined;
    let merges = 0;
    for (const entry of node.entries) {
      if (merged !== undefined && isMerge(entry)) {
        if (++merges > 1) this.repeated(entry.key, "<<", node);
        this.merge(entry, result, merged);
        continue;
      }
      const key = this.keyText(entry.key);
      this.noteOtherKey(entry.key, key);
      if (Object.hasOwn(result, key) && merged?.has(key) !== true) this.repeated(entry.key, key, node);
      merged?.delete(key);
      this.path?.push(key);
      setOwn(result, key, this.value(entry.value));
      this.path?.pop();
    }
    return result;
  }

  private firstWith(node: MappingNode, key: string): YamlNode {
    const entry = node.entries.find((candidate) => this.keyText(candidate.key) === key);
    return entry?.key ?? node;
  }

  private repeated(key: YamlNode, name: string, node: MappingNode): void {
    // Looking for the first of them costs a pass over the mapping: no more often than warnings are kept.
    if (this.warnings.length >= YAML_LIMITS.maxWarnings) return;
    const line = this.firstWith(node, name).at?.line ?? 0;
    this.doubtful(
      "YAML_DUPLICATE_KEY",
      `the key ${JSON.stringify(name)} is there twice (first in line ${line})`,
      key,
      `yaml: unmarshal errors:\n  line ${key.at?.line ?? 0}: key ${JSON.stringify(name)} already set in map`,
    );
  }

  /** Merges as the Go library does: in the order of the text, of a list the first mapping wins. */
  private merge(entry: Entry, result: { [key: string]: YamlValue }, merged: Set<string>): void {
    const value = target(entry.value);
    const sources = entry.value.kind === "sequence" ? [...entry.value.items].reverse() : [entry.value];
    if (value.kind !== "mapping" && entry.value.kind !== "sequence") throw this.notMergeable(entry.value);
    for (const source of sources) {
      const from = target(source);
      if (from.kind !== "mapping") throw this.notMergeable(source);
      const values = this.mapping(from);
      for (const key of Object.keys(values)) {
        if (Object.hasOwn(result, key) && !merged.has(key)) {
          this.doubtful(
            "YAML_MERGE",
            `the key ${JSON.stringify(key)} stands before the merge key that sets it again: readers disagree which one counts`,
            entry.key,
            undefined,
          );
        }
        merged.add(key);
        setOwn(result, key, values[key] ?? null);
      }
    }
  }

  private notMergeable(node: YamlNode): YamlError {
    return this.failure("YAML_MERGE", "a merge key needs a mapping or a list of mappings", node, {
      upstream: "yaml: map merge requires map or sequence of maps as the value",
    });
  }

  private keyText(node: YamlNode): string {
    const key = target(node);
    if (key.kind !== "scalar") throw this.failure("YAML_KEY", "a mapping or list cannot be a key", node);
    const resolved = this.resolve(key);
    switch (resolved.tag) {
      case "!!str":
      case "!!merge":
        return resolved.value;
      case "!!timestamp":
        return key.value;
      case "!!binary":
        return this.binary(key);
      case "!!bool":
        return resolved.value ? "true" : "false";
      case "!!float":
        return formatYamlFloat(resolved.value, 32);
      case "!!int":
        if (resolved.value > INT64_MAX) break;
        return resolved.value.toString();
      case "!!null":
        break;
    }
    throw this.failure("YAML_KEY", `a key cannot be ${resolved.tag === "!!null" ? "null" : "so large a number"}`, node);
  }

  /** Lenient reading says nothing of it, as the Go tools do not; strict reading cannot refuse what workflows are full of. */
  private noteOtherKey(node: YamlNode, text: string): void {
    const key = target(node);
    if (this.options.mode !== "strict" || key.kind !== "scalar" || key.value === text || key.tag !== "") return;
    if (this.warnings.length >= YAML_LIMITS.maxWarnings) return;
    const message = `the key ${key.value} is read as ${JSON.stringify(text)}: put quotes around it`;
    const document = this.options.document ?? 0;
    this.warnings.push({ code: "YAML_KEY", message, at: node.at ?? NOWHERE, document, upstream: undefined });
  }

  /** What strict reading refuses and lenient reading reports. */
  private doubtful(code: YamlErrorCode, problem: string, node: YamlNode, upstream: string | undefined): void {
    if (this.options.mode === "strict") throw this.failure(code, problem, node, { upstream });
    if (this.warnings.length >= YAML_LIMITS.maxWarnings) return;
    this.warnings.push({
      code,
      message: problem,
      at: node.at ?? NOWHERE,
      document: this.options.document ?? 0,
      upstream,
    });
  }

  private failure(
    code: YamlErrorCode,
    problem: string,
    node: YamlNode,
    more: { readonly upstream?: string | undefined } = {},
  ): YamlError {
    return new YamlError(code, problem, {
      at: node.at ?? NOWHERE,
      source: this.options.source,
      ...more,
    });
  }
}

const NOWHERE = { line: 0, column: 0, offset: 0 };

function firstInfinite(value: YamlValue): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? undefined : value;
  if (typeof value !== "object" || value === null) return undefined;
  for (const member of Object.values(value)) {
    const found = firstInfinite(member);
    if (found !== undefined) return found;
  }
  return undefined;
}

function target(node: YamlNode): YamlNode {
  return node.kind === "alias" ? node.target : node;
}

function isMerge({ key }: Entry): boolean {
  if (key.kind !== "scalar" || key.value !== "<<") return false;
  return key.tag === "!!merge" || key.tag === "!" || (key.tag === "" && key.style === "plain");
}

function textOf(resolved: Resolved, node: ScalarNode): YamlValue {
  switch (resolved.tag) {
    case "!!null":
      return null;
    case "!!bool":
      return resolved.value ? "true" : "false";
    case "!!int":
      return resolved.value.toString();
    case "!!float":
      return formatGoFloat(resolved.value, 32);
    case "!!timestamp":
      return node.value;
    default:
      return resolved.value;
  }
}
