import { equalBytes } from "../../bytes/equal.ts";
import { AgeError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import type { Identity } from "../recipient.ts";
import { scalarOfSeed, unwrapEd25519 } from "./ed25519.ts";
import { type LockedSshSecret, parsePrivatePart, type SshSecret } from "./openssh-key.ts";
import { decryptPrivatePart, obstacleTo } from "./passphrase.ts";
import { decryptLockedPem, type LockedPem } from "./pem-passphrase.ts";
import { parsePkcs1, parseSshPrivateKey } from "./private-key.ts";
import { formatSshPublicKey, parseAuthorizedKey, type SshPublicKey } from "./public-key.ts";
import { unwrapRsa } from "./rsa.ts";

export interface SshIdentityOptions {
  /** The line of the `.pub` file, for a key that is encrypted as a whole: see `hidesPublicKey`. */
  readonly publicKey?: string | undefined;
}

/** Whether a private key does not say which public key belongs to it: RSA keys that old OpenSSL encrypted. */
export function hidesPublicKey(pem: string): boolean {
  return pem.length <= LIMITS.sshKeyBytes && "lockedPem" in parseSshPrivateKey(pem);
}

/**
 * The identity behind a private key of SSH: `OPENSSH PRIVATE KEY`, `RSA PRIVATE KEY` or `PRIVATE KEY` in PEM. `passphrase`
 * is called when a file turns out to be for a key that has one.
 *
 * @throws {AgeError} `AGE_IDENTITY_MALFORMED`, `AGE_IDENTITY_UNSUPPORTED`, `AGE_IDENTITY_LOCKED`; never with the text.
 */
export function sshIdentity(
  pem: string,
  passphrase?: () => Promise<string>,
  options: SshIdentityOptions = {},
): Identity {
  if (pem.length > LIMITS.sshKeyBytes) throw malformed("file too long");
  const key = parseSshPrivateKey(pem);
  if ("problem" in key) throw malformed(key.problem);
  if ("unsupported" in key) throw unsupported(key.unsupported);
  if ("lockedPem" in key) return hiddenIdentity(key.lockedPem, passphrase, options.publicKey);
  const { publicKey, secret } = key;
  const open = isLocked(secret) ? unlocking(publicKey, secret, passphrase) : async () => secret;
  return {
    name: formatSshPublicKey(publicKey),
    needsSomebody: isLocked(secret),
    unwrap: (stanzas) =>
      publicKey.type === "ssh-rsa"
        ? unwrapRsa(publicKey, open, stanzas)
        : unwrapEd25519(publicKey, async () => scalarOfSeed(await open()), stanzas),
  };
}

function hiddenIdentity(
  locked: LockedPem,
  ask: (() => Promise<string>) | undefined,
  publicLine: string | undefined,
): Identity {
  if (ask === undefined) throw nobodyToAsk();
  const publicKey = publicLine === undefined ? undefined : parseAuthorizedKey(publicLine);
  if (publicKey === undefined || !("type" in publicKey) || publicKey.type !== "ssh-rsa") {
    throw new AgeError("AGE_IDENTITY_LOCKED", "Cannot use SSH identity: its public key is not beside it", {
      original: "the SSH key is encrypted, and its public key file cannot be read",
      hints: ["put the .pub file beside it, or write the key in today's form: ssh-keygen -p -f KEY"],
    });
  }
  let opened: Promise<SshSecret> | undefined;
  const open = () => {
    opened ??= unlockPem(locked, publicKey, ask);
    return opened;
  };
  return {
    name: formatSshPublicKey(publicKey),
    needsSomebody: true,
    unwrap: (stanzas) => unwrapRsa(publicKey, open, stanzas),
  };
}

async function unlockPem(locked: LockedPem, key: SshPublicKey, ask: () => Promise<string>): Promise<SshSecret> {
  const clear = await decryptLockedPem(locked, await ask());
  const found = clear === undefined ? undefined : parsePkcs1(clear);
  if (found === undefined || !("secret" in found) || isLocked(found.secret)) {
    throw wrongPassphrase("x509: decryption password incorrect");
  }
  if (equalBytes(found.publicKey.wire, key.wire)) return found.secret;
  throw malformed("mismatched private and public SSH key");
}

function isLocked(secret: SshSecret | LockedSshSecret): secret is LockedSshSecret {
  return "cipher" in secret;
}

function unlocking(key: SshPublicKey, locked: LockedSshSecret, ask: (() => Promise<string>) | undefined) {
  const obstacle = obstacleTo(locked);
  if (obstacle !== undefined) throw unsupported(`SSH key with a passphrase: ${obstacle}`);
  if (ask === undefined) throw nobodyToAsk();
  let opened: Promise<SshSecret> | undefined;
  return () => {
    opened ??= unlock(key, locked, ask);
    return opened;
  };
}

async function unlock(key: SshPublicKey, locked: LockedSshSecret, ask: () => Promise<string>): Promise<SshSecret> {
  const passphrase = await ask();
  if (passphrase === "") throw wrongPassphrase("bcrypt_pbkdf: empty password");
  const secret = parsePrivatePart(key, await decryptPrivatePart(locked, passphrase));
  if (secret === undefined) throw wrongPassphrase("x509: decryption password incorrect");
  return secret;
}

function nobodyToAsk(): AgeError {
  return new AgeError("AGE_IDENTITY_LOCKED", "Cannot use SSH identity: it has a passphrase", {
    original: "the SSH key has a passphrase, which cannot be asked for here",
    hints: ["store a copy of the key without passphrase where it is safe: ssh-keygen -p -f COPY"],
  });
}

function wrongPassphrase(reason: string): AgeError {
  return new AgeError("AGE_WRONG_PASSPHRASE", "Cannot use SSH identity: the passphrase is not the right one", {
    original: `failed to decrypt SSH key file: ${reason}`,
  });
}

function malformed(reason: string): AgeError {
  return new AgeError("AGE_IDENTITY_MALFORMED", "Cannot read SSH identity: it is malformed", {
    original: reason,
    details: [reason],
  });
}

function unsupported(kind: string): AgeError {
  return new AgeError("AGE_IDENTITY_UNSUPPORTED", "Cannot use SSH identity: keys of this kind cannot decrypt", {
    original: `unsupported SSH identity type: ${kind}`,
    details: [kind],
    hints: ["keys of type ssh-ed25519 and ssh-rsa can be used; ssh-keygen -p -f KEY writes one in today's form"],
  });
}
