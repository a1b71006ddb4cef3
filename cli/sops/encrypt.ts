import {
  completeKeys,
  encrypt,
  type KeyGroup,
  ruleFor,
  SELECTOR_KINDS,
  SELECTOR_LIST,
  type Selector,
} from "../../src/sops/index.ts";
import type { Io } from "../io.ts";
import { recordAction } from "./audit/recording.ts";
import type { SopsCall } from "./call/call.ts";
import { SOPS_EXIT, SopsFailure } from "./call/failure.ts";
import { readSource, type Source, writeResult } from "./call/files-adapter.ts";
import type { SopsFlags } from "./call/flags.ts";
import { indentFor } from "./call/indent.ts";
import { type Doubts, doubts as doubtsOf } from "./call/log.ts";
import { type FoundConfig, findConfig, pathForRules } from "./config/config-adapter.ts";
import { encryptionContext, keysOfCommandLine } from "./keys/key-flags.ts";
import { encryptingKeyring } from "./keys/keyring.ts";

/** `sealkit sops encrypt`, and `sealkit sops -e`. Returns the exit code. */
export async function runEncrypt(io: Io, flags: SopsFlags, useLocalKeys: boolean): Promise<number> {
  const doubts = doubtsOf(io, flags.has("strict"));
  const source = await readSource(io, flags, "encrypt", doubts);
  encryptionContext(flags);
  const config = await findConfig(io, flags.text("config"), doubts);
  const keyring = await encryptingKeyring(io, flags, doubts, useLocalKeys);
  const text = await encryptSource({ io, flags, doubts, config, keyring }, source);
  await writeResult(io, flags, source, Buffer.from(text), { isClear: false });
  return 0;
}

/** One file encrypted, by flags and creation rule. @throws {SopsFailure | SopsError} */
export async function encryptSource(call: SopsCall, source: Source): Promise<string> {
  const { io, flags, config, doubts, keyring } = call;
  const warnings: string[] = [];
  const { text } = await encrypt(source.bytes, source.inputFormat, {
    ...(await planOf(call, source)),
    keyring,
    now: io.now(),
    file: source.name,
    outputFormat: source.outputFormat,
    indent: indentFor(flags, config, source.outputFormat),
    preserve: flags.has("preserve"),
    isLenient: !flags.has("strict"),
    onWarning: (warning) => void warnings.push(warning),
  });
  await tell(warnings, doubts);
  await recordAction(io, "encrypt", source.path);
  return text;
}

export async function tell(warnings: readonly string[], doubts: Doubts): Promise<void> {
  for (const warning of warnings) await doubts.raise(warning);
}

/** Who a new file is encrypted to, and what of it. */
export interface Plan {
  readonly keyGroups: readonly KeyGroup[];
  readonly selector?: Selector | undefined;
  readonly macOnlyEncrypted: boolean;
  readonly shamirThreshold: number;
}

/** Joins flags and creation rule: any key on the command line replaces the keys of the rule, the rest goes by field. */
export async function planOf(call: SopsCall, source: Pick<Source, "name">): Promise<Plan> {
  const { io, flags, config, keyring } = call;
  const ofCommandLine = keysOfCommandLine(io, flags);
  const rule = ruleOf(io, source, config, ofCommandLine !== undefined);
  const threshold = flags.text("shamir-secret-sharing-threshold");
  const keyGroups = ofCommandLine === undefined ? (rule?.keyGroups() ?? [[]]) : [ofCommandLine];
  return {
    keyGroups: await completeKeys(keyGroups, keyring),
    selector: selectorOf(flags, rule?.selectors() ?? new Map()),
    macOnlyEncrypted: flags.has("mac-only-encrypted") || rule?.macOnlyEncrypted === true,
    shamirThreshold: threshold === "" ? (rule?.shamirThreshold ?? 0) : Number.parseInt(threshold, 10) || 0,
  };
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
