import { dereferenced, sprint } from "../fmt/print.ts";
import { isPrintable } from "../fmt/quote.ts";
import { defineFunction } from "../value/function.ts";
import { bytesOf, isEscapedByte } from "../value/go-string.ts";
import type { GoValue } from "../value/go-value.ts";
import type { Host } from "../value/host.ts";

const HTML: Readonly<Record<string, string>> = {
  '"': "&#34;",
  "'": "&#39;",
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  "\0": "\ufffd",
};

/** Go's `template.HTMLEscapeString`. */
function escapeHtml(text: string): string {
  return text.replace(/["'&<>\0]/g, (char) => HTML[char] ?? char);
}

/** Go's `template.JSEscapeString`. */
function escapeJs(text: string): string {
  return text.replace(/[\\'"<>&=\0-\x1f]|[^\0-\x7f]/gu, (char) => {
    if (char === "\\" || char === "'" || char === '"') return `\\${char}`;
    if (isEscapedByte(char)) return char;
    const code = char.codePointAt(0) ?? 0;
    if (code >= 0x80 && isPrintable(char)) return char;
    return `\\u${code.toString(16).toUpperCase().padStart(4, "0")}`;
  });
}

/** Go's `url.QueryEscape`. */
function escapeQuery(text: string): string {
  let escaped = "";
  for (const byte of bytesOf(text)) {
    const char = String.fromCharCode(byte);
    if (/[A-Za-z0-9\-_.~]/.test(char)) escaped += char;
    else escaped += char === " " ? "+" : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return escaped;
}

/** One string stays as it is; everything else is printed as an action would print it. */
function shownTogether(values: readonly GoValue[], host: Host): string {
  const [only] = values;
  if (values.length === 1 && typeof only === "string") return only;
  return sprint(
    values.map((value) => (value === null ? "<no value>" : dereferenced(value))),
    host,
  );
}

export const html = defineFunction({
  name: "html",
  params: [],
  variadic: "interface {}",
  call: (values, host) => spent(escapeHtml(shownTogether(values, host)), host),
});

export const js = defineFunction({
  name: "js",
  params: [],
  variadic: "interface {}",
  call: (values, host) => spent(escapeJs(shownTogether(values, host)), host),
});

export const urlquery = defineFunction({
  name: "urlquery",
  params: [],
  variadic: "interface {}",
  call: (values, host) => spent(escapeQuery(shownTogether(values, host)), host),
});

function spent(text: string, host: Host): string {
  host.spend(text.length);
  return text;
}
