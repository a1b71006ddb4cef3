import { primitives } from "#primitives";
import { decodeBase64Unpadded, encodeBase64Unpadded } from "../../bytes/base64.ts";
import { concat } from "../../bytes/concat.ts";
import { AgeError, headerError } from "../errors.ts";
import { FILE_KEY_BYTES } from "../recipient.ts";
import type { Stanza } from "../stanza.ts";
import { type Ed25519PublicKey, sshTag } from "./public-key.ts";

const TYPE = "ssh-ed25519";
const INFO = "age-encryption.org/v1/ssh-ed25519";
const POINT_BYTES = 32;
const BODY_BYTES = FILE_KEY_BYTES + 16;
const ZERO_NONCE = new Uint8Array(12);

/** Diffie-Hellman as for X25519, tied to the key in its SSH form. Source: C2SP age, "ssh-ed25519 recipient stanza". */
export async function wrapForEd25519(key: Ed25519PublicKey, fileKey: Uint8Array): Promise<Stanza> {
  const ephemeral = primitives.randomBytes(POINT_BYTES);
  const share = primitives.x25519Base(ephemeral);
  const shared = await tweaked(key, await primitives.x25519(ephemeral, key.point));
  ephemeral.fill(0);
  if (shared === undefined) {
    throw new AgeError("AGE_RECIPIENT_MALFORMED", "Cannot encrypt to SSH recipient: its key is a point of low order", {
      original: "failed to wrap key for recipient #0: crypto/ecdh: bad X25519 remote ECDH input: low order point",
    });
  }
  const body = primitives.chacha20Poly1305Seal(wrappingKey(key, shared, share), ZERO_NONCE, fileKey);
  return { type: TYPE, args: [sshTag(key), encodeBase64Unpadded(share)], body };
}

/** The file key out of the stanza for `key`; `scalar` gives its secret half, and only when a stanza bears its tag. */
export async function unwrapEd25519(
  key: Ed25519PublicKey,
  scalar: () => Promise<Uint8Array>,
  stanzas: readonly Stanza[],
): Promise<Uint8Array | undefined> {
  const own = stanzas.filter(({ type }) => type === TYPE).map((stanza) => ({ stanza, share: shareOf(stanza) }));
  for (const { stanza, share } of own) {
    if (stanza.args[0] !== sshTag(key)) continue;
    const shared = await tweaked(key, await primitives.x25519(await scalar(), share));
    if (shared === undefined) {
      throw headerError("crypto/ecdh: bad X25519 remote ECDH input: low order point", "invalid X25519 recipient: ");
    }
    if (stanza.body.length !== BODY_BYTES) {
      throw headerError("incorrect file key size", "invalid ssh-ed25519 recipient block: ");
    }
    // Another key may have the same tag: what does not open is not for this one.
    const fileKey = primitives.chacha20Poly1305Open(wrappingKey(key, shared, share), ZERO_NONCE, stanza.body);
    if (fileKey !== undefined) return fileKey;
  }
  return undefined;
}

/** The scalar that goes with a signing key's 32-byte seed. Clamping is X25519's own. */
export function scalarOfSeed(seed: Uint8Array): Uint8Array {
  return primitives.sha512(seed).slice(0, POINT_BYTES);
}

function shareOf({ args }: Stanza): Uint8Array {
  const [, text] = args;
  if (text === undefined || args.length !== 2) throw headerError("invalid ssh-ed25519 recipient block", "");
  const { bytes, illegalAt } = decodeBase64Unpadded(text);
  if (bytes === undefined) {
    throw headerError(`illegal base64 data at input byte ${illegalAt}`, "failed to parse ssh-ed25519 recipient: ");
  }
  if (bytes.length !== POINT_BYTES) throw headerError("invalid ssh-ed25519 recipient block", "");
  return bytes;
}

async function tweaked({ wire }: Ed25519PublicKey, shared: Uint8Array | undefined): Promise<Uint8Array | undefined> {
  if (shared === undefined) return undefined;
  return await primitives.x25519(primitives.hkdfSha256(new Uint8Array(0), wire, INFO, 32), shared);
}

function wrappingKey({ point }: Ed25519PublicKey, shared: Uint8Array, share: Uint8Array): Uint8Array {
  return primitives.hkdfSha256(shared, concat(share, point), INFO, 32);
}
