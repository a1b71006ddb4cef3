import {
  fieldOf,
  type IdentitySource,
  loadKeyring,
  type Metadata,
  recoverDataKey,
  SopsError,
  type Subject,
} from "../../src/sops/index.ts";
import type { Io } from "../io.ts";
import { SOPS_EXIT, SopsFailure } from "./failure.ts";
import type { SopsFlags } from "./flags.ts";
import { commandIdentities, storedIdentities } from "./identities-adapter.ts";
import type { Doubts } from "./log.ts";

/** Looks at the flags that say how the data key is found. @throws {SopsFailure} */
export async function checkKeyFlags(io: Io, flags: SopsFlags, doubts: Doubts): Promise<void> {
  checkDecryptionOrder(flags.text("decryption-order") || (io.env["SOPS_DECRYPTION_ORDER"] ?? ""));
  await warnOfKeyServices(io, flags, doubts);
}

async function warnOfKeyServices(io: Io, flags: SopsFlags, doubts: Doubts): Promise<void> {
  if (flags.texts("keyservice").length === 0 && (io.env["SOPS_KEYSERVICE"] ?? "") === "") return;
  await doubts.raise("key services are not supported yet: only the identities of this machine are used");
}

/** Looks for the data key in all places; the command is asked for each recipient only when nothing else fits. */
export async function findDataKey(
  io: Io,
  metadata: Metadata,
  subject: Subject,
  useLocalKeys: boolean,
): Promise<Uint8Array> {
  const stored: readonly IdentitySource[] = useLocalKeys ? await storedIdentities(io) : [];
  try {
    return await recoverDataKey(metadata, loadKeyring(stored), subject);
  } catch (error) {
    if (!(error instanceof SopsError) || error.code !== "SOPS_NO_DATA_KEY" || !useLocalKeys) throw error;
    let last = error;
    const all = [...stored];
    for (const recipient of recipientsOf(metadata)) {
      const asked = await commandIdentities(io, recipient);
      if (asked === undefined) throw error;
      all.push(asked);
      try {
        return await recoverDataKey(metadata, loadKeyring(all), subject);
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
