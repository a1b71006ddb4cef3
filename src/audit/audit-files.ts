import {
  ahead,
  FILES_AHEAD,
  type RepositoryFile,
  type RepositoryFiles,
  type SkippedFile,
} from "../repository/index.ts";
import { type AuditedFile, type AuditFileOptions, auditFile } from "./audit-file.ts";
import { keyFindings } from "./audit-keys.ts";
import type { Finding } from "./finding.ts";
import { CONFIG_NAME, SopsConfigs, type SopsRecipients } from "./sops-rules.ts";

/** What was looked at, and what was found. */
export interface AuditedFiles {
  readonly findings: readonly Finding[];
  readonly files: number;
  readonly sealedSecrets: number;
  readonly sopsFiles: number;
  readonly skipped: readonly SkippedFile[];
}

export interface AuditOptions extends AuditFileOptions {
  readonly onStep?: ((done: number, all: number) => void) | undefined;
  /** Looks at a file by itself; this thread does when absent. */
  readonly look?: ((file: RepositoryFile) => Promise<AuditedFile>) | undefined;
}

/** Looks at every file of a repository. Nothing that is returned holds a value. */
export async function auditFiles(repository: RepositoryFiles, options: AuditOptions): Promise<AuditedFiles> {
  const { policy, keys, now, onStep, look = (file) => auditFile(file, options) } = options;
  const findings: Finding[] = keys === undefined ? [] : [...keyFindings(keys, policy, now)];
  const configs = new SopsConfigs(policy);
  const recipients: SopsRecipients[] = [];
  let sealedSecrets = 0;
  let files = 0;
  const lookAt = async (file: RepositoryFile) => {
    const ofConfig = isConfig(file.path) ? configs.add(file.path, file.bytes) : [];
    return { ofConfig, audited: await look(file) };
  };
  for await (const { ofConfig, audited } of ahead(repository.files(), FILES_AHEAD, lookAt)) {
    files++;
    for (const found of [...audited.findings, ...ofConfig]) findings.push(found);
    if (audited.recipients !== undefined) recipients.push(audited.recipients);
    sealedSecrets += audited.sealedSecrets;
    onStep?.(files, repository.count);
  }
  for (const file of recipients) findings.push(...configs.unlisted(file));
  return { findings, files, sealedSecrets, sopsFiles: recipients.length, skipped: repository.skipped };
}

function isConfig(path: string): boolean {
  return path === CONFIG_NAME || path.endsWith(`/${CONFIG_NAME}`);
}
