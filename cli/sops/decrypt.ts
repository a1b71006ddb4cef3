import type { ClearText } from "../../src/clear-text.ts";
import { decrypt, parsePath } from "../../src/sops/index.ts";
import type { Io } from "../io.ts";
import { recordOpening } from "./audit/recording.ts";
import type { SopsCall } from "./call/call.ts";
import { readSource, type Source, writeResult } from "./call/files-adapter.ts";
import type { SopsFlags } from "./call/flags.ts";
import { indentFor } from "./call/indent.ts";
import { doubts as doubtsOf } from "./call/log.ts";
import { findConfig } from "./config/config-adapter.ts";
import { tell } from "./encrypt.ts";
import { commandKeyring } from "./keys/keyring.ts";

/** `sealkit sops decrypt`, and `sealkit sops -d`. Returns the exit code. */
export async function runDecrypt(io: Io, flags: SopsFlags, useLocalKeys: boolean): Promise<number> {
  const doubts = doubtsOf(io, flags.has("strict"));
  const keyring = await commandKeyring(io, flags, doubts, useLocalKeys);
  const source = await readSource(io, flags, "decrypt", doubts);
  const config = await findConfig(io, flags.text("config"), doubts);
  const clearText = await decryptSource({ io, flags, doubts, keyring, config }, source);
  await writeResult(io, flags, source, clearText.reveal(), { isClear: true });
  return 0;
}

/** One file in clear, as the flags want it. @throws {SopsFailure | SopsError} */
export async function decryptSource(call: SopsCall, source: Source): Promise<ClearText> {
  const { io, flags, keyring, config, doubts } = call;
  const extract = parsePath(flags.text("extract"));
  const warnings: string[] = [];
  const { clearText } = await recordOpening(io, source.path, () =>
    decrypt(source.bytes, source.inputFormat, keyring, {
      file: source.name,
      outputFormat: source.outputFormat,
      indent: indentFor(flags, config, source.outputFormat),
      preserve: flags.has("preserve"),
      isLenient: !flags.has("strict"),
      ignoreMac: flags.has("ignore-mac"),
      extract,
      onWarning: (warning) => void warnings.push(warning),
    }),
  );
  await tell(warnings, doubts);
  return clearText;
}
