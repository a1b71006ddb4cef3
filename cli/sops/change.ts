import type { OpenOptions } from "../../src/sops/index.ts";
import type { Io } from "../io.ts";
import { findConfig } from "./config-adapter.ts";
import { tell } from "./encrypt.ts";
import type { Source } from "./files-adapter.ts";
import { checkKeyFlags, findDataKey } from "./find-data-key.ts";
import type { SopsFlags } from "./flags.ts";
import { indentFor } from "./indent.ts";
import { doubts as doubtsOf } from "./log.ts";

/** Runs work on an encrypted file with the options that its flags, the configuration and the identities here give. */
export async function withOpenOptions<T>(
  io: Io,
  flags: SopsFlags,
  source: Source,
  useLocalKeys: boolean,
  work: (options: OpenOptions) => Promise<T>,
): Promise<T> {
  const isStrict = flags.has("strict");
  const doubts = doubtsOf(io, isStrict);
  await checkKeyFlags(io, flags, doubts);
  const config = await findConfig(io, flags.text("config"), doubts);
  const warnings: string[] = [];
  const result = await work({
    file: source.name,
    indent: indentFor(flags, config, source.outputFormat),
    isLenient: !isStrict,
    ignoreMac: flags.has("ignore-mac"),
    onWarning: (warning) => void warnings.push(warning),
    dataKeyOf: (metadata, _none, subject) => findDataKey(io, metadata, subject, useLocalKeys),
  });
  await tell(warnings, doubts);
  return result;
}
