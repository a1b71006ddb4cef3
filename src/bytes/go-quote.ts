const SHORT: Readonly<Record<string, string>> = {
  "\u0007": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  '"': '\\"',
  "\\": "\\\\",
};

const lossy = new TextDecoder("utf-8", { ignoreBOM: true });
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text in double quotes as Go's `%q` writes it: what is not UTF-8 as `\xNN`, what is not printable as an escape. */
export function quoteGo(text: string | Uint8Array): string {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  let out = "";
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at);
    if (length === 0) {
      out += `\\x${hex(bytes[at] ?? 0, 2)}`;
      at++;
    } else {
      out += quoteOne(lossy.decode(bytes.subarray(at, at + length)));
      at += length;
    }
  }
  return `"${out}"`;
}

function quoteOne(letter: string): string {
  const short = SHORT[letter];
  if (short !== undefined) return short;
  const code = letter.codePointAt(0) ?? 0;
  if (letter === " " || /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u.test(letter)) return letter;
  if (code < 0x80) return `\\x${hex(code, 2)}`;
  return code > 0xffff ? `\\U${hex(code, 8)}` : `\\u${hex(code, 4)}`;
}

function hex(code: number, width: number): string {
  return code.toString(16).padStart(width, "0");
}

/** Length of the well-formed UTF-8 sequence at `at`; 0 when there is none. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return 1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
  try {
    const text = strict.decode(bytes.subarray(at, at + length));
    return [...text].length === 1 ? length : 0;
  } catch {
    return 0;
  }
}
