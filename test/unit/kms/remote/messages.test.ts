import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeAnswer, decodeRequest, encodeAnswer, encodeRequest } from "../../../../src/kms/remote/messages.ts";
import { ProtobufError } from "../../../../src/kms/remote/protobuf.ts";
import { KEY_TYPES, type KeyType, type MasterKey } from "../../../../src/sops/index.ts";

const hex = (text: string) => Buffer.from(text.replaceAll(" ", ""), "hex");

/** The fields of each kind that travel, in the order of their numbers. */
const FIELDS: Readonly<Record<KeyType, readonly string[]>> = {
  kms: ["arn", "role", "context", "aws_profile"],
  pgp: ["fp"],
  gcp_kms: ["resource_id"],
  azure_kv: ["vault_url", "name", "version"],
  hc_vault: ["vault_address", "engine_path", "key_name"],
  age: ["recipient"],
  hckms: ["key_id"],
};

const someKey: fc.Arbitrary<MasterKey> = fc.constantFrom(...KEY_TYPES).chain((type) =>
  fc
    .tuple(
      ...FIELDS[type].map((name) => {
        const value = name === "context" ? fc.dictionary(fc.string(), fc.string()) : fc.string({ unit: "grapheme" });
        return value.map((made) => [name, typeof made === "string" ? made : new Map(Object.entries(made))] as const);
      }),
    )
    .map((fields) => ({ type, fields: new Map(fields) })),
);

describe("requests", () => {
  test.each([
    ["an age key", "0a 08 32 06 0a 04 61676531 12 01 64", "age", { recipient: "age1" }],
    ["a PGP key", "0a 06 12 04 0a 02 4142 12 01 64", "pgp", { fp: "AB" }],
    ["a key without fields", "0a 02 22 00", "azure_kv", { vault_url: "", name: "", version: "" }],
    ["the last kind of two", "0a 08 12 02 0a 00 32 02 0a 00", "age", { recipient: "" }],
    [
      "a kind twice is one",
      "0a 0c 22 03 0a 01 75 22 05 12 01 6e 1a 00",
      "azure_kv",
      { vault_url: "u", name: "n", version: "" },
    ],
    [
      "the key in two parts",
      "0a 05 22 03 0a 01 75 0a 05 22 03 12 01 6e",
      "azure_kv",
      { vault_url: "u", name: "n", version: "" },
    ],
    ["fields that we do not know", "18 05 0a 08 4a 00 32 04 12 00 0a 00", "age", { recipient: "" }],
  ])("%s", (_, message, type, fields) => {
    const { key } = decodeRequest(hex(message));
    expect([key?.type, Object.fromEntries(key?.fields ?? [])]).toEqual([type, fields]);
  });

  test.each([
    ["nothing", ""],
    ["content alone", "12 01 64"],
    ["a key of no kind", "0a 00"],
    ["a key of a kind that we do not know", "0a 02 4a 00"],
    ["a key as a number", "08 01"],
  ])("%s names no key", (_, message) => {
    expect(decodeRequest(hex(message)).key).toBeUndefined();
  });

  test.each([
    ["a text that is not UTF-8", "0a 05 32 03 0a 01 ff"],
    ["a key that is cut off", "0a 04 32 06 0a 04"],
    ["a pair that is cut off", "0a 06 0a 04 1a 02 0a 05"],
  ])("%s is refused", (_, message) => {
    expect(() => decodeRequest(hex(message))).toThrow(ProtobufError);
  });

  test("an endless encryption context is refused", () => {
    const pairs = Buffer.concat(Array.from({ length: 1_001 }, () => hex("1a 00")));
    const kind = Buffer.concat([hex("0a"), Buffer.from([0xd2, 0x0f]), pairs]);
    const message = Buffer.concat([hex("0a"), Buffer.from([(kind.length % 128) | 128, kind.length >> 7]), kind]);
    expect(() => decodeRequest(message)).toThrow("too many pairs");
  });

  test("every kind of key comes back as it was, but for what the service has no business with", () => {
    fc.assert(
      fc.property(someKey, fc.uint8Array({ maxLength: 40 }), (key, content) => {
        const fields = new Map([...key.fields, ["created_at", "2024-01-01T00:00:00Z"], ["enc", "kept here"]]);
        const read = decodeRequest(encodeRequest({ key: { type: key.type, fields }, content }));
        expect(read.key).toEqual(key);
        expect(Uint8Array.from(read.content)).toEqual(content);
      }),
      { numRuns: 150 },
    );
  });

  test("answers come back as they were; an empty one is no bytes at all", () => {
    expect(Buffer.from(decodeAnswer(encodeAnswer(Buffer.from("x")))).toString()).toBe("x");
    expect(encodeAnswer(new Uint8Array())).toHaveLength(0);
    expect(decodeAnswer(new Uint8Array())).toHaveLength(0);
  });
});
