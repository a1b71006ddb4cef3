import { readManifests, YamlError, type YamlValue } from "../../../src/yaml/index.ts";
import { AuditError } from "./audit-error.ts";

/** Databases in one file, far beyond what anybody needs. */
const MAX_BACKENDS = 100;

/**
 * The connection strings in an audit configuration: `backends: {postgres: [{connection_string: …}]}`. Other backends and
 * keys are passed over, as with the original.
 *
 * @throws {AuditError} `AUDIT_BAD_CONFIG`.
 */
export function readAuditConfig(input: Uint8Array, file: string): readonly string[] {
  const backends = memberOf(readRoot(input, file), "backends", file);
  const postgres = memberOf(backends, "postgres", file) ?? [];
  if (!Array.isArray(postgres)) throw badConfig(file, '"backends.postgres" is not a list');
  if (postgres.length > MAX_BACKENDS) throw badConfig(file, `more than ${MAX_BACKENDS} databases`);
  return postgres.map((backend) => {
    const text = memberOf(backend, "connection_string", file) ?? "";
    if (typeof text === "string") return text;
    throw badConfig(file, '"connection_string" is not a text');
  });
}

function readRoot(input: Uint8Array, file: string): YamlValue | undefined {
  try {
    return readManifests(input, {
      mode: "lenient",
      firstOnly: true,
      source: file,
      isText: (path) => path.at(-1) === "connection_string",
    }).manifests[0]?.value;
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    // The place is enough: the text may hold a password.
    const { at } = error;
    throw badConfig(file, `it is not YAML${at === undefined ? "" : ` (line ${at.line}, column ${at.column})`}`);
  }
}

function memberOf(value: YamlValue | undefined, name: string, file: string): YamlValue | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "object" || Array.isArray(value))
    throw badConfig(file, `what should hold "${name}" is no mapping`);
  return Object.hasOwn(value, name) ? value[name] : undefined;
}

function badConfig(file: string, state: string): AuditError {
  return new AuditError("AUDIT_BAD_CONFIG", `Cannot use ${file}: ${state}`, {
    details: ["it says where encryption and decryption are recorded; without a record nothing is done"],
    hints: [`sudo cat ${file}`],
  });
}
