import { type KeyGroup, type KeyType, keysOfText, parseEncryptionContext } from "../../../src/sops/index.ts";
import type { Io } from "../../io.ts";
import { SOPS_EXIT, SopsFailure } from "../call/failure.ts";
import type { SopsFlags } from "../call/flags.ts";

interface KeyFlag {
  readonly flag: string;
  /** The variable that stands for it. */
  readonly variable: string;
  readonly type: KeyType;
}

/** In the order in which the original puts the keys. */
const KEY_FLAGS: readonly KeyFlag[] = [
  { flag: "kms", variable: "SOPS_KMS_ARN", type: "kms" },
  { flag: "gcp-kms", variable: "SOPS_GCP_KMS_IDS", type: "gcp_kms" },
  { flag: "hckms", variable: "SOPS_HUAWEICLOUD_KMS_IDS", type: "hckms" },
  { flag: "azure-kv", variable: "SOPS_AZURE_KEYVAULT_URLS", type: "azure_kv" },
  { flag: "pgp", variable: "SOPS_PGP_FP", type: "pgp" },
  { flag: "hc-vault-transit", variable: "SOPS_VAULT_URIS", type: "hc_vault" },
  { flag: "age", variable: "SOPS_AGE_RECIPIENTS", type: "age" },
];

/** The variables that stand for flags. */
export const KEY_VARIABLES: readonly string[] = KEY_FLAGS.map(({ variable }) => variable);

/**
 * The keys of flags and variables; undefined when there are none.
 *
 * @throws {SopsError} `SOPS_BAD_KEY`. @throws {SopsFailure} for a malformed encryption context.
 */
export function keysOfCommandLine(io: Io, flags: SopsFlags): KeyGroup | undefined {
  return keysOf(flags, ({ flag, variable }) => flags.text(flag) || (io.env[variable] ?? ""));
}

/** The keys that flags of one prefix name: `--add-kms`, `--rm-pgp`. @throws as `keysOfCommandLine`. */
export function keysOfPrefix(flags: SopsFlags, prefix: "add" | "rm"): KeyGroup {
  return keysOf(flags, ({ flag }) => flags.text(`${prefix}-${flag}`)) ?? [];
}

/** The keys of flags that may be given several times, without variables. @throws as `keysOfCommandLine`. */
export function keysOfFlags(flags: SopsFlags): KeyGroup {
  return keysOf(flags, ({ flag }) => flags.texts(flag).join(",")) ?? [];
}

function keysOf(flags: SopsFlags, textOf: (flag: KeyFlag) => string): KeyGroup | undefined {
  const aws = { context: encryptionContext(flags), profile: flags.text("aws-profile") };
  const keys = KEY_FLAGS.flatMap((flag) => keysOfText(flag.type, textOf(flag), aws));
  return keys.length === 0 ? undefined : keys;
}

/** The context matters to AWS KMS alone, but its form is looked at in any case. @throws {SopsFailure} */
export function encryptionContext(flags: SopsFlags): ReadonlyMap<string, string> {
  const context = parseEncryptionContext(flags.text("encryption-context"));
  if (context !== undefined) return context;
  throw new SopsFailure(SOPS_EXIT.kmsContext, "Invalid KMS encryption context format");
}
