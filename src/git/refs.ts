import { GitError } from "./errors.ts";
import { newestMatching, parseRange } from "./semver-range.ts";

/** Which revision of a repository is wanted; the first that is given wins: commit, name, semver, tag, branch. */
export interface RefSpec {
  readonly branch?: string | undefined;
  readonly tag?: string | undefined;
  readonly semver?: string | undefined;
  /** A full reference such as `refs/pull/1/head`. */
  readonly name?: string | undefined;
  readonly commit?: string | undefined;
}

/** What a remote offers: full reference name → object. `peeled` is the commit behind an annotated tag. */
export type RemoteRefs = ReadonlyMap<string, { readonly hash: string; readonly peeled?: string }>;

/** What to look for at the remote. */
export type Wanted =
  | { readonly kind: "ref"; readonly ref: string; readonly label: string }
  | { readonly kind: "semver"; readonly range: string }
  | { readonly kind: "commit"; readonly hash: string; readonly branch: string | undefined };

const DEFAULT_BRANCH = "master";

/** Full hashes only: a short one could come to mean another commit. */
const HASH = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/**
 * Decides what to look for.
 *
 * @throws {GitError} `GIT_REF_REFUSED` for a name that git would not allow or that is not a full reference or hash,
 *   `GIT_SEMVER_RANGE` for a range that cannot be read.
 */
export function wantedRef(spec: RefSpec | undefined): Wanted {
  if (given(spec?.commit)) {
    const hash = spec.commit.toLowerCase();
    if (!HASH.test(hash)) throw refused("commit", spec.commit, "it is not a full hash of 40 or 64 hexadecimal digits");
    const branch = given(spec.branch) ? spec.branch : undefined;
    if (branch !== undefined) checkRefName("branch", `refs/heads/${branch}`);
    return { kind: "commit", hash, branch };
  }
  if (given(spec?.name)) {
    if (!spec.name.startsWith("refs/")) throw refused("name", spec.name, 'it does not begin with "refs/"');
    checkRefName("name", spec.name);
    return { kind: "ref", ref: spec.name, label: spec.name };
  }
  if (given(spec?.semver)) {
    parseRange(spec.semver);
    return { kind: "semver", range: spec.semver };
  }
  if (given(spec?.tag)) {
    checkRefName("tag", `refs/tags/${spec.tag}`);
    return { kind: "ref", ref: `refs/tags/${spec.tag}`, label: spec.tag };
  }
  const branch = given(spec?.branch) ? spec.branch : DEFAULT_BRANCH;
  checkRefName("branch", `refs/heads/${branch}`);
  return { kind: "ref", ref: `refs/heads/${branch}`, label: branch };
}

/** What was chosen among the remote's references. Several candidates are tags of equal precedence. */
export interface Choice {
  readonly ref: string;
  readonly label: string;
  readonly commit: string;
}

/**
 * The references that answer `wanted`: none, one, or for a semver range several of equal precedence.
 */
export function choices(wanted: Exclude<Wanted, { kind: "commit" }>, refs: RemoteRefs): readonly Choice[] {
  if (wanted.kind === "ref") {
    const found = refs.get(wanted.ref);
    return found === undefined ? [] : [{ ref: wanted.ref, label: wanted.label, commit: found.peeled ?? found.hash }];
  }
  const tags = new Map<string, string>();
  for (const [ref, { hash, peeled }] of refs) {
    if (ref.startsWith(TAGS)) tags.set(ref.slice(TAGS.length), peeled ?? hash);
  }
  return newestMatching(parseRange(wanted.range), [...tags.keys()]).map((tag) => ({
    ref: TAGS + tag,
    label: tag,
    commit: tags.get(tag) ?? "",
  }));
}

const TAGS = "refs/tags/";

/** `main@sha1:<hex>`, or `sha1:<hex>` without a label. */
export function revisionOf(label: string | undefined, hash: string): string {
  const digest = `${hash.length === 64 ? "sha256" : "sha1"}:${hash}`;
  return label === undefined ? digest : `${label}@${digest}`;
}

/** The hash in a revision, also in the old form `main/<hash>`; undefined when there is none. */
export function hashOfRevision(revision: string): string | undefined {
  return /(?:^|[:/])([0-9a-f]{64}|[0-9a-f]{40})$/.exec(revision)?.[1];
}

/**
 * Parses the output of `git ls-remote`: lines of hash, tab, reference; a tag's commit follows as `ref^{}`.
 */
export function parseRemoteRefs(output: string): RemoteRefs {
  const refs = new Map<string, { hash: string; peeled?: string }>();
  for (const line of output.split("\n")) {
    const [hash = "", ref = ""] = line.split("\t");
    if (!HASH.test(hash) || ref === "") continue;
    const plain = ref.endsWith("^{}") ? ref.slice(0, -3) : ref;
    const known = refs.get(plain);
    if (plain === ref) refs.set(ref, { ...known, hash });
    else refs.set(plain, { hash: known?.hash ?? hash, peeled: hash });
  }
  return refs;
}

/**
 * Refuses what `git check-ref-format` refuses, and a leading dash.
 *
 * A reference goes into a refspec, where `:`, `+` and `*` would mean something else.
 */
function checkRefName(field: string, ref: string): void {
  const bad =
    ref.length > 1024 ||
    /[\u0000-\u0020\u007f~^:?*[\\]/.test(ref) ||
    /\.\.|@\{|\/\/|\/$|\.$/.test(ref) ||
    ref.split("/").some((part) => part === "" || part.startsWith(".") || part.endsWith(".lock")) ||
    /^refs\/(?:heads|tags)\/-/.test(ref);
  if (bad) throw refused(field, ref, "git does not allow such a name");
}

function refused(field: string, value: string, why: string): GitError {
  return new GitError("GIT_REF_REFUSED", `Cannot use spec.ref.${field} ${JSON.stringify(value.slice(0, 200))}: ${why}`);
}

function given(value: string | undefined): value is string {
  return value !== undefined && value !== "";
}
