import { fieldOf, parseJson, textOf } from "./json.ts";

const MAX_SAID = 3;
const MAX_CHARS = 200;
const CODE = /^[A-Za-z0-9_ -]{1,60}$/;

/**
 * Why a registry refuses, in its own words, a line for each reason: `DENIED: requested access to the resource is denied`.
 *
 * Source: OCI distribution specification 1.1, error codes: `{"errors": [{"code": …, "message": …}]}`.
 *
 * @param secrets what was sent to it and must not come back: a line that holds one is left out.
 */
export function registryWords(body: Uint8Array, secrets: readonly string[]): readonly string[] {
  const errors = fieldOf(parseJson(body), "errors");
  if (!Array.isArray(errors)) return [];
  return errors.slice(0, MAX_SAID).flatMap((error: unknown) => {
    const code = textOf(error, "code");
    if (code === undefined || !CODE.test(code)) return [];
    const said = [code, textOf(error, "message")].flatMap((part) => part ?? []).join(": ");
    const line = said.replace(/[^\x20-\x7e]+/g, " ").slice(0, MAX_CHARS);
    return secrets.some((secret) => said.includes(secret)) ? [] : [`the registry says: ${line}`];
  });
}
