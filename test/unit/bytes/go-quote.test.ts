import { expect, test } from "vitest";
import { quoteGo } from "../../../src/bytes/go-quote.ts";

test.each([
  { input: "plain é 密 🔐", want: '"plain é 密 🔐"' },
  { input: 'a"b\\c', want: '"a\\"b\\\\c"' },
  { input: "\n\r\t\u0000\u001b\u007f", want: '"\\n\\r\\t\\x00\\x1b\\x7f"' },
  { input: "\u00ad\u2028\ufeff", want: '"\\u00ad\\u2028\\ufeff"' },
  { input: "\u{e0001}", want: '"\\U000e0001"' },
  { input: Uint8Array.of(0xff, 0x41, 0xc3, 0x28, 0xed, 0xa0, 0x80), want: '"\\xffA\\xc3(\\xed\\xa0\\x80"' },
])("quoteGo() gives $want", ({ input, want }) => expect(quoteGo(input)).toBe(want));
