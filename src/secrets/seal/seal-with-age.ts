import { encrypt, type Selector, SopsError } from "../../sops/index.ts";
import { readManifests, type YamlValue } from "../../yaml/index.ts";
import { decodeSecret } from "../read/decode-secret.ts";

/** What is secret in a Secret. Everything else stays readable, as every tool of a cluster needs it. */
const SECRET_FIELDS: Selector = { kind: "encrypted_regex", pattern: "^(data|stringData)$" };

export interface SealWithAgeOptions {
  /** `age1…`, at least one. */
  readonly recipients: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** The manifest's format, and that of the result. */
  readonly format: "yaml" | "json";
  /** Name of the file, for errors. */
  readonly file?: string | undefined;
}

/**
 * Encrypts the values of Secrets with SOPS, so that the manifest can be committed: `data` and `stringData` are encrypted
 * under their keys, all else is readable. Several Secrets of one stream become one SOPS file.
 *
 * @throws {SopsError} `SOPS_NOT_A_SECRET`, and what `encrypt` throws.
 * @throws {SecretsError} `SECRETS_SECRET_MALFORMED` for values that no cluster would take.
 */
export async function sealWithAge(manifest: Uint8Array, options: SealWithAgeOptions): Promise<string> {
  const { file, format } = options;
  const source = file === undefined ? {} : { source: file };
  const { manifests } = readManifests(manifest, source);
  if (manifests.length === 0) throw notASecret(file, "there is no object in it");
  for (const { value, document } of manifests) {
    const kind = kindOf(value);
    if (kind !== "Secret") throw notASecret(file, `document ${document + 1} is ${kind ?? "no object with a kind"}`);
    decodeSecret(value, { scalarsAsText: false });
  }
  const { text } = await encrypt(manifest, format, { ...options, selector: SECRET_FIELDS, keepDates: true });
  return text;
}

function kindOf(value: YamlValue): string | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const kind = Object.entries(value).find(([key]) => key === "kind")?.[1];
  return typeof kind === "string" ? kind : undefined;
}

function notASecret(file: string | undefined, state: string): SopsError {
  const object = file === undefined ? "the manifest" : JSON.stringify(file);
  return new SopsError("SOPS_NOT_A_SECRET", `Cannot seal ${object}: ${state}, and only Secrets can be sealed`, {
    file,
    hints: ["to encrypt any other file: sealkit sops encrypt --age RECIPIENT FILE"],
  });
}
