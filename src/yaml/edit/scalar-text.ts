import { isOldBoolean, resolveText } from "../resolve.ts";
import type { TextDocument, TextMapping, TextScalar } from "./text-node.ts";

type Style = "plain" | "single" | "double";
type Language = TextDocument["language"];

/** A text as a scalar on one line, in the style that is wanted where that style can hold it. */
export function scalarText(value: string, language: Language, style: Style): string {
  if (language === "json") return JSON.stringify(value);
  if (style === "single" && !/[\0-\x1f\x7f-\xa0\u2028\u2029\ufeff]/.test(value))
    return `'${value.replaceAll("'", "''")}'`;
  return style === "plain" && isPlainSafe(value) ? value : doubleQuoted(value);
}

/** The style in which the texts of a mapping are written, for one more. */
export function styleAmong({ entries }: TextMapping): Style {
  const styles = new Set(entries.map(({ value }) => (value.kind === "scalar" ? value.style : "plain")));
  const [only] = styles;
  return styles.size === 1 && (only === "single" || only === "double") ? only : "plain";
}

/** How a key is written beside those that are there. */
export function keyText(key: string, { text, language }: TextDocument, { entries }: TextMapping): string {
  const [first] = entries;
  const quote = first === undefined ? "" : text.charAt(first.keyStart);
  return scalarText(key, language, quote === '"' ? "double" : quote === "'" ? "single" : "plain");
}

/** What stands in place of a scalar that gets another value. */
export function replacedScalar(text: string, node: TextScalar, value: string, language: Language): string {
  const style = node.style === "single" || node.style === "double" ? node.style : "plain";
  const written = scalarText(value, language, style);
  if (node.style !== "block") return written;
  // The line of the indicator may end in a comment, which is no part of the value.
  const comment = /^[|>][^\r\n#]*?([ \t]+#[^\r\n]*)/.exec(text.slice(node.start, node.end))?.[1] ?? "";
  return written + comment;
}

/** Texts without any character that means something to YAML, and not read as anything but a text. */
function isPlainSafe(value: string): boolean {
  if (!/^[A-Za-z][-A-Za-z0-9_.+/=;:]*$/.test(value) || value.endsWith(":")) return false;
  return resolveText(value, "v2").tag === "!!str" && resolveText(value, "v3").tag === "!!str" && !isOldBoolean(value);
}

function doubleQuoted(value: string): string {
  // Every escape of JSON is one of YAML; these characters JSON leaves as they are, and YAML folds or refuses.
  return JSON.stringify(value).replace(
    /[\x7f-\xa0\u2028\u2029\ufeff]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
