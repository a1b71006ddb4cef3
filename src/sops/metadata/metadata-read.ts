import { MAX_SHARES } from "../../shamir/index.ts";
import { nameOf, SopsError } from "../errors.ts";
import { SOPS_LIMITS } from "../limits.ts";
import { formatPlain } from "../values/number.ts";
import { SELECTOR_KINDS, type Selector } from "../values/selector.ts";
import { normaliseLastModified } from "../values/time.ts";
import { type Branch, goTypeOf, type Node } from "../values/value.ts";
import { KEY_FIELDS, KEY_TYPES, type KeyGroup, type MasterKey, type Metadata } from "./metadata.ts";

/**
 * Reads the metadata of a file. Names are taken in any case, numbers in the place of texts and texts in the place of
 * numbers and booleans, as the flat formats write them; unknown names are left out.
 *
 * @throws {SopsError} `SOPS_BAD_METADATA` when a field cannot be meant, or no key, no version or no time is there;
 * `SOPS_BAD_SELECTOR` for two selectors; `SOPS_TOO_LARGE` beyond the limits.
 */
export function readMetadata(branch: Branch, file: string | undefined): Metadata {
  const reader = new FieldReader(file);
  const fields = reader.fieldsOf(branch);
  const lastModified = reader.text(fields, "lastmodified");
  const version = reader.text(fields, "version");
  const metadata: Metadata = {
    keyGroups: readGroups(reader, fields),
    shamirThreshold: reader.integer(fields, "shamir_threshold"),
    lastModified,
    mac: reader.text(fields, "mac"),
    selector: readSelector(reader, fields),
    macOnlyEncrypted: reader.boolean(fields, "mac_only_encrypted"),
    version,
  };
  if (normaliseLastModified(lastModified) === undefined) {
    throw reader.bad("lastmodified", "is not an RFC 3339 time", lastModified === "" ? NO_TIME : undefined);
  }
  if (version === "") throw reader.bad("version", "is missing", "Version string empty");
  if (!isVersionOne(version) && !hasThreeNumbers(version)) {
    throw reader.bad("version", "is not of the form 1.2.3", "No Major.Minor.Patch elements found");
  }
  if (metadata.keyGroups.every((group) => group.length === 0)) {
    throw reader.bad("age", "and all other lists of keys are empty", "No keys found in file");
  }
  return metadata;
}

const MAX_VERSION_LENGTH = 1000;

/** Versions before Go had two numbers. */
function isVersionOne(version: string): boolean {
  return /^1\.\d{1,5}$/.test(version);
}

/** A digit on either side of a point is enough: more of them would only make the search the square of the text's length. */
function hasThreeNumbers(version: string): boolean {
  return version.length <= MAX_VERSION_LENGTH && /\d\.\d{1,100}\.\d/.test(version);
}

const NO_TIME = 'parsing time "" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "2006"';

function readGroups(reader: FieldReader, fields: Fields): KeyGroup[] {
  const direct = readGroup(reader, fields);
  if (direct.length > 0) return [direct];
  const groups = reader.list(fields, "key_groups");
  if (groups.length > MAX_SHARES) {
    throw new SopsError("SOPS_TOO_LARGE", `Cannot read the metadata of ${nameOf(reader.file)}: too many key groups`, {
      file: reader.file,
      details: [`${groups.length} groups; a key can be shared among ${MAX_SHARES}`],
    });
  }
  return groups.map((group) => readGroup(reader, reader.fieldsOf(group)));
}

function readGroup(reader: FieldReader, fields: Fields): KeyGroup {
  return KEY_TYPES.flatMap((type) =>
    reader.list(fields, type).map((item): MasterKey => {
      const given = reader.fieldsOf(item);
      const values = KEY_FIELDS[type].map(
        ({ name, kind }) => [name, kind === "text" ? reader.text(given, name) : reader.texts(given, name)] as const,
      );
      reader.countKey(values);
      return { type, fields: new Map(values) };
    }),
  );
}

function readSelector(reader: FieldReader, fields: Fields): Selector | undefined {
  const given = SELECTOR_KINDS.map((kind) => ({ kind, pattern: reader.text(fields, kind) })).filter(
    ({ pattern }) => pattern !== "",
  );
  if (given.length > 1) {
    throw new SopsError(
      "SOPS_BAD_SELECTOR",
      `Cannot read the metadata of ${nameOf(reader.file)}: it has ${given.map(({ kind }) => kind).join(" and ")}, which exclude each other`,
      { file: reader.file, upstream: TWO_SELECTORS },
    );
  }
  return given[0];
}

const TWO_SELECTORS =
  "Cannot use more than one of encrypted_suffix, unencrypted_suffix, encrypted_regex, unencrypted_regex, encrypted_comment_regex, or unencrypted_comment_regex in the same file";

type Fields = ReadonlyMap<string, Node>;

class FieldReader {
  readonly file: string | undefined;
  #keys = 0;

  constructor(file: string | undefined) {
    this.file = file;
  }

  /** The entries of a mapping by lower-case name. The exact spelling wins over others. */
  fieldsOf(node: Node): Fields {
    const fields = new Map<string, Node>();
    if (typeof node !== "object" || node === null || node.kind !== "branch") return fields;
    for (const item of node.items) {
      if (item.kind !== "entry") continue;
      const name = item.key.toLowerCase();
      if (item.key === name || !fields.has(name)) fields.set(name, item.value);
    }
    return fields;
  }

  text(fields: Fields, name: string): string {
    const value = fields.get(name);
    switch (typeof value) {
      case "undefined":
        return "";
      case "string":
        return value;
      case "bigint":
        return value.toString();
      case "number":
        return formatPlain(value);
      case "boolean":
        return value ? "1" : "0";
      default:
        if (value === null) return "";
        throw this.#wrongType(name, "string", value);
    }
  }

  texts(fields: Fields, name: string): ReadonlyMap<string, string> {
    const value = fields.get(name) ?? null;
    if (value === null) return new Map();
    if (typeof value !== "object" || value.kind !== "branch") throw this.#wrongType(name, "map", value);
    const inner = new Map(value.items.flatMap((item) => (item.kind === "entry" ? [[item.key, item.value]] : [])));
    return new Map([...inner.keys()].map((key) => [key, this.text(inner, key)]));
  }

  integer(fields: Fields, name: string): number {
    const text = this.text(fields, name);
    if (text === "") return 0;
    const value = Number(text);
    if (!Number.isSafeInteger(value)) throw this.bad(name, "is not a whole number");
    return value;
  }

  boolean(fields: Fields, name: string): boolean {
    const text = this.text(fields, name);
    if (/^(1|t|T|TRUE|true|True)$/.test(text)) return true;
    if (/^(0|f|F|FALSE|false|False|)$/.test(text)) return false;
    throw this.bad(name, "is neither true nor false");
  }

  list(fields: Fields, name: string): readonly Node[] {
    const value = fields.get(name) ?? null;
    if (value === null || value === "") return [];
    if (typeof value !== "object") throw this.#wrongType(name, "slice", value);
    if (value.kind === "branch") return value.items.length === 0 ? [] : [value];
    if (value.kind !== "list") throw this.#wrongType(name, "slice", value);
    return value.items.filter((item): item is Node => !(typeof item === "object" && item?.kind === "comment"));
  }

  /** @throws {SopsError} when there are more keys, or larger ones, than a file of people has. */
  countKey(values: readonly (readonly [string, string | ReadonlyMap<string, string>])[]): void {
    this.#keys++;
    const longest = Math.max(...values.map(([, value]) => (typeof value === "string" ? value.length : value.size)));
    const { maxMasterKeys, maxEncryptedKeyLength } = SOPS_LIMITS;
    if (this.#keys <= maxMasterKeys && longest <= maxEncryptedKeyLength) return;
    const state =
      this.#keys > maxMasterKeys
        ? `more than ${maxMasterKeys} keys`
        : `a key entry of more than ${maxEncryptedKeyLength} characters`;
    throw new SopsError("SOPS_TOO_LARGE", `Cannot read the metadata of ${nameOf(this.file)}: ${state}`, {
      file: this.file,
    });
  }

  bad(name: string, state: string, upstream?: string): SopsError {
    return new SopsError("SOPS_BAD_METADATA", `Cannot read the metadata of ${nameOf(this.file)}: "${name}" ${state}`, {
      file: this.file,
      path: ["sops", name],
      upstream,
      hints: ["take the file from version control again: metadata is not meant to be edited"],
    });
  }

  #wrongType(name: string, wanted: string, value: Node): SopsError {
    const got = `expected type '${wanted}', got unconvertible type '${goTypeOf(value)}'`;
    return this.bad(
      name,
      `is not a ${wanted === "string" ? "text" : wanted}`,
      `decoding failed due to the following error(s):\n\n'${name}' ${got}`,
    );
  }
}
