import { decodeBase64Go, encodeBase64 } from "./base64.ts";

/** One block between BEGIN and END lines. */
export interface PemBlock {
  readonly label: string;
  /** Whether `Name: value` lines stand before the data (encrypted keys of old OpenSSL have them). */
  readonly hasHeaders: boolean;
  /** Those lines, by name; of a name that is there twice, the last. */
  readonly headers: ReadonlyMap<string, string>;
  readonly bytes: Uint8Array;
}

const BEGIN = /^-----BEGIN ([^\r\n]*?)-----[ \t]*$/;
const END = /^-----END ([^\r\n]*?)-----[ \t]*$/;

/** The most that is read as PEM: two thousand certificates of usual size. */
const MAX_CHARACTERS = 4 * 1024 * 1024;

/**
 * All well-formed blocks of a text, in order. Text around blocks is ignored, and so is a block without its END line,
 * with another label there, or with data that is not base64 (RFC 7468, as lenient as Go's `encoding/pem`).
 */
export function decodePem(text: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  if (text.length > MAX_CHARACTERS) return blocks;
  let label: string | undefined;
  let lines: string[] = [];
  for (const raw of text.split("\n")) {
    const line = raw.replace(/\r$/, "");
    const begin = BEGIN.exec(line);
    if (begin !== null) {
      label = begin[1] ?? "";
      lines = [];
      continue;
    }
    if (label === undefined) continue;
    const end = END.exec(line);
    if (end === null) {
      lines.push(line);
      continue;
    }
    const block = end[1] === label ? blockOf(label, lines) : undefined;
    if (block !== undefined) blocks.push(block);
    label = undefined;
  }
  return blocks;
}

/** PEM text with 64 columns and a final line feed. */
export function encodePem(label: string, bytes: Uint8Array): string {
  const body = encodeBase64(bytes).replace(/.{1,64}/g, "$&\n");
  return `-----BEGIN ${label}-----\n${body}-----END ${label}-----\n`;
}

function blockOf(label: string, lines: readonly string[]): PemBlock | undefined {
  const data = lines.findIndex((line) => !line.includes(":"));
  const headers = data < 0 ? lines.length : data;
  const decoded = decodeBase64Go(lines.slice(headers).join("").replace(/[ \t]/g, ""));
  if (decoded.bytes === undefined) return undefined;
  const fields = lines.slice(0, headers).map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()] as const;
  });
  return { label, hasHeaders: headers > 0, headers: new Map(fields), bytes: decoded.bytes };
}
