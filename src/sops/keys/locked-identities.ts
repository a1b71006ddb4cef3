import {
  AgeError,
  decryptBytes,
  type Identity,
  type Plugins,
  parseIdentitiesFile,
  passphraseIdentity,
} from "../../age/index.ts";

/** Whether a text is an age file, and so an identity file behind a passphrase. */
export function isLockedIdentityFile(text: string): boolean {
  return /^(age-encryption|-----BEGIN AGE)/.test(text);
}

/**
 * The identities in an identity file behind a passphrase, which is asked for when a file is to be decrypted that nothing
 * else opens, and once. Its `unwrap` throws `AgeError` when there is no passphrase or it is not the right one.
 */
export function lockedIdentities(
  text: string,
  where: string,
  ask: () => Promise<string>,
  plugins: Plugins | undefined,
): Identity {
  let opened: Promise<readonly Identity[]> | undefined;
  return {
    name: "behind a passphrase",
    needsSomebody: true,
    async unwrap(stanzas) {
      opened ??= open(text, where, ask, plugins);
      for (const identity of await opened) {
        const fileKey = await identity.unwrap(stanzas);
        if (fileKey !== undefined) return fileKey;
      }
      return undefined;
    },
  };
}

async function open(
  text: string,
  where: string,
  ask: () => Promise<string>,
  plugins: Plugins | undefined,
): Promise<readonly Identity[]> {
  const asking: Identity = {
    name: "passphrase",
    unwrap: async (stanzas) => passphraseIdentity(await ask()).unwrap(stanzas),
  };
  try {
    const clear = await decryptBytes(Buffer.from(text), [asking]);
    // Behind a passphrase the original takes no SSH keys.
    return parseIdentitiesFile(clear.revealText(), { plugins });
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
