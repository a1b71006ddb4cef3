import { fileError } from "./files-adapter.ts";
import type { Io } from "./io.ts";

type Stream = Io["stdout"];

/** Whoever read stdout or stderr went away; nothing is left to be told to anybody. */
export class ReaderGone extends Error {}

/**
 * Writes and waits until the stream has taken it, so that a slow reader slows us instead of filling memory.
 *
 * @throws {ReaderGone} when the other end was closed; {CliError} when the disk behind it is full.
 */
export async function write(stream: Stream, content: string | Uint8Array): Promise<void> {
  if (content.length === 0) return;
  await new Promise<void>((done, failed) => {
    stream.write(content, (error) => {
      if (error === null || error === undefined) done();
      else if (isGone(error)) failed(new ReaderGone("the reader of the output went away", { cause: error }));
      else failed(fileError("write", "standard output", error));
    });
  });
}

/** Whether a stream failed because its other end was closed. */
export function isGone(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EPIPE";
}

/** One line on stderr. */
export async function note(io: Io, line: string): Promise<void> {
  await write(io.stderr, `${printable(line)}\n`);
}

/** A warning on stderr: something worth to know that does not stop the command. */
export async function warn(io: Io, line: string): Promise<void> {
  await write(io.stderr, `${paint(io, io.stderr, "yellow", "warning:")} ${printable(line)}\n`);
}

/**
 * A text without the control characters by which a terminal takes commands: names of objects and items come out of files
 * of others. Line feeds and tabs stay.
 */
export function printable(text: string): string {
  return text.replace(CONTROL, "\ufffd");
}

/** The same on one line: a name with line breaks could pass for more than a name. */
export function onOneLine(text: string): string {
  return printable(text).replaceAll(/[\n\t]/g, " ");
}

const CONTROL = /[\0-\x08\x0b-\x1f\x7f-\x9f]/g;

const COLOURS = { bold: "1", dim: "2", red: "1;31", green: "32", yellow: "33", cyan: "36" } as const;

/** Whether colour is wanted there: a terminal, `NO_COLOR` unset or empty, `TERM` not `dumb`. */
function isColourful(io: Io, stream: Stream): boolean {
  return stream.isTTY === true && (io.env["NO_COLOR"] ?? "") === "" && io.env["TERM"] !== "dumb";
}

/** The text in a colour where the stream shows colours, as it is elsewhere. */
export function paint(io: Io, stream: Stream, colour: keyof typeof COLOURS, text: string): string {
  return isColourful(io, stream) ? `\u001b[${COLOURS[colour]}m${text}\u001b[0m` : text;
}

const GAP = "   ";

/** Rows under upper-case headings, columns aligned by spaces and without borders, as kubectl prints them. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [headings, ...rows].map((line) => line.map((cell) => printable(cell).replaceAll("\n", " ")));
  const widest = (column: number) => lines.reduce((most, line) => Math.max(most, width(line[column] ?? "")), 0);
  const widths = headings.map((_, column) => widest(column));
  return lines
    .map((line) => line.map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - width(cell))).join(GAP))
    .map((line) => `${line.trimEnd()}\n`)
    .join("");
}

function width(cell: string): number {
  return [...cell].length;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

/** A span as kubectl shortens it: `42s`, `5m`, `3h`, `12d`, `2y`. */
export function shortAge(spanMs: number): string {
  if (spanMs < 2 * MINUTE) return `${Math.max(0, Math.floor(spanMs / SECOND))}s`;
  if (spanMs < 3 * HOUR) return `${Math.floor(spanMs / MINUTE)}m`;
  if (spanMs < 2 * DAY) return `${Math.floor(spanMs / HOUR)}h`;
  if (spanMs < 2 * YEAR) return `${Math.floor(spanMs / DAY)}d`;
  return `${Math.floor(spanMs / YEAR)}y`;
}
