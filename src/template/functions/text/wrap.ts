import { defineFunction } from "../../value/function.ts";
import type { GoFunction } from "../../value/go-value.ts";
import type { Host } from "../../value/host.ts";
import { binary, fromBinary } from "./bytewise.ts";

/** Breaking a line at spaces. Widths are bytes. */
export const wrapFunctions: readonly GoFunction[] = [
  defineFunction({
    name: "wrap",
    params: ["int", "string"],
    call: ([width, text], host) => wrap(text, { width: width.toNumber(), newLine: "\n", cutsWords: false }, host),
  }),
  defineFunction({
    name: "wrapWith",
    params: ["int", "string", "string"],
    call: ([width, newLine, text], host) =>
      wrap(text, { width: width.toNumber(), newLine: newLine === "" ? "\n" : newLine, cutsWords: true }, host),
  }),
];

interface Wrapping {
  readonly width: number;
  readonly newLine: string;
  /** Whether a word that is longer than a line is cut; else it makes a longer line. */
  readonly cutsWords: boolean;
}

function wrap(text: string, { width, newLine, cutsWords }: Wrapping, host: Host): string {
  const bytes = binary(text);
  const columns = Math.max(width, 1);
  const lineEnd = binary(newLine);
  let out = "";
  let at = 0;
  /** Ends a line; `skipped` is the space at which it breaks. */
  const endLine = (end: number, skipped: number): void => {
    host.spend(end - at + lineEnd.length);
    out += bytes.slice(at, end) + lineEnd;
    at = end + skipped;
  };

  while (bytes.length - at > columns) {
    if (bytes[at] === " ") {
      at++;
      continue;
    }
    const space = bytes.slice(at, at + columns + 1).lastIndexOf(" ");
    if (space >= 0) {
      endLine(at + space, 1);
    } else if (cutsWords) {
      endLine(at + columns, 0);
    } else {
      const next = bytes.indexOf(" ", at + columns);
      if (next < 0) break;
      endLine(next, 1);
    }
  }
  return fromBinary(out + bytes.slice(at));
}
