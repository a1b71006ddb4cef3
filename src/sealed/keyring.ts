import { primitives } from "#primitives";
import { concat } from "../bytes/concat.ts";
import { ClearText } from "../clear-text.ts";
import { SealedError } from "./errors.ts";
import { Gate } from "./gate.ts";
import { openBody, splitSealed } from "./hybrid.ts";
import { KeyLanes, type PrivateKeyWork } from "./key-lanes.ts";

/** A private key that may open sealed items, as `readPrivateKey` and its certificate give it. */
export interface UnsealingKey {
  /** `SHA256:…`. Public; what reports call the key. */
  readonly fingerprint: string;
  /** PrivateKeyInfo, DER. Secret. */
  readonly pkcs8: Uint8Array;
  readonly bits: number;
  /** Milliseconds since the epoch; the newest key is tried first. */
  readonly notBefore: number;
}

export interface KeyringOptions {
  /** How many private-key operations run at once, whatever their keys; default 2. */
  readonly parallel?: number;
  /** Who does the private-key operations of a key (`pkcs8`: PrivateKeyInfo, DER); default `parallel` of WebCrypto's threads. */
  readonly work?: (pkcs8: Uint8Array) => PrivateKeyWork;
}

export interface OpenOptions {
  /** Fingerprint of the key that opened this object last time: it is tried first. */
  readonly first?: string | undefined;
  /** Fingerprint of the one key to try. */
  readonly only?: string | undefined;
}

export interface OpenedItem {
  readonly clearText: ClearText;
  /** Fingerprint of the key that opened it. */
  readonly openedBy: string;
}

interface Entry extends UnsealingKey {
  readonly work: PrivateKeyWork;
}

/** How many fingerprints one message lists. */
const SHOWN = 10;
const DERIVED_BYTES = 32;
/** More keys than this never open one object. */
const DERIVED_FROM = 64;
const DERIVED_KEPT = 1_000;

/**
 * All keys of a controller or a recovery. A sealed item names no key, so keys are tried: the one that opened the object
 * last time, then the one that opened anything last, then from newest to oldest. Private-key work runs off the event loop.
 */
export class Keyring {
  readonly #gate: Gate;
  readonly #workOf: (pkcs8: Uint8Array) => PrivateKeyWork;
  #entries: readonly Entry[] = [];
  #recent: string | undefined;
  readonly #derived = new Map<string, Uint8Array>();

  constructor(keys: Iterable<UnsealingKey> = [], { parallel = 2, work }: KeyringOptions = {}) {
    this.#workOf = work ?? ((pkcs8) => new KeyLanes(pkcs8, parallel));
    this.#gate = new Gate(work === undefined ? parallel : Number.POSITIVE_INFINITY);
    this.replace(keys);
  }

  /** Fingerprints, newest first. */
  get fingerprints(): string[] {
    return this.#entries.map(({ fingerprint }) => fingerprint);
  }

  /** Takes another set of keys; keys that stay keep what was prepared for them. Of equal keys the first counts. */
  replace(keys: Iterable<UnsealingKey>): void {
    const before = new Map(this.#entries.map((entry) => [entry.fingerprint, entry]));
    const entries = new Map<string, Entry>();
    for (const key of keys) {
      if (entries.has(key.fingerprint)) continue;
      const work = before.get(key.fingerprint)?.work ?? this.#workOf(key.pkcs8);
      entries.set(key.fingerprint, { ...key, work });
    }
    for (const { fingerprint, work } of before.values()) if (!entries.has(fingerprint)) work.forget?.();
    this.#entries = [...entries.values()].sort((a, b) => b.notBefore - a.notBefore);
    this.#derived.clear();
  }

  /**
   * A symmetric key of 32 bytes that only who holds all of these private keys can derive (HKDF-SHA256), another for each
   * `purpose`. Undefined when one of them is not on the ring, or none is named.
   */
  deriveKey(fingerprints: readonly string[], purpose: string): Uint8Array | undefined {
    if (fingerprints.length === 0 || fingerprints.length > DERIVED_FROM) return undefined;
    const sorted = [...new Set(fingerprints)].sort();
    const name = [purpose, ...sorted].join("\0");
    const known = this.#derived.get(name);
    if (known !== undefined) return known;
    const keys = sorted.map((wanted) => this.#entries.find(({ fingerprint }) => fingerprint === wanted)?.pkcs8);
    if (!keys.every((key) => key !== undefined)) return undefined;
    if (this.#derived.size >= DERIVED_KEPT) this.#derived.clear();
    const derived = primitives.hkdfSha256(concat(...keys), new Uint8Array(0), purpose, DERIVED_BYTES);
    this.#derived.set(name, derived);
    return derived;
  }

  /** Fingerprints of the keys that an item of this size can have been sealed for, in the order in which they are tried. */
  fitting(sealed: Uint8Array): readonly string[] {
    const { wrappedKey } = splitSealed(sealed);
    return this.#inOrder(undefined)
      .filter(({ bits }) => isSizeOf(bits, wrappedKey))
      .map(({ fingerprint }) => fingerprint);
  }

  /**
   * Opens one sealed item.
   *
   * @throws {SealedError} `SEALED_TRUNCATED`; `SEALED_NO_KEY_FITS`, which says which keys were tried and nothing about
   *   why they failed.
   */
  async open(sealed: Uint8Array, label: Uint8Array, { first, only }: OpenOptions = {}): Promise<OpenedItem> {
    const { wrappedKey, body } = splitSealed(sealed);
    const tried: string[] = [];
    const unusable: string[] = [];
    for (const { fingerprint, bits, work } of this.#inOrder(first)) {
      if (!isSizeOf(bits, wrappedKey) || (only !== undefined && only !== fingerprint)) continue;
      const sessionKey = await this.#gate.run(() => work.decrypt(wrappedKey, label));
      if (sessionKey === "unusable") {
        unusable.push(fingerprint);
        continue;
      }
      tried.push(fingerprint);
      const plain = sessionKey === undefined ? undefined : openBody(sessionKey, body);
      sessionKey?.fill(0);
      if (plain === undefined) continue;
      this.#recent = fingerprint;
      return { clearText: new ClearText(plain), openedBy: fingerprint };
    }
    throw noKeyFits({ tried, unusable, keys: this.#entries.length, bits: wrappedKey.length * 8 });
  }

  #inOrder(first: string | undefined): Entry[] {
    const rank = ({ fingerprint }: Entry) => (fingerprint === first ? 0 : fingerprint === this.#recent ? 1 : 2);
    return [...this.#entries].sort((a, b) => rank(a) - rank(b));
  }
}

/** An RSA ciphertext is as long as its modulus: a key of another length cannot be the one. */
function isSizeOf(bits: number, wrappedKey: Uint8Array): boolean {
  return Math.ceil(bits / 8) === wrappedKey.length;
}

interface Trial {
  readonly tried: readonly string[];
  readonly unusable: readonly string[];
  readonly keys: number;
  /** Size of the key that the item was sealed for. */
  readonly bits: number;
}

function noKeyFits({ tried, unusable, keys, bits }: Trial): SealedError {
  const details = [tried.length === 0 ? "no key was tried" : `tried: ${listed(tried)}`];
  if (unusable.length > 0) details.push(`not valid as keys: ${listed(unusable)}`);
  const others = keys - tried.length - unusable.length;
  if (others > 0) details.push(`not tried: ${others} of another size than the item's ${bits} bits`);
  return new SealedError("SEALED_NO_KEY_FITS", "Cannot open sealed item: no key opens it for this name and scope", {
    original: "no key could decrypt secret",
    details,
    tried,
    hints: [
      "it was sealed for another cluster, another name or namespace, or another scope; seal the value again",
      "or give the key that it was sealed for",
    ],
  });
}

function listed(fingerprints: readonly string[]): string {
  const more = fingerprints.length - SHOWN;
  return more > 0 ? `${fingerprints.slice(0, SHOWN).join(", ")} and ${more} more` : fingerprints.join(", ");
}
