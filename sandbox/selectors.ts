import type { KubeObject } from "../src/objects/index.ts";
import { qualifiedNameProblem } from "./kinds/names.ts";
import { labelsOf } from "./object.ts";
import type { ResourceType } from "./registry/resource-type.ts";
import { badRequest } from "./status.ts";

/** Whether an object is wanted. */
export type Predicate = (object: KubeObject) => boolean;

type LabelTest = (labels: Readonly<Record<string, string>>) => boolean;

/** More requirements than this in one selector are refused. */
const MAX_REQUIREMENTS = 1_000;

const LABEL_KEY = /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

/**
 * Reads a label selector as it comes in a query: `a=b,c!=d,e in (f,g),h notin (i),j,!k`.
 *
 * @throws StatusError 400
 */
export function parseLabelSelector(selector: string): LabelTest {
  const tests = splitOutsideParentheses(selector).map(parseRequirement);
  return (labels) => tests.every((test) => test(labels));
}

function splitOutsideParentheses(selector: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let index = 0; index <= selector.length; index += 1) {
    const sign = selector[index];
    if (sign === "(") depth += 1;
    else if (sign === ")") depth -= 1;
    else if (sign === undefined || (sign === "," && depth === 0)) {
      const part = selector.slice(from, index).trim();
      if (part !== "") parts.push(part);
      from = index + 1;
    }
    if (parts.length > MAX_REQUIREMENTS) throw badRequest(`more than ${MAX_REQUIREMENTS} requirements in a selector`);
  }
  return parts;
}

function parseRequirement(part: string): LabelTest {
  const set = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/.exec(part);
  if (set !== null) {
    const key = labelKey(set[1] ?? "");
    const values = new Set((set[3] ?? "").split(",").map((value) => labelValue(key, value.trim())));
    return set[2] === "in"
      ? (labels) => Object.hasOwn(labels, key) && values.has(labels[key] ?? "")
      : (labels) => !Object.hasOwn(labels, key) || !values.has(labels[key] ?? "");
  }
  const compared = /^([^=!<>\s]+)\s*(==|=|!=|<|>)\s*(\S*)$/.exec(part);
  if (compared !== null) {
    const key = labelKey(compared[1] ?? "");
    const value = labelValue(key, compared[3] ?? "");
    if (compared[2] === "<" || compared[2] === ">") return numeric(key, compared[2], value);
    return compared[2] === "!="
      ? (labels) => labels[key] !== value || !Object.hasOwn(labels, key)
      : (labels) => Object.hasOwn(labels, key) && labels[key] === value;
  }
  const presence = /^(!?)\s*(\S+)$/.exec(part);
  if (presence !== null) {
    const key = labelKey(presence[2] ?? "");
    const wanted = presence[1] === "";
    return (labels) => Object.hasOwn(labels, key) === wanted;
  }
  if (/\s(in|notin)\s*\([^)]*$/.test(part))
    throw badRequest("unable to parse requirement: found '', expected: ',' or ')'");
  const word = part.split(/\s+/)[1] ?? "";
  throw badRequest(`unable to parse requirement: found '${word}', expected: in, notin, =, ==, !=, gt, lt`);
}

function numeric(key: string, sign: "<" | ">", value: string): LabelTest {
  if (!/^-?\d+$/.test(value))
    throw badRequest(`unable to parse requirement: values[0][${key}]: Invalid value: "${value}"`);
  const bound = BigInt(value);
  return (labels) => {
    const own = labels[key] ?? "";
    if (!/^-?\d{1,30}$/.test(own)) return false;
    return sign === "<" ? BigInt(own) < bound : BigInt(own) > bound;
  };
}

function labelKey(key: string): string {
  if (LABEL_KEY.test(key)) return key;
  const problem = qualifiedNameProblem(key) ?? "";
  throw badRequest(`unable to parse requirement: <nil>: Invalid value: ${JSON.stringify(key)}: ${problem}`);
}

function labelValue(key: string, value: string): string {
  if (LABEL_VALUE.test(value)) return value;
  throw badRequest(
    `unable to parse requirement: values[0][${key}]: Invalid value: ${JSON.stringify(value)}: a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`,
  );
}

/** A Kubernetes `LabelSelector` object (`matchLabels`, `matchExpressions`) as a query string. */
export function matchesLabels(object: KubeObject, selector: string): boolean {
  return parseLabelSelector(selector)(labelsOf(object.metadata));
}

/**
 * Reads a field selector: `metadata.name=x,status.phase!=Failed`. Which fields can be selected depends on the kind.
 *
 * @throws StatusError 400
 */
export function parseFieldSelector(selector: string, type: ResourceType): Predicate {
  const fields = new Map<string, (object: KubeObject) => string>([
    ["metadata.name", (object) => object.metadata.name ?? ""],
    ...(type.namespaced ? [["metadata.namespace", namespaceOf] as const] : []),
    ...Object.entries(type.strategy.selectable ?? {}),
  ]);
  const tests = selector
    .split(",")
    .filter((part) => part !== "")
    .map((part): Predicate => {
      const match = /^(.*?)(==|!=|=)(.*)$/.exec(part);
      if (match === null) throw badRequest(`invalid selector: '${selector}'; can't understand '${part}'`);
      const [, name = "", sign, value = ""] = match;
      const read = fields.get(name);
      if (read === undefined) {
        const known = [...fields.keys()].map((field) => `"${field}"`).join(", ");
        throw badRequest(
          type.custom !== undefined || type.strategy.selectable !== undefined
            ? `field label not supported: ${name}`
            : `"${name}" is not a known field selector: only ${known}`,
        );
      }
      const wanted = value.replace(/\\([\\,=])/g, "$1");
      return sign === "!=" ? (object) => read(object) !== wanted : (object) => read(object) === wanted;
    });
  return (object) => tests.every((test) => test(object));
}

const namespaceOf = (object: KubeObject) => object.metadata.namespace ?? "";
