import { type GoFlag, type GoFlagProblem, type GoFlags, parseGoFlags } from "../../go-flag.ts";

const bool = (...names: string[]): GoFlag => ({ names, kind: "bool" });
const text = (...names: string[]): GoFlag => ({ names, kind: "text" });

/** What commands take besides their own flags when they work on whole folders. Ours, all of them. */
const LOOKING: readonly GoFlag[] = [bool("recursive", "r"), text("format")];
const CHANGING: readonly GoFlag[] = [...LOOKING, bool("dry-run"), bool("keep-going"), bool("undo")];

export const MANY_FLAGS: Readonly<Record<string, readonly GoFlag[]>> = {
  decrypt: [...CHANGING, text("output-dir"), bool("in-work-tree")],
  encrypt: [...CHANGING, text("output-dir")],
  rotate: [...CHANGING, text("output-dir")],
  updatekeys: CHANGING,
  filestatus: [...LOOKING, bool("check")],
};

/** Whether the words after a subcommand ask for whole folders. */
export function asksForMany(words: readonly string[]): boolean {
  const end = words.indexOf("--");
  return words
    .slice(0, end < 0 ? words.length : end)
    .some((word) => /^(-r|--?recursive)(=(1|t|T|true|TRUE|True))?$/.test(word));
}

/** Reads words with flags before, between and after the paths: here no habits of the original are in the way. */
export function parseManyFlags(flags: readonly GoFlag[], words: readonly string[]): GoFlags | GoFlagProblem {
  const kinds = new Map(flags.flatMap(({ names, kind }) => names.map((name) => [name, kind] as const)));
  const front: string[] = [];
  const paths: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if (word === "--") {
      paths.push(...words.slice(at + 1));
      break;
    }
    if (word.length < 2 || !word.startsWith("-")) {
      paths.push(word);
      continue;
    }
    front.push(word);
    const kind = kinds.get(word.replace(/^--?/, ""));
    const next = words[at + 1];
    if (kind !== undefined && kind !== "bool" && next !== undefined) {
      front.push(next);
      at++;
    }
  }
  return parseGoFlags(flags, [...front, "--", ...paths]);
}
