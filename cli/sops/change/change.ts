import type { Keyring, OpenOptions } from "../../../src/sops/index.ts";
import type { Io } from "../../io.ts";
import { recordOpening } from "../audit/recording.ts";
import type { SopsCall } from "../call/call.ts";
import type { Source } from "../call/files-adapter.ts";
import type { SopsFlags } from "../call/flags.ts";
import { indentFor } from "../call/indent.ts";
import { doubts as doubtsOf } from "../call/log.ts";
import { findConfig } from "../config/config-adapter.ts";
import { tell } from "../encrypt.ts";
import { commandKeyring } from "../keys/keyring.ts";

/** Runs work on an encrypted file with the options that its flags, the configuration and the identities here give. */
export async function withOpenOptions<T>(
  io: Io,
  flags: SopsFlags,
  source: Source,
  useLocalKeys: boolean,
  work: (options: OpenOptions, keyring: Keyring) => Promise<T>,
): Promise<T> {
  const doubts = doubtsOf(io, flags.has("strict"));
  const keyring = await commandKeyring(io, flags, doubts, useLocalKeys);
  const config = await findConfig(io, flags.text("config"), doubts);
  return await withCallOptions({ io, flags, doubts, keyring, config }, source, (options) => work(options, keyring));
}

/** The same for one of the files of a call. */
export async function withCallOptions<T>(
  { io, flags, doubts, config }: SopsCall,
  source: Source,
  work: (options: OpenOptions) => Promise<T>,
): Promise<T> {
  const warnings: string[] = [];
  const result = await recordOpening(io, source.path, () =>
    work({
      file: source.name,
      indent: indentFor(flags, config, source.outputFormat),
      preserve: flags.has("preserve"),
      isLenient: !flags.has("strict"),
      ignoreMac: flags.has("ignore-mac"),
      onWarning: (warning) => void warnings.push(warning),
    }),
  );
  await tell(warnings, doubts);
  return result;
}
