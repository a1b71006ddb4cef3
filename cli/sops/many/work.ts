import { mayBeEncrypted, readLocked, ruleFor, SopsError } from "../../../src/sops/index.ts";
import type { SopsCall } from "../call/call.ts";
import type { Source } from "../call/files-adapter.ts";
import { rotateSource } from "../change/rotate.ts";
import { describeChanges, planKeys } from "../change/updatekeys.ts";
import { pathForRules } from "../config/config-adapter.ts";
import { decryptSource } from "../decrypt.ts";
import { encryptSource } from "../encrypt.ts";

/** Why a file is left as it is, as the summary says it. */
export type Skipped = "already encrypted" | "not encrypted" | "without a creation rule" | "up to date";

/** What a command makes of one file. */
export type Made =
  | { readonly kind: "skipped"; readonly why: Skipped }
  | { readonly kind: "made"; readonly content: Uint8Array; readonly changes?: string | undefined };

/** A command that works on whole folders. */
export interface ManyCommand {
  readonly name: "decrypt" | "encrypt" | "rotate" | "updatekeys";
  /** What it is called while it runs, and when it is done. */
  readonly words: readonly [ing: string, ed: string];
  /** @throws {SopsFailure | ToolkitError} for a file that it should have worked on and could not. */
  make(call: SopsCall, source: Source): Promise<Made>;
}

export const MANY_COMMANDS: ReadonlyMap<string, ManyCommand> = new Map<string, ManyCommand>([
  ["decrypt", { name: "decrypt", words: ["Decrypting", "Decrypted"], make: onEncrypted(decryptOne) }],
  ["encrypt", { name: "encrypt", words: ["Encrypting", "Encrypted"], make: encryptOne }],
  ["rotate", { name: "rotate", words: ["Rotating", "Rotated"], make: onEncrypted(rotateOne) }],
  [
    "updatekeys",
    { name: "updatekeys", words: ["Updating the keys", "Updated the keys of"], make: onEncrypted(updateOne) },
  ],
]);

async function decryptOne(call: SopsCall, source: Source): Promise<Made> {
  return { kind: "made", content: (await decryptSource(call, source)).reveal() };
}

async function rotateOne(call: SopsCall, source: Source): Promise<Made> {
  return { kind: "made", content: Buffer.from(await rotateSource(call, source)) };
}

async function updateOne(call: SopsCall, source: Source): Promise<Made> {
  if (!hasRule(call, source)) return { kind: "skipped", why: "without a creation rule" };
  const plan = await planKeys(call, source);
  if (plan.changes.isUpToDate) return { kind: "skipped", why: "up to date" };
  return { kind: "made", content: Buffer.from(await plan.apply()), changes: describeChanges(plan.changes) };
}

async function encryptOne(call: SopsCall, source: Source): Promise<Made> {
  if (!isToEncrypt(call, source)) return { kind: "skipped", why: "without a creation rule" };
  if (isEncrypted(source)) return { kind: "skipped", why: "already encrypted" };
  try {
    return { kind: "made", content: Buffer.from(await encryptSource(call, source)) };
  } catch (error) {
    if (error instanceof SopsError && error.code === "SOPS_ALREADY_ENCRYPTED") {
      return { kind: "skipped", why: "already encrypted" };
    }
    throw error;
  }
}

/** Whether a file is encrypted; one that cannot be read but has all the marks counts as such. */
export function isEncrypted(source: Source): boolean {
  const { bytes, inputFormat, name } = source;
  if (!hasMarks(source)) return false;
  try {
    return readLocked(bytes, inputFormat, { file: name, isLenient: true }).metadata.mac !== "";
  } catch (error) {
    return !(error instanceof SopsError && error.code === "SOPS_NO_METADATA");
  }
}

/**
 * Whether `encrypt` takes a file: a creation rule matches it. A rule for every path, or keys on the command line and no
 * rules at all, take only files whose names tell their format, so that nobody's pictures and scripts are encrypted.
 */
export function isToEncrypt(
  { io, config }: Pick<SopsCall, "io" | "config">,
  { name = "", inputFormat }: Source,
): boolean {
  if (config?.creationRules === undefined) return inputFormat !== "binary";
  const rule = ruleOf({ io, config }, name);
  return rule !== undefined && (rule.pathPattern !== "" || inputFormat !== "binary");
}

function hasRule({ io, config }: SopsCall, { name = "" }: Source): boolean {
  return config?.creationRules === undefined || ruleOf({ io, config }, name) !== undefined;
}

function ruleOf({ io, config }: Pick<SopsCall, "io" | "config">, name: string) {
  if (config?.creationRules === undefined) return undefined;
  try {
    return ruleFor(config.creationRules, pathForRules(io, config, name), config.path);
  } catch (error) {
    if (error instanceof SopsError && error.code === "SOPS_NO_RULE") return undefined;
    throw error;
  }
}

/** Leaves alone what is not encrypted, such as text that only speaks of SOPS. */
function onEncrypted(make: ManyCommand["make"]): ManyCommand["make"] {
  return async (call, source) => {
    const skipped: Made = { kind: "skipped", why: "not encrypted" };
    if (!hasMarks(source)) return skipped;
    try {
      return await make(call, source);
    } catch (error) {
      if (error instanceof SopsError && error.code === "SOPS_NO_METADATA") return skipped;
      throw error;
    }
  };
}

/** What no encrypted file is without: metadata of its format, and a MAC at least that is encrypted. */
function hasMarks({ bytes, inputFormat }: Source): boolean {
  const isMarked = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes("ENC[AES256_GCM,");
  return isMarked && mayBeEncrypted(bytes, inputFormat);
}
