import type { YamlNode } from "../../../yaml/index.ts";
import { checkRecreationRule, patternOf } from "./check-rule.ts";
import { checkBoolean, checkNames, FIELDS, fieldsOf, integerOf, isNothing, target, textOf } from "./fields.ts";
import type { Findings } from "./finding.ts";

/** Each destination with the field that asks for it. */
const DESTINATIONS = ["s3_bucket", "gcs_bucket", "vault_path"] as const;
const TEXTS = ["s3_prefix", "gcs_prefix", "vault_address", "vault_kv_mount_name"] as const;

/** Looks at one destination rule: where files are published to. */
export function checkDestination(node: YamlNode, name: string, findings: Findings): void {
  if (target(node).kind !== "mapping") {
    findings.error(node, "bad-type", `${name} is not a mapping`);
    return;
  }
  const fields = fieldsOf(node);
  checkNames(fields, FIELDS.destination, name, findings);
  const path = fields.get("path_regex");
  const pattern = textOf(path, "path_regex", findings);
  if (path !== undefined && pattern !== undefined) patternOf(path.value, "path_regex", pattern, findings);
  for (const text of TEXTS) textOf(fields.get(text), text, findings);
  const given = DESTINATIONS.filter((field) => (textOf(fields.get(field), field, findings) ?? "") !== "");
  if (given.length > 1) {
    const at = fields.get(given[1] ?? "")?.key ?? node;
    findings.error(at, "bad-destination", `${name} has ${given.join(" and ")}: one destination for each rule`);
  } else if (given.length === 0) {
    findings.error(node, "bad-destination", `${name} has no destination`, `one of ${DESTINATIONS.join(", ")}`);
  }
  const version = integerOf(fields.get("vault_kv_version"), "vault_kv_version", findings);
  if (version !== undefined && version !== 0 && version !== 1 && version !== 2) {
    findings.error(fields.get("vault_kv_version")?.value, "bad-destination", "vault_kv_version is neither 1 nor 2");
  }
  checkBoolean(fields.get("omit_extensions"), "omit_extensions", findings);
  const rule = fields.get("recreation_rule");
  if (rule !== undefined && !isNothing(rule.value)) {
    checkRecreationRule(rule.value, `the recreation_rule of ${name}`, findings);
  }
}
