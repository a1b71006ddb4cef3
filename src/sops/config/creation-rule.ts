import type { KeyGroup } from "../metadata/metadata.ts";
import { SELECTOR_KINDS, type SelectorKind } from "../values/selector.ts";
import type { Branch } from "../values/value.ts";
import { badConfig, childOf } from "./config-node.ts";
import { textOf, truthOf } from "./config-scalar.ts";
import { ruleKeys } from "./rule-keys.ts";

/** How files of one path are encrypted. */
export interface CreationRule {
  /** RE2, searched anywhere in the path; `""` matches every path. */
  readonly pathPattern: string;
  /**
   * The keys of each group; in `key_groups` each once, as the original has it. They are looked at when they are asked
   * for, so that a rule for other files stops nobody.
   *
   * @throws {SopsError} `SOPS_BAD_KEY`, `SOPS_BAD_CONFIG`.
   */
  keyGroups(): readonly KeyGroup[];
  /** None or one, looked at as late as the keys. @throws {SopsError} `SOPS_BAD_CONFIG` for several. */
  selectors(): ReadonlyMap<SelectorKind, string>;
  readonly macOnlyEncrypted: boolean;
  /** 0 when not given. */
  readonly shamirThreshold: number;
}

/** @throws {SopsError} `SOPS_BAD_CONFIG`; `where` names the rule. */
export function readRule(rule: Branch, where: string, file: string): CreationRule {
  const selectors = readSelectors(rule, where, file);
  return {
    pathPattern: textOf(childOf(rule, "path_regex"), `${where}: "path_regex"`, file),
    keyGroups: ruleKeys(rule, { where, file }),
    selectors: () => onlyOne(selectors, where, file),
    macOnlyEncrypted: truthOf(childOf(rule, "mac_only_encrypted"), `${where}: "mac_only_encrypted"`, file),
    shamirThreshold: readThreshold(rule, where, file),
  };
}

function readSelectors(rule: Branch, where: string, file: string): ReadonlyMap<SelectorKind, string> {
  const given = new Map<SelectorKind, string>();
  for (const kind of SELECTOR_KINDS) {
    const pattern = textOf(childOf(rule, kind), `${where}: "${kind}"`, file);
    if (pattern !== "") given.set(kind, pattern);
  }
  return given;
}

function onlyOne(
  selectors: ReadonlyMap<SelectorKind, string>,
  where: string,
  file: string,
): ReadonlyMap<SelectorKind, string> {
  if (selectors.size <= 1) return selectors;
  const upstream = `error loading config: cannot use more than one of ${SELECTOR_LIST} for the same rule`;
  throw badConfig(file, `${where} has ${[...selectors.keys()].join(" and ")}, which exclude each other`, upstream);
}

export const SELECTOR_LIST =
  "encrypted_suffix, unencrypted_suffix, encrypted_regex, unencrypted_regex, encrypted_comment_regex, or unencrypted_comment_regex";

function readThreshold(rule: Branch, where: string, file: string): number {
  const value = childOf(rule, "shamir_threshold") ?? 0n;
  if (typeof value === "bigint" && value >= 0n && value <= 255n) return Number(value);
  throw badConfig(file, `${where}: "shamir_threshold" is not a number from 0 to 255`);
}
