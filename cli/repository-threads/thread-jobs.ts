import { type AuditedFile, type AuditKeys, auditFile, type Finding, leaksIn } from "../../src/audit/index.ts";
import { ClearText } from "../../src/clear-text.ts";
import {
  type Opened,
  type OpeningMeans,
  openEncrypted,
  type RotatedFile,
  resealWithKeys,
  rotateFile,
  type SopsRule,
} from "../../src/keys/index.ts";
import { DEFAULT_POLICY, parsePolicy } from "../../src/policy/index.ts";
import { findEncrypted, type RepositoryFile } from "../../src/repository/index.ts";
import { Keyring, type PrivateKeyWork, type UnsealingKey } from "../../src/sealed/index.ts";
import { type IdentitySource, loadKeyring } from "../../src/sops/index.ts";
import { Moved } from "../../src/threads/index.ts";

/** What a thread is told before its first job. The bytes of keys are its own, and cleared when it has taken them in. */
export interface ThreadSetUp {
  readonly sealingKeys: readonly UnsealingKey[];
  readonly identities: readonly ThreadIdentity[];
  readonly audit: AuditSetUp | undefined;
  readonly rotate: RotateSetUp | undefined;
}

export interface ThreadIdentity extends Pick<IdentitySource, "where" | "isSshKey" | "sshPublicKey"> {
  readonly text: Uint8Array;
}

export interface AuditSetUp {
  /** The policy file; undefined for the default. */
  readonly policy: { readonly bytes: Uint8Array; readonly file: string } | undefined;
  /** The keys that items are tried with; undefined when none were named. */
  readonly keys: Pick<AuditKeys, "source" | "keys"> | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface RotateSetUp {
  /** What to seal for; undefined when there are no keys for SealedSecrets. */
  readonly certificate: { readonly spki: Uint8Array; readonly fingerprint: string } | undefined;
  readonly addHints: boolean;
}

/** Some files, their contents one behind the other in one buffer. */
export interface FileBatch {
  readonly files: readonly { readonly path: string; readonly branches: readonly string[]; readonly length: number }[];
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface RotateBatch extends FileBatch {
  /** What the configuration says of each file. */
  readonly rules: readonly (SopsRule | undefined)[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * An answer for each file of a batch; undefined for a file that has to be looked at where everything is at hand: key
 * services, programs, a person.
 */
export interface Answers<Value> {
  readonly answers: readonly Answer<Value>[];
  /** The buffer of the batch, for another one: what a thread only lets go lies around until it has no room. */
  readonly spent: ArrayBuffer;
}
type Answer<Value> = { readonly answer: Value } | undefined;

/** What a thread can do with the files of a repository. None of the answers holds a value. */
export interface RepositoryJobs extends Readonly<Record<string, (request: never) => unknown>> {
  open(batch: FileBatch): Promise<Moved<Answers<Opened | undefined>>>;
  audit(batch: FileBatch): Promise<Moved<Answers<AuditedFile>>>;
  leaks(batch: FileBatch): Promise<Moved<Answers<readonly Finding[]>>>;
  rotate(batch: RotateBatch): Promise<Moved<Answers<RotatedFile | undefined>>>;
}

/** The jobs of one thread. `work` does its private-key operations. */
export function repositoryJobs(work: (pkcs8: Uint8Array) => PrivateKeyWork) {
  let means: Means | undefined;
  const setUp = (given: ThreadSetUp) => {
    means = takeIn(given, work);
  };
  const known = (): Means => {
    if (means === undefined) throw new TypeError("repositoryJobs: expected setUp before the first job");
    return means;
  };
  const jobs: RepositoryJobs = {
    open: (batch) => each(batch, (file) => open(file, known())),
    audit: (batch) => each(batch, async (file) => ({ answer: await auditFile(file, known().audit) })),
    leaks: (batch) => each(batch, async (file) => ({ answer: await leaksIn(file) })),
    rotate: (batch) => each(batch, (file, at) => rotate(file, batch, at, known())),
  };
  return { jobs, setUp };
}

interface Means extends Pick<OpeningMeans, "sealed" | "sops"> {
  readonly audit: Parameters<typeof auditFile>[1];
  readonly rotate: RotateSetUp;
}

function takeIn(
  { sealingKeys, identities, audit, rotate }: ThreadSetUp,
  work: (pkcs8: Uint8Array) => PrivateKeyWork,
): Means {
  const sealed = new Keyring(sealingKeys, { work });
  const sources = identities.map(({ text, ...source }) => ({ ...source, identities: new ClearText(text) }));
  const sops = loadKeyring(sources);
  for (const { pkcs8 } of sealingKeys) pkcs8.fill(0);
  for (const { text } of identities) text.fill(0);
  const { policy, keys, now = 0 } = audit ?? {};
  const rules = policy === undefined ? DEFAULT_POLICY : parsePolicy(policy.bytes, policy.file);
  return {
    sealed,
    sops,
    audit: { policy: rules.audit, keys: keys === undefined ? undefined : { ...keys, keyring: sealed }, now },
    rotate: rotate ?? { certificate: undefined, addHints: false },
  };
}

/** One file after the other: their clear text is never in memory together. */
async function each<Value>(
  { files, bytes }: FileBatch,
  work: (file: RepositoryFile, at: number) => Promise<Answer<Value>>,
): Promise<Moved<Answers<Value>>> {
  const answers: Answer<Value>[] = [];
  let start = 0;
  for (const [at, { path, branches, length }] of files.entries()) {
    answers.push(await work({ path, branches, bytes: bytes.subarray(start, start + length) }, at));
    start += length;
  }
  return new Moved({ answers, spent: bytes.buffer }, [bytes.buffer]);
}

async function open(file: RepositoryFile, means: Means): Promise<Answer<Opened | undefined>> {
  const found = findEncrypted(file);
  if (found === undefined) return { answer: undefined };
  const opened = await openEncrypted(found, means);
  return found.sops !== undefined && opened.unopened.length > 0 ? undefined : { answer: opened };
}

async function rotate(
  file: RepositoryFile,
  { rules, now }: RotateBatch,
  at: number,
  { sealed, sops, rotate: { certificate, addHints } }: Means,
): Promise<Answer<RotatedFile | undefined>> {
  const found = findEncrypted(file);
  if (found === undefined) return { answer: undefined };
  const rule = rules[at];
  if (found.sops !== undefined && rule === undefined) return undefined;
  const reseal = certificate === undefined ? undefined : resealWithKeys({ keyring: sealed, certificate });
  const rotated = await rotateFile(found, {
    ...(reseal === undefined ? {} : { reseal }),
    addHints,
    sops,
    ruleFor: async () => rule ?? { groups: undefined, indents: undefined },
    now,
  });
  return found.sops !== undefined && rotated.problems.length > 0 ? undefined : { answer: rotated };
}
