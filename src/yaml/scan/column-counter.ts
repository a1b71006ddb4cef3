import { columnOf } from "../errors.ts";

/** Columns in characters of ascending places: counts on from the last one, so that a long line is counted once. */
export class ColumnCounter {
  private readonly text: string;
  private lineStart = 0;
  private offset = 0;
  private column = 1;

  constructor(text: string) {
    this.text = text;
  }

  /** 1-based column of `offset` in the line that starts at `lineStart`. */
  at(lineStart: number, offset: number): number {
    if (lineStart !== this.lineStart) this.column = columnOf(this.text, lineStart, offset);
    else if (offset >= this.offset) this.column += columnOf(this.text, this.offset, offset) - 1;
    else this.column -= columnOf(this.text, offset, this.offset) - 1;
    this.lineStart = lineStart;
    this.offset = offset;
    return this.column;
  }
}
