import type { Stanza } from "./stanza.ts";

/** Someone a file can be encrypted to. */
export interface Recipient {
  /** What names it in public: `age1…`, or `passphrase`. */
  readonly name: string;
  wrap(fileKey: Uint8Array): Promise<Wrapped>;
}

export interface Wrapped {
  readonly stanzas: readonly Stanza[];
  /** Recipients of one file need equal labels: they keep a recipient from sharing a file with a weaker one. */
  readonly labels: readonly string[];
}

/** Someone who may be able to read a file. */
export interface Identity {
  /** What names it in public: the recipient that belongs to it, or `passphrase`. Never a secret. */
  readonly name: string;
  /** The recipient that belongs to it, where that takes work and so is not its name. */
  readonly recipient?: () => Promise<string>;
  /** The same where it has no text, because only a plugin knows it. */
  readonly asRecipient?: () => Recipient;
  /** It asks a person, a device or a program, so it is tried after all those that need nobody. */
  readonly needsSomebody?: boolean;
  /**
   * The file key (16 bytes) out of the stanza that is for this identity; undefined when none is. Stanzas of other types
   * are to be passed over. The caller overwrites the key when it is done with it.
   *
   * @throws {AgeError} `AGE_HEADER` for a stanza of its own type that breaks the format.
   */
  unwrap(stanzas: readonly Stanza[]): Promise<Uint8Array | undefined>;
}

export const FILE_KEY_BYTES = 16;

/** The label of recipients that quantum computers do not break. */
export const POST_QUANTUM = "postquantum";

/** Whom to encrypt to so that this identity can read it: `age1…`, `ssh-…`. */
export async function recipientOf(identity: Identity): Promise<string> {
  return identity.recipient === undefined ? identity.name : await identity.recipient();
}
