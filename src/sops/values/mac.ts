import { createHash, type Hash, timingSafeEqual } from "node:crypto";

/** SHA-256 of `sops`: keeps a MAC over encrypted values alone apart from one over all. */
const ENCRYPTED_ONLY = Buffer.from("8a3fd2ad54ce66527b1034f3d147be0b0b975b3bf44f72c6fdadec8176f27d69", "hex");

const FLUSH_AT = 64 * 1024;

/**
 * The MAC of a file: SHA-512 over the plaintexts of its values in document order, without separators, keys or comments,
 * as upper-case hex.
 */
export class Mac {
  readonly #hash: Hash = createHash("sha512");
  readonly #encryptedOnly: boolean;
  #pending = "";

  constructor({ encryptedOnly }: { encryptedOnly: boolean }) {
    this.#encryptedOnly = encryptedOnly;
    if (encryptedOnly) this.#hash.update(ENCRYPTED_ONLY);
  }

  /** Takes in one value; `isEncrypted` is whether the selector picks it. */
  add(plaintext: string | Uint8Array, isEncrypted: boolean): void {
    if (this.#encryptedOnly && !isEncrypted) return;
    if (typeof plaintext === "string") {
      // Many small updates cost more than one of their concatenation.
      this.#pending += plaintext;
      if (this.#pending.length > FLUSH_AT) this.#flush();
    } else {
      this.#flush();
      this.#hash.update(plaintext);
    }
  }

  /** The MAC so far. The object is used up. */
  finish(): string {
    this.#flush();
    return this.#hash.digest("hex").toUpperCase();
  }

  #flush(): void {
    if (this.#pending !== "") this.#hash.update(this.#pending);
    this.#pending = "";
  }
}

/** Compares two MACs in a time that does not depend on where they differ. */
export function sameMac(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
