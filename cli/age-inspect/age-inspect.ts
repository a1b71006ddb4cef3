import { AgeError, type AgeInspection, inspect } from "../../src/age/index.ts";
import { AGE_VERSION } from "../age/age.ts";
import { Failure, reporting } from "../age/failure.ts";
import { openInput } from "../age/input-adapter.ts";
import type { CommandRunner } from "../command.ts";
import { type GoFlag, parseGoFlags } from "../go-flag.ts";
import type { Io } from "../io.ts";
import { write } from "../output.ts";
import { asJson, asText } from "./page.ts";
import { USAGE } from "./usage.ts";

const FLAGS: readonly GoFlag[] = [
  { names: ["json"], kind: "bool" },
  { names: ["version"], kind: "bool" },
];

/** `sealkit age-inspect`: shows what an age file is, as the original does. */
export const ageInspectCommand: CommandRunner = {
  run: (args, io) => reporting("age-inspect", io, () => runInspect(args, io)),
  complete: () => FLAGS.flatMap(({ names }) => names.map((name) => `--${name}`)),
};

async function runInspect(words: readonly string[], io: Io): Promise<number> {
  const flags = parseGoFlags(FLAGS, words);
  if ("problem" in flags) {
    await write(io.stderr, flags.problem === "help" ? USAGE : `${flags.message}\n${USAGE}${flags.hint ?? ""}`);
    return flags.problem === "help" ? 0 : 2;
  }
  if (flags.has("version")) {
    await write(io.stdout, `${AGE_VERSION}\n`);
    return 0;
  }
  if (flags.args.length > 1) {
    await write(io.stderr, USAGE);
    return 1;
  }
  const [path] = flags.args;
  const input = await openInput(io, path, (reason) => `failed to open input file "${path}": ${reason}`);
  try {
    const inspection = await inspected(input.pieces);
    await write(
      io.stdout,
      flags.has("json") ? asJson(inspection) : asText(input.isStdin ? "<stdin>" : input.name, inspection),
    );
    return 0;
  } finally {
    await input.close();
  }
}

async function inspected(pieces: AsyncIterable<Uint8Array>): Promise<AgeInspection> {
  try {
    return await inspect(pieces);
  } catch (error) {
    if (error instanceof AgeError) throw new Failure(`inspection failed: ${error.original}`);
    if (!(error instanceof Failure)) throw error;
    throw new Failure(
      `inspection failed: failed to read header: parsing age header: failed to read intro: ${error.message}`,
    );
  }
}
