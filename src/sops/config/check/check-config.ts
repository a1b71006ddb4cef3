import { parseYaml, type YamlDocument, YamlError, type YamlNode } from "../../../yaml/index.ts";
import { checkCoverage } from "./check-coverage.ts";
import { checkDestination } from "./check-destination.ts";
import { checkRule } from "./check-rule.ts";
import { checkNames, FIELDS, type Fields, fieldsOf, integerOf, isNothing, listOf, target } from "./fields.ts";
import { type ConfigFinding, Findings, type Nearest } from "./finding.ts";

export interface ConfigCheckOptions {
  /** Paths of the files below the configuration's folder, relative to it, with `/`. Without them no rule is compared with files. */
  readonly paths?: readonly string[] | undefined;
  /** Finds the word that was most likely meant by a mistyped one. */
  readonly nearest?: Nearest | undefined;
}

/**
 * Looks for what is wrong with a `.sops.yaml`, or looks so: fields that nobody reads, rules that never come into play,
 * patterns, keys and thresholds that cannot be. The original reads past most of this. Findings are in order of lines.
 *
 * @example
 * for (const { line, message } of checkConfig(bytes, { paths: ["prod/db.yaml"] })) console.log(line, message);
 */
export function checkConfig(input: Uint8Array | string, options: ConfigCheckOptions = {}): readonly ConfigFinding[] {
  const findings = new Findings(options.nearest ?? (() => undefined));
  const documents = readDocuments(input, findings);
  const [first, second] = documents;
  if (first?.root !== undefined) checkRoot(first.root, options, findings);
  else if (findings.list.length === 0) findings.warning(undefined, "no-rules", "there is nothing in it");
  if (second !== undefined) {
    const at = second.root ?? first?.root;
    findings.warning(at, "ignored-document", "only the first document is read", "put all rules into it");
  }
  return findings.list.toSorted((a, b) => a.line - b.line || a.column - b.column);
}

function readDocuments(input: Uint8Array | string, findings: Findings): readonly YamlDocument[] {
  try {
    const { documents, warnings } = parseYaml(input, { mode: "lenient" });
    for (const { at, message } of warnings) {
      findings.list.push({ severity: "error", code: "duplicate-field", ...placeOf(at), message, hint: undefined });
    }
    return documents;
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    const { problem, at, hints } = error;
    findings.list.push({ severity: "error", code: "syntax", ...placeOf(at), message: problem, hint: hints[0] });
    return [];
  }
}

function placeOf({ line, column }: { readonly line: number; readonly column: number }) {
  return { line, column };
}

function checkRoot(root: YamlNode, { paths }: ConfigCheckOptions, findings: Findings): void {
  if (isNothing(root)) {
    findings.warning(root, "no-rules", "there is nothing in it");
    return;
  }
  if (target(root).kind !== "mapping") {
    findings.error(root, "bad-type", "the file is not a mapping", "it begins with creation_rules:");
    return;
  }
  const fields = fieldsOf(root);
  checkTopNames(fields, findings);
  const rules = listOf(fields.get("creation_rules"), "creation_rules", findings).flatMap(
    (rule, index) => checkRule(rule, `rule ${index + 1}`, findings) ?? [],
  );
  if (!fields.has("creation_rules") && !fields.has("destination_rules") && !fields.has("stores")) {
    findings.warning(root, "no-rules", "it has neither creation_rules nor destination_rules");
  }
  checkCoverage(rules, paths, findings);
  for (const [index, rule] of listOf(fields.get("destination_rules"), "destination_rules", findings).entries()) {
    checkDestination(rule, `destination rule ${index + 1}`, findings);
  }
  checkStores(fields, findings);
}

/** Other fields at the top are where people keep anchors: only what is nearly a known one is told. */
function checkTopNames(fields: Fields, findings: Findings): void {
  for (const [name, { key }] of fields) {
    const isKnown = FIELDS.top.some((word) => word === name);
    const meant = isKnown ? undefined : findings.nearest(name, FIELDS.top);
    if (meant === undefined) continue;
    const message = `there is a field ${JSON.stringify(name)} at the top, which is not read`;
    findings.warning(key, "unknown-field", message, `did you mean: ${meant}`);
  }
}

/** The smallest indent that each store takes. */
const LEAST_INDENT = { yaml: 0, json: -1, json_binary: -1 } as const;

function checkStores(fields: Fields, findings: Findings): void {
  const field = fields.get("stores");
  if (field === undefined || isNothing(field.value)) return;
  if (target(field.value).kind !== "mapping") {
    findings.error(field.value, "bad-type", '"stores" is not a mapping');
    return;
  }
  const stores = fieldsOf(field.value);
  checkNames(stores, FIELDS.stores, '"stores"', findings);
  for (const [name, least] of Object.entries(LEAST_INDENT)) {
    const store = stores.get(name);
    if (store === undefined || isNothing(store.value)) continue;
    const settings = fieldsOf(store.value);
    checkNames(settings, FIELDS.store, `"stores.${name}"`, findings);
    const indent = integerOf(settings.get("indent"), `stores.${name}.indent`, findings);
    if (indent === undefined || indent >= least) continue;
    findings.error(settings.get("indent")?.value, "bad-type", `"stores.${name}.indent" is less than ${least}`);
  }
}
