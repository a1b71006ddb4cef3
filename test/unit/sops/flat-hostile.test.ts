import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SopsError } from "../../../src/sops/index.ts";
import { binaryStore } from "../../../src/sops/stores/binary.ts";
import { dotenvStore } from "../../../src/sops/stores/dotenv.ts";
import { iniStore } from "../../../src/sops/stores/ini.ts";
import type { Branch } from "../../../src/sops/values/value.ts";
import { anyText } from "../../helpers/any-text.ts";

/** Pieces of files, and any bytes between them. */
const pieces = fc.array(
  fc.oneof(
    fc.constantFrom("[s]", "[", "]", "=", ":", '"""', "`", '"', "'", "\\", "\n", "\r\n", "#", ";", " ", "a", "-", "é"),
    fc.constantFrom("sops_", "[sops]\n", "__list_0", "__map_x", "\\n", "__proto__", "\u00a0", "constructor=1\n"),
    anyText({ maxLength: 4 }),
  ),
  { maxLength: 40 },
);
const inputs = fc.oneof(
  pieces.map((parts) => Buffer.from(parts.join(""))),
  fc
    .tuple(pieces, fc.uint8Array({ maxLength: 6 }))
    .map(([parts, bytes]) => Buffer.concat([Buffer.from(parts.join("")), bytes])),
);

/** What was read, or nothing when it was refused as it should be. */
function read<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof SopsError) return undefined;
    throw error;
  }
}

function bytesOf(printed: string | Uint8Array): Buffer {
  return typeof printed === "string" ? Buffer.from(printed) : Buffer.from(printed);
}

/** The data of a document, without comments. */
function dataOf({ items }: Branch): unknown {
  return items.flatMap((item) => {
    if (item.kind === "comment") return [];
    const { key, value } = item;
    const isBranch = typeof value === "object" && value !== null && value.kind === "branch";
    const isBytes = typeof value === "object" && value !== null && value.kind === "bytes";
    return [[key, isBranch ? dataOf(value) : isBytes ? Buffer.from(value.bytes).toString("latin1") : value]];
  });
}

describe.each([
  ["dotenv", dotenvStore],
  ["ini", iniStore],
  ["binary", binaryStore],
] as const)("%s and any input", (_, store) => {
  test("what is read is printed so that it is read again", () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const documents = read(() => store.loadPlain(input, {}));
        if (documents === undefined) return;
        const again = store.loadPlain(bytesOf(store.emitPlain(documents, {})), {});
        expect(again.map(dataOf)).toEqual(documents.map(dataOf));
      }),
      { numRuns: 1500, seed: 7 },
    );
  });

  test("an encrypted file that is none is refused by name", () => {
    fc.assert(
      fc.property(inputs, (input) => void read(() => store.loadEncrypted(input, {}))),
      { numRuns: 1000, seed: 11 },
    );
  });
});

describe("large files", () => {
  const lines = 100_000;
  const texts = [
    { name: "many lines in quotes", text: `a="""${"x\n".repeat(lines)}"""\n` },
    { name: "many comments", text: `${"; c\n".repeat(lines)}a=1\n` },
    { name: "many continued lines", text: `a=${"x\\\n".repeat(lines)}\n` },
    { name: "one key many times", text: "a=1\n".repeat(lines) },
    { name: "many sections", text: "[s]\na=1\n".repeat(lines / 2) },
    { name: "many marks of comments", text: `a=${"#;".repeat(lines)}\n` },
  ];
  test.each(texts)("INI with $name is read and printed", ({ text }) => {
    const documents = iniStore.loadPlain(Buffer.from(text), {});
    expect(iniStore.emitPlain(documents, {}).length).toBeGreaterThan(0);
  });

  test("a section that would be printed too wide is refused", () => {
    const text = `${"k".repeat(100_000)}=1\n${Array.from({ length: 5_000 }, (_, at) => `a${at}=1\n`).join("")}`;
    const documents = iniStore.loadPlain(Buffer.from(text), {});
    expect(() => iniStore.emitPlain(documents, {})).toThrow(expect.objectContaining({ code: "SOPS_TOO_LARGE" }));
  });
});
