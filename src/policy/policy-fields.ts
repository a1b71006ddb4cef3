import type { MappingNode, ScalarNode, SequenceNode, YamlNode } from "../yaml/index.ts";
import { PolicyError } from "./errors.ts";

/** Entries of one list, far beyond what people write. */
const MAX_ENTRIES = 10_000;

/**
 * A mapping of the policy file, read field by field: each reader takes the fields it knows, and `refuseOthers` names
 * the first that nobody took. Every refusal says file, line and the path of the field.
 */
export class PolicyFields {
  readonly #file: string;
  readonly #path: string;
  readonly #entries = new Map<string, { readonly line: number; readonly value: YamlNode }>();
  readonly #taken = new Set<string>();
  /** 1-based line on which the mapping starts. */
  readonly line: number;

  /** @throws {PolicyError} `POLICY_BAD_VALUE` when the node is no mapping with plain keys. */
  constructor(node: YamlNode, { file, path }: { readonly file: string; readonly path: string }) {
    this.#file = file;
    this.#path = path;
    this.line = node.at?.line ?? 1;
    for (const { key, value } of this.#mapping(node).entries) {
      const line = key.at?.line ?? this.line;
      if (key.kind !== "scalar") throw this.#bad(line, "", "a key is no text");
      this.#entries.set(key.value, { line, value });
    }
  }

  /** A text that is not empty; undefined when the field is not there. @throws {PolicyError} */
  text(name: string): string | undefined {
    const found = this.#entryOf(name);
    return found === undefined ? undefined : this.#textOf(found, name);
  }

  /** @throws {PolicyError} also when the field is not there. */
  needText(name: string): string {
    const found = this.text(name);
    if (found === undefined) throw this.#bad(this.line, name, "it is missing");
    return found;
  }

  /** One of some words. @throws {PolicyError} */
  choice<Word extends string>(name: string, words: readonly Word[]): Word | undefined {
    const found = this.#entryOf(name);
    if (found === undefined) return undefined;
    const text = this.#textOf(found, name);
    const word = words.find((one) => one === text);
    if (word === undefined) throw this.#bad(found.line, name, `it is not one of ${words.join(", ")}`);
    return word;
  }

  /** A whole number of at least `min`. @throws {PolicyError} */
  wholeNumber(name: string, min: number): number | undefined {
    const found = this.#entryOf(name);
    if (found === undefined) return undefined;
    const { value, line } = found;
    const number = value.kind === "scalar" && /^[0-9]{1,9}$/.test(value.value) ? Number(value.value) : Number.NaN;
    if (!(number >= min)) throw this.#bad(line, name, `it is no whole number of at least ${min}`);
    return number;
  }

  /** @throws {PolicyError} for anything but `true` and `false`. */
  boolean(name: string): boolean | undefined {
    const found = this.#entryOf(name);
    if (found === undefined) return undefined;
    const { value, line } = found;
    const text = value.kind === "scalar" && value.style === "plain" ? value.value : "";
    if (text !== "true" && text !== "false") throw this.#bad(line, name, "it is neither true nor false");
    return text === "true";
  }

  /** A day, `2027-01-31`, as the end of it in UTC, in milliseconds since the epoch. @throws {PolicyError} */
  lastDay(name: string): number | undefined {
    const found = this.#entryOf(name);
    if (found === undefined) return undefined;
    const { value, line } = found;
    const text = value.kind === "scalar" && /^\d{4}-\d\d-\d\d$/.test(value.value) ? value.value : "";
    const end = Date.parse(`${text}T23:59:59.999Z`);
    if (Number.isNaN(end) || new Date(end).toISOString().slice(0, 10) !== text) {
      throw this.#bad(line, name, "it is no day such as 2027-01-31");
    }
    return end;
  }

  /** Texts of a list; empty when the field is not there. @throws {PolicyError} */
  texts(name: string): readonly string[] {
    const found = this.#entryOf(name);
    if (found === undefined) return [];
    const { items } = this.#list(found, name);
    return items.map((value, at) => this.#textOf({ value, line: value.at?.line ?? found.line }, `${name}[${at}]`));
  }

  /** A mapping below this one. @throws {PolicyError} */
  fields(name: string): PolicyFields | undefined {
    const found = this.#entryOf(name);
    return found === undefined ? undefined : this.#below(found.value, name);
  }

  /** The mappings of a list; empty when the field is not there. @throws {PolicyError} */
  list(name: string): readonly PolicyFields[] {
    const found = this.#entryOf(name);
    if (found === undefined) return [];
    return this.#list(found, name).items.map((item, at) => this.#below(item, `${name}[${at}]`));
  }

  /** @throws {PolicyError} `POLICY_UNKNOWN_FIELD` for a field that no call above asked for. */
  refuseOthers(): void {
    for (const [name, { line }] of this.#entries) {
      if (this.#taken.has(name)) continue;
      const known = [...this.#taken].sort();
      throw new PolicyError(
        "POLICY_UNKNOWN_FIELD",
        `Cannot use the policy "${this.#file}": line ${line}: there is no field "${this.#pathOf(name)}"`,
        { details: known.length === 0 ? [] : [`fields here are ${known.join(", ")}`] },
      );
    }
  }

  /** The error for a field whose value means nothing, with its place. */
  bad(name: string, state: string): PolicyError {
    return this.#bad(this.#entries.get(name)?.line ?? this.line, name, state);
  }

  #entryOf(name: string) {
    this.#taken.add(name);
    const found = this.#entries.get(name);
    const isNull = found?.value.kind === "scalar" && found.value.tag === "!!null";
    return isNull ? undefined : found;
  }

  #textOf({ value, line }: { readonly value: YamlNode; readonly line: number }, name: string): string {
    const text = scalarOf(value);
    if (text === undefined || text.value === "") throw this.#bad(line, name, "it is no text");
    return text.value;
  }

  #list({ value, line }: { readonly value: YamlNode; readonly line: number }, name: string): SequenceNode {
    if (value.kind !== "sequence") throw this.#bad(line, name, "it is no list");
    if (value.items.length > MAX_ENTRIES) throw this.#bad(line, name, `it has more than ${MAX_ENTRIES} entries`);
    return value;
  }

  #below(node: YamlNode, name: string): PolicyFields {
    return new PolicyFields(node, { file: this.#file, path: this.#pathOf(name) });
  }

  #mapping(node: YamlNode): MappingNode {
    if (node.kind !== "mapping") throw this.#bad(this.line, "", "it is no mapping");
    return node;
  }

  #pathOf(name: string): string {
    return [this.#path, name].filter((part) => part !== "").join(".");
  }

  #bad(line: number, name: string, state: string): PolicyError {
    const path = this.#pathOf(name);
    const what = path === "" ? state : `"${path}": ${state}`;
    return new PolicyError("POLICY_BAD_VALUE", `Cannot use the policy "${this.#file}": line ${line}: ${what}`, {
      hints: ["its fields are listed in docs/formats/policy.md"],
    });
  }
}

function scalarOf(node: YamlNode): ScalarNode | undefined {
  return node.kind === "scalar" && node.tag !== "!!null" ? node : undefined;
}
