import { findLeaks, type Leak } from "../leaks/index.ts";
import type { AuditPolicy } from "../policy/index.ts";
import {
  type EncryptedFile,
  findEncrypted,
  type RepositoryFile,
  type RepositoryFiles,
  type SkippedFile,
} from "../repository/index.ts";
import { type AuditKeys, keyFindings } from "./audit-keys.ts";
import { certificateFindings } from "./certificate-rules.ts";
import { type Finding, finding } from "./finding.ts";
import { sealedFindings } from "./sealed-rules.ts";
import { CONFIG_NAME, recipientsOf, SopsConfigs, type SopsRecipients, sopsFindings } from "./sops-rules.ts";

/** What was looked at, and what was found. */
export interface AuditedFiles {
  readonly findings: readonly Finding[];
  readonly files: number;
  readonly sealedSecrets: number;
  readonly sopsFiles: number;
  readonly skipped: readonly SkippedFile[];
}

export interface AuditOptions {
  readonly policy: AuditPolicy;
  readonly keys?: AuditKeys | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly onStep?: ((done: number, all: number) => void) | undefined;
}

/** SealedSecrets that are opened at a time; the keyring bounds the work itself. */
const AT_ONCE = 32;

/** Looks at every file of a repository. Nothing that is returned holds a value. */
export async function auditFiles(files: RepositoryFiles, options: AuditOptions): Promise<AuditedFiles> {
  const { policy, keys, now, onStep } = options;
  const findings: Finding[] = keys === undefined ? [] : [...keyFindings(keys, policy, now)];
  const configs = new SopsConfigs(policy);
  const recipients: SopsRecipients[] = [];
  const opening = new Set<Promise<void>>();
  let failure: unknown;
  let sealedSecrets = 0;
  let looked = 0;
  for await (const file of files.files()) {
    looked++;
    onStep?.(looked, files.count);
    findings.push(...leakFindings(file), ...certificatesIn(file, options));
    if (isConfig(file.path)) findings.push(...configs.add(file.path, file.bytes));
    const found = findEncrypted(file);
    if (found === undefined) continue;
    const { path } = file;
    if (found.problem !== undefined && !isExample(found)) {
      findings.push(finding("unreadable-file", path, { detail: found.problem }));
    }
    if (found.sops?.locked !== undefined) {
      findings.push(...sopsFindings(found.sops.locked, path, policy));
      recipients.push(recipientsOf(found.sops.locked, path));
    }
    sealedSecrets += found.sealed.length;
    for (const sealed of found.sealed) {
      const work = sealedFindings(sealed, { path, policy, keys, now })
        .then((more) => void findings.push(...more))
        .catch((cause: unknown) => {
          failure ??= cause;
        })
        .finally(() => opening.delete(work));
      opening.add(work);
      if (opening.size >= AT_ONCE) await Promise.race(opening);
    }
    if (failure !== undefined) break;
  }
  await Promise.all(opening);
  if (failure !== undefined) throw failure;
  for (const file of recipients) findings.push(...configs.unlisted(file));
  return { findings, files: looked, sealedSecrets, sopsFiles: recipients.length, skipped: files.skipped };
}

function leakFindings({ path, bytes }: RepositoryFile): readonly Finding[] {
  return findLeaks({ path, bytes }).map((leak) => findingOf(leak, path));
}

/** A leak as a finding. */
export function findingOf({ rule, line, object, fields }: Leak, path: string): Finding {
  return finding(rule, path, { line, object, fields });
}

function certificatesIn({ path, bytes }: RepositoryFile, options: AuditOptions): readonly Finding[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!buffer.includes("-----BEGIN CERTIFICATE-----")) return [];
  return certificateFindings(buffer.toString("latin1"), path, options);
}

/** Templates of charts, and texts that only quote something encrypted: nothing there was ever meant to be read. */
function isExample({ file, sops }: EncryptedFile): boolean {
  const { bytes } = file;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return sops === undefined ? text.includes("{{") : sops.format === "binary";
}

function isConfig(path: string): boolean {
  return path === CONFIG_NAME || path.endsWith(`/${CONFIG_NAME}`);
}
