import { randomFillSync } from "node:crypto";
import {
  AgeError,
  decryptBytes,
  encryptBytes,
  type Identity,
  parseIdentitiesFile,
  parseRecipient,
} from "../age/index.ts";
import { combineShares, ShamirError, splitSecret } from "../shamir/index.ts";
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
 * Finds the data key of a file. With several key groups each holds a share of it, and every share that can be had counts.
 *
 * @throws {SopsError} `SOPS_NO_DATA_KEY` when the identities do not open enough groups, `SOPS_BAD_SHARES` when the shares
 * do not belong together, `SOPS_BAD_DATA_KEY` when what comes out is no key.
 */
export async function recoverDataKey(metadata: Metadata, keyring: Keyring, subject: Subject): Promise<Uint8Array> {
  const groups: OpenedGroup[] = [];
  for (const keys of metadata.keyGroups) groups.push(await openGroup(keys, keyring.identities));
  const parts = groups.flatMap(({ part }) => (part === undefined ? [] : [part]));
  const needed = groups.length > 1 ? Math.max(2, metadata.shamirThreshold) : 1;
  if (parts.length < needed) throw noDataKey(groups, { needed, opened: parts.length }, keyring, subject);
  const [first = new Uint8Array()] = parts;
  const dataKey = groups.length > 1 ? combineParts(parts, subject) : first;
  if (isDataKey(dataKey)) return dataKey;
  throw new SopsError("SOPS_BAD_DATA_KEY", `Cannot decrypt ${subjectName(subject)}: its data key is no AES key`, {
    file: subject.file,
    details: [`${dataKey.length} bytes, encrypted to ${groups.flatMap(({ opener }) => opener ?? []).join(", ")}`],
    upstream: `Error decrypting tree: Error walking tree: Could not decrypt value: Could not initialize AES GCM encryption cipher: crypto/aes: invalid key size ${dataKey.length}`,
  });
}

/** What the identities make of a group: its part of the data key, or why there is none. */
interface OpenedGroup {
  readonly keys: KeyGroup;
  readonly part: Uint8Array | undefined;
  /** The recipient whose entry gave the part. */
  readonly opener: string | undefined;
  readonly reasons: readonly string[];
}

async function openGroup(keys: KeyGroup, identities: readonly Identity[]): Promise<OpenedGroup> {
  const reasons: string[] = [];
  for (const key of keys.filter(({ type }) => type === "age")) {
    const opened = await openAgeKey(key, identities);
    if (opened instanceof Uint8Array) return { keys, part: opened, opener: shortName(key), reasons };
    if (opened !== undefined) reasons.push(`${shortName(key)}: ${opened}`);
  }
  return { keys, part: undefined, opener: undefined, reasons };
}

function combineParts(parts: readonly Uint8Array[], subject: Subject): Uint8Array {
  try {
    return combineShares(parts);
  } catch (error) {
    if (!(error instanceof ShamirError)) throw error;
    throw new SopsError(
      "SOPS_BAD_SHARES",
      `Cannot decrypt ${subjectName(subject)}: its key groups contradict each other`,
      {
        file: subject.file,
        details: [error.message],
        hints: ["take the file from version control again: metadata is not meant to be edited"],
        cause: error,
        upstream: `could not get data key from shamir parts: ${error.original}`,
      },
    );
  }
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

const SERVICE_NAMES: Readonly<Record<KeyType, string>> = {
  kms: "AWS KMS",
  gcp_kms: "Google Cloud KMS",
  hckms: "Huawei Cloud KMS",
  azure_kv: "Azure Key Vault",
  hc_vault: "HashiCorp Vault",
  pgp: "PGP",
  age: "age",
};

interface Counts {
  readonly needed: number;
  readonly opened: number;
}

function noDataKey(groups: readonly OpenedGroup[], counts: Counts, keyring: Keyring, subject: Subject): SopsError {
  const tried = keyring.sources.map(describeSource);
  const own = keyring.identities[0]?.name;
  const details = [
    ...groups.flatMap((group, index) => describeGroup(group, groups.length > 1 ? index : undefined)),
    ...(tried.length === 0 ? ["tried: nothing, no place for identities was named"] : []),
    ...tried.map((line, index) => `${index === 0 ? "tried: " : "       "}${line}`),
  ];
  const hints =
    own === undefined
      ? ["name the file with your identity: export SOPS_AGE_KEY_FILE=keys.txt"]
      : [`ask an owner of one of these recipients to encrypt it to yours too: ${own}`];
  const state =
    groups.length > 1
      ? `${counts.opened} of its ${groups.length} key groups can be opened, and it takes ${counts.needed}`
      : "no identity opens its data key";
  return new SopsError("SOPS_NO_DATA_KEY", `Cannot decrypt ${subjectName(subject)}: ${state}`, {
    file: subject.file,
    details,
    hints,
    upstream: originalFailure(groups, counts),
  });
}

/** Whom a group is encrypted to. `index` counts from 0, as the original does; undefined for the only group. */
function describeGroup({ keys, opener, reasons }: OpenedGroup, index: number | undefined): string[] {
  const recipients = keys.filter(({ type }) => type === "age").map(shortName);
  const unusable = keys.filter(({ type }) => type !== "age");
  const share = index === undefined ? "its data key" : `group ${index}: its share of the data key`;
  if (opener !== undefined) return [`${share} was opened for ${opener}`];
  return [
    recipients.length === 0 ? `${share} has no age recipient` : `${share} is encrypted to: ${recipients.join(", ")}`,
    ...unusable.map((key) => `also to ${SERVICE_NAMES[key.type]} ${masterKeyName(key)}, which is not supported yet`),
    ...reasons,
  ];
}

function describeSource({ where, identities, problem }: LoadedSource): string {
  if (problem !== undefined) return `no identity in ${where}: ${problem}`;
  const names = identities.map(({ name }) => shorten(name)).join(", ");
  return `${identities.length} ${identities.length === 1 ? "identity" : "identities"} from ${where}: ${names}`;
}

/** The frame of the original's text; its reasons are ours, in the details. */
function originalFailure(groups: readonly OpenedGroup[], { needed, opened }: Counts): string {
  const shown = groups.map(({ keys, part }, index) => {
    if (part !== undefined) return `Group ${index}: SUCCESS\n\n`;
    return `Group ${index}: FAILED\n${keys.map((key) => `  ${masterKeyName(key)}: FAILED\n`).join("\n")}\n`;
  });
  const advice = groups.length > 1 ? wrapped(tooFewGroups(needed, opened)) : NO_RECOVERY;
  return `Failed to get the data key required to decrypt the SOPS file.\n\n${shown.join("")}${advice}`;
}

const NO_RECOVERY = `Recovery failed because no master key was able to decrypt the file. In
order for SOPS to recover the file, at least one key has to be successful,
but none were.`;

function tooFewGroups(needed: number, opened: number): string {
  return `Recovery failed because the file was encrypted with a Shamir threshold of ${needed}, but only ${opened} part(s) were successfully recovered, one for each successful key group. In order for SOPS to recover the file, at least ${needed} groups have to be successful. In order for a group to be successful, decryption has to succeed with any of the keys in that key group.`;
}

const COLUMNS = 75;

function wrapped(text: string): string {
  let [lines, line] = ["", ""];
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > COLUMNS) {
      lines += `${line}\n`;
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return lines + line;
}

function shortName(key: MasterKey): string {
  return shorten(masterKeyName(key));
}

/** A recipient as people compare them: both ends. */
function shorten(name: string): string {
  return name.length <= 16 ? name : `${name.slice(0, 8)}…${name.slice(-4)}`;
}

function fillFromSystem(buffer: Uint8Array): void {
  randomFillSync(buffer);
}

/** A new data key. */
export function newDataKey(fillRandom: FillRandom = fillFromSystem): Uint8Array {
  const key = new Uint8Array(DATA_KEY_BYTES);
  fillRandom(key);
  return key;
}

/** The threshold as it is written into a file: for several groups never 0. */
export function writtenThreshold(groups: number, threshold: number): number {
  return threshold === 0 && groups > 1 ? groups : threshold;
}

/** Among whom a data key is shared. */
interface Sharing {
  /** Age recipients of each group, at least one group. */
  readonly groups: readonly (readonly string[])[];
  /** How many groups it takes; 0 for all. It says nothing for one group. */
  readonly threshold: number;
  readonly fillRandom: FillRandom | undefined;
}

/**
 * Encrypts a data key: one entry, so one age file, for each recipient. With several groups each gets a share of the key.
 *
 * @throws {SopsError} `SOPS_NO_RECIPIENTS`, `SOPS_BAD_RECIPIENT`, `SOPS_BAD_THRESHOLD`.
 */
export async function wrapDataKey(
  dataKey: Uint8Array,
  { groups, threshold, fillRandom }: Sharing,
): Promise<KeyGroup[]> {
  if (groups.length === 0 || groups.some((recipients) => recipients.length === 0)) {
    throw new SopsError("SOPS_NO_RECIPIENTS", "Cannot encrypt: there is no recipient to encrypt to", {
      details: groups.length > 1 ? [`in group ${groups.findIndex((recipients) => recipients.length === 0)}`] : [],
      hints: ["name one: --age age1…, or a creation rule in .sops.yaml"],
      upstream: "Could not generate data key: [empty key group provided]",
    });
  }
  const parts = groups.length === 1 ? [dataKey] : sharesOf(dataKey, groups.length, threshold, fillRandom);
  return await Promise.all(
    groups.map((recipients, index) => {
      const part = parts[index] ?? new Uint8Array();
      return Promise.all(recipients.map((recipient) => wrapFor(part, recipient)));
    }),
  );
}

function sharesOf(
  dataKey: Uint8Array,
  shares: number,
  threshold: number,
  fillRandom: FillRandom = fillFromSystem,
): Uint8Array[] {
  try {
    return splitSecret(dataKey, { shares, threshold: writtenThreshold(shares, threshold), fillRandom });
  } catch (error) {
    if (!(error instanceof ShamirError)) throw error;
    const state = `its data key cannot be shared so that ${threshold} of ${shares} key groups open it`;
    throw new SopsError("SOPS_BAD_THRESHOLD", `Cannot encrypt: ${state}`, {
      details: [error.original],
      hints: [`a shamir_threshold from 2 to ${shares}, or 0 for all groups`],
      cause: error,
      upstream: `Could not generate data key: [could not split data key into parts for Shamir: ${error.original}]`,
    });
  }
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
