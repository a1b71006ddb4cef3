import { encodeBase64 } from "../../bytes/base64.ts";
import { encodeHex } from "../../bytes/hex.ts";
import { defineFunction, type FunctionTable, functionTable } from "../value/function.ts";
import { GoError } from "../value/go-error.ts";
import { runesOf, stringOfRunes } from "../value/go-string.ts";
import type { Host } from "../value/host.ts";
import { int } from "../value/make.ts";

const DIGITS = "0123456789";
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** Blank to tilde. */
const PRINTABLE = String.fromCharCode(...Array.from({ length: 95 }, (_, at) => 32 + at));

/** Sprig's random functions. All of them take random bytes from the host, also where Sprig's are guessable. */
export function randomFunctions(): FunctionTable {
  const text = (name: string, alphabet: string) =>
    defineFunction({
      name,
      params: ["int"],
      call: ([count], host) => {
        // A negative length is an error that Sprig drops.
        if (count.value <= 0n) return "";
        host.spend(count.toNumber());
        return randomText(count.toNumber(), alphabet, host);
      },
    });
  return functionTable(
    text("randAlphaNum", DIGITS + LETTERS),
    text("randAlpha", LETTERS),
    text("randNumeric", DIGITS),
    text("randAscii", PRINTABLE),
    defineFunction({
      name: "randInt",
      params: ["int", "int"],
      call: ([from, below], host) => {
        const range = BigInt.asIntN(64, below.value - from.value);
        if (range <= 0n) throw new GoError("invalid argument to Intn");
        return int(from.value + randomBelow(range, host));
      },
    }),
    defineFunction({
      name: "randBytes",
      params: ["int"],
      call: ([count], host) => {
        if (count.value < 0n) throw new GoError("runtime error: makeslice: len out of range");
        host.spend(count.toNumber() * 3);
        return encodeBase64(host.randomBytes(count.toNumber()));
      },
    }),
    defineFunction({
      name: "shuffle",
      params: ["string"],
      call: ([letters], host) => {
        host.spend(letters.length);
        const runes = runesOf(letters);
        for (let last = runes.length - 1; last > 0; last--) {
          const other = Number(randomBelow(BigInt(last + 1), host));
          [runes[last], runes[other]] = [runes[other] ?? 0, runes[last] ?? 0];
        }
        return stringOfRunes(runes);
      },
    }),
    defineFunction({ name: "uuidv4", params: [], call: (_, host) => uuid(host.randomBytes(16)) }),
  );
}

/** Letters of an alphabet of at most 128, each as likely as the others. */
function randomText(count: number, alphabet: string, host: Host): string {
  let out = "";
  while (out.length < count) {
    const wanted = Math.min(count - out.length, CHUNK);
    let chunk = "";
    for (const byte of host.randomBytes(Math.ceil(wanted * 1.6) + 8)) {
      const letter = alphabet[byte & 0x7f];
      if (letter !== undefined && chunk.length < wanted) chunk += letter;
    }
    out += chunk;
  }
  return out;
}

/** So that one call asks for a bounded number of bytes. */
const CHUNK = 65_536;

/** A number from 0 to below `range`, each as likely as the others. */
function randomBelow(range: bigint, host: Host): bigint {
  // Sixteen bytes over a range of eight leave no bias that could be seen.
  return BigInt(`0x${encodeHex(host.randomBytes(16))}`) % range;
}

function uuid(random: Uint8Array): string {
  const bytes = Uint8Array.from(random);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return encodeHex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
