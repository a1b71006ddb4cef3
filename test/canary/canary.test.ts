import { describe, expect, test } from "vitest";
import { makeCanary } from "./canary.ts";

describe("makeCanary()", () => {
  const canary = makeCanary();
  const bytes = Buffer.from(canary.text);
  test.each([
    { name: "clear", hidden: `password: ${canary.text}.` },
    { name: "a part", hidden: canary.text.slice(8, 30) },
    { name: "hex", hidden: bytes.toString("hex") },
    { name: "base64", hidden: bytes.toString("base64") },
    { name: "base64 of a longer text", hidden: Buffer.from(`x: ${canary.text} y`).toString("base64") },
    { name: "base64 of another alignment", hidden: Buffer.from(`xy: ${canary.text} y`).toString("base64") },
    { name: "base64 of the third alignment", hidden: Buffer.from(`xyz: ${canary.text} y`).toString("base64") },
    { name: "bytes", hidden: bytes },
  ])("is seen in $name", ({ hidden }) => {
    expect(canary.seenIn(hidden)).toBeDefined();
  });

  test("is not seen where it is not", () => {
    expect(canary.seenIn(makeCanary().text)).toBeUndefined();
  });
});
