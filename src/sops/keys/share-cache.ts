import type { MasterKey } from "../metadata/metadata.ts";

/** Entries before the oldest is forgotten. */
const MAX_ENTRIES = 10_000;

/**
 * What was decrypted of which master key: files that share a data key ask its service once. A failure is not kept, so
 * that each file tries, and names itself when it fails.
 */
export class ShareCache {
  readonly #parts = new Map<string, Promise<Uint8Array>>();

  /** The part of the data key in this key's `enc`, found by `decrypt` unless it is known. */
  async part(key: MasterKey, decrypt: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const id = identityOf(key);
    const found = this.#parts.get(id) ?? this.#remember(id, decrypt());
    // A Buffer's own slice would share its bytes.
    return new Uint8Array(await found);
  }

  #remember(id: string, part: Promise<Uint8Array>): Promise<Uint8Array> {
    this.#parts.set(id, part);
    part.catch(() => this.#parts.delete(id));
    if (this.#parts.size > MAX_ENTRIES) {
      for (const oldest of this.#parts.keys()) {
        this.#parts.delete(oldest);
        break;
      }
    }
    return part;
  }
}

/** All that a service is asked with: the time of an entry is of no account. */
function identityOf({ type, fields }: MasterKey): string {
  const asked = [...fields].filter(([name]) => name !== "created_at").map(([name, value]) => [name, plain(value)]);
  return JSON.stringify([type, ...asked]);
}

function plain(value: string | ReadonlyMap<string, string>): unknown {
  return typeof value === "string" ? value : [...value];
}
