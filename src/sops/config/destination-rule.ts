import { nameOf, SopsError } from "../errors.ts";
import { compilePattern } from "../values/selector.ts";
import type { Branch, Node } from "../values/value.ts";
import { badConfig, childOf } from "./config-node.ts";
import { textOf, truthOf } from "./config-scalar.ts";
import { type CreationRule, readRule } from "./creation-rule.ts";

/** A place that files are published to. */
export type Destination =
  | { readonly kind: "s3" | "gcs"; readonly bucket: string; readonly prefix: string }
  | {
      readonly kind: "vault";
      /** `""` when the rule names none. */
      readonly address: string;
      readonly mount: string;
      readonly path: string;
      readonly version: 1 | 2;
    };

/** Where files of one path are published. */
export interface DestinationRule {
  /** RE2, searched anywhere in the path as it was typed; `""` matches every path. */
  readonly pathPattern: string;
  /** @throws {SopsError} `SOPS_BAD_CONFIG` when the rule names none, or several. */
  destination(): Destination;
  /** How a file is encrypted for the bucket; undefined when it goes there as it is. */
  readonly recreation: CreationRule | undefined;
  /** Whether the last ending of a file's name is left out. */
  readonly omitExtensions: boolean;
}

/** @throws {SopsError} `SOPS_BAD_CONFIG`; `where` names the rule. */
export function readDestinationRule(rule: Branch, where: string, file: string): DestinationRule {
  const text = (name: string) => textOf(childOf(rule, name), `${where}: "${name}"`, file);
  const version = childOf(rule, "vault_kv_version") ?? 2n;
  const given: Record<Destination["kind"], Destination> = {
    s3: { kind: "s3", bucket: text("s3_bucket"), prefix: text("s3_prefix") },
    gcs: { kind: "gcs", bucket: text("gcs_bucket"), prefix: text("gcs_prefix") },
    vault: {
      kind: "vault",
      address: text("vault_address"),
      mount: text("vault_kv_mount_name") || "secret/",
      path: text("vault_path"),
      // Every other number counts as 2.
      version: version === 1n ? 1 : 2,
    },
  };
  return {
    pathPattern: text("path_regex"),
    destination: () => onlyOne(Object.values(given).filter(isNamed), where, file),
    recreation: recreationOf(childOf(rule, "recreation_rule"), where, file),
    omitExtensions: truthOf(childOf(rule, "omit_extensions"), `${where}: "omit_extensions"`, file),
  };
}

function isNamed(destination: Destination): boolean {
  return (destination.kind === "vault" ? destination.path : destination.bucket) !== "";
}

function onlyOne([first, second]: readonly Destination[], where: string, file: string): Destination {
  if (first === undefined) {
    throw badConfig(file, `${where} names no destination`, "no destination configured for this file");
  }
  if (second === undefined) return first;
  const upstream =
    "error loading config: more than one destinations were found in a single destination rule, you can only use one per rule";
  throw badConfig(file, `${where} names several destinations`, upstream);
}

function recreationOf(node: Node | undefined, where: string, file: string): CreationRule | undefined {
  if (node === undefined || node === null) return undefined;
  if (typeof node !== "object" || node.kind !== "branch") {
    throw badConfig(file, `${where}: "recreation_rule" is not a mapping`);
  }
  return readRule(node, `${where}, recreation_rule`, file);
}

/**
 * The first rule that matches a path, as it was typed. A pattern that RE2 does not take matches nothing, as with the
 * original.
 *
 * @throws {SopsError} `SOPS_NO_RULE`.
 */
export function destinationRuleFor(rules: readonly DestinationRule[], path: string, file: string): DestinationRule {
  const found = rules.find(({ pathPattern }) => {
    if (pathPattern === "") return true;
    const compiled = compilePattern(pathPattern);
    return !("problem" in compiled) && compiled.test(path);
  });
  if (found !== undefined) return found;
  throw new SopsError(
    "SOPS_NO_RULE",
    `Cannot publish ${nameOf(path)}: no destination rule of ${nameOf(file)} matches it`,
    {
      file: path,
      details: rules.map(({ pathPattern }, index) => `rule ${index + 1}: path_regex ${JSON.stringify(pathPattern)}`),
      hints: ["add a rule under destination_rules whose path_regex matches the path as it is typed above"],
      upstream: "error loading config: no matching destination found in config",
    },
  );
}
