import type { Format } from "../format.ts";
import { decodeText, encodeText } from "../stores/byte-text.ts";
import { dotenvLayout } from "./dotenv-layout.ts";
import { iniLayout } from "./ini-layout.ts";
import { jsonLayout } from "./json-layout.ts";
import { type Layout, LayoutError } from "./layout.ts";
import { yamlLayout } from "./yaml/layout.ts";

/** What keeps the layout of a format. Undefined for binary, which has none. */
export function layoutOf(format: Format): Layout | undefined {
  switch (format) {
    case "yaml":
      return yamlLayout;
    case "json":
      return jsonLayout;
    case "dotenv":
      return dotenvLayout;
    case "ini":
      return iniLayout;
    case "binary":
      return undefined;
  }
}

/** The text of a file, which gives its bytes again. A byte order mark is not a part of it. */
export interface FileText {
  readonly text: string;
  readonly mark: string;
}

/** @throws {LayoutError} for bytes that are not UTF-8 where the format has to be. */
export function textOf(input: Uint8Array, format: Format): FileText {
  const whole = decodeText(input);
  if (
    format !== "dotenv" &&
    format !== "ini" &&
    (/[\udc80-\udcff]/u.test(whole) || input[0] === 0xff || input[0] === 0xfe)
  ) {
    throw new LayoutError("it is not UTF-8");
  }
  const mark = (format === "yaml" || format === "ini") && whole.startsWith("\ufeff") ? "\ufeff" : "";
  return { text: whole.slice(mark.length), mark };
}

export function bytesOf({ text, mark }: FileText): Uint8Array {
  const encoded = encodeText(mark + text);
  return typeof encoded === "string" ? Buffer.from(encoded) : encoded;
}
