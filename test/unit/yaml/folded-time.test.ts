import { expect, test } from "vitest";
import { foldsBack } from "../../../src/yaml/print/write-scalar.ts";

test("one long line without an end costs no square time", { timeout: 60_000 }, () => {
  expect(foldsBack("x".repeat(2_000_000))).toBe(true);
  expect(foldsBack(`a\n${"x".repeat(2_000_000)}`)).toBe(foldsBack("a\nx"));
});
