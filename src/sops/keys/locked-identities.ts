import {
  AgeError,
  decryptBytes,
  type Identity,
  type Plugins,
  parseIdentitiesFile,
  passphraseIdentity,
} from "../../age/index.ts";

/** Whether it is an age file, as text or not, and so an identity file behind a passphrase. */
export function isLockedIdentityFile(file: Uint8Array): boolean {
  return /^(age-encryption|-----BEGIN AGE)/.test(Buffer.from(file.subarray(0, 20)).toString("latin1"));
}

/**
 * The identities in an identity file behind a passphrase, which is asked for when a file is to be decrypted that nothing
 * else opens, and once. Its `unwrap` throws `AgeError` when there is no passphrase or it is not the right one.
 */
export function lockedIdentities(
  file: Uint8Array,
  where: string,
  ask: () => Promise<string>,
  plugins: Plugins | undefined,
): Identity {
  let opened: Promise<readonly Identity[]> | undefined;
  return {
    name: "behind a passphrase",
    needsSomebody: true,
    async unwrap(stanzas) {
      opened ??= open(file, where, ask, plugins);
      for (const identity of await opened) {
        const fileKey = await identity.unwrap(stanzas);
        if (fileKey !== undefined) return fileKey;
      }
      return undefined;
    },
  };
}

async function open(
  file: Uint8Array,
  where: string,
  ask: () => Promise<string>,
  plugins: Plugins | undefined,
): Promise<readonly Identity[]> {
  const asking: Identity = {
    name: "passphrase",
    unwrap: async (stanzas) => passphraseIdentity(await ask()).unwrap(stanzas),
  };
  try {
    const clear = await decryptBytes(file, [asking]);
    // Behind a passphrase the original takes no SSH keys. What is no text becomes a line that is no identity.
    return parseIdentitiesFile(Buffer.from(clear.reveal()).toString(), { plugins });
  } catch (error) {
    if (!(error instanceof AgeError)) throw error;
    const isWrong = error.code === "AGE_WRONG_PASSPHRASE";
    const state = isWrong ? "the passphrase is not the right one" : "they cannot be decrypted";
    throw new AgeError("AGE_IDENTITY_LOCKED", `Cannot use the identities of ${where}: ${state}`, {
      original: `failed to decrypt identity file: ${error.original}`,
      details: error.details,
      hints: error.hints,
      cause: error,
    });
  }
}
