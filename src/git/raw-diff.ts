import { showUtf8 } from "../bytes/utf8.ts";
import { GitError } from "./errors.ts";

/** A file as one side of a difference has it. */
export interface ChangedFile {
  /** With `/`; bytes that are no UTF-8 are shown as U+FFFD. */
  readonly path: string;
  readonly hash: string;
}

/** A blob of a commit that none of its parents has at that path. */
export interface Introduction extends ChangedFile {
  readonly commit: string;
}

const NO_FILE = "000000";
const REGULAR = new Set(["100644", "100755"]);

/** Parses `git diff --raw -z --no-abbrev --no-renames`: regular files that the new side has. */
export function parseRawDiff(output: Uint8Array): readonly ChangedFile[] {
  return [...rawEntries(output)].flatMap(({ mode, hash, path }) => (REGULAR.has(mode) ? [{ path, hash }] : []));
}

/**
 * Parses `git diff-tree --stdin -r -c --root --raw -z --no-abbrev --no-renames`, which names each commit before its
 * entries; of a merge there are only files that differ from all parents. One by one, as they are asked for: a history
 * holds many more of them than anybody keeps.
 */
export function* parseIntroductions(output: Uint8Array): Generator<Introduction> {
  for (const { mode, commit, path, hash } of rawEntries(output)) {
    if (REGULAR.has(mode)) yield { commit, path, hash };
  }
}

interface RawEntry extends ChangedFile {
  readonly mode: string;
  /** `""` when the listing is of no commit. */
  readonly commit: string;
}

function* rawEntries(output: Uint8Array): Generator<RawEntry> {
  let commit = "";
  for (let at = 0; at < output.length; ) {
    const [head, next] = field(output, at);
    at = next;
    const parents = /^:+/.exec(head)?.[0].length ?? 0;
    if (parents === 0) {
      if (!/^[0-9a-f]{40,64}\n?$/.test(head)) throw malformed();
      commit = head.trim();
      continue;
    }
    const words = head.slice(parents).split(" ");
    const mode = words[parents];
    const hash = words[2 * parents + 1];
    if (mode === undefined || hash === undefined || words.length !== 2 * parents + 3) throw malformed();
    const [path, end] = field(output, at);
    at = end;
    if (mode !== NO_FILE) yield { mode, hash, path, commit };
  }
}

/** The text up to the next NUL, and where the one behind it begins. */
function field(output: Uint8Array, at: number): readonly [string, number] {
  const end = output.indexOf(0, at);
  if (end < 0) throw malformed();
  return [showUtf8(output.subarray(at, end)), end + 1];
}

function malformed(): GitError {
  return new GitError("GIT_BAD_OBJECT", "Cannot read what changed: git's listing is malformed");
}

/** Parses `git rev-list --objects`: the hash of each object, with the first path that led to it. */
export function parseObjectList(output: Uint8Array): readonly ChangedFile[] {
  const found: ChangedFile[] = [];
  for (let at = 0; at < output.length; ) {
    const newline = output.indexOf(0x0a, at);
    const end = newline < 0 ? output.length : newline;
    const line = showUtf8(output.subarray(at, end));
    const space = line.indexOf(" ");
    const hash = space < 0 ? line : line.slice(0, space);
    if (/^[0-9a-f]{40,64}$/.test(hash)) found.push({ hash, path: space < 0 ? "" : line.slice(space + 1) });
    at = end + 1;
  }
  return found;
}
