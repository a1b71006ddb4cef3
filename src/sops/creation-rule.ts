import { badConfig, childOf, itemsOf } from "./config-node.ts";
import { SELECTOR_KINDS, type SelectorKind } from "./selector.ts";
import { type Branch, goTypeOf, type Node } from "./value.ts";

/** How files of one path are encrypted. */
export interface CreationRule {
  /** RE2, searched anywhere in the path; `""` matches every path. */
  readonly pathPattern: string;
  /** Age recipients of each key group; in `key_groups` each once, as the original has it. */
  readonly groups: readonly (readonly string[])[];
  readonly selectors: ReadonlyMap<SelectorKind, string>;
  readonly macOnlyEncrypted: boolean;
  /** 0 when not given. */
  readonly shamirThreshold: number;
  /** What the rule asks for and cannot have yet, by the names of its fields: it matters only where its keys are used. */
  readonly unsupported: readonly string[];
}

/** Fields that name keys of other services. */
const OTHER_KEYS = ["kms", "pgp", "gcp_kms", "hckms", "azure_keyvault", "hc_vault_transit_uri", "hc_vault"] as const;

/** Key groups may be merged into each other this deep. */
const MAX_MERGE_DEPTH = 20;
const MAX_RECIPIENTS = 1_000;

/** @throws {SopsError} `SOPS_BAD_CONFIG`; `where` names the rule. */
export function readRule(rule: Branch, where: string, file: string): CreationRule {
  const groups = itemsOf(childOf(rule, "key_groups")) ?? [];
  const keys =
    groups.length > 0 ? groups.map((group) => mergedKeys(group, where, file, 0)) : [ownKeys(rule, where, file)];
  return {
    pathPattern: textOf(rule, "path_regex", where, file),
    groups: keys.map(({ recipients }) => recipients),
    unsupported: [...new Set(keys.flatMap(({ unsupported }) => unsupported))],
    selectors: readSelectors(rule, where, file),
    macOnlyEncrypted: readBoolean(rule, "mac_only_encrypted", where, file),
    shamirThreshold: readThreshold(rule, where, file),
  };
}

interface Keys {
  readonly recipients: readonly string[];
  readonly unsupported: readonly string[];
}

function ownKeys(node: Node, where: string, file: string): Keys {
  const recipients = keyList(childOf(node, "age"), where, file);
  return {
    recipients,
    unsupported: OTHER_KEYS.filter((name) => isGiven(childOf(node, name))),
  };
}

/** The keys of a group with those it merges, which come first. */
function mergedKeys(group: Node, where: string, file: string, depth: number): Keys {
  if (depth > MAX_MERGE_DEPTH)
    throw badConfig(file, `${where}: "merge" is nested deeper than ${MAX_MERGE_DEPTH} levels`);
  const merged = (itemsOf(childOf(group, "merge")) ?? []).map((inner) => mergedKeys(inner, where, file, depth + 1));
  const all = [...merged, ownKeys(group, where, file)];
  return {
    recipients: [...new Set(all.flatMap(({ recipients }) => recipients))],
    unsupported: [...new Set(all.flatMap(({ unsupported }) => unsupported))],
  };
}

function isGiven(value: Node | undefined): boolean {
  if (value === undefined || value === null || value === "") return false;
  return typeof value !== "object" || (value.kind !== "list" && value.kind !== "branch") || value.items.length > 0;
}

/** A list of keys, or texts with commas; blanks around each are left out. */
function keyList(value: Node | undefined, where: string, file: string): string[] {
  if (value === undefined || value === null) return [];
  const texts = typeof value === "string" ? [value] : itemsOf(value);
  const keys = texts?.flatMap((text) => (typeof text === "string" ? splitKeys(text) : [undefined]));
  if (keys === undefined || keys.includes(undefined)) {
    const prefix = "invalid age key configuration: ";
    const upstream = `${prefix}${prefix}expected string, []string, or nil, got ${goTypeOf(value)}`;
    throw badConfig(file, `${where}: "age" is neither a text nor a list of texts`, upstream);
  }
  if (keys.length > MAX_RECIPIENTS) throw badConfig(file, `${where}: "age" has more than ${MAX_RECIPIENTS} recipients`);
  return keys.filter((key) => key !== undefined);
}

/** Recipients out of a text with commas. */
export function splitKeys(text: string): string[] {
  return text
    .split(",")
    .map((key) => key.trim())
    .filter((key) => key !== "");
}

function readSelectors(rule: Branch, where: string, file: string): ReadonlyMap<SelectorKind, string> {
  const given = new Map<SelectorKind, string>();
  for (const kind of SELECTOR_KINDS) {
    const pattern = textOf(rule, kind, where, file);
    if (pattern !== "") given.set(kind, pattern);
  }
  if (given.size > 1) {
    const upstream = `error loading config: cannot use more than one of ${SELECTOR_LIST} for the same rule`;
    throw badConfig(file, `${where} has ${[...given.keys()].join(" and ")}, which exclude each other`, upstream);
  }
  return given;
}

export const SELECTOR_LIST =
  "encrypted_suffix, unencrypted_suffix, encrypted_regex, unencrypted_regex, encrypted_comment_regex, or unencrypted_comment_regex";

function textOf(rule: Branch, name: string, where: string, file: string): string {
  const value = childOf(rule, name) ?? null;
  if (value === null) return "";
  if (typeof value === "string") return value;
  if (typeof value === "bigint" || typeof value === "number" || typeof value === "boolean") return String(value);
  throw badConfig(file, `${where}: "${name}" is not a text`);
}

function readBoolean(rule: Branch, name: string, where: string, file: string): boolean {
  const value = childOf(rule, name) ?? false;
  if (typeof value === "boolean") return value;
  throw badConfig(file, `${where}: "${name}" is neither true nor false`);
}

function readThreshold(rule: Branch, where: string, file: string): number {
  const value = childOf(rule, "shamir_threshold") ?? 0n;
  if (typeof value === "bigint" && value >= 0n && value <= 255n) return Number(value);
  throw badConfig(file, `${where}: "shamir_threshold" is not a number from 0 to 255`);
}
