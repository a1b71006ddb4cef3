import { primitives } from "#primitives";
import { decodeBase64Unpadded, encodeBase64Unpadded } from "../bytes/base64.ts";
import { decodeBech32, encodeBech32 } from "../bytes/bech32.ts";
import { AgeError, headerError } from "./errors.ts";
import { hpkeOpen, hpkeSeal, KEM } from "./hpke.ts";
import { isMlKemPublicKey } from "./ml-kem-key.ts";
import { FILE_KEY_BYTES, type Identity, POST_QUANTUM, type Recipient } from "./recipient.ts";
import type { Stanza } from "./stanza.ts";

/** Recipients that stay safe when quantum computers break X25519: ML-KEM-768 and X25519 together (X-Wing). */

const TYPE = "mlkem768x25519";
const INFO = "age-encryption.org/mlkem768x25519";
const RECIPIENT_PREFIX = "age1pq";
const IDENTITY_PREFIX = "age-secret-key-pq-";
const PUBLIC_KEY_BYTES = 1216;
const SEED_BYTES = 32;
const ENCAPSULATED_BYTES = 1120;
const BODY_BYTES = FILE_KEY_BYTES + 16;

/** A new secret key, `AGE-SECRET-KEY-PQ-1…`. */
export function generateHybridIdentity(): string {
  return encodeBech32(IDENTITY_PREFIX, primitives.randomBytes(SEED_BYTES)).toUpperCase();
}

/**
 * The recipient `age1pq1…`.
 *
 * @throws {AgeError} `AGE_RECIPIENT_MALFORMED`
 */
export function hybridRecipient(text: string): Recipient {
  const decoded = decodeBech32(text);
  const problem = "problem" in decoded ? decoded.problem : problemOf(decoded, RECIPIENT_PREFIX, PUBLIC_KEY_BYTES);
  if ("problem" in decoded || problem !== undefined) {
    throw malformed(text, `${problem}`);
  }
  const publicKey = decoded.data;
  if (!isMlKemPublicKey(publicKey)) throw malformed(text, "invalid public key");
  return {
    name: text,
    wrap: async (fileKey) => ({ stanzas: [await wrapFor(publicKey, fileKey)], labels: [POST_QUANTUM] }),
  };
}

/**
 * The identity `AGE-SECRET-KEY-PQ-1…`.
 *
 * @throws {AgeError} `AGE_IDENTITY_MALFORMED`, without the text.
 */
export function hybridIdentity(text: string): Identity {
  const decoded = decodeBech32(text);
  const problem = "problem" in decoded ? decoded.problem : problemOf(decoded, IDENTITY_PREFIX, SEED_BYTES);
  if ("problem" in decoded || problem !== undefined) {
    throw new AgeError("AGE_IDENTITY_MALFORMED", "Cannot read post-quantum identity: it is malformed", {
      original: `malformed secret key: ${problem}`,
      details: [`${problem}`],
    });
  }
  const seed = decoded.data;
  return {
    name: "a post-quantum identity",
    async recipient() {
      const { MLKEM768X25519 } = await import("@noble/post-quantum/hybrid.js");
      return encodeBech32(RECIPIENT_PREFIX, MLKEM768X25519.getPublicKey(seed));
    },
    unwrap: (stanzas) => unwrapWith(seed, stanzas),
  };
}

function malformed(text: string, problem: string): AgeError {
  return new AgeError("AGE_RECIPIENT_MALFORMED", "Cannot read post-quantum recipient: it is malformed", {
    original: `malformed recipient "${text}": ${problem}`,
    details: [problem],
    hints: ["copy it again; it is one word of 1,959 characters that starts with age1pq1"],
  });
}

function problemOf(
  { prefix, data }: { prefix: string; data: Uint8Array },
  wanted: string,
  bytes: number,
): string | undefined {
  if (prefix !== wanted) return "unknown type";
  return data.length === bytes ? undefined : `wrong length: ${data.length} bytes instead of ${bytes}`;
}

/** Source: C2SP age, "mlkem768x25519 recipient stanza". */
async function wrapFor(publicKey: Uint8Array, fileKey: Uint8Array): Promise<Stanza> {
  const { MLKEM768X25519 } = await import("@noble/post-quantum/hybrid.js");
  let encapsulated: { cipherText: Uint8Array; sharedSecret: Uint8Array };
  try {
    encapsulated = MLKEM768X25519.encapsulate(publicKey);
  } catch {
    throw new AgeError("AGE_RECIPIENT_MALFORMED", "Cannot encrypt to post-quantum recipient: it is no public key", {
      original: "failed to wrap key for recipient #0: invalid public key",
    });
  }
  const { cipherText, sharedSecret } = encapsulated;
  const body = hpkeSeal(KEM.mlkem768X25519, sharedSecret, INFO, fileKey);
  sharedSecret.fill(0);
  return { type: TYPE, args: [encodeBase64Unpadded(cipherText)], body };
}

async function unwrapWith(seed: Uint8Array, stanzas: readonly Stanza[]): Promise<Uint8Array | undefined> {
  const own = stanzas.filter(({ type }) => type === TYPE).map((stanza) => ({ stanza, share: shareOf(stanza) }));
  if (own.length === 0) return undefined;
  const { MLKEM768X25519 } = await import("@noble/post-quantum/hybrid.js");
  for (const { stanza, share } of own) {
    let sharedSecret: Uint8Array;
    try {
      sharedSecret = MLKEM768X25519.decapsulate(share, seed);
    } catch {
      // Its length is right, so what is refused is a point of low order; all else gives a secret that opens nothing.
      throw headerError("crypto/ecdh: bad X25519 remote ECDH input: low order point", `invalid ${TYPE} recipient: `);
    }
    const fileKey = hpkeOpen(KEM.mlkem768X25519, sharedSecret, INFO, stanza.body);
    sharedSecret.fill(0);
    if (fileKey !== undefined) return fileKey;
  }
  return undefined;
}

function shareOf({ args, body }: Stanza): Uint8Array {
  const [text] = args;
  if (text === undefined || args.length !== 1) throw headerError(`invalid ${TYPE} recipient block`, "");
  const { bytes, illegalAt } = decodeBase64Unpadded(text);
  if (bytes === undefined) {
    throw headerError(`illegal base64 data at input byte ${illegalAt}`, `failed to parse ${TYPE} recipient: `);
  }
  if (bytes.length !== ENCAPSULATED_BYTES)
    throw headerError("invalid encapsulated key size", `invalid ${TYPE} recipient: `);
  if (body.length !== BODY_BYTES) throw headerError("encrypted value has unexpected length", "");
  return bytes;
}
