/** How the two Go libraries differ when they write. */
export interface Dialect {
  readonly flavor: "v2" | "v3";
  /** Spaces per level, 2 to 9. */
  readonly indent: number;
  /** Lines are folded at the first single space behind this column. */
  readonly width: number;
}

/** The text being written, with what the next character depends on: column, blank or indentation before it. */
export class Writer {
  readonly dialect: Dialect;
  /** Column of the present block, -1 outside. */
  indent = -1;
  column = 0;
  /** The last character was a blank or the start of a line. */
  whitespace = true;
  /** Only indentation and indicators of collections stand in the line so far. */
  indention = true;
  /** After a foot comment at this column an empty line keeps it from the next thing at the same column. */
  footIndent = -1;
  /** The last thing is a block scalar that keeps its breaks: a further empty line would be part of it. */
  openEnded = false;
  private text = "";
  private readonly indents: number[] = [];

  constructor(dialect: Dialect) {
    this.dialect = dialect;
  }

  finish(): string {
    return this.text;
  }

  /** Writes `text`, which has no break and `columns` characters. */
  put(text: string, columns: number = text.length): void {
    this.text += text;
    this.column += columns;
  }

  breakLine(): void {
    this.text += "\n";
    this.column = 0;
    this.indention = true;
  }

  /** Writes LS or PS, which break the line too. */
  putOtherBreak(text: string): void {
    this.text += text;
    this.column = 0;
    this.indention = true;
  }

  /** Goes to the present indentation, in a new line if anything stands in this one. */
  writeIndent(): void {
    const indent = Math.max(this.indent, 0);
    if (!this.indention || this.column > indent || (this.column === indent && !this.whitespace)) this.breakLine();
    if (this.footIndent === indent) this.breakLine();
    if (this.column < indent) this.put(" ".repeat(indent - this.column));
    this.whitespace = true;
    if (this.dialect.flavor === "v2") this.indention = true;
    this.footIndent = -1;
  }

  /** Writes an indicator, with a blank in front of it if `spaced` and none is there. */
  indicator(text: string, spaced: boolean, isWhitespace = false, isIndention = false): void {
    if (spaced && !this.whitespace) this.put(" ");
    this.put(text);
    this.whitespace = isWhitespace;
    this.indention = this.indention && isIndention;
    this.openEnded = false;
  }

  /** Enters a level. `inSequence` says that it is the item of a block sequence. */
  increaseIndent(flow: boolean, indentless: boolean, inSequence: boolean): void {
    this.indents.push(this.indent);
    const { flavor, indent: step } = this.dialect;
    if (this.indent < 0) this.indent = flow ? step : 0;
    else if (indentless) return;
    else if (flavor === "v2") this.indent += step;
    else if (inSequence) this.indent += 2;
    else this.indent = step * Math.floor((this.indent + step) / step);
  }

  decreaseIndent(): void {
    this.indent = this.indents.pop() ?? -1;
  }
}
