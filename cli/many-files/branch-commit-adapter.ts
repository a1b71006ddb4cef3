import { spawn } from "node:child_process";
import { once } from "node:events";
import { openLocalRepository } from "../../src/git/index.ts";
import { CliError } from "../errors.ts";
import { gitEnvironment } from "../git/run-git-adapter.ts";
import type { Io } from "../io.ts";
import { type CommitPlace, ownGit } from "./commit.ts";

/** A commit on a new branch that grows while files are made. Ends with `finish` or `abandon`. */
export interface BranchCommit {
  /** `before`: the content that the new one was made of. @throws {CliError} `CLI_GIT_FAILED` */
  add(path: string, content: Uint8Array, before: Uint8Array): Promise<void>;
  /** Makes the commit and the branch, at once. Returns the commit; undefined when there was nothing to commit. */
  finish(message: string): Promise<string | undefined>;
  /** There is no branch afterwards. */
  abandon(): void;
}

const MAX_WORDS = 4096;

/**
 * Begins a commit on a new branch without touching checkout, index and files: contents go straight into the repository.
 * Hooks are not run, and the commit is not signed.
 *
 * @throws {CliError} `CLI_GIT_FAILED`; {GitError}
 */
export async function beginBranchCommit(io: Io, place: CommitPlace, branch: string): Promise<BranchCommit> {
  const { top, head } = place;
  const repository = await openLocalRepository(top, { env: io.env, signal: io.signal });
  const files = new Map((await repository?.files(head))?.map((file) => [file.path, file]));
  const own = ownGit(io, top);
  const [author, committer] = [
    await own.text(["var", "GIT_AUTHOR_IDENT"]),
    await own.text(["var", "GIT_COMMITTER_IDENT"]),
  ];
  const child = spawn("git", ["-c", "core.fsmonitor=false", "fast-import", "--quiet", "--done", "--date-format=raw"], {
    cwd: top,
    env: gitEnvironment({ env: own.env }),
    stdio: ["pipe", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-MAX_WORDS);
  });
  child.stdin.on("error", () => undefined);
  const ended = new Promise<number>((done) => {
    child.once("close", (code) => done(code ?? -1));
    child.once("error", () => done(-1));
  });
  const send = async (part: string | Uint8Array) => {
    if (child.stdin.destroyed) throw failed(said);
    if (!child.stdin.write(part)) await Promise.race([once(child.stdin, "drain"), ended]);
  };
  const changes: string[] = [];
  let before: Promise<void> = Promise.resolve();
  const addOne = async (path: string, content: Uint8Array) => {
    changes.push(
      `M ${files.get(path)?.executable === true ? "100755" : "100644"} :${changes.length + 1} ${quoted(path)}\n`,
    );
    await send(`blob\nmark :${changes.length}\ndata ${content.length}\n`);
    await send(content);
    await send("\n");
  };
  return {
    async add(path, content, former) {
      const committed = files.get(path);
      if (committed?.bytes !== former.length) {
        throw new CliError(
          "CLI_GIT_FAILED",
          `Cannot commit "${path}" to another branch: git stores it in another form`,
          {
            details: ["a filter, or a conversion of line ends, stands between the file and the repository"],
            hints: ["commit onto the branch that is checked out: --commit without --branch"],
          },
        );
      }
      const added = before.then(() => addOne(path, content));
      before = added.catch(() => undefined);
      await added;
    },
    async finish(message) {
      if (changes.length === 0) {
        child.kill("SIGKILL");
        await ended;
        return undefined;
      }
      const text = Buffer.from(`${message}\n`);
      await send(`commit refs/heads/${branch}\nauthor ${author}\ncommitter ${committer}\ndata ${text.length}\n`);
      await send(text);
      await send(`from ${head}\n${changes.join("")}\ndone\n`);
      child.stdin.end();
      if ((await ended) !== 0) throw failed(said);
      return await own.text(["rev-parse", `refs/heads/${branch}`]);
    },
    abandon() {
      child.kill("SIGKILL");
    },
  };
}

/** As git quotes paths: in double quotes, with backslashes. */
function quoted(path: string): string {
  return `"${path.replace(/["\\]/g, "\\$&").replaceAll("\n", "\\n")}"`;
}

function failed(said: string): CliError {
  const words = said.trim().split("\n").at(-1) ?? "";
  return new CliError("CLI_GIT_FAILED", `Cannot commit to the branch: ${words === "" ? "git ended before" : words}`, {
    hints: ["nothing was changed"],
  });
}
