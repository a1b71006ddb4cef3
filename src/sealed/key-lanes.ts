const ALGORITHM = { name: "RSA-OAEP", hash: "SHA-256" };

/** Private-key operations with one key, off the event loop. */
export interface PrivateKeyWork {
  /**
   * RSA-OAEP with SHA-256. Undefined when key, label and ciphertext do not belong together; `"unusable"` when the key
   * cannot even be imported.
   */
  decrypt(wrapped: Uint8Array, label: Uint8Array): Promise<Uint8Array | undefined | "unusable">;
  /** The key is not needed any more. Operations under way still end. */
  forget?(): void;
}

type ImportedKey = Parameters<typeof globalThis.crypto.subtle.decrypt>[1];
type Import = () => Promise<ImportedKey | undefined>;

/**
 * One private key, imported several times, so that as many operations run at once on the thread pool behind WebCrypto:
 * OpenSSL's key objects are locked while in use, and a single import would let operations queue up inside the pool, where
 * they keep file and name look-ups waiting. Each import runs one operation at a time; the rest wait here.
 */
export class KeyLanes implements PrivateKeyWork {
  readonly #import: Import;
  readonly #lanes: (ReturnType<Import> | undefined)[];
  readonly #free: number[];
  readonly #waiting: ((lane: number) => void)[] = [];

  /** `pkcs8`: PrivateKeyInfo, DER. `count`: how many operations may run at once. */
  constructor(pkcs8: Uint8Array, count: number) {
    const bytes = new Uint8Array(pkcs8);
    this.#import = () =>
      globalThis.crypto.subtle.importKey("pkcs8", bytes, ALGORITHM, false, ["decrypt"]).catch(() => undefined);
    this.#lanes = Array.from({ length: count }, () => undefined);
    this.#free = this.#lanes.map((_, index) => index).reverse();
  }

  async decrypt(wrapped: Uint8Array, label: Uint8Array): Promise<Uint8Array | undefined | "unusable"> {
    const lane = this.#free.pop() ?? (await new Promise<number>((resolve) => this.#waiting.push(resolve)));
    try {
      const key = await this.#keyOf(lane);
      if (key === undefined) return "unusable";
      const parameters = { name: ALGORITHM.name, label: new Uint8Array(label) };
      return await globalThis.crypto.subtle.decrypt(parameters, key, new Uint8Array(wrapped)).then(
        (plain) => new Uint8Array(plain),
        () => undefined,
      );
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free.push(lane);
      else next(lane);
    }
  }

  #keyOf(lane: number): ReturnType<Import> {
    const imported = this.#lanes[lane] ?? this.#import();
    this.#lanes[lane] = imported;
    return imported;
  }
}
