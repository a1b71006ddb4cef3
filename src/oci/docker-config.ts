import { decodeBase64Go } from "../bytes/base64.ts";
import { OciError } from "./errors.ts";
import type { RegistryLogin } from "./ports.ts";

/**
 * The login for a registry in a configuration file as `docker login` writes it; undefined when it has none for that.
 *
 * @throws {OciError} `OCI_CREDENTIALS` for one that cannot be read, or keeps the login in a program of its own.
 */
export function loginFor(registry: string, config: string, file: string): RegistryLogin | undefined {
  const root = parsed(config, file);
  const names = [registry, `https://${registry}`, `https://${registry}/v1/`, `http://${registry}`];
  const auths = recordOf(root["auths"]);
  const entry = names.map((name) => auths[name]).find((value) => value !== undefined);
  const auth = recordOf(entry)["auth"];
  if (typeof auth === "string" && auth !== "") {
    const { bytes } = decodeBase64Go(auth);
    const text = bytes === undefined ? "" : new TextDecoder().decode(bytes);
    const colon = text.indexOf(":");
    if (colon > 0) return { username: text.slice(0, colon), password: text.slice(colon + 1).replace(/\0+$/, "") };
    throw unusable(file, `what it holds for ${registry} is no login`);
  }
  const isElsewhere = entry !== undefined && typeof root["credsStore"] === "string";
  if (isElsewhere || recordOf(root["credHelpers"])[registry] !== undefined) {
    throw unusable(file, `the login for ${registry} is kept by a program, which is not started`);
  }
  return undefined;
}

function parsed(config: string, file: string): Readonly<Record<string, unknown>> {
  try {
    return recordOf(JSON.parse(config));
  } catch {
    throw unusable(file, "it is no JSON");
  }
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  const entries = typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
  return Object.assign(Object.create(null), Object.fromEntries(entries));
}

function unusable(file: string, why: string): OciError {
  return new OciError("OCI_CREDENTIALS", `Cannot use the logins of "${file}": ${why}`, {
    hints: ["write one with a plain login: docker login --config, and name it with --registry-config"],
  });
}
