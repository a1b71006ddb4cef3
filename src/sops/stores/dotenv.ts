import { nameOf, SopsError, showPath } from "../errors.ts";
import { type Branch, type Entry, isComment, type Leaf } from "../values/value.ts";
import { decodeText, encodeText, isWholeText, leafOfText } from "./byte-text.ts";
import { flattenMetadata, unflattenMetadata } from "./flat-metadata.ts";
import { flatText, isComplex, lastingText } from "./flat-value.ts";
import { noMetadata } from "./metadata-entry.ts";
import { oneDocument } from "./one-document.ts";
import type { Store } from "./store.ts";

const METADATA_PREFIX = "sops_";

/**
 * Lines `KEY=value`. Nothing is quoted, trimmed or expanded: all behind the first `=` is the value, and its only escape is
 * `\n` for a line break. A line that begins with `#` is a comment. Metadata are lines `sops_…`.
 */
export const dotenvStore: Store = {
  loadPlain: (input, { file }) => [readLines(input, file)],
  loadEncrypted(input, { file }) {
    const whole = readLines(input, file);
    const isMetadata = (item: Branch["items"][number]): item is Entry => {
      return item.kind === "entry" && item.key.startsWith(METADATA_PREFIX);
    };
    const lines = whole.items.filter(isMetadata).map(({ key, value }) => {
      return [key.slice(METADATA_PREFIX.length), typeof value === "string" ? value : ""] as const;
    });
    if (lines.length === 0) throw noMetadata(file, `there is no line that begins with "${METADATA_PREFIX}"`);
    const metadata = unflattenMetadata(lines, file);
    return { documents: [{ kind: "branch", items: whole.items.filter((item) => !isMetadata(item)) }], metadata };
  },
  emitPlain: (documents) => encodeText(printLines(documents[0], flatText)),
  emitEncrypted(documents, metadata, { file }) {
    const document = oneDocument(documents, "dotenv", file);
    const data = printLines(document, (leaf, key) => lastingText(leaf, [key], { format: "dotenv", readAgain: reread }));
    return (
      data +
      flattenMetadata(metadata)
        .map(([name, text]) => line(METADATA_PREFIX + name, text))
        .join("")
    );
  },
  usesMetadataKey: ({ items }) => items.some((item) => item.kind === "entry" && item.key.startsWith(METADATA_PREFIX)),
};

function readLines(input: Uint8Array, file: string | undefined): Branch {
  const items: Branch["items"] = [];
  for (const [index, text] of decodeText(input).split("\n").entries()) {
    if (text === "") continue;
    const at = text.indexOf("=");
    const isRemark = text.startsWith("#");
    if (!isRemark && at < 0) throw badLine(index, "it has no =", file);
    const named = isRemark ? text.slice(1) : text.slice(0, at);
    if (!isWholeText(named)) throw badLine(index, `its ${isRemark ? "comment" : "key"} is no UTF-8`, file);
    if (isRemark) items.push({ kind: "comment", text: named, inline: false });
    else items.push({ kind: "entry", key: named, value: leafOfText(withBreaks(text.slice(at + 1))) });
  }
  return { kind: "branch", items };
}

/** The original repeats the line, which may be a secret. */
function badLine(index: number, state: string, file: string | undefined): SopsError {
  return new SopsError("SOPS_BAD_SYNTAX", `Cannot read ${nameOf(file)}: line ${index + 1}: ${state}`, {
    file,
    hints: ["write KEY=value; a comment begins with # in the first column, and a value of several lines has \\n"],
  });
}

function withBreaks(text: string): string {
  return text.replaceAll("\\n", "\n");
}

function reread(text: string): string {
  return withBreaks(withoutBreaks(text));
}

function withoutBreaks(text: string): string {
  return text.replaceAll("\n", "\\n");
}

function printLines(document: Branch | undefined, textOf: (leaf: Leaf, key: string) => string): string {
  let out = "";
  for (const item of document?.items ?? []) {
    if (isComment(item)) {
      // A comment of several lines comes from another format.
      for (const remark of item.text.split("\n")) out += `#${remark}\n`;
      continue;
    }
    const { key, value } = item;
    if (isComplex(value)) {
      const upstream = `cannot use complex value in dotenv file; offending key ${key}`;
      throw unprintable(key, "dotenv has no lists and no mappings", upstream);
    }
    if (/^#|[=\n]/.test(key))
      throw unprintable(key, "a key in dotenv has no = and no line break and does not begin with #");
    out += line(key, textOf(value, key));
  }
  return out;
}

function line(key: string, text: string): string {
  return `${key}=${withoutBreaks(text)}\n`;
}

function unprintable(key: string, state: string, upstream?: string): SopsError {
  return new SopsError("SOPS_UNPRINTABLE", `Cannot print ${showPath([key])}: ${state}`, {
    path: [key],
    hints: ["--output-type yaml"],
    upstream,
  });
}
