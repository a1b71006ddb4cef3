import {
  encrypt,
  ruleFor,
  SELECTOR_KINDS,
  SELECTOR_LIST,
  type Selector,
  SopsError,
  splitKeys,
} from "../../src/sops/index.ts";
import type { Io } from "../io.ts";
import type { SopsCall } from "./call.ts";
import { type FoundConfig, findConfig, pathForRules } from "./config-adapter.ts";
import { SOPS_EXIT, SopsFailure } from "./failure.ts";
import { readSource, type Source, writeResult } from "./files-adapter.ts";
import type { SopsFlags } from "./flags.ts";
import { indentFor } from "./indent.ts";
import { type Doubts, doubts as doubtsOf } from "./log.ts";

/** `sealkit sops encrypt`, and `sealkit sops -e`. Returns the exit code. */
export async function runEncrypt(io: Io, flags: SopsFlags): Promise<number> {
  const doubts = doubtsOf(io, flags.has("strict"));
  const source = await readSource(io, flags, "encrypt", doubts);
  checkEncryptionContext(flags.text("encryption-context"));
  const config = await findConfig(io, flags.text("config"), doubts);
  const text = await encryptSource({ io, flags, doubts, config }, source);
  await writeResult(io, flags, source, Buffer.from(text), { isClear: false });
  return 0;
}

/** One file encrypted, by flags and creation rule. @throws {SopsFailure | SopsError} */
export async function encryptSource(call: Omit<SopsCall, "keyring">, source: Source): Promise<string> {
  const { io, flags, config, doubts } = call;
  const warnings: string[] = [];
  const { text } = await encrypt(source.bytes, source.inputFormat, {
    ...planOf(io, flags, source, config),
    now: io.now(),
    file: source.name,
    outputFormat: source.outputFormat,
    indent: indentFor(flags, config, source.outputFormat),
    isLenient: !flags.has("strict"),
    onWarning: (warning) => void warnings.push(warning),
  });
  await tell(warnings, doubts);
  return text;
}

export async function tell(warnings: readonly string[], doubts: Doubts): Promise<void> {
  for (const warning of warnings) await doubts.raise(warning);
}

/** Who a new file is encrypted to, and what of it. */
export interface Plan {
  readonly recipientGroups: readonly (readonly string[])[];
  readonly selector?: Selector | undefined;
  readonly macOnlyEncrypted: boolean;
  readonly shamirThreshold: number;
}

/** Flags of services whose keys cannot be used yet, with the variable that stands for each. */
const OTHER_KEYS: readonly (readonly [flag: string, variable: string])[] = [
  ["kms", "SOPS_KMS_ARN"],
  ["gcp-kms", "SOPS_GCP_KMS_IDS"],
  ["hckms", "SOPS_HUAWEICLOUD_KMS_IDS"],
  ["azure-kv", "SOPS_AZURE_KEYVAULT_URLS"],
  ["hc-vault-transit", "SOPS_VAULT_URIS"],
  ["pgp", "SOPS_PGP_FP"],
];

/** Joins flags and creation rule: any key on the command line replaces the keys of the rule, the rest goes by field. */
export function planOf(io: Io, flags: SopsFlags, source: Pick<Source, "name">, config: FoundConfig | undefined): Plan {
  const ofCommandLine = commandLineKeys(io, flags);
  const rule = ruleOf(io, source, config, ofCommandLine !== undefined);
  if (ofCommandLine === undefined && rule !== undefined && rule.unsupported.length > 0) {
    throw unsupportedKeys(
      rule.unsupported.map((name) => `${name} in the creation rule`),
      source,
    );
  }
  const threshold = flags.text("shamir-secret-sharing-threshold");
  return {
    recipientGroups: ofCommandLine === undefined ? (rule?.groups ?? [[]]) : [ofCommandLine],
    selector: selectorOf(flags, rule?.selectors ?? new Map()),
    macOnlyEncrypted: flags.has("mac-only-encrypted") || rule?.macOnlyEncrypted === true,
    shamirThreshold: threshold === "" ? (rule?.shamirThreshold ?? 0) : Number.parseInt(threshold, 10) || 0,
  };
}

/** Recipients of flags and variables; undefined when there are none. */
function commandLineKeys(io: Io, flags: SopsFlags): readonly string[] | undefined {
  const other = OTHER_KEYS.filter(([flag, variable]) => (flags.text(flag) || io.env[variable] || "") !== "");
  if (other.length > 0)
    throw unsupportedKeys(
      other.map(([flag]) => `--${flag}`),
      undefined,
    );
  const recipients = splitKeys(flags.text("age") || (io.env["SOPS_AGE_RECIPIENTS"] ?? ""));
  return recipients.length === 0 ? undefined : recipients;
}

function unsupportedKeys(names: readonly string[], source: Pick<Source, "name"> | undefined): SopsError {
  const object = source?.name === undefined ? "" : ` ${JSON.stringify(source.name)}`;
  return new SopsError("SOPS_KEY_UNSUPPORTED", `Cannot encrypt${object}: ${names.join(", ")} not supported yet`, {
    file: source?.name,
    details: ["supported: age recipients"],
    hints: ["--age age1…"],
  });
}

function ruleOf(io: Io, source: Pick<Source, "name">, config: FoundConfig | undefined, hasKeys: boolean) {
  if (config?.creationRules === undefined) {
    if (hasKeys) return undefined;
    throw new SopsFailure(
      SOPS_EXIT.generic,
      "config file not found, or has no creation rules, and no keys provided through command line options\n" +
        "hint: name a recipient: --age age1…\n" +
        "hint: or write a .sops.yaml with a rule under creation_rules, and name it with --config when it is elsewhere",
    );
  }
  return ruleFor(config.creationRules, pathForRules(io, config, source.name ?? ""), config.path);
}

function selectorOf(flags: SopsFlags, ofRule: ReadonlyMap<string, string>): Selector | undefined {
  const given = SELECTOR_KINDS.flatMap((kind) => {
    const pattern = flags.text(kind.replaceAll("_", "-")) || (ofRule.get(kind) ?? "");
    return pattern === "" ? [] : [{ kind, pattern }];
  });
  if (given.length <= 1) return given[0];
  throw new SopsFailure(
    SOPS_EXIT.conflictingParameters,
    `Error: cannot use more than one of ${SELECTOR_LIST} in the same file`,
  );
}

/** The context matters to AWS KMS alone, but its form is looked at in any case. */
function checkEncryptionContext(text: string): void {
  if (text === "" || text.split(",").every((pair) => pair.split(":").length === 2)) return;
  throw new SopsFailure(SOPS_EXIT.kmsContext, "Invalid KMS encryption context format");
}
