import {
  decrypt,
  fieldOf,
  type IdentitySource,
  loadKeyring,
  type Metadata,
  parsePath,
  recoverDataKey,
  SopsError,
  type Subject,
} from "../../src/sops/index.ts";
import type { Io } from "../io.ts";
import { findConfig } from "./config-adapter.ts";
import { tell } from "./encrypt.ts";
import { SOPS_EXIT, SopsFailure } from "./failure.ts";
import { readSource, writeResult } from "./files-adapter.ts";
import type { SopsFlags } from "./flags.ts";
import { commandIdentities, storedIdentities } from "./identities-adapter.ts";
import { indentFor } from "./indent.ts";
import { doubts as doubtsOf } from "./log.ts";

/** `sealkit sops decrypt`, and `sealkit sops -d`. Returns the exit code. */
export async function runDecrypt(io: Io, flags: SopsFlags, useLocalKeys: boolean): Promise<number> {
  const isStrict = flags.has("strict");
  const doubts = doubtsOf(io, isStrict);
  checkDecryptionOrder(flags.text("decryption-order") || (io.env["SOPS_DECRYPTION_ORDER"] ?? ""));
  const source = await readSource(io, flags, "decrypt", doubts);
  const config = await findConfig(io, flags.text("config"), doubts);
  if (flags.texts("keyservice").length > 0 || (io.env["SOPS_KEYSERVICE"] ?? "") !== "") {
    await doubts.raise("key services are not supported yet: only the identities of this machine are used");
  }
  const extract = parsePath(flags.text("extract"));
  const warnings: string[] = [];
  const { clearText } = await decrypt(source.bytes, source.inputFormat, [], {
    file: source.name,
    outputFormat: source.outputFormat,
    indent: indentFor(flags, config, source.outputFormat),
    isLenient: !isStrict,
    ignoreMac: flags.has("ignore-mac"),
    extract,
    onWarning: (warning) => void warnings.push(warning),
    dataKeyOf: (metadata, _none, subject) => findDataKey(io, metadata, subject, useLocalKeys),
  });
  await tell(warnings, doubts);
  await writeResult(io, flags, source, clearText.reveal(), { isClear: true });
  return 0;
}

/** Looks for the data key in all places; the command is asked for each recipient only when nothing else fits. */
async function findDataKey(io: Io, metadata: Metadata, subject: Subject, useLocalKeys: boolean): Promise<Uint8Array> {
  const stored: readonly IdentitySource[] = useLocalKeys ? await storedIdentities(io) : [];
  try {
    return await recoverDataKey(metadata, loadKeyring(stored), subject);
  } catch (error) {
    if (!(error instanceof SopsError) || error.code !== "SOPS_NO_DATA_KEY" || !useLocalKeys) throw error;
    let last = error;
    for (const recipient of recipientsOf(metadata)) {
      const asked = await commandIdentities(io, recipient);
      if (asked === undefined) throw error;
      try {
        return await recoverDataKey(metadata, loadKeyring([...stored, asked]), subject);
      } catch (again) {
        if (!(again instanceof SopsError) || again.code !== "SOPS_NO_DATA_KEY") throw again;
        last = again;
      }
    }
    throw last;
  }
}

function recipientsOf({ keyGroups }: Metadata): Set<string> {
  return new Set(keyGroups.flat().flatMap((key) => (key.type === "age" ? [fieldOf(key, "recipient")] : [])));
}

function checkDecryptionOrder(text: string): void {
  const seen = new Set<string>();
  for (const type of text === "" ? [] : text.split(",").map((word) => word.trim())) {
    if (seen.has(type)) throw new SopsFailure(SOPS_EXIT.duplicateKeyType, `Duplicate decryption key type: ${type}`);
    seen.add(type);
  }
}
