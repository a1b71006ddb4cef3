import type { Key, KeyID, PrivateKey } from "openpgp";
import { fieldOf, type KeyService, KeyServiceError, type MasterKey } from "../sops/index.ts";
import { readFingerprint } from "./fingerprint.ts";
import { isNamed, OpenPgpKeys, UnreadableKeys } from "./openpgp-keys.ts";
import { loadOpenPgp, type OpenPgp } from "./openpgp-package.ts";
import { badFingerprint, notInRing, pgpFailure, type Verb } from "./pgp-failure.ts";

export interface OpenPgpOptions {
  /** Asks for the passphrase of a private key by its fingerprint. Without it such keys are not used. */
  readonly askPassphrase?: ((fingerprint: string) => Promise<string>) | undefined;
}

/** Key rings, armored or binary, read when they are first needed. */
export type KeySources = () => Promise<readonly (string | Uint8Array)[]>;

/**
 * PGP in this process, by the optional package `openpgp`, with these keys and no others: no agent, no home folder, no
 * program. `armored` holds key blocks as `gpg --armor --export-secret-keys` writes them.
 *
 * @throws {KeyServiceError} `KEY_SERVICE_UNREACHABLE` without the package, `KEY_SERVICE_BAD_SETTINGS` when a text is no key.
 */
export async function openPgpKeys(armored: readonly string[], options: OpenPgpOptions = {}): Promise<KeyService> {
  const openpgp = await loadOpenPgp("decrypt");
  const keys = await readKeys(openpgp, armored, "decrypt");
  return serviceWith(async () => ({ openpgp, keys }), options);
}

/** The same with rings that are read, and a package that is loaded, when a key is first used. */
export function openPgpKeyService(sources: KeySources, options: OpenPgpOptions = {}): KeyService {
  let ready: Promise<Loaded> | undefined;
  return serviceWith((verb) => {
    ready ??= load(sources, verb);
    return ready;
  }, options);
}

interface Loaded {
  readonly openpgp: OpenPgp;
  readonly keys: OpenPgpKeys;
}

async function load(sources: KeySources, verb: Verb): Promise<Loaded> {
  const openpgp = await loadOpenPgp(verb);
  return { openpgp, keys: await readKeys(openpgp, await sources(), verb) };
}

async function readKeys(openpgp: OpenPgp, sources: readonly (string | Uint8Array)[], verb: Verb): Promise<OpenPgpKeys> {
  try {
    return await OpenPgpKeys.read(openpgp, sources);
  } catch (error) {
    if (!(error instanceof UnreadableKeys)) throw error;
    throw pgpFailure({
      code: "KEY_SERVICE_BAD_SETTINGS",
      verb,
      state: `the keys cannot be read: ${error.message}`,
      library: "could not load secring",
      binary: "",
      hints: ["export them anew: gpg --armor --export-secret-keys FINGERPRINT"],
    });
  }
}

function serviceWith(loaded: (verb: Verb) => Promise<Loaded>, options: OpenPgpOptions): KeyService {
  return {
    name: "PGP",
    encrypt: async (key, dataKey) => await encryptTo(await loaded("encrypt"), key, dataKey),
    decrypt: async (key) => await decryptWith(await loaded("decrypt"), key, options),
  };
}

async function encryptTo({ openpgp, keys }: Loaded, key: MasterKey, dataKey: Uint8Array): Promise<string> {
  const fingerprint = fieldOf(key, "fp");
  const name = readFingerprint(fingerprint);
  if (name === undefined) throw badFingerprint(fingerprint, "encrypt");
  const found = keys.find(name);
  const library = notInRing(fingerprint);
  if (found === undefined) {
    const state = "there is no such public key";
    throw pgpFailure({ code: "KEY_SERVICE_MISSING_KEY", verb: "encrypt", state, library, binary: "" });
  }
  try {
    const exact = name.isExact ? found.getKeys().find((one) => isNamed(one.getFingerprint(), name.hex)) : undefined;
    const encrypted = await openpgp.encrypt({
      message: await openpgp.createMessage({ binary: dataKey }),
      encryptionKeys: found.toPublic(),
      ...(exact === undefined ? {} : { encryptionKeyIDs: [await usableId(found, exact.getKeyID())] }),
      format: "armored",
      config: { showVersion: false, showComment: false },
    });
    return encrypted.replaceAll("\r", "").trim();
  } catch (cause) {
    const state = "this key cannot encrypt: it has expired, was revoked, or is for signatures";
    throw pgpFailure({ code: "KEY_SERVICE_FAILED", verb: "encrypt", state, library, binary: "", cause });
  }
}

/** @throws {Error} when this very subkey is not for encryption. */
async function usableId(key: Key, id: KeyID): Promise<KeyID> {
  await key.getEncryptionKey(id);
  return id;
}

/** A message that holds a data key has no more than this, whatever it is compressed to. */
const MAX_CLEAR_BYTES = 64 * 1024;
/** An entry is for one key; each further one costs an operation with each private key, whoever wrote the file. */
const MAX_RECIPIENTS = 16;
const LIBRARY = "reading PGP message failed: openpgp: incorrect key";

async function decryptWith({ openpgp, keys }: Loaded, key: MasterKey, options: OpenPgpOptions): Promise<Uint8Array> {
  const damaged = (cause: unknown) => {
    const state = "the entry of the file is damaged";
    return pgpFailure({ code: "KEY_SERVICE_BAD_DATA", verb: "decrypt", state, library: LIBRARY, binary: "", cause });
  };
  const message = await openpgp.readMessage({ armoredMessage: fieldOf(key, "enc") }).catch((cause: unknown) => {
    throw damaged(cause);
  });
  const wanted = message.getEncryptionKeyIDs();
  if (wanted.length > MAX_RECIPIENTS) throw damaged(undefined);
  const holders = keys.privateKeys.filter((own) =>
    wanted.some((id) => isHidden(id.toHex()) || own.getKeys(id).length > 0),
  );
  if (holders.length === 0) {
    const ids = wanted.slice(0, 5).map((id) => id.toHex().toUpperCase());
    throw pgpFailure({
      code: "KEY_SERVICE_NO_MATCH",
      verb: "decrypt",
      state: "its private key is not here",
      library: LIBRARY,
      binary: "",
      details: [`it is encrypted to key ID ${ids.join(", ")}`, `private keys here: ${listed(keys)}`],
    });
  }
  const decryptionKeys = await allUnlocked(openpgp, holders, options);
  try {
    const config = { maxDecompressedMessageSize: MAX_CLEAR_BYTES };
    const { data } = await openpgp.decrypt({ message, decryptionKeys, format: "binary", config });
    return new Uint8Array(data);
  } catch (cause) {
    throw damaged(cause);
  }
}

/** A message may hide for whom it is: then every key is tried. */
function isHidden(keyId: string): boolean {
  return /^0*$/.test(keyId);
}

function listed(keys: OpenPgpKeys): string {
  const names = keys.privateKeys.slice(0, 5).map((key) => key.getFingerprint().toUpperCase());
  return names.length === 0 ? "none" : names.join(", ");
}

/** A key that stays locked does not cost the others. @throws {KeyServiceError} when none opens. */
async function allUnlocked(
  openpgp: OpenPgp,
  holders: readonly PrivateKey[],
  options: OpenPgpOptions,
): Promise<PrivateKey[]> {
  const open: PrivateKey[] = [];
  let refusal: unknown;
  for (const own of holders) {
    try {
      open.push(await unlocked(openpgp, own, options));
    } catch (error) {
      if (!(error instanceof KeyServiceError)) throw error;
      refusal ??= error;
    }
  }
  if (open.length === 0) throw refusal;
  return open;
}

async function unlocked(openpgp: OpenPgp, key: PrivateKey, { askPassphrase }: OpenPgpOptions): Promise<PrivateKey> {
  if (key.isDecrypted()) return key;
  const fingerprint = key.getFingerprint().toUpperCase();
  const refused = (state: string) =>
    pgpFailure({ code: "KEY_SERVICE_NO_CREDENTIALS", verb: "decrypt", state, library: LIBRARY, binary: "" });
  if (askPassphrase === undefined) {
    throw refused(`the private key ${fingerprint} has a passphrase, which cannot be asked for here`);
  }
  const passphrase = await askPassphrase(fingerprint);
  try {
    return await openpgp.decryptKey({ privateKey: key, passphrase });
  } catch {
    throw refused("its passphrase is not the right one");
  }
}
