import { primitives } from "#primitives";
import { decodeBase64 } from "../../bytes/base64.ts";
import { encodeHex } from "../../bytes/hex.ts";
import { encodeUtf8 } from "../../bytes/utf8.ts";
import type { KubeObject } from "../../objects/index.ts";
import type { ClearTextLedger, ClearTextPlace } from "./decryption.ts";

/** Nesting of objects that is looked through: the API server itself takes no more. */
const MAX_DEPTH = 1_000;

/** A value that came out of SOPS: keys from the root of its object, list positions left out, and its text. */
export interface DecryptedValue {
  readonly path: readonly string[];
  readonly text: string;
}

/** Digests of values by path. */
type Digests = ReadonlyMap<string, ReadonlySet<string>>;

/** What is remembered of one decrypted object. */
interface DecryptedObject {
  readonly file: string;
  readonly digests: Digests;
}

/**
 * Follows clear text from where it was decrypted to where it would be applied.
 *
 * Values are compared only where they can have come from: at the same path of the object of the same kind and name, or
 * as the whole text of a decrypted file. Comparing every value with every field would take the word `postgres` in a
 * Deployment for a leaked user name. Nothing but digests under a random key is kept.
 */
export class Ledger implements ClearTextLedger {
  readonly #key = primitives.randomBytes(32);
  readonly #objects = new Map<string, DecryptedObject[]>();
  /** Digest of a whole file to its path, by length in bytes: only texts of such a length need a digest. */
  readonly #files = new Map<number, Map<string, string>>();
  /** Name of a variable to the digests of its values, with their files. */
  readonly #entries = new Map<string, Map<string, string>>();
  readonly #paths = new Set<string>();

  get files(): readonly string[] {
    return [...this.#paths].sort();
  }

  /** Remembers the whole clear text of a file. */
  rememberFile(file: string, clear: Uint8Array): void {
    this.#paths.add(file);
    for (const bytes of [clear, withoutLastLineEnd(clear)]) {
      const sameLength = this.#files.get(bytes.length) ?? new Map<string, string>();
      sameLength.set(this.#digest(bytes), file);
      this.#files.set(bytes.length, sameLength);
    }
  }

  /** Remembers variables of a file, which a generator may put under their names into any object. */
  rememberEntries(file: string, entries: readonly DecryptedValue[]): void {
    for (const { path, text } of entries) {
      const known = this.#entries.get(path.at(-1) ?? "") ?? new Map<string, string>();
      known.set(this.#digest(encodeUtf8(text)), file);
      this.#entries.set(path.at(-1) ?? "", known);
    }
  }

  /** What `rememberObject` takes. Made once for all items of a List: they share its values, and may be thousands. */
  digestsOf(values: readonly DecryptedValue[]): Digests {
    const digests = new Map<string, Set<string>>();
    for (const { path, text } of values) {
      const key = pathKey(path);
      const known = digests.get(key) ?? new Set<string>();
      known.add(this.#digest(encodeUtf8(text)));
      digests.set(key, known);
    }
    return digests;
  }

  /** Remembers which values of an object were encrypted. */
  rememberObject(file: string, id: { kind: string; name: string }, digests: Digests): void {
    const key = objectKey(id.kind, id.name);
    const known = this.#objects.get(key);
    if (known === undefined) this.#objects.set(key, [{ file, digests }]);
    else if (known.at(-1)?.digests !== digests) known.push({ file, digests });
  }

  findIn(object: KubeObject): readonly ClearTextPlace[] {
    const found: ClearTextPlace[] = [];
    const decrypted = this.#objects.get(objectKey(object.kind, object.metadata.name ?? "")) ?? [];
    this.#look(object, [], "", 0, decrypted, found);
    return found;
  }

  #look(
    value: unknown,
    path: readonly string[],
    field: string,
    depth: number,
    decrypted: readonly DecryptedObject[],
    found: ClearTextPlace[],
  ): void {
    if (depth > MAX_DEPTH || value === null || value === undefined) return;
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) {
        this.#look(item, path, `${field}[${index}]`, depth + 1, decrypted, found);
      }
    } else if (typeof value === "object") {
      for (const [key, item] of Object.entries(value)) {
        this.#look(item, [...path, key], field === "" ? key : `${field}.${key}`, depth + 1, decrypted, found);
      }
    } else {
      const file = this.#origin(String(value), path, decrypted);
      if (file !== undefined) found.push({ field, file });
    }
  }

  #origin(text: string, path: readonly string[], decrypted: readonly DecryptedObject[]): string | undefined {
    if (text === "") return undefined;
    const key = pathKey(path);
    const bytes = encodeUtf8(text);
    for (const { file, digests } of decrypted) {
      if (digests.get(key)?.has(this.#digest(bytes)) === true) return file;
    }
    const entry = this.#entries.get(path.at(-1) ?? "")?.get(this.#digest(bytes));
    if (entry !== undefined) return entry;
    // A generator puts bytes that are no text into `binaryData`, and into a Secret always, as base64.
    return this.#fileOf(bytes) ?? this.#fileOf(decodeBase64(text).bytes);
  }

  #fileOf(bytes: Uint8Array | undefined): string | undefined {
    if (bytes === undefined || bytes.length === 0) return undefined;
    return this.#files.get(bytes.length)?.get(this.#digest(bytes));
  }

  #digest(bytes: Uint8Array): string {
    return encodeHex(primitives.hmacSha256(this.#key, bytes));
  }
}

function withoutLastLineEnd(bytes: Uint8Array): Uint8Array {
  return bytes.at(-1) === 0x0a ? bytes.subarray(0, -1) : bytes;
}

function objectKey(kind: string, name: string): string {
  return `${kind}\0${name}`;
}

function pathKey(path: readonly string[]): string {
  return path.join("\0");
}
