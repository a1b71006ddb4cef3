import type { FileSystem, FoundFile, NewFile } from "../../../src/files/index.ts";

interface Content {
  readonly inode: number;
  readonly mode: number;
  text: string;
  flushed: string;
  modified: number;
}

/** The program ends here. */
class Crash extends Error {}

/** What a crash does to what was not flushed: a killed program loses nothing, a machine without power does. */
export type Loss = "nothing" | "unflushed";

/** A file system with hard links that can end the program at any step that changes something. */
export class MemoryFiles implements FileSystem {
  readonly names = new Map<string, Content>();
  /** Steps until the crash; the step at which it happens is done by half. */
  stepsLeft = Number.POSITIVE_INFINITY;
  steps = 0;
  /** Fails instead of crashing: the system's answer at that step and never again. */
  refusal: string | undefined;
  /** Runs before each step; changes by others go here. */
  onStep: ((step: number) => void) | undefined;
  hasLinks = true;
  #inode = 0;
  #clock = 0;

  constructor(texts: Readonly<Record<string, string>> = {}) {
    for (const [path, text] of Object.entries(texts)) this.put(path, text);
  }

  /** Somebody else writes a file. */
  put(path: string, text: string): void {
    this.names.set(path, { inode: ++this.#inode, mode: 0o640, text, flushed: text, modified: ++this.#clock });
  }

  /** Every file that is there, with its text. */
  texts(): Record<string, string> {
    return Object.fromEntries([...this.names].map(([path, { text }]) => [path, text] as const).sort());
  }

  /** The machine after a crash. */
  restart(loss: Loss): void {
    this.stepsLeft = Number.POSITIVE_INFINITY;
    if (loss === "unflushed") for (const content of this.names.values()) content.text = content.flushed;
  }

  async find(path: string): Promise<FoundFile | undefined> {
    const content = this.names.get(path);
    return content === undefined ? undefined : identity(content);
  }

  async writeNew(path: string, bytes: Uint8Array, as: { readonly mode: number }): Promise<NewFile> {
    if (this.names.has(path)) throw failure("EEXIST");
    const content = { inode: ++this.#inode, mode: as.mode, text: "", flushed: "", modified: ++this.#clock };
    const text = Buffer.from(bytes).toString();
    this.#step(
      () => {
        this.names.set(path, content);
        content.text = text;
      },
      () => {
        this.names.set(path, content);
        content.text = text.slice(0, text.length / 2);
      },
    );
    const flushed = this.flush(path);
    flushed.catch(() => undefined);
    return { identity: identity(content), flushed };
  }

  async keep(from: string, to: string): Promise<void> {
    const content = this.names.get(from);
    if (content === undefined) throw failure("ENOENT");
    if (this.names.has(to)) throw failure("EEXIST");
    const kept = this.hasLinks ? content : { ...content, inode: ++this.#inode, modified: ++this.#clock };
    this.#step(() => this.names.set(to, kept));
  }

  async rename(from: string, to: string): Promise<void> {
    const content = this.names.get(from);
    if (content === undefined) throw failure("ENOENT");
    this.#step(() => {
      // Two names of one file: POSIX does nothing then.
      if (this.names.get(to) === content) return;
      this.names.set(to, content);
      this.names.delete(from);
    });
  }

  async remove(path: string): Promise<void> {
    this.#step(() => this.names.delete(path));
  }

  async append(path: string, text: string): Promise<void> {
    const add = (more: string) => {
      const content = this.names.get(path) ?? { inode: ++this.#inode, mode: 0o600, text: "", flushed: "", modified: 0 };
      content.text += more;
      this.names.set(path, content);
    };
    this.#step(
      () => add(text),
      () => add(text.slice(0, text.length / 2)),
    );
  }

  async read(path: string): Promise<string | undefined> {
    return this.names.get(path)?.text;
  }

  async flush(path: string): Promise<void> {
    const content = this.names.get(path);
    if (content === undefined) throw failure("ENOENT");
    this.#step(() => {
      content.flushed = content.text;
    });
  }

  async flushFolder(): Promise<void> {
    this.#step(() => undefined);
  }

  async makeFolder(): Promise<void> {}
  async removeFolder(): Promise<void> {}

  async list(folder: string): Promise<string[]> {
    return [...this.names.keys()]
      .filter((path) => path.startsWith(`${folder}/`))
      .map((path) => path.slice(folder.length + 1));
  }

  #step(whole: () => void, half: () => void = () => undefined): void {
    this.steps++;
    this.onStep?.(this.steps);
    if (this.stepsLeft > 0) this.stepsLeft--;
    else {
      if (this.stepsLeft === 0) half();
      this.stepsLeft = this.refusal === undefined ? -1 : Number.POSITIVE_INFINITY;
      throw this.refusal === undefined ? new Crash("crash") : failure(this.refusal);
    }
    whole();
  }
}

function identity({ inode, mode, text, modified }: Content): FoundFile {
  return { inode: String(inode), size: text.length, modified: String(modified), mode, owner: 0, group: 0 };
}

function failure(code: string): Error {
  return Object.assign(new Error(code), { code });
}
