import { describe, expect, test } from "vitest";
import { AgeError, armor, dearmor } from "../../../src/age/index.ts";

const BEGIN = "-----BEGIN AGE ENCRYPTED FILE-----";
const END = "-----END AGE ENCRYPTED FILE-----";
const LINE = "A".repeat(64);

function* cut(text: string, size: number): Generator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield Uint8Array.from(bytes.subarray(at, at + size));
}

async function outcome(pieces: AsyncIterable<Uint8Array>): Promise<{ bytes: Buffer; original: string | undefined }> {
  const parts: Uint8Array[] = [];
  try {
    for await (const piece of pieces) parts.push(Uint8Array.from(piece));
    return { bytes: Buffer.concat(parts), original: undefined };
  } catch (error) {
    if (!(error instanceof AgeError)) throw error;
    return { bytes: Buffer.concat(parts), original: error.original };
  }
}

const body = (text: string) => `${BEGIN}\n${text}${END}\n`;

describe("armor()", () => {
  test.each([0, 1, 2, 3, 47, 48, 49, 95, 96, 97, 1000])("%d bytes are armored as PEM and come back", async (length) => {
    const bytes = Buffer.from(Uint8Array.from({ length }, (_, at) => at * 7));
    for (const size of [1, 47, 48, 49, 5000]) {
      const text = (await outcome(armor(cut(bytes.toString("latin1"), size)))).bytes.toString();
      const own = (await outcome(armor([bytes.subarray(0, 5), new Uint8Array(0), bytes.subarray(5)]))).bytes.toString();
      const lines = bytes.toString("base64").match(/.{1,64}/g) ?? [];
      expect(own).toBe([BEGIN, ...lines, END, ""].join("\n"));
      expect(text.startsWith(`${BEGIN}\n`) && text.endsWith(`${END}\n`)).toBe(true);
      expect(await outcome(dearmor(cut(own, size)))).toEqual({ bytes, original: undefined });
    }
  });
});

describe.each([1, 7, 64, 10_000])("dearmor() in pieces of %d", (size) => {
  const read = (text: string) => outcome(dearmor(cut(text, size)));

  test.each([
    { name: "LF", text: body("aGk=\n"), want: "hi" },
    { name: "CRLF", text: body("aGk=\n").replaceAll("\n", "\r\n"), want: "hi" },
    { name: "no last line feed", text: body("aGk=\n").trimEnd(), want: "hi" },
    { name: "white space around", text: ` \r\n\t\n${body("aGk=\n")}\n \n`, want: "hi" },
    { name: "nothing inside", text: body(""), want: "" },
    { name: "a full last line", text: body(`${LINE}\n`), want: "\0".repeat(48) },
    { name: "1,024 bytes of white space", text: `${" \n".repeat(512)}${body("aGk=\n")}`, want: "hi" },
  ])("$name is read", async ({ text, want }) => {
    expect(await read(text)).toEqual({ bytes: Buffer.from(want), original: undefined });
  });

  test.each([
    { name: "no armor", text: "hello\n", want: 'invalid first line: "hello"' },
    { name: "nothing", text: "", want: "unexpected EOF" },
    { name: "a blank before BEGIN", text: ` ${body("aGk=\n")}`, want: `invalid first line: " ${BEGIN}"` },
    {
      name: "a blank behind BEGIN",
      text: body("aGk=\n").replace("FILE-----\n", "FILE----- \n"),
      want: `invalid first line: "${BEGIN} "`,
    },
    { name: "too much white space", text: `${" \n".repeat(513)}${body("aGk=\n")}`, want: "too much whitespace" },
    { name: "an empty line first", text: body("\naGk=\n"), want: "empty line in armored data" },
    { name: "an empty line at the end", text: body("aGk=\n\n"), want: 'invalid closing line: ""' },
    { name: "a header", text: body("Comment: x\n\naGk=\n"), want: "illegal base64 data at input byte 7" },
    { name: "65 columns", text: body(`${LINE}A\n`), want: "column limit exceeded" },
    { name: "a blank in a line", text: body("aG k\n"), want: "illegal base64 data at input byte 2" },
    { name: "a CR in a line", text: body("aG\rk\n"), want: "illegal base64 data at input byte 2" },
    { name: "no padding", text: body("aGk\n"), want: "illegal base64 data at input byte 0" },
    { name: "left-over bits", text: body("aGl=\n"), want: "illegal base64 data at input byte 3" },
    { name: "a line behind a short one", text: body(`aGk=\n${LINE}\n`), want: `invalid closing line: "${LINE}"` },
    {
      name: "another END",
      text: body("aGk=\n").replace("END AGE", "END PGP"),
      want: 'invalid closing line: "-----END PGP ENCRYPTED FILE-----"',
    },
    { name: "a blank behind END", text: `${body("aGk=\n").trimEnd()} \n`, want: `invalid closing line: "${END} "` },
    { name: "no END", text: `${BEGIN}\naGk=\n`, want: "unexpected EOF" },
    {
      name: "cut in END",
      text: body("aGk=\n").slice(0, -5),
      want: 'invalid closing line: "-----END AGE ENCRYPTED FILE-"',
    },
    { name: "text behind", text: `${body("aGk=\n")}foo\n`, want: "trailing data after armored file" },
    { name: "a second one behind", text: body("aGk=\n") + body("aGk=\n"), want: "trailing data after armored file" },
    { name: "a line without end", text: body(`${"A".repeat(100_000)}\n`), want: "column limit exceeded" },
  ])("$name is refused", async ({ text, want }) => {
    const { original } = await read(text);
    expect(original).toBe(`invalid armor: ${want}`);
  });

  test("what stood before a fault comes out first", async () => {
    const { bytes } = await read(body(`${LINE}\n${LINE}\n%\n`));
    expect(bytes.length).toBe(96);
  });
});
