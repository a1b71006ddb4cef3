import { findLeaks } from "../leaks/index.ts";
import type { AuditPolicy } from "../policy/index.ts";
import { type EncryptedFile, findEncrypted, type RepositoryFile } from "../repository/index.ts";
import type { AuditKeys } from "./audit-keys.ts";
import { certificateFindings } from "./certificate-rules.ts";
import { type Finding, finding } from "./finding.ts";
import { sealedFindings } from "./sealed-rules.ts";
import { recipientsOf, type SopsRecipients, sopsFindings } from "./sops-rules.ts";

/** What was looked at in one file, and what was found. Plain data. */
export interface AuditedFile {
  readonly findings: readonly Finding[];
  readonly sealedSecrets: number;
  /** Of a SOPS file: what is asked of it when all configurations are known. */
  readonly recipients: SopsRecipients | undefined;
}

export interface AuditFileOptions {
  readonly policy: AuditPolicy;
  readonly keys?: AuditKeys | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Looks at a file by itself. Nothing that is returned holds a value. */
export async function auditFile(file: RepositoryFile, options: AuditFileOptions): Promise<AuditedFile> {
  const { policy, keys, now } = options;
  const { path } = file;
  const findings: Finding[] = [...(await leaksIn(file)), ...certificatesIn(file, options)];
  const found = findEncrypted(file);
  if (found === undefined) return { findings, sealedSecrets: 0, recipients: undefined };
  if (found.problem !== undefined && !isExample(found)) {
    findings.push(finding("unreadable-file", path, { detail: found.problem }));
  }
  const locked = found.sops?.locked;
  if (locked !== undefined) findings.push(...sopsFindings(locked, path, policy));
  const ofSealed = await Promise.all(found.sealed.map((sealed) => sealedFindings(sealed, { path, policy, keys, now })));
  return {
    findings: [...findings, ...ofSealed.flat()],
    sealedSecrets: found.sealed.length,
    recipients: locked === undefined ? undefined : recipientsOf(locked, path),
  };
}

/** Clear text in a file, as findings. */
export async function leaksIn({ path, bytes }: RepositoryFile): Promise<readonly Finding[]> {
  return findLeaks({ path, bytes }).map(({ rule, line, object, fields }) =>
    finding(rule, path, { line, object, fields }),
  );
}

function certificatesIn({ path, bytes }: RepositoryFile, options: AuditFileOptions): readonly Finding[] {
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
