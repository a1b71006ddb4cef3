import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type GitServerOptions, serveGit } from "../../src/git/http-backend-adapter.ts";
import { GitObjects, type ObjectFormat } from "./git-objects.ts";

const ENV = {
  PATH: process.env["PATH"] ?? "",
  HOME: "/nonexistent",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_AUTHOR_NAME: "Test",
  GIT_AUTHOR_EMAIL: "test@example.com",
  GIT_COMMITTER_NAME: "Test",
  GIT_COMMITTER_EMAIL: "test@example.com",
};

/** A repository on disk that a test commits to and a server may serve. Its index is empty until `git add --all`. */
export class TestRepository {
  readonly folder: string;
  readonly name: string;
  readonly #objects: GitObjects;

  constructor(root: string, name: string, { objectFormat = "sha1" }: { objectFormat?: ObjectFormat } = {}) {
    this.name = name;
    this.folder = join(root, name);
    mkdirSync(this.folder, { recursive: true });
    this.#objects = new GitObjects(join(this.folder, ".git"), objectFormat);
  }

  git(...args: string[]): string {
    const date = this.#now();
    return execFileSync("git", args, {
      cwd: this.folder,
      env: { ...ENV, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    }).trim();
  }

  /** Writes files (`null` deletes, `{link}` makes a symbolic link) and commits; gives the commit's hash. */
  commit(files: Record<string, string | Uint8Array | null | { link: string }>, message = "change"): string {
    for (const [path, content] of Object.entries(files)) {
      const at = join(this.folder, path);
      mkdirSync(dirname(at), { recursive: true });
      if (content === null) {
        rmSync(at, { recursive: true, force: true });
        this.#objects.remove(path);
      } else if (typeof content === "string" || content instanceof Uint8Array) {
        writeFileSync(at, content);
        this.#objects.put(path, content);
      } else {
        symlinkSync(content.link, at);
        this.#objects.link(path, content.link);
      }
    }
    return this.#objects.commit(message, `${ENV.GIT_AUTHOR_NAME} <${ENV.GIT_AUTHOR_EMAIL}> ${this.#now()}`);
  }

  #seconds = 1_700_000_000;

  /** Each command a minute later than the one before, so that commit times differ and repeat in each run. */
  #now(): string {
    this.#seconds += 60;
    return `${this.#seconds} +0000`;
  }
}

export interface TestGit {
  readonly root: string;
  readonly url: string;
  repository(name: string, options?: { objectFormat?: ObjectFormat }): TestRepository;
  /** The URL of a repository. */
  at(repository: TestRepository): string;
  close(): Promise<void>;
}

/** A folder for repositories with a server in front of it; everything is removed on `close`. */
export async function startTestGit(options: Omit<GitServerOptions, "root"> = {}): Promise<TestGit> {
  const root = mkdtempSync(join(tmpdir(), "sealkit-test-git-"));
  const server = await serveGit({ root, ...options });
  return {
    root,
    url: server.url,
    repository: (name, more) => new TestRepository(root, name, more),
    at: (repository) => `${server.url}/${repository.name}`,
    close: async () => {
      await server.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}
