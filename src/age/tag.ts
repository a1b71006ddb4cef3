import { primitives } from "#primitives";
import { encodeBase64Unpadded } from "../bytes/base64.ts";
import { decodeBech32 } from "../bytes/bech32.ts";
import { concat } from "../bytes/concat.ts";
import { encodeUtf8 } from "../bytes/utf8.ts";
import { AgeError } from "./errors.ts";
import { dhkemSecret, hpkeSeal, KEM } from "./hpke.ts";
import { isMlKemPublicKey } from "./ml-kem-key.ts";
import { POST_QUANTUM, type Recipient, type Wrapped } from "./recipient.ts";

/**
 * Recipients whose secret key is in a device, which finds its stanza by a tag: `age1tag1…` (P-256) and `age1tagpq1…`
 * (ML-KEM-768 and P-256 together). They can be encrypted to; to decrypt needs the device and its plugin.
 */

const P256_INFO = "age-encryption.org/p256tag";
const HYBRID_INFO = "age-encryption.org/mlkem768p256tag";
const P256_BYTES = 33;
const HYBRID_BYTES = 1249;
/** Where the point begins in a hybrid key. */
const POINT_AT = 1184;

/** @throws {AgeError} `AGE_RECIPIENT_MALFORMED` */
export function tagRecipient(text: string): Recipient {
  const point = bytesOf(text, "age1tag", P256_BYTES);
  return { name: text, wrap: (fileKey) => validKey(text, () => wrapForP256(point, fileKey)) };
}

/** @throws {AgeError} `AGE_RECIPIENT_MALFORMED` */
export function hybridTagRecipient(text: string): Recipient {
  const publicKey = bytesOf(text, "age1tagpq", HYBRID_BYTES);
  if (!isMlKemPublicKey(publicKey)) throw malformed(text, "it is no public key");
  return { name: text, wrap: (fileKey) => validKey(text, () => wrapForHybrid(publicKey, fileKey)) };
}

/** Source: C2SP age, "p256tag recipient stanza"; RFC 9180 §4.1. */
async function wrapForP256(compressed: Uint8Array, fileKey: Uint8Array): Promise<Wrapped> {
  const { p256 } = await import("@noble/curves/nist.js");
  const point = p256.Point.fromBytes(compressed).toBytes(false);
  const ephemeral = p256.utils.randomSecretKey();
  const share = p256.getPublicKey(ephemeral, false);
  const dh = p256.getSharedSecret(ephemeral, point, true).subarray(1);
  ephemeral.fill(0);
  const secret = dhkemSecret(KEM.p256, dh, concat(share, point));
  const args = [tagOf(P256_INFO, share, compressed), encodeBase64Unpadded(share)];
  return { stanzas: [{ type: "p256tag", args, body: hpkeSeal(KEM.p256, secret, P256_INFO, fileKey) }], labels: [] };
}

/** Source: C2SP age, "mlkem768p256tag recipient stanza". */
async function wrapForHybrid(publicKey: Uint8Array, fileKey: Uint8Array): Promise<Wrapped> {
  const { MLKEM768P256 } = await import("@noble/post-quantum/hybrid.js");
  const { cipherText, sharedSecret } = MLKEM768P256.encapsulate(publicKey);
  const args = [tagOf(HYBRID_INFO, cipherText, publicKey.subarray(POINT_AT)), encodeBase64Unpadded(cipherText)];
  const body = hpkeSeal(KEM.mlkem768P256, sharedSecret, HYBRID_INFO, fileKey);
  sharedSecret.fill(0);
  return { stanzas: [{ type: "mlkem768p256tag", args, body }], labels: [POST_QUANTUM] };
}

/** Four bytes by which the device finds its stanza, and nobody else: they differ in every file. */
function tagOf(info: string, share: Uint8Array, point: Uint8Array): string {
  const hash = primitives.sha256(point).subarray(0, 4);
  return encodeBase64Unpadded(primitives.hmacSha256(encodeUtf8(info), share, hash).subarray(0, 4));
}

function bytesOf(text: string, prefix: string, bytes: number): Uint8Array {
  const decoded = decodeBech32(text);
  if ("problem" in decoded) throw malformed(text, `invalid recipient encoding: ${decoded.problem}`);
  if (decoded.prefix !== prefix) throw malformed(text, "unknown type");
  if (decoded.data.length === bytes) return decoded.data;
  throw malformed(text, `wrong length: ${decoded.data.length} bytes instead of ${bytes}`);
}

/** The curve and the lattice are asked only when a file is made: to load them takes time. */
async function validKey(text: string, wrap: () => Promise<Wrapped>): Promise<Wrapped> {
  try {
    return await wrap();
  } catch {
    throw malformed(text, "it is no public key");
  }
}

function malformed(text: string, problem: string): AgeError {
  return new AgeError("AGE_RECIPIENT_MALFORMED", "Cannot read tagged recipient: it is malformed", {
    original: `malformed recipient "${text}": ${problem}`,
    details: [problem],
    hints: ["copy it again; a tagged recipient is one word that starts with age1tag1 or age1tagpq1"],
  });
}
