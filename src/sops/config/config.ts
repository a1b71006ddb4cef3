import { nameOf, SopsError } from "../errors.ts";
import type { Format } from "../format.ts";
import { readYaml } from "../stores/yaml-read.ts";
import { compilePattern } from "../values/selector.ts";
import type { Branch, Node } from "../values/value.ts";
import { badConfig, childOf, itemsOf } from "./config-node.ts";
import { type CreationRule, readRule } from "./creation-rule.ts";
import { type DestinationRule, readDestinationRule } from "./destination-rule.ts";

/** What `.sops.yaml` says, as far as encrypting and decrypting ask for it. Unknown keys are passed over. */
export interface SopsConfig {
  /** Undefined when the file has no `creation_rules` at all, which counts as having no file. */
  readonly creationRules: readonly CreationRule[] | undefined;
  /** Where files are published; empty when the file does not say. */
  readonly destinationRules: readonly DestinationRule[];
  readonly indents: Readonly<Record<"yaml" | "json" | "binary", number | undefined>>;
}

/** The columns of one level that a configuration wants for a format; undefined where it says nothing. */
export function indentOf(indents: SopsConfig["indents"] | undefined, format: Format): number | undefined {
  return indents?.[format === "json" || format === "binary" ? format : "yaml"];
}

/** Rules in one file, far beyond what people write. */
const MAX_RULES = 10_000;

/**
 * Reads a configuration. Only its first document counts.
 *
 * @throws {SopsError} `SOPS_BAD_CONFIG`.
 */
export function parseConfig(input: Uint8Array, file: string): SopsConfig {
  const root = readRoot(input, file);
  const stores = storesOf(root, file);
  return {
    creationRules: readRules(root, "creation_rules", file)?.map(({ rule, where }) => readRule(rule, where, file)),
    destinationRules: (readRules(root, "destination_rules", file) ?? []).map(({ rule, where }) =>
      readDestinationRule(rule, where, file),
    ),
    indents: {
      yaml: readIndent(stores, "yaml", file),
      json: readIndent(stores, "json", file),
      binary: readIndent(stores, "json_binary", file),
    },
  };
}

function readRoot(input: Uint8Array, file: string): Branch | undefined {
  if (isBlank(input)) return undefined;
  try {
    return readYaml(input, { file, isLenient: true })[0];
  } catch (error) {
    if (!(error instanceof SopsError)) throw error;
    const upstream =
      error.upstream === undefined ? undefined : `${LOADING}Could not unmarshal config file: ${error.upstream}`;
    throw new SopsError("SOPS_BAD_CONFIG", error.message, {
      file,
      details: error.details,
      hints: ["to go without it: --config /dev/null"],
      upstream,
      cause: error,
    });
  }
}

/** No content: blanks and comments only. */
function isBlank(input: Uint8Array): boolean {
  const text = Buffer.from(input).toString();
  return text.split("\n").every((line) => /^\s*(#.*)?$/.test(line));
}

interface NamedRule {
  readonly rule: Branch;
  readonly where: string;
}

function readRules(
  root: Branch | undefined,
  name: "creation_rules" | "destination_rules",
  file: string,
): readonly NamedRule[] | undefined {
  const rules = childOf(root, name);
  if (rules === undefined || rules === null) return undefined;
  const items = itemsOf(rules);
  if (items === undefined) throw badConfig(file, `"${name}" is not a list`);
  if (items.length > MAX_RULES) throw badConfig(file, `"${name}" has more than ${MAX_RULES} rules`);
  const kind = name === "creation_rules" ? "rule" : "destination rule";
  return items.map((rule, index) => {
    const where = `${kind} ${index + 1}`;
    if (typeof rule !== "object" || rule === null || rule.kind !== "branch") {
      throw badConfig(file, `${where} is not a mapping`);
    }
    return { rule, where };
  });
}

const STORES = ["dotenv", "ini", "json", "json_binary", "yaml"];

function storesOf(root: Branch | undefined, file: string): Node | undefined {
  const stores = childOf(root, "stores");
  if (!isMappingOrNothing(stores)) throw badConfig(file, `"stores" is not a mapping`);
  for (const name of STORES) {
    if (!isMappingOrNothing(childOf(stores, name))) throw badConfig(file, `"stores.${name}" is not a mapping`);
  }
  return stores;
}

function isMappingOrNothing(node: Node | undefined): boolean {
  return node === undefined || node === null || (typeof node === "object" && node.kind === "branch");
}

function readIndent(stores: Node | undefined, name: string, file: string): number | undefined {
  const indent = childOf(childOf(stores, name), "indent");
  if (indent === undefined || indent === null) return undefined;
  if (typeof indent === "bigint" && indent >= -1000n && indent <= 1000n) return Number(indent);
  throw badConfig(file, `"stores.${name}.indent" is not a number of columns`);
}

const LOADING = "error loading config: ";

/**
 * The first rule that matches a path. `path` is that of the file relative to the configuration's folder, with `/`.
 *
 * @throws {SopsError} `SOPS_NO_RULE`; `SOPS_BAD_CONFIG` for a pattern on the way that RE2 does not take.
 */
export function ruleFor(rules: readonly CreationRule[], path: string, file: string): CreationRule {
  const last = lastFound.get(rules);
  if (last?.path === path) return last.rule;
  const rule = findRule(rules, path, file);
  lastFound.set(rules, { path, rule });
  return rule;
}

/** Of one file it is asked several times, and its patterns take longer than reading it. */
const lastFound = new WeakMap<readonly CreationRule[], { readonly path: string; readonly rule: CreationRule }>();

function findRule(rules: readonly CreationRule[], path: string, file: string): CreationRule {
  for (const [index, rule] of rules.entries()) {
    if (rule.pathPattern === "") return rule;
    const compiled = compilePattern(rule.pathPattern);
    if ("problem" in compiled) {
      const upstream = `can not compile regexp: error parsing regexp: ${compiled.problem}`;
      throw badConfig(file, `"path_regex" of rule ${index + 1} is not valid: ${compiled.problem}`, upstream);
    }
    if (compiled.test(path)) return rule;
  }
  throw new SopsError(
    "SOPS_NO_RULE",
    `Cannot encrypt ${nameOf(path)}: no creation rule of ${nameOf(file)} matches it`,
    {
      file: path,
      details: rules.map(({ pathPattern }, index) => `rule ${index + 1}: path_regex ${JSON.stringify(pathPattern)}`),
      hints: ["name a recipient: --age age1…", "or add a rule whose path_regex matches the path above"],
      upstream: `${LOADING}no matching creation rules found`,
    },
  );
}
