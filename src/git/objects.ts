import { GitError } from "./errors.ts";

/** One entry of a commit's tree. Submodules are listed and never followed. */
export interface GitFile {
  readonly kind: "file" | "link" | "submodule";
  readonly path: string;
  readonly hash: string;
  readonly bytes: number;
  readonly executable: boolean;
}

/** What a commit says of itself. */
export interface GitCommit {
  readonly hash: string;
  /** First line of the message. */
  readonly subject: string;
  /** Seconds since the epoch. */
  readonly committedAt: number;
}

/**
 * Parses `git ls-tree -r -z -l`: `mode type hash size<TAB>path<NUL>`. Names that are no UTF-8 are refused unless `textOf`
 * reads them.
 */
export function parseTreeListing(output: Uint8Array, textOf: (line: Uint8Array) => string = utf8): readonly GitFile[] {
  const files: GitFile[] = [];
  for (let at = 0; at < output.length; ) {
    const end = output.indexOf(0, at);
    if (end < 0) throw damaged("its tree listing is cut off");
    const line = textOf(output.subarray(at, end));
    const match = /^(\d{6}) (\w+) ([0-9a-f]{40,64}) +(\d+|-)\t([\s\S]+)$/.exec(line);
    if (match === null) throw damaged("its tree listing is malformed");
    const [, mode = "", type = "", hash = "", size = "", path = ""] = match;
    const kind = mode === "120000" ? "link" : mode === "160000" || type === "commit" ? "submodule" : "file";
    files.push({ kind, path, hash, bytes: size === "-" ? 0 : Number(size), executable: mode === "100755" });
    at = end + 1;
  }
  return files;
}

/** Parses the answers of `git cat-file --batch` for `hashes`, in their order. Results are views on `output`. */
export function parseBatch(output: Uint8Array, hashes: readonly string[]): ReadonlyMap<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  let at = 0;
  for (const hash of hashes) {
    const lineEnd = output.indexOf(0x0a, at);
    const match = lineEnd < 0 ? null : /^([0-9a-f]+) blob (\d+)$/.exec(utf8(output.subarray(at, lineEnd)));
    const size = Number(match?.[2]);
    if (match?.[1] !== hash || lineEnd + 1 + size >= output.length) throw damaged(`object ${hash} is missing`);
    found.set(hash, output.subarray(lineEnd + 1, lineEnd + 1 + size));
    at = lineEnd + 1 + size + 1;
  }
  return found;
}

/** Parses the answer of `git cat-file --batch` to the name of one commit; undefined when it is missing or none. */
export function parseBatchedCommit(output: Uint8Array): GitCommit | undefined {
  const lineEnd = output.indexOf(0x0a);
  const head = new TextDecoder().decode(output.subarray(0, Math.max(lineEnd, 0)));
  const hash = /^([0-9a-f]{40,64}) commit \d+$/.exec(head)?.[1];
  return hash === undefined ? undefined : parseCommit(hash, new TextDecoder().decode(output.subarray(lineEnd + 1)));
}

/** Parses a raw commit object. */
export function parseCommit(hash: string, text: string): GitCommit {
  const blank = text.indexOf("\n\n");
  const head = blank < 0 ? text : text.slice(0, blank);
  const committedAt = Number(/(?:^|\n)committer [^\n]*> (\d{1,15}) [+-]\d{4}/.exec(head)?.[1] ?? 0);
  const subject = blank < 0 ? "" : (text.slice(blank + 2).split("\n", 1)[0] ?? "");
  return { hash, subject, committedAt };
}

function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw damaged("a path in it is not UTF-8");
  }
}

function damaged(why: string): GitError {
  return new GitError("GIT_BAD_OBJECT", `Cannot read the commit: ${why}`);
}
