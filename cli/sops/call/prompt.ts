import type { Io } from "../../io.ts";

/** Longest answer that is looked at. */
const MAX_LINE = 1024;

/** Lines of standard input, one at a time, for questions to a person. */
export class Answers {
  readonly #chunks: AsyncIterator<string | Buffer>;
  #text = "";
  #isOver = false;

  constructor(io: Io) {
    this.#chunks = io.stdin[Symbol.asyncIterator]();
  }

  /** The next line without its end; undefined when there is no whole line any more. */
  async line(): Promise<string | undefined> {
    for (;;) {
      const end = this.#text.indexOf("\n");
      if (end >= 0) {
        const line = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 1);
        return line;
      }
      if (this.#isOver || this.#text.length > MAX_LINE) return this.#lastLine();
      const { value, done } = await this.#chunks.next();
      if (done === true) this.#isOver = true;
      else this.#text += value.toString("utf8");
    }
  }

  #lastLine(): string | undefined {
    const line = this.#text;
    this.#text = "";
    return line === "" ? undefined : line;
  }

  /** Lets standard input go, so that the program can end. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}
