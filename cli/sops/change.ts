import type { Keyring, OpenOptions } from "../../src/sops/index.ts";
import type { Io } from "../io.ts";
import { findConfig } from "./config-adapter.ts";
import { tell } from "./encrypt.ts";
import type { Source } from "./files-adapter.ts";
import type { SopsFlags } from "./flags.ts";
import { indentFor } from "./indent.ts";
import { commandKeyring } from "./keyring.ts";
import { doubts as doubtsOf } from "./log.ts";

/** Runs work on an encrypted file with the options that its flags, the configuration and the identities here give. */
export async function withOpenOptions<T>(
  io: Io,
  flags: SopsFlags,
  source: Source,
  useLocalKeys: boolean,
  work: (options: OpenOptions, keyring: Keyring) => Promise<T>,
): Promise<T> {
  const isStrict = flags.has("strict");
  const doubts = doubtsOf(io, isStrict);
  const keyring = await commandKeyring(io, flags, doubts, useLocalKeys);
  const config = await findConfig(io, flags.text("config"), doubts);
  const warnings: string[] = [];
  const options: OpenOptions = {
    file: source.name,
    indent: indentFor(flags, config, source.outputFormat),
    isLenient: !isStrict,
    ignoreMac: flags.has("ignore-mac"),
    onWarning: (warning) => void warnings.push(warning),
  };
  const result = await work(options, keyring);
  await tell(warnings, doubts);
  return result;
}
