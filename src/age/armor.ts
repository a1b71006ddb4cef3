import { BASE64_VALUE, decodeBase64Bytes, encodeBase64, encodeTriples } from "../bytes/base64.ts";
import { concat } from "../bytes/concat.ts";
import { quoteGo } from "../bytes/go-quote.ts";
import { encodeUtf8, showUtf8 } from "../bytes/utf8.ts";
import type { ByteSource } from "./byte-reader.ts";
import { type AgeError, armorError } from "./errors.ts";
import { LIMITS } from "./limits.ts";

export const ARMOR_BEGIN = "-----BEGIN AGE ENCRYPTED FILE-----";
const ARMOR_END = "-----END AGE ENCRYPTED FILE-----";
const COLUMNS = 64;
const LINE_BYTES = 48;
const LF = 0x0a;
const CR = 0x0d;

/**
 * The armor of an age file: PEM with 64 columns and a final line feed (RFC 7468, strict form).
 *
 * Source: C2SP age specification, "ASCII armor".
 */
export async function* armor(file: ByteSource): AsyncGenerator<Uint8Array> {
  yield encodeUtf8(`${ARMOR_BEGIN}\n`);
  let held: Uint8Array = new Uint8Array(0);
  for await (const piece of file) {
    const bytes = held.length === 0 ? piece : concat(held, piece);
    const whole = bytes.length - (bytes.length % LINE_BYTES);
    held = concat(bytes.subarray(whole));
    if (whole > 0) yield wholeLines(bytes.subarray(0, whole));
  }
  yield encodeUtf8(`${held.length > 0 ? `${encodeBase64(held)}\n` : ""}${ARMOR_END}\n`);
}

/**
 * The file inside armor. Lines may end in LF or CRLF; white space is allowed only around the whole.
 *
 * @throws {AgeError} `AGE_ARMOR`; what stood before the fault has come out by then.
 */
export async function* dearmor(text: ByteSource): AsyncGenerator<Uint8Array> {
  const decoder = new ArmorDecoder();
  for await (const piece of text) {
    const bytes = decoder.push(piece);
    if (bytes.length > 0) yield bytes;
    if (decoder.problem !== undefined) throw decoder.problem;
  }
  const bytes = decoder.end();
  if (bytes.length > 0) yield bytes;
  if (decoder.problem !== undefined) throw decoder.problem;
}

function wholeLines(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array((bytes.length / LINE_BYTES) * (COLUMNS + 1));
  let to = 0;
  for (let from = 0; from < bytes.length; from += LINE_BYTES) {
    to = encodeTriples(bytes, { start: from, end: from + LINE_BYTES }, out, to);
    out[to++] = LF;
  }
  return out;
}

type Expecting = "begin" | "body" | "end" | "nothing";

/** Takes armor in pieces of any size. After a fault `problem` is set and what follows is ignored. */
class ArmorDecoder {
  problem: AgeError | undefined;
  #expecting: Expecting = "begin";
  /** The start of a line whose end has not come yet. */
  #held: Uint8Array = new Uint8Array(0);
  #margin = 0;

  push(piece: Uint8Array): Uint8Array {
    const text = this.#held.length === 0 ? piece : concat(this.#held, piece);
    const out = new Uint8Array(Math.ceil((text.length * 3) / 4) + 3);
    let length = 0;
    let at = 0;
    while (this.problem === undefined) {
      if (this.#expecting === "body" && text[at + COLUMNS] === LF && decodeFullLine(text, at, out, length)) {
        length += LINE_BYTES;
        at += COLUMNS + 1;
        continue;
      }
      const end = text.indexOf(LF, at);
      if (end < 0) break;
      length += this.#line(text.subarray(at, end), out.subarray(length));
      at = end + 1;
    }
    this.#held = concat(text.subarray(at));
    // No line of armor is longer than this, so what is held stays small.
    if (this.#held.length > LIMITS.armorMarginBytes + COLUMNS && this.problem === undefined) this.end();
    return out.subarray(0, length);
  }

  end(): Uint8Array {
    const out = new Uint8Array(this.#held.length + 3);
    const length = this.#held.length > 0 && this.problem === undefined ? this.#line(this.#held, out) : 0;
    this.#held = new Uint8Array(0);
    if (this.#expecting !== "nothing") this.problem ??= armorError("unexpected EOF");
    return out.subarray(0, length);
  }

  /** Handles one line without its LF; returns how many bytes it wrote to `out`. */
  #line(raw: Uint8Array, out: Uint8Array): number {
    const line = raw.at(-1) === CR ? raw.subarray(0, -1) : raw;
    if (this.#expecting === "body") return this.#body(line, out);
    const text = showUtf8(line);
    if (this.#expecting === "end") {
      if (text !== ARMOR_END) return this.#refuse(`invalid closing line: ${quoteGo(shown(line))}`);
      this.#expecting = "nothing";
      this.#margin = 0;
    } else if (text.trim() === "") {
      this.#margin += raw.length + 1;
      if (this.#margin > LIMITS.armorMarginBytes) return this.#refuse("too much whitespace");
    } else if (this.#expecting === "nothing") {
      return this.#refuse("trailing data after armored file");
    } else if (text !== ARMOR_BEGIN) {
      return this.#refuse(`invalid first line: ${quoteGo(shown(line))}`);
    } else {
      this.#expecting = "body";
    }
    return 0;
  }

  #body(line: Uint8Array, out: Uint8Array): number {
    if (line.length === 0) return this.#refuse("empty line in armored data");
    if (line[0] === 0x2d && showUtf8(line) === ARMOR_END) {
      this.#expecting = "nothing";
      this.#margin = 0;
      return 0;
    }
    if (line.length > COLUMNS) return this.#refuse("column limit exceeded");
    const decoded = decodeBase64Bytes(line);
    if (decoded.bytes === undefined) return this.#refuse(`illegal base64 data at input byte ${decoded.illegalAt}`);
    if (decoded.bytes.length < LINE_BYTES) this.#expecting = "end";
    out.set(decoded.bytes);
    return decoded.bytes.length;
  }

  #refuse(reason: string): 0 {
    this.problem = armorError(reason);
    return 0;
  }
}

/**
 * Decodes the line of nearly all armor, 64 letters and no padding, from `from` in `text` to `at` in `out`. False leaves any
 * fault to the careful way.
 */
function decodeFullLine(text: Uint8Array, from: number, out: Uint8Array, at: number): boolean {
  let to = at;
  for (let letter = from; letter < from + COLUMNS; letter += 4) {
    const a = BASE64_VALUE[text[letter] ?? 0] ?? 255;
    const b = BASE64_VALUE[text[letter + 1] ?? 0] ?? 255;
    const c = BASE64_VALUE[text[letter + 2] ?? 0] ?? 255;
    const d = BASE64_VALUE[text[letter + 3] ?? 0] ?? 255;
    if ((a | b | c | d) > 63) return false;
    out[to++] = (a << 2) | (b >>> 4);
    out[to++] = (b << 4) | (c >>> 2);
    out[to++] = (c << 6) | d;
  }
  return true;
}

/** As much of a line as a message can bear. */
function shown(line: Uint8Array): Uint8Array {
  return line.subarray(0, 2 * COLUMNS);
}
