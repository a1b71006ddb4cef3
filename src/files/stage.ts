import { cannotWrite, changed, FilesError } from "./errors.ts";
import { type FileIdentity, type FileSystem, type FoundFile, isSameFile } from "./file-system.ts";
import { besidePaths } from "./place.ts";

export interface StageOptions {
  /** The file as it was when its content was read: one that has changed since is not replaced. */
  readonly seen?: FoundFile | undefined;
  /** Permission bits of a file that is new; one that is replaced keeps its own. */
  readonly mode?: number | undefined;
}

/** What it takes to write beside the files of a run. Plain data, that another thread understands. */
export interface StageContext {
  readonly base: string;
  /** Twelve hex digits that are in the names of all files of the run. */
  readonly run: string;
}

/** One file whose new content stands beside it. Plain data. */
export interface StagedFile {
  /** Its place in the list of paths of the run. */
  readonly at: number;
  /** Undefined when there is no file yet. */
  readonly before: FoundFile | undefined;
  readonly after: FileIdentity;
}

/** Files that may be on their way to the disk at the same time, each with an open descriptor. */
const MAX_UNFLUSHED = 256;

/**
 * Writes new contents beside files, which stay as they are, and gives these a second name. The disk gets each content at
 * once, so that it works while the others are made.
 */
export class FileStage {
  readonly #files: FileSystem;
  readonly #context: StageContext;
  readonly #staged: StagedFile[] = [];
  readonly #unflushed = new Set<Promise<void>>();
  #failure: FilesError | undefined;

  constructor(files: FileSystem, context: StageContext) {
    this.#files = files;
    this.#context = context;
  }

  get files(): readonly StagedFile[] {
    return this.#staged;
  }

  /** @throws {FilesError} `FILES_CHANGED`, `FILES_CANNOT_WRITE`; nothing of this file is left then. */
  async add(
    { at, path }: { readonly at: number; readonly path: string },
    content: Uint8Array,
    { seen, mode = 0o644 }: StageOptions,
  ): Promise<void> {
    const { base, run } = this.#context;
    const { target, staged, former } = besidePaths({ base }, run, path, at);
    try {
      const before = await this.#files.find(target);
      if (seen !== undefined && !isSameFile(seen, before)) throw changed(path);
      const made = await this.#files.writeNew(staged, content, { mode: before?.mode ?? mode, like: before });
      this.#follow(made.flushed, path);
      if (before !== undefined) await this.#files.keep(target, former);
      this.#staged.push({ at, before, after: made.identity });
    } catch (cause) {
      await this.#files.remove(staged).catch(() => undefined);
      await this.#files.remove(former).catch(() => undefined);
      throw cause instanceof FilesError ? cause : cannotWrite(path, cause);
    }
    if (this.#unflushed.size >= MAX_UNFLUSHED) await Promise.race(this.#unflushed);
  }

  /** Waits until all of them are on the disk. @throws {FilesError} `FILES_CANNOT_WRITE` */
  async flushed(): Promise<void> {
    await Promise.all(this.#unflushed);
    if (this.#failure !== undefined) throw this.#failure;
  }

  #follow(flushed: Promise<void>, path: string): void {
    const followed = flushed
      .catch((cause: unknown) => {
        this.#failure ??= cannotWrite(path, cause);
      })
      .finally(() => this.#unflushed.delete(followed));
    this.#unflushed.add(followed);
  }
}
