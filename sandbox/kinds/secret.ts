import { equalJson, isJsonObject, type KubeObject } from "../../src/objects/index.ts";
import { at, child, textAt } from "../object.ts";
import type { Strategy, WriteContext } from "../registry/resource-type.ts";
import type { Cause } from "../status.ts";
import { forbiddenField, IMMUTABLE, invalidValue, required, tooLong } from "./causes.ts";
import { configKeyProblem } from "./names.ts";

const MAX_BYTES = 1024 * 1024;
const FROZEN = "field is immutable when `immutable` is set";

/** Keys that a type promises. */
const REQUIRED_KEYS: Readonly<Record<string, readonly string[]>> = {
  "kubernetes.io/dockercfg": [".dockercfg"],
  "kubernetes.io/dockerconfigjson": [".dockerconfigjson"],
  "kubernetes.io/ssh-auth": ["ssh-privatekey"],
  "kubernetes.io/tls": ["tls.crt", "tls.key"],
};

export const secretStrategy: Strategy = {
  prepare: prepareSecret,
  validate: validateSecret,
  selectable: { type: (secret) => textAt(secret, "type") },
};

function prepareSecret(secret: KubeObject): void {
  const text = secret["stringData"];
  if (isJsonObject(text)) {
    const data = child(secret, "data");
    for (const [key, value] of Object.entries(text)) data[key] = Buffer.from(String(value), "utf8").toString("base64");
    if (Object.keys(data).length === 0) delete secret["data"];
  }
  delete secret["stringData"];
  if (textAt(secret, "type") === "") secret["type"] = "Opaque";
}

function validateSecret(secret: KubeObject, { old }: WriteContext): Cause[] {
  const causes: Cause[] = [];
  const data = at(secret, "data");
  const type = textAt(secret, "type");
  let bytes = 0;
  for (const [key, value] of Object.entries(data)) {
    const problem = configKeyProblem(key);
    if (problem !== undefined) causes.push(invalidValue(`data[${key}]`, key, problem));
    bytes += Buffer.byteLength(String(value), "base64");
  }
  if (bytes > MAX_BYTES) causes.push(tooLong("data", MAX_BYTES));
  for (const key of REQUIRED_KEYS[type] ?? []) {
    if (!Object.hasOwn(data, key)) causes.push(required(`data[${key}]`));
    else if (key.startsWith(".docker") && !isJson(String(data[key]))) {
      causes.push({
        reason: "FieldValueInvalid",
        message: 'Invalid value: "<secret contents redacted>": it is not JSON',
        field: `data[${key}]`,
      });
    }
  }
  if (type === "kubernetes.io/basic-auth" && !Object.hasOwn(data, "username") && !Object.hasOwn(data, "password")) {
    causes.push(required("data[username]"), required("data[password]"));
  }
  if (
    type === "kubernetes.io/service-account-token" &&
    secret.metadata.annotations?.["kubernetes.io/service-account.name"] === undefined
  ) {
    causes.push(required("metadata.annotations[kubernetes.io/service-account.name]"));
  }
  if (old !== undefined) causes.push(...validateSecretUpdate(secret, old));
  return causes;
}

function validateSecretUpdate(secret: KubeObject, old: KubeObject): Cause[] {
  const causes: Cause[] = [];
  if (secret["type"] !== old["type"]) causes.push(invalidValue("type", secret["type"], IMMUTABLE));
  return [...causes, ...validateFrozen(secret, old, ["data"])];
}

/** An object that was marked immutable keeps its content and the mark. Shared with ConfigMap. */
export function validateFrozen(object: KubeObject, old: KubeObject, fields: readonly string[]): Cause[] {
  if (old["immutable"] !== true) return [];
  const causes: Cause[] = [];
  if (object["immutable"] !== true) causes.push(forbiddenField("immutable", FROZEN));
  for (const field of fields) {
    if (!equalJson(object[field] ?? {}, old[field] ?? {})) causes.push(forbiddenField(field, FROZEN));
  }
  return causes;
}

function isJson(base64: string): boolean {
  try {
    JSON.parse(Buffer.from(base64, "base64").toString("utf8"));
    return true;
  } catch {
    return false;
  }
}
