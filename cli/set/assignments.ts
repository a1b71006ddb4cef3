import { ClearText } from "../../src/clear-text.ts";
import { CliError } from "../errors.ts";
import { readFile, readStdin } from "../files-adapter.ts";
import type { Io } from "../io.ts";
import { note } from "../output.ts";

/** `key=value`, `key=@path` or `key=-`, read apart. */
interface Assignment {
  readonly key: string;
  readonly source: { readonly kind: "text" | "file"; readonly text: string } | { readonly kind: "stdin" };
}

/**
 * The values that the words of a command line give to keys. Texts are taken as they are; files and stdin byte by byte.
 *
 * @throws {CliError} `CLI_BAD_FLAG` for a word without `=`, a key that is there twice, stdin that is wanted twice.
 */
export async function readAssignments(words: readonly string[], io: Io): Promise<ReadonlyMap<string, ClearText>> {
  const assignments = words.map(parse);
  const seen = new Set<string>();
  let stdin: string | undefined;
  for (const { key, source } of assignments) {
    if (seen.has(key)) throw wrong(`the key ${JSON.stringify(key)} is there twice`);
    seen.add(key);
    if (source.kind !== "stdin") continue;
    if (stdin !== undefined) throw wrong(`"${stdin}" and "${key}" both want the value on stdin`);
    stdin = key;
  }
  const values = new Map<string, ClearText>();
  for (const assignment of assignments) values.set(assignment.key, await clearTextOf(assignment, io));
  return values;
}

function parse(word: string): Assignment {
  const at = word.indexOf("=");
  // The word is not repeated: what stands in the wrong place may be the value itself.
  if (at <= 0) throw wrong("each word behind the file has to be key=value, key=@path or key=-");
  const key = word.slice(0, at);
  const value = word.slice(at + 1);
  if (value === "-") return { key, source: { kind: "stdin" } };
  if (value.startsWith("@")) return { key, source: { kind: "file", text: value.slice(1) } };
  return { key, source: { kind: "text", text: value } };
}

async function clearTextOf({ key, source }: Assignment, io: Io): Promise<ClearText> {
  switch (source.kind) {
    case "text":
      return ClearText.fromText(source.text);
    case "file":
      // "-" is the name of a file here: stdin is written key=-.
      return new ClearText(await readFile(io, source.text === "-" ? "./-" : source.text));
    case "stdin":
      if (io.stdin.isTTY === true) await note(io, `Reading the value of ${key} from the terminal; end it with Ctrl-D`);
      return new ClearText(await readStdin(io));
  }
}

function wrong(state: string): CliError {
  return new CliError("CLI_BAD_FLAG", `Cannot run sealkit set: ${state}`, {
    hints: ["sealkit set sealed.yaml password=- < password.txt", "sealkit set --help"],
  });
}
