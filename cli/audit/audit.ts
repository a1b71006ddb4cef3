import { join, relative, resolve } from "node:path";
import packageJson from "../../package.json" with { type: "json" };
import {
  type AuditedFiles,
  type AuditedHistory,
  auditFile,
  auditFiles,
  auditHistory,
  type Finding,
  fingerprints,
  inOrder,
  isAtLeast,
  leaksIn,
  pathFromTop,
  SEVERITIES,
  type Severity,
  sarifLog,
  severityOf,
  subjectOf,
  withoutAllowed,
} from "../../src/audit/index.ts";
import { GitError, type LocalRepository, openLocalRepository } from "../../src/git/index.ts";
import { DEFAULT_POLICY, POLICY_PATH, parsePolicy } from "../../src/policy/index.ts";
import { branchFiles, workTreeFiles } from "../../src/repository/index.ts";
import { printJson, printSigs } from "../../src/yaml/index.ts";
import { defineCommand, flag } from "../define-command.ts";
import { CliError } from "../errors.ts";
import { EXIT } from "../exit-codes.ts";
import { errno, readFile } from "../files-adapter.ts";
import type { Io } from "../io.ts";
import { placeFlags } from "../keys/place.ts";
import { note, printable, table, write } from "../output.ts";
import { withProgress } from "../progress.ts";
import { repositoryThreads } from "../repository-threads/threads-adapter.ts";
import { auditKeys } from "./keys.ts";

/** More lines than this nobody reads in a table; the other forms have them all. */
const SHOWN = 200;
const FAIL_ON = [...SEVERITIES, "never"] as const;

export const auditCommand = defineCommand({
  name: "audit",
  summary: "Find clear text, weak keys and wrong recipients in a repository",
  positionals: { usage: "", max: 0 },
  examples: [
    { what: "The repository here, as it is on disk", command: "sealkit audit" },
    { what: "All that was ever committed too", command: "sealkit audit --history" },
    { what: "What needs old or compromised keys", command: "sealkit audit --backup keys.age -i identity.txt" },
    { what: "For code scanning", command: "sealkit audit -o sarif > sealkit.sarif" },
  ],
  description:
    "Looks at every file of a repository by rules that docs/audit-rules.md describes, and prints where and what, never a\n" +
    "value. Exit status 1 when a finding is at least as bad as --fail-on. What is accepted, and what is asked of keys, scopes\n" +
    "and recipients, stands in .sealkit/policy.yaml.",
  flags: {
    repo: flag.text({ placeholder: "FOLDER", default: ".", help: "Repository to look at, or a folder of it" }),
    history: flag.toggle({ help: "Look for clear text in every commit of every branch and tag too" }),
    allBranches: flag.toggle({ help: "What is committed in all branches, in place of the files on disk" }),
    failOn: flag.choice(FAIL_ON, { default: "warning", help: "Mildest finding that makes the exit status 1" }),
    policy: flag.text({ placeholder: "FILE", help: "Policy, in place of that of the repository" }),
    backup: flag.text({ placeholder: "FILE", help: "Backup whose keys tell which key each item needs" }),
    identity: flag.texts({
      short: "i",
      placeholder: "FILE",
      help: "age identity that opens the backup; may be repeated",
    }),
    share: flag.texts({ placeholder: "FILE", help: "Share of the identity that opens it; as many as it takes" }),
    cluster: flag.toggle({ help: "Take the keys of the cluster, in place of a backup" }),
    output: flag.choice(["table", "json", "yaml", "sarif"], {
      short: "o",
      default: "table",
      help: "Form of the report",
    }),
    ...placeFlags,
  },
  async run({ flags, io }) {
    if (flags.cluster && flags.backup !== undefined) {
      throw new CliError("CLI_BAD_FLAG", "Cannot run sealkit audit: --backup and --cluster exclude each other", {
        hints: ["sealkit audit --help"],
      });
    }
    const folder = resolve(io.cwd, flags.repo);
    const repository = await openLocalRepository(folder, { env: io.env, signal: io.signal }).catch(absent);
    const policyFile = await policyFileOf(io, flags.policy, folder, repository);
    const { audit: policy } =
      policyFile === undefined ? DEFAULT_POLICY : parsePolicy(policyFile.bytes, policyFile.file);
    const { keys, sealingKeys } = await auditKeys(flags, io);
    const now = io.now();
    const isCommitted = flags.allBranches || repository?.bare === true;
    const files = await (isCommitted ? branchFiles : workTreeFiles)(folder, { env: io.env, signal: io.signal });
    const options = { policy, keys, now };
    const threads = repositoryThreads(
      { sealingKeys, identities: [] },
      { audit: { policy: policyFile, keys: keys && { source: keys.source, keys: keys.keys }, now } },
    );
    const prefix = repository === undefined || repository.bare || isCommitted ? "" : prefixOf(repository, folder);
    const lookAt = async () => {
      const look = threads.auditing((file) => auditFile(file, options));
      const looked = await withProgress(io, `Looking at ${flags.repo}`, (onStep) =>
        auditFiles(files, { ...options, onStep, look }),
      );
      if (!flags.history) return { looked, history: undefined };
      const past = inRepository(repository, flags.repo);
      const known = looked.findings.map((found) => ({ ...found, path: pathFromTop(found, prefix) }));
      const findLeaks = threads.searching(leaksIn);
      const history = await withProgress(io, "Looking at its history", (onStep) =>
        auditHistory(past, { known, onStep, findLeaks }),
      );
      return { looked, history };
    };
    const { looked, history } = await lookAt().finally(() => threads.close());
    const all = [...looked.findings, ...(history?.findings ?? [])];
    const policyPath = flags.policy ?? POLICY_PATH;
    const { findings, allowed } = withoutAllowed(all, { policy, policyPath, prefix, now });
    const sorted = inOrder(findings);
    const report = { looked, history, allowed, form: flags.output };
    const elsewhere = [keys?.source, policyPath];
    const fromTop = () =>
      sorted.map((found) => (elsewhere.includes(found.path) ? found : { ...found, path: pathFromTop(found, prefix) }));
    await write(io.stdout, report.form === "sarif" ? sarifText(fromTop()) : reportText(sorted, report));
    await tell(sorted, report, io);
    const { failOn } = flags;
    const isBad = failOn !== "never" && sorted.some(({ rule }) => isAtLeast(severityOf(rule), failOn));
    return isBad ? EXIT.failed : EXIT.ok;
  },
});

interface Report {
  readonly looked: AuditedFiles;
  readonly history: AuditedHistory | undefined;
  readonly allowed: number;
  readonly form: "table" | "json" | "yaml" | "sarif";
}

/** A folder that is not there is told by who goes through it. */
function absent(cause: unknown): undefined {
  const isNotStarted =
    cause instanceof GitError && (cause.code === "GIT_NOT_INSTALLED" || errno(cause.cause) === "ENOTDIR");
  if (isNotStarted) return undefined;
  throw cause;
}

function inRepository(repository: LocalRepository | undefined, shown: string): LocalRepository {
  if (repository !== undefined) return repository;
  throw new CliError("CLI_BAD_INPUT", `Cannot look at the history of "${shown}": it is in no Git repository`, {
    hints: ["leave --history out, or name a folder of a repository: sealkit audit --repo FOLDER"],
  });
}

/** The folder as the patterns of a policy count: from the top of the repository. */
function prefixOf({ top }: LocalRepository, folder: string): string {
  const path = relative(top, folder).replaceAll("\\", "/");
  return path === "" || path.startsWith("..") ? "" : `${path}/`;
}

const MAX_POLICY_BYTES = 1024 * 1024;

/** The policy that was named, or that of the repository; undefined where there is none. */
async function policyFileOf(
  io: Io,
  named: string | undefined,
  folder: string,
  repository: LocalRepository | undefined,
): Promise<{ readonly bytes: Uint8Array; readonly file: string } | undefined> {
  if (named !== undefined) return { bytes: await readFile(io, named), file: named };
  const file = POLICY_PATH;
  if (repository?.bare === true) {
    for await (const { state, bytes } of repository.stream([`HEAD:${file}`], MAX_POLICY_BYTES)) {
      if (state === "read") return { bytes, file };
    }
    return undefined;
  }
  try {
    return { bytes: await readFile(io, join(repository?.top ?? folder, file)), file };
  } catch (cause) {
    if (cause instanceof CliError && cause.code === "CLI_FILE_MISSING") return undefined;
    throw cause;
  }
}

/** Code scanning knows files by their paths from the top of the repository, whatever folder was looked at. */
function sarifText(findings: readonly Finding[]): string {
  return `${printJson(sarifLog(findings, packageJson), { indent: "  ", escapeHtml: false })}\n`;
}

function reportText(findings: readonly Finding[], report: Report): string {
  const { looked, history, allowed, form } = report;
  if (form === "table") return tableText(findings);
  const known = fingerprints(findings);
  const value = {
    findings: findings.map((found, at) => ({
      rule: found.rule,
      severity: severityOf(found.rule),
      path: found.path,
      line: found.line,
      object: found.object,
      fields: [...found.fields],
      detail: found.detail === "" ? undefined : found.detail,
      commit: found.commit,
      fingerprint: known[at],
    })),
    allowed,
    files: looked.files,
    sealedSecrets: looked.sealedSecrets,
    sopsFiles: looked.sopsFiles,
    blobs: history?.blobs,
    skipped: looked.skipped.map(({ path, why }) => ({ path, why })),
  };
  return form === "json" ? `${printJson(value, { indent: "  ", escapeHtml: false })}\n` : printSigs(value);
}

function tableText(findings: readonly Finding[]): string {
  if (findings.length === 0) return "";
  const rows = findings.slice(0, SHOWN).map((found) => {
    const { rule, path, line, commit } = found;
    const where = `${path}${line === undefined ? "" : `:${line}`}`;
    return [
      severityOf(rule),
      rule,
      commit === undefined ? where : `${where} in ${commit.slice(0, 12)}`,
      subjectOf(found),
    ];
  });
  return table(["SEVERITY", "RULE", "WHERE", "WHAT"], rows);
}

async function tell(findings: readonly Finding[], { looked, history, allowed, form }: Report, io: Io): Promise<void> {
  if (form === "table" && findings.length > SHOWN) {
    await note(io, `${findings.length - SHOWN} more are left out here: -o json has them all`);
  }
  for (const { path, why } of looked.skipped.filter((one) => !/link|submodule/.test(one.why)).slice(0, SHOWN)) {
    await note(io, `Could not look at "${printable(path)}": ${why}`);
  }
  const submodules = looked.skipped.filter(({ why }) => why === "submodule").length;
  if (submodules > 0) await note(io, `Left out: ${count(submodules, "submodule")}; audit each by itself`);
  if (history !== undefined && history.unread > 0) {
    await note(io, `Could not look at ${history.unread} contents of history: too large, or not in this clone`);
  }
  const past = history === undefined ? "" : ` and ${count(history.blobs, "content")} of its history`;
  const of = (severity: Severity) =>
    count(findings.filter(({ rule }) => severityOf(rule) === severity).length, severity);
  const accepted = allowed === 0 ? "" : `; ${allowed} allowed by the policy`;
  await note(io, `Looked at ${count(looked.files, "file")}${past}: ${SEVERITIES.map(of).join(", ")}${accepted}`);
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
