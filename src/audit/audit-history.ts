import type { LocalRepository } from "../git/index.ts";
import { ahead, FILES_AHEAD, type RepositoryFile } from "../repository/index.ts";
import { leaksIn } from "./audit-file.ts";
import type { Finding } from "./finding.ts";
import { severityOf } from "./rules.ts";

/** A larger blob is not looked at, and counted. */
const MAX_BLOB_BYTES = 16 * 1024 * 1024;

export interface AuditedHistory {
  readonly findings: readonly Finding[];
  readonly blobs: number;
  /** Blobs that were too large, or that a partial clone has not. */
  readonly unread: number;
}

export interface HistoryOptions {
  /** What is found in the files as they are now is not said again. */
  readonly known: readonly Finding[];
  readonly onStep?: ((done: number, all: number) => void) | undefined;
  /** Looks for clear text in a content; this thread does when absent. */
  readonly findLeaks?: ((file: RepositoryFile) => Promise<readonly Finding[]>) | undefined;
}

/**
 * Looks at every content that any commit of any ref has, each once, for clear text. A finding says the first commit and
 * the path there; versions of a file with the same finding are one.
 *
 * @throws {GitError}
 */
export async function auditHistory(
  repository: Pick<LocalRepository, "historyBlobs" | "stream" | "introductions">,
  { known, onStep, findLeaks = leaksIn }: HistoryOptions,
): Promise<AuditedHistory> {
  const paths = new Map<string, string>();
  for (const { hash, path } of await repository.historyBlobs()) if (!paths.has(hash)) paths.set(hash, path);
  const found: { readonly hash: string; readonly finding: Finding }[] = [];
  let done = 0;
  let unread = 0;
  const look = async ({ hash, isUnread, file }: PastContent) => {
    return { hash, isUnread, findings: file === undefined ? [] : await findLeaks(file) };
  };
  const limits = { ...FILES_AHEAD, weightOf: ({ file }: PastContent) => file?.bytes.length ?? 0 };
  for await (const { hash, isUnread, findings } of ahead(contents(repository, paths), limits, look)) {
    done++;
    onStep?.(done, paths.size);
    if (isUnread) unread++;
    // Likely credentials are worth a look where they are in force, and too many in all that ever was.
    for (const finding of findings) if (severityOf(finding.rule) === "error") found.push({ hash, finding });
  }
  if (found.length === 0) return { findings: [], blobs: done, unread };
  const introductions = await repository.introductions(new Set(found.map(({ hash }) => hash)));
  const seen = new Set(known.map(sameness));
  const findings: Finding[] = [];
  // The order of history, so that of several versions the first is named.
  const order = new Map([...introductions.keys()].map((hash, at) => [hash, at]));
  for (const { hash, finding } of found.sort((a, b) => (order.get(a.hash) ?? 0) - (order.get(b.hash) ?? 0))) {
    const introduction = introductions.get(hash);
    const placed = { ...finding, path: introduction?.path ?? finding.path, commit: introduction?.commit ?? "unknown" };
    if (seen.has(sameness(placed))) continue;
    seen.add(sameness(placed));
    findings.push(placed);
  }
  return { findings, blobs: done, unread };
}

/** Something that a commit has. */
interface PastContent {
  readonly hash: string;
  readonly isUnread: boolean;
  /** Undefined when there is no content of a file to be looked at. */
  readonly file: RepositoryFile | undefined;
}

async function* contents(
  repository: Pick<LocalRepository, "stream">,
  paths: ReadonlyMap<string, string>,
): AsyncGenerator<PastContent> {
  for await (const { name: hash, state, bytes } of repository.stream([...paths.keys()], MAX_BLOB_BYTES)) {
    const file = state === "read" ? { path: paths.get(hash) ?? "", bytes, branches: [] } : undefined;
    yield { hash, isUnread: state === "too large" || state === "missing", file };
  }
}

function sameness({ rule, path, object, fields }: Finding): string {
  return JSON.stringify([rule, path, object ?? "", fields]);
}
