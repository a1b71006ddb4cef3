import { randomFillSync } from "node:crypto";
import {
  AgeError,
  decryptBytes,
  encryptBytes,
  type Identity,
  parseIdentitiesFile,
  parseRecipient,
} from "../age/index.ts";
import { DATA_KEY_BYTES, type FillRandom, isDataKey } from "./cipher.ts";
import { nameOf, SopsError } from "./errors.ts";
import type { IdentitySource } from "./identity-source.ts";
import { fieldOf, type KeyGroup, type KeyType, type MasterKey, type Metadata, masterKeyName } from "./metadata.ts";

/** Where the identities of a source are, read once. */
interface LoadedSource {
  readonly where: string;
  readonly identities: readonly Identity[];
  readonly problem: string | undefined;
}

/** Identities ready to be tried on any number of files. */
export interface Keyring {
  readonly sources: readonly LoadedSource[];
  readonly identities: readonly Identity[];
}

/** Reads the identities of all sources. A source that cannot be read is remembered for the error, and no obstacle. */
export function loadKeyring(sources: readonly IdentitySource[]): Keyring {
  const loaded = sources.map(loadSource);
  return { sources: loaded, identities: loaded.flatMap(({ identities }) => identities) };
}

function loadSource({ where, identities, problem }: IdentitySource): LoadedSource {
  if (identities === undefined) return { where, identities: [], problem: problem ?? "nothing there" };
  try {
    return { where, identities: parseIdentitiesFile(identities.revealText()), problem: undefined };
  } catch (error) {
    return { where, identities: [], problem: error instanceof AgeError ? error.original : "not UTF-8 text" };
  }
}

/** What a data key is needed for: `file`, and what in it where that is not all of it (`document 2, Secret apps/db`). */
export interface Subject {
  readonly file?: string | undefined;
  readonly place?: string | undefined;
}

export function subjectName({ file, place }: Subject): string {
  return place === undefined ? nameOf(file) : `${nameOf(file)} (${place})`;
}

/**
 * Finds the data key of a file.
 *
 * @throws {SopsError} `SOPS_NO_DATA_KEY` when no identity opens it, `SOPS_KEY_UNSUPPORTED` when it is shared among key
 * groups, `SOPS_BAD_DATA_KEY` when what comes out is no key.
 */
export async function recoverDataKey(metadata: Metadata, keyring: Keyring, subject: Subject): Promise<Uint8Array> {
  const [group, ...others] = metadata.keyGroups;
  if (group === undefined || others.length > 0) throw sharedAmongGroups(metadata.keyGroups.length, subject);
  const reasons: string[] = [];
  for (const key of group.filter(({ type }) => type === "age")) {
    const opened = await openAgeKey(key, keyring.identities);
    if (opened instanceof Uint8Array) {
      if (isDataKey(opened)) return opened;
      throw new SopsError("SOPS_BAD_DATA_KEY", `Cannot decrypt ${subjectName(subject)}: its data key is no AES key`, {
        file: subject.file,
        details: [`${opened.length} bytes, encrypted to ${shortName(key)}`],
        upstream: `Error decrypting tree: Error walking tree: Could not decrypt value: Could not initialize AES GCM encryption cipher: crypto/aes: invalid key size ${opened.length}`,
      });
    }
    if (opened !== undefined) reasons.push(`${shortName(key)}: ${opened}`);
  }
  throw noDataKey(group, keyring, reasons, subject);
}

/** The data key in one age entry; undefined when no identity fits, the reason when the entry is damaged. */
async function openAgeKey(key: MasterKey, identities: readonly Identity[]): Promise<Uint8Array | string | undefined> {
  if (identities.length === 0) return undefined;
  try {
    return (await decryptBytes(Buffer.from(fieldOf(key, "enc")), identities)).reveal();
  } catch (error) {
    if (!(error instanceof AgeError)) throw error;
    return error.code === "AGE_NO_MATCH" ? undefined : error.original;
  }
}

function sharedAmongGroups(count: number, subject: Subject): SopsError {
  return new SopsError(
    "SOPS_KEY_UNSUPPORTED",
    `Cannot decrypt ${subjectName(subject)}: its data key is shared among ${count} key groups, which is not supported yet`,
    { file: subject.file, hints: ["decrypt it with the original sops until Shamir key groups are supported here"] },
  );
}

const SERVICE_NAMES: Readonly<Record<KeyType, string>> = {
  kms: "AWS KMS",
  gcp_kms: "Google Cloud KMS",
  hckms: "Huawei Cloud KMS",
  azure_kv: "Azure Key Vault",
  hc_vault: "HashiCorp Vault",
  pgp: "PGP",
  age: "age",
};

function noDataKey(group: KeyGroup, keyring: Keyring, reasons: readonly string[], subject: Subject): SopsError {
  const recipients = group.filter(({ type }) => type === "age").map(shortName);
  const unusable = group.filter(({ type }) => type !== "age");
  const tried = keyring.sources.map(describeSource);
  const own = keyring.identities[0]?.name;
  const details = [
    recipients.length === 0
      ? "its data key has no age recipient"
      : `its data key is encrypted to: ${recipients.join(", ")}`,
    ...unusable.map((key) => `also to ${SERVICE_NAMES[key.type]} ${masterKeyName(key)}, which is not supported yet`),
    ...reasons,
    ...(tried.length === 0 ? ["tried: nothing, no place for identities was named"] : []),
    ...tried.map((line, index) => `${index === 0 ? "tried: " : "       "}${line}`),
  ];
  const hints =
    own === undefined
      ? ["name the file with your identity: export SOPS_AGE_KEY_FILE=keys.txt"]
      : [`ask an owner of one of these recipients to encrypt it to yours too: ${own}`];
  return new SopsError("SOPS_NO_DATA_KEY", `Cannot decrypt ${subjectName(subject)}: no identity opens its data key`, {
    file: subject.file,
    details,
    hints,
    upstream: originalFailure(group),
  });
}

function describeSource({ where, identities, problem }: LoadedSource): string {
  if (problem !== undefined) return `no identity in ${where}: ${problem}`;
  const names = identities.map(({ name }) => shorten(name)).join(", ");
  return `${identities.length} ${identities.length === 1 ? "identity" : "identities"} from ${where}: ${names}`;
}

/** The frame of the original's text; its reasons are ours, in the details. */
function originalFailure(group: KeyGroup): string {
  const keys = group.map((key) => `  ${masterKeyName(key)}: FAILED\n`).join("\n");
  return `Failed to get the data key required to decrypt the SOPS file.\n\nGroup 0: FAILED\n${keys}\n${NO_RECOVERY}`;
}

const NO_RECOVERY = `Recovery failed because no master key was able to decrypt the file. In
order for SOPS to recover the file, at least one key has to be successful,
but none were.`;

function shortName(key: MasterKey): string {
  return shorten(masterKeyName(key));
}

/** A recipient as people compare them: both ends. */
function shorten(name: string): string {
  return name.length <= 16 ? name : `${name.slice(0, 8)}…${name.slice(-4)}`;
}

/** A new data key. */
export function newDataKey(fillRandom: FillRandom = (buffer) => void randomFillSync(buffer)): Uint8Array {
  const key = new Uint8Array(DATA_KEY_BYTES);
  fillRandom(key);
  return key;
}

/**
 * Encrypts a data key to age recipients: one entry, so one age file, for each.
 *
 * @throws {SopsError} `SOPS_NO_RECIPIENTS`, `SOPS_BAD_RECIPIENT`.
 */
export async function wrapDataKey(dataKey: Uint8Array, recipients: readonly string[]): Promise<KeyGroup> {
  if (recipients.length === 0) {
    throw new SopsError("SOPS_NO_RECIPIENTS", "Cannot encrypt: there is no recipient to encrypt to", {
      hints: ["name one: --age age1…, or a creation rule in .sops.yaml"],
      upstream: "Could not generate data key: [empty key group provided]",
    });
  }
  return await Promise.all(recipients.map((recipient) => wrapFor(dataKey, recipient)));
}

async function wrapFor(dataKey: Uint8Array, recipient: string): Promise<MasterKey> {
  try {
    const enc = await encryptBytes(dataKey, [parseRecipient(recipient)], { armor: true });
    return {
      type: "age",
      fields: new Map([
        ["recipient", recipient],
        ["enc", Buffer.from(enc).toString("latin1")],
      ]),
    };
  } catch (error) {
    if (!(error instanceof AgeError)) throw error;
    throw badRecipient(recipient, error);
  }
}

/** A secret key that was given as a recipient by mistake is not shown. */
function badRecipient(recipient: string, cause: AgeError): SopsError {
  const isSecret = /AGE-SECRET-KEY-|AGE-PLUGIN-/i.test(recipient);
  const shown = isSecret ? "a secret key" : JSON.stringify(recipient);
  const hints = isSecret ? ["the recipient that belongs to it: sealkit age-keygen -y FILE"] : cause.hints;
  return new SopsError("SOPS_BAD_RECIPIENT", `Cannot encrypt to ${shown}: it is no age recipient that can be used`, {
    details: isSecret ? [] : cause.details,
    hints,
    cause,
    upstream: isSecret ? "failed to parse input, unknown recipient type" : undefined,
  });
}
