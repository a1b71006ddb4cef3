import { shellWord } from "../../src/bytes/shell-word.ts";
import { ToolkitError } from "../../src/errors.ts";
import { decodeSecret, type SealOptions, sealSecret } from "../../src/secrets/index.ts";
import { replaceDocuments, YamlError, type YamlWarning } from "../../src/yaml/index.ts";
import { CliError } from "../errors.ts";
import { printObject } from "../kubeseal/print.ts";
import { checkSecretBytes } from "../sealed-file/size.ts";
import { type ClassifiedObject, classify, looksLikeTemplate, mayHoldSecrets } from "./classify.ts";
import { endsInLineEnd, oddText } from "./documents.ts";

/** How a Secret of a folder is sealed: one that names no namespace gets `defaultNamespace`. */
export type FolderSealOptions = Pick<SealOptions, "spki" | "scope" | "defaultNamespace" | "allowEmptyData" | "hintFor">;

/** What became of one file. */
export type FileOutcome =
  | {
      readonly kind: "sealed";
      readonly text: string;
      readonly names: readonly string[];
      readonly counts: FileCounts;
      readonly doubts: readonly string[];
    }
  | { readonly kind: "nothing"; readonly counts: FileCounts }
  | { readonly kind: "template" }
  | { readonly kind: "failed"; readonly error: ToolkitError };

/** Objects that were left as they are. */
export interface FileCounts {
  readonly sealedBefore: number;
  readonly sops: number;
}

const NONE: FileCounts = { sealedBefore: 0, sops: 0 };

/** A file with its Secrets sealed, and everything else in it as it was. Without `options` it is only looked at. */
export async function sealFile(
  bytes: Uint8Array,
  path: string,
  options: FolderSealOptions | undefined,
): Promise<FileOutcome> {
  if (!mayHoldSecrets(bytes)) return { kind: "nothing", counts: NONE };
  const text = utf8Text(bytes);
  if (text === undefined) return { kind: "failed", error: notUtf8(path) };
  try {
    const warnings: YamlWarning[] = [];
    const objects = classify(text, path, warnings);
    const count = (kind: ClassifiedObject["kind"]) => objects.filter((object) => object.kind === kind).length;
    const counts = { sealedBefore: count("sealed"), sops: count("sops") };
    const secrets = objects.filter(({ kind }) => kind === "secret");
    if (secrets.length === 0) return { kind: "nothing", counts };
    const names = secrets.map(({ name }) => name);
    const isSealed = new Set(secrets.map(({ document }) => document));
    const doubts = warnings.filter(({ document }) => isSealed.has(document)).map((odd) => oddText(odd, `"${path}"`));
    if (options === undefined) return { kind: "sealed", text, names, counts, doubts };
    const sealed = await withSealed(text, objects, { path, options, doubts });
    return { kind: "sealed", text: sealed, names, counts, doubts };
  } catch (cause) {
    if (cause instanceof YamlError && looksLikeTemplate(bytes)) return { kind: "template" };
    if (cause instanceof ToolkitError) return { kind: "failed", error: cause };
    throw cause;
  }
}

interface SealContext {
  readonly path: string;
  readonly options: FolderSealOptions;
  /** Takes what somebody should look at. */
  readonly doubts: string[];
}

async function withSealed(text: string, objects: readonly ClassifiedObject[], context: SealContext): Promise<string> {
  const isJson = /^\ufeff?\s*\{/.test(text);
  const documents = new Map<number, string>();
  for (const object of objects.filter(({ kind, item }) => kind === "secret" && item === undefined)) {
    const printed = printObject(await sealedObject(object, context), isJson ? "json" : "yaml");
    documents.set(object.document, printed.replace(/^---\n/, ""));
  }
  const lists = new Set(
    objects.filter(({ kind, item }) => kind === "secret" && item !== undefined).map(({ document }) => document),
  );
  for (const document of lists) {
    const items: unknown[] = [];
    for (const object of objects.filter((one) => one.document === document)) {
      items.push(object.kind === "secret" ? await sealedObject(object, context) : object.value);
    }
    const list = { apiVersion: "v1", kind: "List", items };
    documents.set(document, printObject(list, isJson ? "json" : "yaml").replace(/^---\n/, ""));
  }
  return replaceDocuments(text, documents, { source: context.path });
}

async function sealedObject({ value, document, item, line }: ClassifiedObject, { path, options, doubts }: SealContext) {
  const place = `in "${path}", document ${document + 1}${item === undefined ? "" : `, item ${item + 1}`} (line ${line})`;
  try {
    const secret = decodeSecret(value, { scalarsAsText: false });
    checkSecretBytes(
      [...secret.data.values()].reduce((sum, { byteLength }) => sum + byteLength, 0),
      [place],
    );
    for (const key of endsInLineEnd(secret)) {
      doubts.push(`the value of ${key} ${place} ends in a line end, which is sealed too`);
    }
    return await sealSecret(secret, options);
  } catch (cause) {
    if (!(cause instanceof ToolkitError) || cause instanceof CliError) throw cause;
    throw new CliError("CLI_BAD_INPUT", cause.message, {
      cause,
      details: [place, ...cause.details],
      hints: cause.hints,
    });
  }
}

function utf8Text(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function notUtf8(path: string): CliError {
  return new CliError("CLI_BAD_INPUT", `Cannot seal "${path}": it is not UTF-8`, {
    hints: [`convert it first: iconv -f UTF-16 -t UTF-8 ${shellWord(path)}`],
  });
}
