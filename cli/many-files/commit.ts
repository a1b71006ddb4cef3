import type { FoundPlace } from "../../src/files/place-adapter.ts";
import { CliError } from "../errors.ts";
import { gitFailed, gitText, type RunGitOptions, runGit } from "../git/run-git-adapter.ts";
import type { Io } from "../io.ts";
import { note } from "../output.ts";

/** How changed files are to be committed. */
export interface CommitWishes {
  readonly message: string;
  /** A new branch, which leaves checkout, index and files as they are; undefined: onto the branch that is checked out. */
  readonly branch: string | undefined;
  /** A remote that the branch is pushed to afterwards. */
  readonly push: string | undefined;
}

/** A repository that is ready for a commit of some of its files. */
export interface CommitPlace {
  readonly top: string;
  /** The commit that is checked out. */
  readonly head: string;
  /** The branch that is checked out; undefined for a detached HEAD. */
  readonly checkedOut: string | undefined;
  /** Paths, relative to the top, that differ from what is committed: staged, changed, or not known to git. */
  readonly dirty: ReadonlySet<string>;
}

/** Hooks of people may take their time. */
const COMMIT_TIMEOUT_MS = 10 * 60_000;
/** These would lead git to another repository than the one that was named. */
const LEFT_OUT = ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE", "GIT_PREFIX"];
/** What git is in the middle of, by the name of the ref that says so. */
const UNDER_WAY = ["MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "REBASE_HEAD"];

/**
 * Looks before anything is changed whether a commit can be made as it is wished.
 *
 * @throws {CliError} `CLI_BAD_FLAG` for a branch or remote that cannot be used; `CLI_GIT_FAILED`.
 */
export async function prepareCommit(io: Io, place: FoundPlace, wishes: CommitWishes): Promise<CommitPlace> {
  const refuse = (state: string, hints: readonly string[] = []): CliError =>
    new CliError("CLI_BAD_FLAG", `Cannot commit: ${state}`, { hints });
  if (!place.isWorkTree) throw refuse("the folder is in no work tree of git");
  const top = place.base;
  const own = ownGit(io, top);
  const head = await own.run(["rev-parse", "--verify", "-q", "HEAD^{commit}"]);
  if (head.exitCode !== 0) throw refuse("nothing is committed there yet", ["make a first commit"]);
  const symbolic = await own.run(["symbolic-ref", "--short", "-q", "HEAD"]);
  const checkedOut = symbolic.exitCode === 0 ? textOf(symbolic.stdout) : undefined;
  if (wishes.branch === undefined) {
    for (const ref of UNDER_WAY) {
      const found = await own.run(["rev-parse", "--verify", "-q", ref]);
      if (found.exitCode === 0) throw refuse(`git is in the middle of something (${ref})`, ["end it first"]);
    }
    if (checkedOut === undefined && wishes.push !== undefined) {
      throw refuse("no branch is checked out that could be pushed", ["name a new one: --branch NAME"]);
    }
  } else {
    if (
      (await own.run(["check-ref-format", `refs/heads/${wishes.branch}`])).exitCode !== 0 ||
      wishes.branch.startsWith("-")
    ) {
      throw refuse(`${JSON.stringify(wishes.branch)} is no name for a branch`);
    }
    if ((await own.run(["rev-parse", "--verify", "-q", `refs/heads/${wishes.branch}`])).exitCode === 0) {
      throw refuse(`the branch "${wishes.branch}" exists already`, ["name a new one: --branch NAME"]);
    }
  }
  if (wishes.push !== undefined) {
    const remotes = (await own.text(["remote"])).split("\n").filter((name) => name !== "");
    if (!remotes.includes(wishes.push)) {
      throw refuse(
        `there is no remote "${wishes.push}"`,
        remotes.length === 0 ? [] : [`there are: ${remotes.join(", ")}`],
      );
    }
  }
  const status = ["status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames"];
  const listed = await own.run(status);
  if (listed.exitCode !== 0) throw gitFailed("look at the work tree", listed);
  const dirty = new Set(
    textOf(listed.stdout)
      .split("\0")
      .filter((line) => line.length > 3)
      .map((line) => line.slice(3)),
  );
  return { top, head: textOf(head.stdout), checkedOut, dirty };
}

/**
 * Commits exactly these files as they are on disk, onto the branch that is checked out, with the hooks of the person. What
 * else is staged stays staged.
 *
 * @throws {CliError} `CLI_GIT_FAILED` when git, or a hook, refuses; the files stay as they are.
 */
export async function commitFiles(
  io: Io,
  { top }: CommitPlace,
  paths: readonly string[],
  message: string,
): Promise<string> {
  const own = ownGit(io, top);
  const only = ["commit", "-q", "--only", "-m", message, "--pathspec-from-file=-", "--pathspec-file-nul"];
  const stdin = paths.map((path) => `${path}\0`).join("");
  const made = await own.run(["--literal-pathspecs", ...only], { stdin, timeoutMs: COMMIT_TIMEOUT_MS });
  if (made.exitCode !== 0) {
    throw gitFailed("commit the changed files", made, [
      "they are changed and not committed: run the command again, or commit them yourself",
    ]);
  }
  return await own.text(["rev-parse", "HEAD"]);
}

/** Pushes a branch to the branch of the same name. @throws {CliError} `CLI_GIT_FAILED` */
export async function pushBranch(io: Io, { top }: CommitPlace, remote: string, branch: string): Promise<void> {
  const ref = `refs/heads/${branch}`;
  const pushed = await ownGit(io, top).run(["push", "-q", "--", remote, `${ref}:${ref}`], {
    timeoutMs: COMMIT_TIMEOUT_MS,
  });
  if (pushed.exitCode !== 0) {
    throw gitFailed(`push "${branch}" to "${remote}"`, pushed, [
      `the commit is made; push it: git push ${remote} ${branch}`,
    ]);
  }
  await note(io, `Pushed ${branch} to ${remote}`);
}

/** Git in one folder, without the variables that lead elsewhere and without programs that its configuration would watch with. */
export function ownGit(io: Io, cwd: string) {
  const env = Object.fromEntries(Object.entries(io.env).filter(([name]) => !LEFT_OUT.includes(name)));
  const inert = ["-c", "core.fsmonitor=false"];
  const inside: Io = { ...io, env };
  return {
    env,
    run: (args: readonly string[], more: RunGitOptions = {}) => runGit(inside, [...inert, ...args], { cwd, ...more }),
    text: (args: readonly string[]) => gitText(inside, [...inert, ...args], { cwd }),
  };
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("utf8").replace(/\n$/, "");
}
