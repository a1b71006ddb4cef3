import { nameOf, SopsError } from "../errors.ts";

/** Two complete encrypted files in one text. */
export interface ConflictSides {
  readonly ours: string;
  readonly theirs: string;
}

const DEFAULT_MARKER_SIZE = 7;
const [OURS, MIDDLE, THEIRS] = ["<", "=", ">"] as const;

/**
 * Two encrypted files as one with conflict markers, as git writes them. Either side taken whole is a valid file: lines
 * that both begin and end with stand once, all between is in one conflict, because the MAC fits one side only.
 */
export function conflictText({ ours, theirs }: ConflictSides, markerSize: number = DEFAULT_MARKER_SIZE): string {
  const [left, right] = [linesOf(ours), linesOf(theirs)];
  const shorter = Math.min(left.length, right.length);
  let head = 0;
  while (head < shorter && left[head] === right[head]) head++;
  let tail = 0;
  while (tail < shorter - head && left.at(-1 - tail) === right.at(-1 - tail)) tail++;
  const middle = (lines: readonly string[]) => lines.slice(head, lines.length - tail).join("");
  const marker = (letter: string) => letter.repeat(markerSize);
  return [
    left.slice(0, head).join(""),
    `${marker(OURS)} ours\n`,
    middle(left),
    `${marker(MIDDLE)}\n`,
    middle(right),
    `${marker(THEIRS)} theirs\n`,
    left.slice(left.length - tail).join(""),
  ].join("");
}

/** Lines with their breaks; the last gets one when it has none, or a marker would stand behind it. */
function linesOf(text: string): string[] {
  return (text.endsWith("\n") || text === "" ? text : `${text}\n`).split(/(?<=\n)/);
}

/**
 * The two files of a text with conflict markers.
 *
 * @throws {SopsError} `SOPS_NO_CONFLICT` when there are no markers, or not as they are written.
 */
export function splitConflict(text: string, file: string | undefined): ConflictSides {
  let [ours, theirs]: [string, string] = ["", ""];
  let state: "both" | "ours" | "theirs" = "both";
  let count = 0;
  for (const line of text.split(/(?<=\n)/)) {
    const marker = /^([<=>|])\1{6,}(?:[ \r\n]|$)/.exec(line)?.[1];
    if (marker === OURS && state === "both") {
      state = "ours";
      count++;
    } else if (marker === MIDDLE && state === "ours") {
      state = "theirs";
    } else if (marker === THEIRS && state === "theirs") {
      state = "both";
    } else if (marker !== undefined) {
      throw noConflict(file, "its conflict markers do not come in the order <<<<<<<, =======, >>>>>>>");
    } else {
      if (state !== "theirs") ours += line;
      if (state !== "ours") theirs += line;
    }
  }
  if (count === 0) throw noConflict(file, "it has no conflict markers");
  if (state !== "both") throw noConflict(file, "its last conflict has no end");
  return { ours, theirs };
}

function noConflict(file: string | undefined, state: string): SopsError {
  return new SopsError("SOPS_NO_CONFLICT", `Cannot resolve ${nameOf(file)}: ${state}`, {
    file,
    hints: ["start the merge of this file again: git checkout --merge -- FILE"],
  });
}
