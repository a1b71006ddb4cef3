import { expect, test } from "vitest";
import { valueFunctions } from "../../../src/template/functions/value-functions.ts";
import { quietHost } from "../../helpers/template/functions.ts";
import { askTemplateOracle } from "../../helpers/template/oracle.ts";

/** Blocks that are the same throughout: ideographs, Hangul, private use, Tangut. The ends of each are kept. */
const SAME: readonly (readonly [from: number, to: number])[] = [
  [0x3410, 0x4db0],
  [0x4e10, 0x9ff0],
  [0xac10, 0xd790],
  [0xd800, 0xdfff],
  [0xe010, 0xf8f0],
  [0x17010, 0x187f0],
  [0x20010, 0x2a6d0],
  [0x2a710, 0x2b730],
  [0x2b750, 0x2b810],
  [0x2b830, 0x2ce90],
  [0x2cec0, 0x2ebd0],
  [0x30010, 0x31340],
  [0x31360, 0x323a0],
  [0x323c0, 0x33470],
];
const LAST = 0x33600;
/** All of them with SLOW=1, else every so many. */
const STEP = process.env["SLOW"] === "1" ? 1 : 13;
const CHARACTERS = Array.from({ length: LAST }, (_, at) => at + 1).filter(
  (code) => code % STEP === 0 && !SAME.some(([from, to]) => code >= from && code <= to),
);

/** The character at the beginning, in the middle and at the end of words. */
const TEXTS = CHARACTERS.map((code) => String.fromCodePoint(code)).map((char) => `${char}a ${char}B_x${char}1`);

/** Tens of thousands of texts stay below the bound of the oracle's output. */
const PART = 8_000;

test.each(["upper", "lower", "title", "swapcase", "untitle", "camelcase", "snakecase", "initials", "trim"])(
  "%s and quote know the characters that Go knows",
  (name) => {
    const call = (called: string, text: string) => valueFunctions.get(called)?.call([text], quietHost) ?? "";
    const parts = Array.from({ length: Math.ceil(TEXTS.length / PART) }, (_, at) =>
      TEXTS.slice(at * PART, (at + 1) * PART),
    );
    const text = `{{ range .texts }}{{ ${name} . | quote }}\n{{ end }}`;
    const answers = askTemplateOracle(parts.map((texts) => ({ templates: [{ name: "t", text }], data: { texts } })));
    const theirs = answers.flatMap(({ output }) => output.split("\n").slice(0, -1));
    const wrong = TEXTS.filter((char, at) => call("quote", String(call(name, char))) !== theirs[at]);
    expect(wrong).toEqual([]);
  },
);
