import {
  AgeError,
  ARMOR_BEGIN,
  decryptBytes,
  hidesPublicKey,
  type Identity,
  parseIdentitiesFile,
  parseRecipient,
  passphraseIdentity,
  pluginIdentityNamed,
  type Recipient,
  recipientOf,
  type Stanza,
  sshIdentity,
} from "../../src/age/index.ts";
import type { Io } from "../io.ts";
import { BATCHPASS, batchpassIdentity } from "./batchpass.ts";
import { Failure } from "./failure.ts";
import { openInput, readAll } from "./input-adapter.ts";
import { terminalPlugins } from "./plugins.ts";
import type { StdinUse } from "./stdin-use.ts";
import { readPassphrase } from "./terminal-adapter.ts";

const MAX_BYTES = 16 * 1024 * 1024;
const MAX_PUBLIC_KEY_BYTES = 16 * 1024;
const SCRYPT = "scrypt";

/** The identities of one file, and who they are when a file is to be encrypted to them. */
export interface FileIdentity {
  readonly identity: Identity;
  /** The key file, where reading it is enough to have its identities: no plugin, no passphrase, no other file. */
  readonly keyFile?: Uint8Array | undefined;
  recipients(): Promise<readonly Recipient[]>;
}

/** Reads a key file: native identities, or an age file with a passphrase that holds some. */
export async function fileIdentities(io: Io, path: string, stdin: StdinUse): Promise<FileIdentity[]> {
  const reading = (reason: string) => `reading "${path}": ${reason}`;
  if (path === "-" && !stdin.claim()) throw new Failure(reading("standard input is used for multiple purposes"));
  const input = await openInput(io, path, (reason) => reading(`failed to open file: ${reason}`));
  const parsing = (reason: string) => reading(`failed to read "${path}": ${reason}`);
  try {
    const bytes = await readAll(input, MAX_BYTES);
    if (bytes === undefined) throw new Failure("too long");
    return await identitiesIn(io, path, bytes);
  } catch (error) {
    if (error instanceof Failure && error.message.startsWith("malformed ")) throw new Failure(reading(error.message));
    if (error instanceof Failure) throw new Failure(parsing(`failed to read identities file: ${error.message}`));
    if (!(error instanceof AgeError)) throw error;
    throw new Failure(parsing(error.original), ...error.hints);
  }
}

async function identitiesIn(io: Io, path: string, bytes: Uint8Array): Promise<FileIdentity[]> {
  const text = new TextDecoder().decode(bytes);
  const start = text.trimStart();
  if (start.startsWith("age-encryption.org/") || start.startsWith(ARMOR_BEGIN)) {
    return [encryptedIdentities(io, path, withoutLeadingSpace(bytes))];
  }
  const identities = start.startsWith("-----BEGIN")
    ? [await sshKey(io, path, start)]
    : parseIdentitiesFile(text, { plugins: terminalPlugins(io) });
  const isEnough = !identities.some(({ needsSomebody = false }) => needsSomebody);
  return identities.map((identity) => ({
    identity,
    keyFile: isEnough ? bytes : undefined,
    recipients: async () => [await recipientFor(identity)],
  }));
}

async function recipientFor(identity: Identity): Promise<Recipient> {
  return identity.asRecipient?.() ?? parseRecipient(await recipientOf(identity));
}

/**
 * The identity that `-j NAME` names: one that needs no key file.
 *
 * @throws {Failure} for what no plugin can be called.
 */
export function namedPlugin(io: Io, name: string): Identity {
  if (name.toLowerCase() === BATCHPASS) return batchpassIdentity(io);
  try {
    return pluginIdentityNamed(name, terminalPlugins(io));
  } catch (error) {
    throw error instanceof AgeError ? new Failure(`initializing ${JSON.stringify(name)}: ${error.original}`) : error;
  }
}

async function sshKey(io: Io, path: string, pem: string): Promise<Identity> {
  try {
    const publicKey = hidesPublicKey(pem) ? await readPublicKey(io, `${path}.pub`) : undefined;
    return sshIdentity(pem, () => askSshPassphrase(io, path), { publicKey });
  } catch (error) {
    if (!(error instanceof AgeError)) throw error;
    if (error.original === "file too long") throw error;
    throw new Failure(`malformed SSH identity in "${path}": ${error.original}`, ...error.hints);
  }
}

/** The public key beside a private one that does not tell it. @throws {Failure} */
async function readPublicKey(io: Io, path: string): Promise<string> {
  const failed = (reason: string) =>
    new Failure(
      `failed to read ${JSON.stringify(path)}: ${reason}`,
      `ensure ${JSON.stringify(path)} exists, or write the private key in today's form: ssh-keygen -p -f ${JSON.stringify(path.slice(0, -".pub".length))}`,
    );
  const input = await openInput(io, path, (reason) => reason).catch((error: unknown) => {
    throw error instanceof Failure ? failed(error.message) : error;
  });
  const bytes = await readAll(input, MAX_PUBLIC_KEY_BYTES);
  if (bytes === undefined) throw failed("too long");
  return new TextDecoder().decode(bytes);
}

async function askSshPassphrase(io: Io, path: string): Promise<string> {
  try {
    return await readPassphrase(io, `Enter passphrase for "${path}":`);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const reason = error.message.replace("could not read passphrase: ", "");
    throw new Failure(`failed to obtain passphrase: could not read passphrase for "${path}": ${reason}`);
  }
}

/** White space before an encrypted key file does not matter; in the age format itself it would. */
function withoutLeadingSpace(bytes: Uint8Array): Uint8Array {
  const start = bytes.findIndex((byte) => byte !== 0x20 && (byte < 0x09 || byte > 0x0d));
  return bytes.subarray(Math.max(0, start));
}

/** A key file under a passphrase, asked for when the identities are really needed, and once. */
function encryptedIdentities(io: Io, path: string, file: Uint8Array): FileIdentity {
  let opened: Promise<readonly Identity[]> | undefined;
  const open = () => {
    opened ??= openEncrypted(io, path, file);
    return opened;
  };
  return {
    identity: {
      name: `the identities in ${path}`,
      needsSomebody: true,
      async unwrap(stanzas) {
        for (const identity of await open()) {
          const fileKey = await identity.unwrap(stanzas);
          if (fileKey !== undefined) return fileKey;
        }
        return undefined;
      },
    },
    recipients: async () => await Promise.all((await open()).map(recipientFor)),
  };
}

async function openEncrypted(io: Io, path: string, file: Uint8Array): Promise<readonly Identity[]> {
  const ask = askingIdentity(
    () => readPassphrase(io, `Enter passphrase for identity file "${path}":`),
    () => new Failure("identity file is encrypted with age but not with a passphrase"),
  );
  try {
    const clear = await decryptBytes(file, [ask]);
    return parseIdentitiesFile(clear.revealText(), { plugins: terminalPlugins(io) });
  } catch (error) {
    if (error instanceof AgeError) throw new Failure(`failed to decrypt identity file: ${error.original}`);
    throw error;
  }
}

/** Asks for the passphrase only when the file turns out to want one; `otherwise` is thrown when it does not. */
export function askingIdentity(ask: () => Promise<string>, otherwise: () => Failure): Identity {
  return {
    name: "passphrase",
    async unwrap(stanzas: readonly Stanza[]) {
      if (stanzas.length !== 1 || stanzas[0]?.type !== SCRYPT) throw otherwise();
      return passphraseIdentity(await ask()).unwrap(stanzas);
    },
  };
}

/** Refuses a file that wants a passphrase when key files were given: it would be the wrong file, or the wrong flags. */
export const refusePassphraseFile: Identity = {
  name: "no passphrase",
  needsSomebody: true,
  async unwrap(stanzas) {
    if (stanzas.length !== 1 || stanzas[0]?.type !== SCRYPT) return undefined;
    throw new Failure(
      "file is passphrase-encrypted but identities were specified with -i/--identity or -j",
      "remove all -i/--identity/-j flags to decrypt passphrase-encrypted files",
    );
  },
};
