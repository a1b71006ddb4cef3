import type { KubeObject } from "../../src/objects/index.ts";
import { decodeSecret, type SealOptions, type Secret, SecretsError, sealSecret } from "../../src/secrets/index.ts";
import { readManifests, type YamlValue, type YamlWarning } from "../../src/yaml/index.ts";
import { CliError } from "../errors.ts";
import { checkSecretBytes } from "../sealed-file/size.ts";

/**
 * Every Secret of a file, sealed, in the order of the file; a List counts as what it holds.
 *
 * @param file name for errors; undefined for stdin.
 * @throws {CliError} `CLI_BAD_INPUT` for anything but Secrets; {YamlError}; {SecretsError}
 */
export async function sealDocuments(
  bytes: Uint8Array,
  file: string | undefined,
  { onDoubt, ...options }: SealOptions & { readonly onDoubt?: (line: string) => Promise<void> },
): Promise<KubeObject[]> {
  const { manifests, warnings } = readManifests(bytes, { mode: "strict", source: file ?? "standard input" });
  const name = file === undefined ? "standard input" : `"${file}"`;
  for (const odd of warnings) await onDoubt?.(oddText(odd, name));
  if (manifests.length === 0) throw notSecret(name, "it holds no object");
  const sealed: KubeObject[] = [];
  for (const { value, document, line } of manifests) {
    for (const [at, object] of itemsOf(value).entries()) {
      const item = itemsOf(value)[0] === value ? "" : `, item ${at + 1}`;
      const place = `in ${name}, document ${document + 1}${item} (line ${line})`;
      const kind = textField(object, "kind");
      if (kind !== "Secret" || textField(object, "apiVersion") !== "v1") {
        throw notSecret(name, `${place} stands ${kind === "" ? "something without a kind" : `a ${kind}`}`);
      }
      try {
        const secret = decodeSecret(object, { scalarsAsText: false });
        checkSize(secret, place);
        for (const key of endsInLineEnd(secret)) {
          await onDoubt?.(`the value of ${key} ${place} ends in a line end, which is sealed too`);
        }
        sealed.push(await sealSecret(secret, options));
      } catch (cause) {
        throw withPlace(cause, place);
      }
    }
  }
  return sealed;
}

/**
 * Refuses Secrets of a file that are larger than a cluster takes, before they are encrypted with age. What is no Secret
 * is not looked at: `sealWithAge` says what is wrong with it.
 *
 * @throws {CliError} `CLI_BAD_INPUT`
 */
export function checkSecretSizes(bytes: Uint8Array, file: string | undefined): void {
  const name = file === undefined ? "standard input" : `"${file}"`;
  for (const { value, document, line } of readManifests(bytes, { source: file ?? "standard input" }).manifests) {
    if (textField(value, "kind") !== "Secret") continue;
    const place = `in ${name}, document ${document + 1} (line ${line})`;
    checkSize(decodeSecret(value, { scalarsAsText: false }), place);
  }
}

/** A warning of the reader, with its place. */
export function oddText({ message, at }: YamlWarning, name: string): string {
  return `in ${name}, line ${at.line}: ${message}`;
}

/** Values of one line that end in a line end: nearly always what `echo` added, and no login takes it. */
export function endsInLineEnd({ data }: Pick<Secret, "data">): string[] {
  const isDoubtful = (bytes: Uint8Array) => bytes.at(-1) === 0x0a && bytes.indexOf(0x0a) === bytes.length - 1;
  return [...data].filter(([, value]) => isDoubtful(value.reveal())).map(([key]) => key);
}

function checkSize({ data }: Secret, place: string): void {
  const size = [...data.values()].reduce((sum, value) => sum + value.byteLength, 0);
  checkSecretBytes(size, [place]);
}

function itemsOf(value: YamlValue): readonly YamlValue[] {
  const isList = textField(value, "kind") === "List" && textField(value, "apiVersion") === "v1";
  if (!isList || typeof value !== "object" || value === null || Array.isArray(value)) return [value];
  const items = value["items"];
  return Array.isArray(items) ? items : [];
}

function textField(value: YamlValue, name: string): string {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "";
  const field = Object.hasOwn(value, name) ? value[name] : undefined;
  return typeof field === "string" ? field : "";
}

function notSecret(name: string, state: string): CliError {
  return new CliError("CLI_BAD_INPUT", `Cannot seal ${name}: ${state}, and only Secrets (v1) can be sealed`, {
    hints: ["make one: kubectl create secret generic NAME --from-literal=key=value --dry-run=client -o yaml"],
  });
}

function withPlace(cause: unknown, place: string): unknown {
  if (!(cause instanceof SecretsError)) return cause;
  const { code, message, original, items, details, hints } = cause;
  return new SecretsError(code, message, { original, items, details: [place, ...details], hints, cause });
}
