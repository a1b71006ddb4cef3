import { primitives } from "#primitives";
import { decodeBase64Unpadded, encodeBase64Unpadded } from "../bytes/base64.ts";
import { concat } from "../bytes/concat.ts";
import { equalBytes } from "../bytes/equal.ts";
import { quoteGo } from "../bytes/go-quote.ts";
import { encodeUtf8, showUtf8 } from "../bytes/utf8.ts";
import type { ByteReader } from "./byte-reader.ts";
import { AgeError, headerError } from "./errors.ts";
import { LIMITS } from "./limits.ts";
import { COLUMNS, formatStanza, type Stanza } from "./stanza.ts";

/** What stands before the payload. */
export interface Header {
  readonly stanzas: readonly Stanza[];
  readonly mac: Uint8Array;
  /** The bytes that `mac` covers, exactly as they were read: up to and with the three dashes. */
  readonly covered: Uint8Array;
}

/** What all versions of the format begin with. */
const FAMILY = "age-encryption.org/";
const INTRO = `${FAMILY}v1\n`;
const CLOSE = "---";
const MAC_BYTES = 32;
/** A blank, the base64 of the MAC without padding, a line feed. */
const MAC_LINE_BYTES = 45;

/**
 * A whole header, final line feed included.
 *
 * Source: C2SP age specification, "Header".
 */
export function formatHeader(stanzas: readonly Stanza[], fileKey: Uint8Array): Uint8Array {
  const covered = encodeUtf8(`${INTRO}${stanzas.map(formatStanza).join("")}${CLOSE}`);
  return concat(covered, encodeUtf8(` ${encodeBase64Unpadded(headerMac(fileKey, covered))}\n`));
}

/**
 * Reads a header and leaves `reader` at the first byte of the payload. Nothing is authenticated yet.
 *
 * @throws {AgeError} `AGE_HEADER`; `AGE_ARMOR` when the source is broken armor.
 */
export async function readHeader(reader: ByteReader): Promise<Header> {
  await readIntro(reader);
  const lines = new HeaderLines(reader);
  const stanzas: Stanza[] = [];
  for (;;) {
    const start = await within("failed to read header: ", () => reader.peek(CLOSE.length));
    if (start.length < CLOSE.length) throw headerError(`${PARSING}failed to read header: EOF`);
    const line = await lines.next();
    const text = showUtf8(line);
    if (text.startsWith(CLOSE)) {
      if (stanzas.length === 0 && macOf(text, line) !== undefined) throw headerError(`${PARSING}no recipient stanzas`);
      return { stanzas, mac: macOf(text, line), covered: lines.covered() };
    }
    if (stanzas.length === LIMITS.stanzas) {
      throw headerError(`${PARSING}header contains more than ${LIMITS.stanzas} recipient stanzas`);
    }
    stanzas.push(await readStanza(line, lines));
  }
}

/** Where the payload begins: behind the three dashes stand a blank, the MAC and a line feed. */
export function headerBytes({ covered }: Header): number {
  return covered.length + MAC_LINE_BYTES;
}

/**
 * Proves that the header was made by someone who had the file key.
 *
 * @throws {AgeError} `AGE_HEADER_MAC`
 */
export function checkHeaderMac({ mac, covered }: Header, fileKey: Uint8Array): void {
  if (equalBytes(mac, headerMac(fileKey, covered))) return;
  throw new AgeError("AGE_HEADER_MAC", "Cannot decrypt age file: its header was changed after it was written", {
    original: "bad header MAC",
    hints: ["fetch or restore the file again"],
  });
}

function headerMac(fileKey: Uint8Array, covered: Uint8Array): Uint8Array {
  return primitives.hmacSha256(primitives.hkdfSha256(fileKey, new Uint8Array(0), "header", MAC_BYTES), covered);
}

const PARSING = "parsing age header: ";
const PARSE = "failed to parse header: ";
const READ_LINE = `${PARSE}failed to read line: `;

async function readIntro(reader: ByteReader): Promise<void> {
  const line = await within(`${PARSING}failed to read intro: `, async () => {
    const start = await reader.peek(INTRO.length);
    const end = start.indexOf(0x0a);
    return reader.take(end < 0 ? start.length : end + 1);
  });
  if (line.length === 0) throw headerError(`${PARSING}file is empty`);
  const text = showUtf8(line);
  if (text === INTRO) return;
  const cut = line.length < INTRO.length && line.at(-1) !== 0x0a;
  const problem = `${PARSING}${cut ? "unexpected EOF reading intro" : "unexpected intro"}`;
  // A clear file, or someone's secret key, given as the file to decrypt must not come back in a message.
  const isLikeAge = text.startsWith(FAMILY) || FAMILY.startsWith(text);
  throw headerError(isLikeAge ? `${problem}: ${quoted(line)}` : `${problem}, expected ${quoteGo(INTRO)}`);
}

/** Hands out the lines of a header and remembers them, because the MAC covers the bytes and not their meaning. */
class HeaderLines {
  readonly #reader: ByteReader;
  readonly #lines: Uint8Array[] = [encodeUtf8(INTRO)];
  #bytes = INTRO.length;

  constructor(reader: ByteReader) {
    this.#reader = reader;
  }

  async next(): Promise<Uint8Array> {
    const line = await within("failed to read header: ", () => this.#reader.line(LIMITS.headerBytes - this.#bytes));
    if (line === undefined) throw headerError(`${PARSING}header exceeds 2 MiB`);
    if (line.at(-1) !== 0x0a) throw headerError(`${READ_LINE}EOF`);
    this.#bytes += line.length;
    const copy = concat(line);
    this.#lines.push(copy);
    return copy;
  }

  covered(): Uint8Array {
    const last = this.#lines.at(-1)?.subarray(0, CLOSE.length) ?? new Uint8Array(0);
    return concat(...this.#lines.slice(0, -1), last);
  }
}

async function readStanza(first: Uint8Array, lines: HeaderLines): Promise<Stanza> {
  const opening = showUtf8(first);
  if (!opening.startsWith("->")) throw headerError(`${PARSE}malformed stanza opening line: ${quoted(first)}`);
  const [mark, type, ...args] = opening.slice(0, -1).split(" ");
  const words = [type ?? "", ...args];
  const wellFormed = mark === "->" && words.every((word) => /^[!-~]+$/.test(word));
  if (type === undefined || !wellFormed || args.length > LIMITS.stanzaArguments) {
    throw headerError(`${PARSE}malformed stanza: ${quoted(first)}`);
  }
  const parts: Uint8Array[] = [];
  for (;;) {
    const line = await lines.next();
    const part = bodyLine(line);
    parts.push(part);
    if (line.length - 1 < COLUMNS) return { type, args, body: concat(...parts) };
  }
}

function bodyLine(line: Uint8Array): Uint8Array {
  const text = showUtf8(line.subarray(0, -1));
  const malformed = (why: string) => headerError(`${PARSE}${PARSING}malformed body line ${quoted(line)}: ${why}`);
  if (text.startsWith("-> ") || text.startsWith(CLOSE)) {
    throw headerError(`${PARSE}malformed body line ${quoted(line)}: stanza ended without a short line`);
  }
  if (text.includes("\r")) throw malformed("unexpected newline character");
  const decoded = decodeBase64Unpadded(text);
  if (decoded.bytes === undefined) throw malformed(`illegal base64 data at input byte ${decoded.illegalAt}`);
  if (text.length > COLUMNS) throw malformed("too long");
  return decoded.bytes;
}

function macOf(text: string, line: Uint8Array): Uint8Array {
  const words = text.slice(0, -1).split(" ");
  const [mark, mac] = words;
  if (mark !== CLOSE || words.length !== 2 || mac === undefined || mac === "") {
    throw headerError(`${PARSING}malformed closing line: ${quoted(line)}`);
  }
  const decoded = decodeBase64Unpadded(mac);
  if (decoded.bytes?.length === MAC_BYTES) return decoded.bytes;
  const why = decoded.bytes === undefined ? `illegal base64 data at input byte ${decoded.illegalAt}` : "<nil>";
  throw headerError(`${PARSING}malformed closing line ${quoted(line)}: ${why}`);
}

/** As much of a line as a message can bear. */
function quoted(line: Uint8Array): string {
  return quoteGo(line.subarray(0, 1024));
}

/** Adds where in the header the source broke to an error of the armor below it. */
async function within<T>(place: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof AgeError)) throw error;
    const { code, message, details, hints } = error;
    throw new AgeError(code, message, { original: `failed to read header: ${place}${error.original}`, details, hints });
  }
}
