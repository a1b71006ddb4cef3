import type { Key, PrivateKey } from "openpgp";
import type { PgpKeyName } from "./fingerprint.ts";
import type { OpenPgp } from "./openpgp-package.ts";

/** Keys in one text or ring, far beyond what people export. */
const MAX_KEYS = 10_000;
const MAX_BLOCKS = 100;

/** Why a text or ring holds no key that can be used: one clause, never a part of it. */
export class UnreadableKeys extends Error {
  override readonly name = "UnreadableKeys";
}

/** Keys in memory: what can encrypt, and what of it can decrypt. */
export class OpenPgpKeys {
  readonly #keys: readonly Key[];

  private constructor(keys: readonly Key[]) {
    this.#keys = keys;
  }

  /**
   * The keys of armored texts, each with any number of blocks, and of binary rings as `gpg --export` and
   * `gpg --export-secret-keys` write them.
   *
   * @throws {UnreadableKeys}
   */
  static async read(openpgp: OpenPgp, sources: readonly (string | Uint8Array)[]): Promise<OpenPgpKeys> {
    const keys: Key[] = [];
    for (const source of sources) {
      for (const block of blocksOf(source)) keys.push(...(await readBlock(openpgp, block)));
      if (keys.length > MAX_KEYS) throw new UnreadableKeys(`more than ${MAX_KEYS} keys`);
    }
    return new OpenPgpKeys(keys);
  }

  /** Fingerprints of the main keys, in upper case as gpg shows them. */
  get fingerprints(): readonly string[] {
    return this.#keys.map((key) => key.getFingerprint().toUpperCase());
  }

  get privateKeys(): readonly PrivateKey[] {
    return this.#keys.filter((key): key is PrivateKey => key.isPrivate());
  }

  /** The key that a fingerprint or key ID names, by itself or by one of its subkeys. */
  find({ hex }: PgpKeyName): Key | undefined {
    return this.#keys.find((key) => key.getKeys().some((one) => isNamed(one.getFingerprint(), hex)));
  }
}

/** Whether a fingerprint is the one that is meant: whole, or by its last 16 digits. */
export function isNamed(fingerprint: string, hex: string): boolean {
  return hex.length === 16 ? fingerprint.endsWith(hex) : fingerprint === hex;
}

function blocksOf(source: string | Uint8Array): readonly (string | Uint8Array)[] {
  if (typeof source !== "string") {
    if (source.length === 0) return [];
    const text = Buffer.from(source.subarray(0, 1024)).toString("latin1");
    return text.includes("-----BEGIN PGP") ? blocksOf(Buffer.from(source).toString("utf8")) : [source];
  }
  // Of each beginning the whole text is searched for an end.
  if (source.split("-----BEGIN PGP ", MAX_BLOCKS + 2).length > MAX_BLOCKS + 1) {
    throw new UnreadableKeys(`more than ${MAX_BLOCKS} blocks`);
  }
  const blocks = source.match(/-----BEGIN PGP (PUBLIC|PRIVATE) KEY BLOCK-----[\s\S]*?-----END PGP \1 KEY BLOCK-----/g);
  if (blocks === null) throw new UnreadableKeys("there is no PGP KEY BLOCK in it");
  return blocks;
}

async function readBlock(openpgp: OpenPgp, block: string | Uint8Array): Promise<readonly Key[]> {
  const isPrivate = typeof block === "string" && block.startsWith("-----BEGIN PGP PRIVATE");
  try {
    if (typeof block !== "string") return await openpgp.readKeys({ binaryKeys: block });
    return isPrivate
      ? await openpgp.readPrivateKeys({ armoredKeys: block })
      : await openpgp.readKeys({ armoredKeys: block });
  } catch {
    throw new UnreadableKeys("a key block is damaged, or of a kind that is not known");
  }
}
