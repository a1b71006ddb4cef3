import { primitives } from "#primitives";
import { decodeBase64Unpadded, encodeBase64Unpadded } from "../bytes/base64.ts";
import { decodeBech32, encodeBech32 } from "../bytes/bech32.ts";
import { concat } from "../bytes/concat.ts";
import { AgeError, headerError } from "./errors.ts";
import { FILE_KEY_BYTES, type Identity, type Recipient } from "./recipient.ts";
import type { Stanza } from "./stanza.ts";

const TYPE = "X25519";
const INFO = "age-encryption.org/v1/X25519";
const POINT_BYTES = 32;
const BODY_BYTES = FILE_KEY_BYTES + 16;
const RECIPIENT_PREFIX = "age";
const IDENTITY_PREFIX = "age-secret-key-";
/** The wrapping key is used once, so its nonce can stay zero. */
const ZERO_NONCE = new Uint8Array(12);

/** A new secret key, `AGE-SECRET-KEY-1…`. */
export function generateX25519Identity(): string {
  return encodeBech32(IDENTITY_PREFIX, primitives.randomBytes(POINT_BYTES)).toUpperCase();
}

/**
 * The recipient `age1…` over a Curve25519 point.
 *
 * @throws {AgeError} `AGE_RECIPIENT_MALFORMED`
 */
export function x25519Recipient(text: string): Recipient {
  const decoded = decodeBech32(text);
  const problem = "problem" in decoded ? decoded.problem : problemOf(decoded, RECIPIENT_PREFIX);
  if ("problem" in decoded || problem !== undefined) {
    throw new AgeError("AGE_RECIPIENT_MALFORMED", "Cannot read age recipient: it is malformed", {
      original: `malformed recipient "${text}": ${problem}`,
      details: [`${problem}`],
      hints: ["copy it again; a recipient is one word that starts with age1"],
    });
  }
  const point = decoded.data;
  return {
    name: text,
    wrap: async (fileKey) => ({ stanzas: [await wrapFor(point, fileKey)], labels: [] }),
  };
}

/**
 * The identity `AGE-SECRET-KEY-1…`.
 *
 * @throws {AgeError} `AGE_IDENTITY_MALFORMED`, without the text.
 */
export function x25519Identity(text: string): Identity {
  const decoded = decodeBech32(text);
  const problem = "problem" in decoded ? decoded.problem : problemOf(decoded, IDENTITY_PREFIX);
  if ("problem" in decoded || problem !== undefined) {
    throw new AgeError("AGE_IDENTITY_MALFORMED", "Cannot read age identity: it is malformed", {
      original: `malformed secret key: ${problem}`,
      details: [`${problem}`],
    });
  }
  const scalar = decoded.data;
  const point = primitives.x25519Base(scalar);
  return {
    name: encodeBech32(RECIPIENT_PREFIX, point),
    unwrap: (stanzas) => unwrapWith(scalar, point, stanzas),
  };
}

function problemOf({ prefix, data }: { prefix: string; data: Uint8Array }, wanted: string): string | undefined {
  if (prefix !== wanted) return "unknown type";
  return data.length === POINT_BYTES ? undefined : `wrong length: ${data.length} bytes instead of ${POINT_BYTES}`;
}

/** Ephemeral-static Diffie-Hellman; the derived key wraps the file key. Source: C2SP age, "X25519 recipient stanza". */
async function wrapFor(point: Uint8Array, fileKey: Uint8Array): Promise<Stanza> {
  const ephemeral = primitives.randomBytes(POINT_BYTES);
  const share = primitives.x25519Base(ephemeral);
  const shared = await primitives.x25519(ephemeral, point);
  if (shared === undefined) {
    throw new AgeError("AGE_RECIPIENT_MALFORMED", "Cannot encrypt to age recipient: its key is a point of low order", {
      original: "failed to wrap key for recipient #0: crypto/ecdh: bad X25519 remote ECDH input: low order point",
    });
  }
  const key = wrappingKey(shared, share, point);
  ephemeral.fill(0);
  return {
    type: TYPE,
    args: [encodeBase64Unpadded(share)],
    body: primitives.chacha20Poly1305Seal(key, ZERO_NONCE, fileKey),
  };
}

async function unwrapWith(
  scalar: Uint8Array,
  point: Uint8Array,
  stanzas: readonly Stanza[],
): Promise<Uint8Array | undefined> {
  // All stanzas are checked before one is used: a malformed one condemns the file, wherever it stands.
  const own = stanzas.filter(({ type }) => type === TYPE).map((stanza) => ({ share: shareOf(stanza), stanza }));
  for (const { share, stanza } of own) {
    const shared = await primitives.x25519(scalar, share);
    if (shared === undefined) {
      throw headerError("crypto/ecdh: bad X25519 remote ECDH input: low order point", "invalid X25519 recipient: ");
    }
    const fileKey = primitives.chacha20Poly1305Open(wrappingKey(shared, share, point), ZERO_NONCE, stanza.body);
    if (fileKey !== undefined) return fileKey;
  }
  return undefined;
}

function shareOf({ args, body }: Stanza): Uint8Array {
  const [text] = args;
  if (text === undefined || args.length !== 1) throw headerError("invalid X25519 recipient block", "");
  const decoded = decodeBase64Unpadded(text);
  if (decoded.bytes === undefined) {
    throw headerError(`illegal base64 data at input byte ${decoded.illegalAt}`, "failed to parse X25519 recipient: ");
  }
  if (decoded.bytes.length !== POINT_BYTES) throw headerError("invalid X25519 recipient block", "");
  // The length is checked before decrypting: a longer body could be opened by two keys (partitioning oracle).
  if (body.length !== BODY_BYTES) throw headerError("incorrect file key size", "invalid X25519 recipient block: ");
  return decoded.bytes;
}

function wrappingKey(shared: Uint8Array, share: Uint8Array, point: Uint8Array): Uint8Array {
  return primitives.hkdfSha256(shared, concat(share, point), INFO, 32);
}
