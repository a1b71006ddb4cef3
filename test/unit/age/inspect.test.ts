import { describe, expect, test } from "vitest";
import {
  AgeError,
  encryptBytes,
  generateHybridIdentity,
  generateX25519Identity,
  inspect,
  parseIdentity,
  parseRecipient,
  passphraseRecipient,
  type Recipient,
  recipientOf,
} from "../../../src/age/index.ts";
import { runCli } from "../../helpers/run-cli.ts";

const CHUNK = 65_536;
const classic = parseRecipient(parseIdentity(generateX25519Identity()).name);
const hybrid = async () => parseRecipient(await recipientOf(parseIdentity(generateHybridIdentity())));
const grease: Recipient = {
  name: "grease",
  wrap: async () => ({ stanzas: [{ type: "a<b", args: [], body: new Uint8Array(5) }], labels: [] }),
};

describe("inspect()", () => {
  test.each([
    { bytes: 0, overhead: 32 },
    { bytes: 1, overhead: 32 },
    { bytes: CHUNK, overhead: 32 },
    { bytes: CHUNK + 1, overhead: 48 },
    { bytes: 2 * CHUNK, overhead: 48 },
  ])("counts $bytes bytes, armored or not", async ({ bytes, overhead }) => {
    for (const armor of [false, true]) {
      const file = await encryptBytes(new Uint8Array(bytes), [classic], { armor });
      const { sizes, isArmored } = await inspect([file.subarray(0, 7), file.subarray(7)]);
      expect([isArmored, sizes.payload, sizes.overhead, sizes.header]).toEqual([armor, bytes, overhead, 168]);
      expect(sizes.header + sizes.armor + sizes.overhead + sizes.payload).toBe(file.length);
    }
  });

  test.each([
    { name: "X25519", recipients: async () => [classic], want: "no", types: ["X25519"] },
    { name: "hybrid", recipients: async () => [await hybrid()], want: "yes", types: ["mlkem768x25519"] },
    {
      name: "a passphrase",
      recipients: async () => [passphraseRecipient("x", { logN: 2 })],
      want: "yes",
      types: ["scrypt"],
    },
    { name: "an unknown type", recipients: async () => [grease], want: "unknown", types: ["a<b"] },
    {
      name: "an unknown type and X25519",
      recipients: async () => [grease, classic],
      want: "no",
      types: ["a<b", "X25519"],
    },
  ])("$name: post-quantum $want", async ({ recipients, want, types }) => {
    const { postQuantum, stanzaTypes } = await inspect([await encryptBytes(new Uint8Array(3), await recipients())]);
    expect([postQuantum, stanzaTypes]).toEqual([want, types]);
  });

  test("a payload that cannot be whole is refused, with every length that is left", async () => {
    const file = await encryptBytes(new Uint8Array(CHUNK + 1), [classic]);
    const refused: number[] = [];
    for (const left of [0, 15, 16, 31, 32, 33, 16 + 65_552, 16 + 65_553, 16 + 65_568, 16 + 65_569]) {
      try {
        await inspect([file.subarray(0, 168 + left)]);
      } catch (error) {
        expect(error instanceof AgeError && error.code).toBe("AGE_PAYLOAD");
        refused.push(left);
      }
    }
    expect(refused).toEqual([0, 15, 16, 31, 65_569, 65_584]);
  });
});

describe("sealkit age-inspect", () => {
  test("prints a page, or JSON as Go prints it", async () => {
    const file = await encryptBytes(new Uint8Array(6), [grease]);
    const page = await runCli("age-inspect f.age", { files: { "f.age": file } });
    expect(page.stdout).toContain('f.age is an age file, version "age-encryption.org/v1".\n');
    expect(page.stdout).toContain('  - "a<b"\n');
    expect(page.stdout).toContain("    Payload                        6 bytes\n");
    const json = await runCli("age-inspect --json", { stdin: file });
    expect(json.stdout).toContain('        "a\\u003cb"\n');
    expect(JSON.parse(json.stdout)).toMatchObject({ postquantum: "unknown", sizes: { min_payload: 6 } });
  });

  test.each([
    { line: "age-inspect nope", code: 1 },
    { line: "age-inspect a b", code: 1 },
    { line: "age-inspect --nope", code: 2 },
    { line: "age-inspect --help", code: 0 },
  ])("$line ends with $code and writes only to stderr", async ({ line, code }) => {
    const run = await runCli(line);
    expect([run.code, run.stdout, run.stderr === ""]).toEqual([code, "", false]);
  });
});
