import type { KubeObject } from "../../src/objects/index.ts";
import { at } from "../object.ts";
import type { Strategy, WriteContext } from "../registry/resource-type.ts";
import type { Cause } from "../status.ts";
import { invalidValue, tooLong } from "./causes.ts";
import { configKeyProblem } from "./names.ts";
import { validateFrozen } from "./secret.ts";

const MAX_BYTES = 1024 * 1024;

export const configMapStrategy: Strategy = { validate: validateConfigMap };

function validateConfigMap(map: KubeObject, { old }: WriteContext): Cause[] {
  const causes: Cause[] = [];
  const data = at(map, "data");
  const binary = at(map, "binaryData");
  let bytes = 0;
  for (const [key, value] of Object.entries(data)) {
    const problem = configKeyProblem(key);
    if (problem !== undefined) causes.push(invalidValue(`data[${key}]`, key, problem));
    if (Object.hasOwn(binary, key))
      causes.push(invalidValue(`data[${key}]`, key, "duplicate of key present in binaryData"));
    bytes += Buffer.byteLength(String(value));
  }
  for (const [key, value] of Object.entries(binary)) {
    const problem = configKeyProblem(key);
    if (problem !== undefined) causes.push(invalidValue(`binaryData[${key}]`, key, problem));
    bytes += Buffer.byteLength(String(value), "base64");
  }
  if (bytes > MAX_BYTES) causes.push(tooLong("[]", MAX_BYTES));
  if (old !== undefined) causes.push(...validateFrozen(map, old, ["data", "binaryData"]));
  return causes;
}
