import type { YamlNode } from "../../../yaml/index.ts";
import { compilePattern, SELECTOR_KINDS } from "../../values/selector.ts";
import { checkFlatKeys, checkGroup } from "./check-keys.ts";
import {
  checkBoolean,
  checkNames,
  FIELDS,
  type Fields,
  FLAT_KEY_FIELDS,
  fieldsOf,
  integerOf,
  isNothing,
  listOf,
  target,
  textOf,
} from "./fields.ts";
import type { Findings } from "./finding.ts";

/** A rule as far as its place among the others goes. */
export interface CheckedRule {
  readonly node: YamlNode;
  /** Where its `path_regex` stands; the rule itself when it has none. */
  readonly at: YamlNode;
  /** `rule 2` */
  readonly name: string;
  /** `""` matches every path. */
  readonly pattern: string;
  /** Undefined for a pattern that cannot be used. */
  readonly matches: ((path: string) => boolean) | undefined;
}

/** Looks at one creation rule. Undefined for what is no rule at all. */
export function checkRule(node: YamlNode, name: string, findings: Findings): CheckedRule | undefined {
  const fields = rulesFields(node, name, findings);
  if (fields === undefined) return undefined;
  const path = fields.get("path_regex");
  const pattern = textOf(path, "path_regex", findings);
  const at = path?.value ?? node;
  const matches = pattern === undefined ? undefined : patternOf(at, "path_regex", pattern, findings);
  return { node, at, name, pattern: pattern ?? "", matches };
}

/** Looks at the rule by which a published file is encrypted anew. It has no path. */
export function checkRecreationRule(node: YamlNode, name: string, findings: Findings): void {
  rulesFields(node, name, findings);
}

function rulesFields(node: YamlNode, name: string, findings: Findings): Fields | undefined {
  if (target(node).kind !== "mapping") {
    findings.error(node, "bad-type", `${name} is not a mapping`, "write it as: - path_regex: …");
    return undefined;
  }
  const fields = fieldsOf(node);
  checkNames(fields, FIELDS.rule, name, findings);
  checkSelectors(fields, node, name, findings);
  checkBoolean(fields.get("mac_only_encrypted"), "mac_only_encrypted", findings);
  textOf(fields.get("aws_profile"), "aws_profile", findings);
  checkRuleKeys(fields, node, name, findings);
  return fields;
}

function checkRuleKeys(fields: Fields, node: YamlNode, name: string, findings: Findings): void {
  const groups = listOf(fields.get("key_groups"), "key_groups", findings);
  const flat = checkFlatKeys(fields, findings);
  if (groups.length === 0) {
    if (flat === 0) {
      findings.warning(
        node,
        "no-keys",
        `${name} names no key: files that it matches cannot be encrypted by it`,
        "age: age1…",
      );
    }
  } else if (flat > 0) {
    const ignored = FLAT_KEY_FIELDS.filter((field) => fields.has(field));
    const message = `${name} has key_groups: its ${ignored.join(", ")} ${ignored.length > 1 ? "are" : "is"} not read`;
    findings.warning(
      fields.get(ignored[0] ?? "")?.key,
      "ignored-field",
      message,
      "put them into a group, or remove them",
    );
  }
  for (const [index, group] of groups.entries()) {
    const where = `group ${index} of ${name}`;
    if (checkGroup(group, where, findings) > 0) continue;
    findings.error(group, "no-keys", `${where} names no key: nothing can be encrypted to it`);
  }
  checkThreshold(fields, groups.length, name, findings);
}

function checkThreshold(fields: Fields, groups: number, name: string, findings: Findings): void {
  const field = fields.get("shamir_threshold");
  const threshold = integerOf(field, "shamir_threshold", findings);
  if (threshold === undefined || threshold === 0) return;
  const at = field?.value;
  if (groups <= 1) {
    const message = `shamir_threshold says nothing for one group of keys: any key of ${name} decrypts`;
    if (threshold < 0 || threshold > 255) findings.error(at, "bad-threshold", "shamir_threshold is not from 0 to 255");
    else findings.warning(at, "bad-threshold", message, "write key_groups with two groups or more");
  } else if (threshold < 2 || threshold > groups) {
    const message = `shamir_threshold ${threshold} cannot be with ${groups} key groups`;
    findings.error(at, "bad-threshold", message, `from 2 to ${groups}, or 0 for all groups`);
  }
}

function checkSelectors(fields: Fields, node: YamlNode, name: string, findings: Findings): void {
  const given = SELECTOR_KINDS.filter((kind) => {
    const field = fields.get(kind);
    const text = textOf(field, kind, findings);
    if (field !== undefined && text !== undefined && kind.endsWith("regex"))
      patternOf(field.value, kind, text, findings);
    return field !== undefined && !isNothing(field.value) && text !== "";
  });
  if (given.length <= 1) return;
  const message = `${name} has ${given.join(" and ")}, which exclude each other`;
  findings.error(fields.get(given[1] ?? "")?.key ?? node, "two-selectors", message, "keep one of them");
}

/** A pattern of RE2; undefined, with a finding, for what is none. */
export function patternOf(
  at: YamlNode,
  name: string,
  pattern: string,
  findings: Findings,
): ((path: string) => boolean) | undefined {
  if (pattern === "") return () => true;
  const compiled = compilePattern(pattern);
  if ("test" in compiled) return compiled.test;
  const hint = "RE2 has no look-around and no back-references: https://github.com/google/re2/wiki/Syntax";
  findings.error(at, "bad-regex", `${name} is not a valid RE2 pattern: ${compiled.problem}`, hint);
  return undefined;
}
