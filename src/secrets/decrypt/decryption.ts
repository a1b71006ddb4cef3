import type { KubeObject } from "../../objects/index.ts";
import type { IdentitySource, KeyServices } from "../../sops/index.ts";
import type { FileTree } from "../../tree/index.ts";

/** One set of keys. A view made with it shares clear text with no other set. */
export interface DecryptionKeys {
  readonly identities: readonly IdentitySource[];
  /** Key services besides age. A type that is not in it is not asked for. */
  readonly services?: KeyServices | undefined;
}

export interface DecryptionOptions {
  /** Whether a file that fails its MAC is refused. Flux never checks it; the default is true. */
  readonly checkMac?: boolean | undefined;
  /** Largest encrypted file in bytes. Flux's bound of 5 MiB is the default. */
  readonly maxFileBytes?: number | undefined;
  /** Objects that stay encrypted, by their labels and annotations. */
  readonly leaves?: ((metadata: ObjectMarks) => boolean) | undefined;
}

/** What an object says of itself, as far as it is clear. */
export interface ObjectMarks {
  readonly labels: ReadonlyMap<string, string>;
  readonly annotations: ReadonlyMap<string, string>;
}

/**
 * A tree in which SOPS files read as clear text: each decrypted when it is first read, once, and forgotten with the
 * view. Make one per reconcile.
 *
 * `read` throws `SopsError`, with the path in `file`, when an encrypted file cannot be decrypted. What is not encrypted
 * reads as it is.
 */
export interface DecryptingTree extends FileTree {
  /** What this view has decrypted so far. */
  readonly ledger: ClearTextLedger;
  /**
   * A file of SOPS that is the value of an entry, as a Secret's `data` may hold one, in clear; undefined when it is none.
   * The ending of the entry's name decides the form of the result.
   *
   * @throws {SopsError} with `where` as its file.
   */
  readValue(where: string, entry: string, bytes: Uint8Array): Promise<Uint8Array | undefined>;
}

/** Remembers what was decrypted without keeping it: keyed digests under a key that lives as long as the view. */
export interface ClearTextLedger {
  /** The files that were decrypted so far, sorted. */
  readonly files: readonly string[];
  /**
   * Where clear text that came out of SOPS stands in an object. Empty when there is none. Ask for every object whose kind
   * is not Secret before it is applied: a result means that a secret is about to be published.
   */
  findIn(object: KubeObject): readonly ClearTextPlace[];
}

/** A decrypted value in an object. Never the value itself. */
export interface ClearTextPlace {
  /** Field path in the object: `data.password`, `spec.values[2].token`. */
  readonly field: string;
  /** The SOPS file that the value came out of. */
  readonly file: string;
}
