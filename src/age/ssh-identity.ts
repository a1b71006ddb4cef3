import { AgeError } from "./errors.ts";
import { LIMITS } from "./limits.ts";
import { type LockedSshSecret, parsePrivatePart, type SshSecret } from "./openssh-key.ts";
import type { Identity } from "./recipient.ts";
import { scalarOfSeed, unwrapEd25519 } from "./ssh-ed25519.ts";
import { decryptPrivatePart, obstacleTo } from "./ssh-passphrase.ts";
import { parseSshPrivateKey } from "./ssh-private-key.ts";
import { formatSshPublicKey, type SshPublicKey } from "./ssh-public-key.ts";
import { unwrapRsa } from "./ssh-rsa.ts";

/**
 * The identity behind a private key of SSH: `OPENSSH PRIVATE KEY`, `RSA PRIVATE KEY` or `PRIVATE KEY` in PEM. `passphrase`
 * is called when a file turns out to be for a key that has one.
 *
 * @throws {AgeError} `AGE_IDENTITY_MALFORMED`, `AGE_IDENTITY_UNSUPPORTED`, `AGE_IDENTITY_LOCKED`; never with the text.
 */
export function sshIdentity(pem: string, passphrase?: () => Promise<string>): Identity {
  if (pem.length > LIMITS.sshKeyBytes) throw malformed("file too long");
  const key = parseSshPrivateKey(pem);
  if ("problem" in key) throw malformed(key.problem);
  if ("unsupported" in key) throw unsupported(key.unsupported);
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

function isLocked(secret: SshSecret | LockedSshSecret): secret is LockedSshSecret {
  return "cipher" in secret;
}

function unlocking(key: SshPublicKey, locked: LockedSshSecret, ask: (() => Promise<string>) | undefined) {
  const obstacle = obstacleTo(locked);
  if (obstacle !== undefined) throw unsupported(`SSH key with a passphrase: ${obstacle}`);
  if (ask === undefined) {
    throw new AgeError("AGE_IDENTITY_LOCKED", "Cannot use SSH identity: it has a passphrase", {
      original: "the SSH key has a passphrase, which cannot be asked for here",
      hints: ["store a copy of the key without passphrase where it is safe: ssh-keygen -p -f COPY"],
    });
  }
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
