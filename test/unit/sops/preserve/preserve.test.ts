import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  changeFile,
  decrypt,
  type EncryptOptions,
  editFile,
  encrypt,
  type Format,
  loadKeyring,
  rotate,
  setting,
  unsetting,
} from "../../../../src/sops/index.ts";
import type { Metadata } from "../../../../src/sops/metadata/metadata.ts";
import { LayoutError } from "../../../../src/sops/preserve/layout.ts";
import { sealPreserved } from "../../../../src/sops/preserve/seal-preserved.ts";
import { ValueCipher } from "../../../../src/sops/values/cipher.ts";
import { KEYS_A, RECIPIENT_A } from "../../../helpers/sops.ts";

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const keyring = loadKeyring(KEYS_A);
const bytes = (text: string) => Buffer.from(text);

/** Texts with a layout that sops would print anew. */
const YAML: readonly { readonly name: string; readonly text: string }[] = [
  { name: "plain", text: "a: 1\n" },
  { name: "no line break at the end", text: "a: 1" },
  { name: "blanks, comments and quotes", text: "a:   'x'   # c\n\n\nb: \"y\\u0041\"\n" },
  { name: "blank lines at both ends", text: "\n# top\n\na: x\n\n# end\n\n" },
  { name: "lists at the column of their key", text: "a:\n- 1\n-  two # c\n# mid\n- {x: y, z: 'q', w: \"v\"}\n" },
  {
    name: "block scalars",
    text: "a: |\n  one\n\n  two\n\n\nb: >-\n   folded\n   text\nc: |2-\n    x\n   y\nd: |+ # note\n  k\n\n",
  },
  { name: "braces at the top", text: "{a: 1, b: [x, 'y', \"z\"]}\n" },
  { name: "empty braces", text: "{}\n" },
  { name: "JSON as YAML", text: '{"a": {"b": [1, 2]}}' },
  { name: "several documents and their ends", text: "---\na: x\n...\n---\nb: y\n" },
  {
    name: "numbers and dates in other forms",
    text: "a: 0x1F\nb: 1_000\nc: ~\nd:\ne: yes\nf: 2020-01-01\ng: 1e3\nh: .inf\n",
  },
  { name: "tags", text: 'a: !!str 5\nb: !custom x\nc: !!int "5"\nd: !!binary aGVsbG8=\n' },
  { name: "CR LF", text: "a: x\r\nb:\r\n  - y\r\nc: |\r\n  l\r\n  m\r\n" },
  { name: "a comment that sops does not see", text: "k: # after\n  s: v\n" },
  { name: "an alias of what stays clear", text: "a_unencrypted: &x 5\nb_unencrypted: *x\nc: 1\n" },
  { name: "an indented top", text: "  a: 1\n  b: 2\n" },
  { name: "a directive", text: "%YAML 1.1\n---\na: b\n" },
  { name: "brackets over lines", text: "a: [ 1, # c1\n  2 ] # c2\n" },
  { name: "texts over lines", text: 'a: plain\n  multi\n  line\nb: "dq\n  multi"\n' },
  { name: "empty values", text: "a: {}\nb: []\nc: ''\nd: \"\"\n" },
  { name: "a byte order mark", text: "\ufeffa: 1\n" },
  { name: "keys in quotes", text: "'q k': v\n\"d\": w\n" },
  { name: "lists of lists", text: "a:\n  - - 1\n    - 2\n  -   - x\n" },
  { name: "what looks like a comment", text: "a: x#y\nb: 'x # y'\nc: \"# z\"\n" },
];
const JSON_TEXTS = [
  '{"a": 1}',
  '{\n  "a": "x\\u0041",\n\n  "b": [1.0, 1e3, null, true]\n}\n',
  "{}",
  '{"a":{"b":"c"}}\n\n',
  '{\r\n\t"a" : "x"\r\n}\r\n',
];
const DOTENV = ["A=1\n\n\n# c\nB=x\\ny", "A=1\r\nB=\n", "\n\nA=1\n\n", "A='q'\n"];
const INI = [
  "a = 1\n",
  "; head\n\n[s]\nkey   =  'q'\nother=x ; behind\n\n\n# one\n# two\nlast : \"v\"\n",
  "[a]\r\nb = c\r\n\r\n[d]\r\ne=f\r\n",
  "[a]\nb = c",
  "[a]\nb = `x;y`\n; nobody's\n",
  '[a]\nb = """one\ntwo"""\nc =\n',
];
const ALL = [
  ...YAML.map((row) => ({ ...row, format: "yaml" as const })),
  ...JSON_TEXTS.map((text) => ({ name: `JSON ${JSON.stringify(text)}`, text, format: "json" as const })),
  ...INI.map((text) => ({ name: `INI ${JSON.stringify(text)}`, text, format: "ini" as const })),
  ...DOTENV.map((text) => ({ name: `dotenv ${JSON.stringify(text)}`, text, format: "dotenv" as const })),
];

async function sealed(text: string, format: Format = "yaml", more: Partial<EncryptOptions> = {}): Promise<string> {
  const options = { recipients: [RECIPIENT_A], now: NOW, preserve: true, isLenient: true, ...more };
  return (await encrypt(text, format, options)).text;
}
async function opened(text: string, format: Format = "yaml", preserve = true): Promise<string> {
  const { clearText } = await decrypt(text, format, keyring, { preserve, isLenient: true });
  return clearText.revealText();
}

describe("encrypt and decrypt with preserve", () => {
  test.each(ALL)("give back the bytes: $name", async ({ text, format }) => {
    const locked = await sealed(text, format);
    expect(await opened(locked, format)).toBe(text);
    // The same values come out of it without a look at the layout.
    const plain = (await encrypt(text, format, { recipients: [RECIPIENT_A], now: NOW, isLenient: true })).text;
    expect(await opened(locked, format, false)).toBe(await opened(plain, format, false));
  });

  test.each(ALL)("leave no clear text: $name", async ({ text, format }) => {
    const marked = text.replaceAll(/(?<![&*])\b(x|one|two|folded|multi|note|mid|top|after)\b(?!:)/g, "canary$1");
    expect(await sealed(marked, format)).not.toMatch(/canary/);
  });

  test("a binary file is as it was in any case", async () => {
    expect(await opened(await sealed("\0x\r\n", "binary"), "binary")).toBe("\0x\r\n");
  });

  test("a file of sops is opened in its layout", async () => {
    const locked = (
      await encrypt("a: 'x'\nl:\n- 1 # c\nt: |\n  one\n  two\n", "yaml", { recipients: [RECIPIENT_A], now: NOW })
    ).text;
    const spaced = locked.replace("\nl:", "\n\n\nl:");
    expect(await opened(spaced)).toBe("a: x\n\n\nl:\n    # c\n    - 1\nt: |\n    one\n    two\n");
  });

  test("forms that are lost with the field of the metadata are written as usual", async () => {
    const locked = await sealed("a: 0x1F\n\nb: x\n");
    const without = locked.replace(/^ *sealkit_layout:.*\n/m, "");
    expect(without).not.toBe(locked);
    expect(await opened(without)).toBe("a: 31\n\nb: x\n");
    expect(
      await opened(locked.replace("sealkit_layout: ENC[AES256_GCM,data:", "sealkit_layout: ENC[AES256_GCM,data:AAAA")),
    ).toBe("a: 31\n\nb: x\n");
  });

  test("without it nothing is kept, and the result is that of sops", async () => {
    expect(await opened(await sealed("a:   'x'\n\n\nb: 2\n"), "yaml", false)).toBe("a: x\nb: 2\n");
  });

  test.each([
    { name: "an alias of an encrypted value", text: "a: &x 5\nb: *x\n", format: "yaml" as const },
    {
      name: "bytes that are no UTF-8",
      text: Buffer.from([0xff, 0xfe, 0x61, 0, 0x3a, 0, 0x20, 0, 0x31, 0]),
      format: "yaml" as const,
    },
    { name: "a key twice in JSON", text: '{"a": 1, "a": 2}', format: "json" as const },
    { name: "something behind the JSON", text: '{"a": 1} canary', format: "json" as const },
    { name: "a comment of INI in two places", text: "[a]\n; x\nb = c ; y\n", format: "ini" as const },
    { name: "a comment behind a section", text: "[a] ; x\nb = c\n", format: "ini" as const },
    { name: "a key twice in INI", text: "[a]\nb = c\nb = d\n", format: "ini" as const },
  ])("$name is refused by name", async ({ text, format }) => {
    const options = { recipients: [RECIPIENT_A], now: NOW, preserve: true, isLenient: true, file: "f" };
    await expect(encrypt(text, format, options)).rejects.toMatchObject({
      code: "SOPS_LAYOUT_NOT_KEPT",
      message: expect.stringMatching(/^Cannot keep the layout of "f": /),
    });
  });

  test("another format is refused", async () => {
    await expect(sealed("a: 1\n", "yaml", { outputFormat: "json" })).rejects.toMatchObject({
      code: "SOPS_LAYOUT_NOT_KEPT",
    });
    const locked = await sealed("a: 1\n");
    await expect(decrypt(locked, "yaml", keyring, { preserve: true, outputFormat: "json" })).rejects.toMatchObject({
      code: "SOPS_LAYOUT_NOT_KEPT",
    });
  });
});

describe("changes with preserve", () => {
  const TEXT = "# head\n\ndb:\n  user: 'ann'   # who\n\n  port:  1\n\nlist: [1, 2]\nlast: \"z\"\n";
  test.each([
    { name: "a value", change: setting(["db", "user"], "bob"), want: TEXT.replace("'ann'", "'bob'") },
    {
      name: "a value of another type",
      change: setting(["db", "port"], "x: y"),
      want: TEXT.replace("1\n\nl", "'x: y'\n\nl"),
    },
    { name: "an item in brackets", change: setting(["list", 1], "two"), want: TEXT.replace("2]", "two]") },
    {
      name: "a new key",
      change: setting(["db", "host"], "h"),
      want: TEXT.replace("port:  1\n", "port:  1\n  host: h\n"),
    },
    { name: "a new key at the top", change: setting(["new"], 1n), want: `${TEXT}new: 1\n` },
    { name: "a key less", change: unsetting(["db", "port"]), want: TEXT.replace("  port:  1\n", "") },
    {
      name: "a list that gets longer",
      change: setting(["list", 2], 3n),
      want: TEXT.replace("list: [1, 2]", "list:\n    - 1\n    - 2\n    - 3"),
    },
    {
      name: "a mapping for a value",
      change: setting(["last", "in"], "q"),
      want: TEXT.replace('last: "z"', "last:\n    in: q"),
    },
  ])("write $name, and nothing else", async ({ change, want }) => {
    const locked = await sealed(TEXT);
    const { text } = await changeFile(bytes(locked), "yaml", keyring, change, { now: NOW, preserve: true });
    expect(await opened(text)).toBe(want);
  });

  test.each([
    { name: "a value", change: setting(["a"], "q"), want: '{\n  "a": "q",\n\n  "b": {"c": 1}\n}\n' },
    { name: "a new key", change: setting(["d"], true), want: '{\n  "a": "x",\n\n  "b": {"c": 1},\n  "d": true\n}\n' },
    { name: "a key less", change: unsetting(["a"]), want: '{\n  "b": {"c": 1}\n}\n' },
    {
      name: "a key less inside",
      change: setting(["b", "e"], 2n),
      want: '{\n  "a": "x",\n\n  "b": {"c": 1,"e": 2}\n}\n',
    },
  ])("JSON: $name", async ({ change, want }) => {
    const locked = await sealed('{\n  "a": "x",\n\n  "b": {"c": 1}\n}\n', "json");
    const { text } = await changeFile(bytes(locked), "json", keyring, change, { now: NOW, preserve: true });
    expect(await opened(text, "json")).toBe(want);
  });

  test("dotenv", async () => {
    const locked = await sealed("A=1\n\n# c\nB=2", "dotenv");
    const set = await changeFile(bytes(locked), "dotenv", keyring, setting(["C"], "3"), { now: NOW, preserve: true });
    expect(await opened(set.text, "dotenv")).toBe("A=1\n\n# c\nB=2\nC=3");
    const less = await changeFile(bytes(set.text), "dotenv", keyring, unsetting(["A"]), { now: NOW, preserve: true });
    expect(await opened(less.text, "dotenv")).toBe("\n# c\nB=2\nC=3");
  });

  test("ciphertexts of what nobody touched stay", async () => {
    const locked = await sealed(TEXT);
    const { text } = await changeFile(bytes(locked), "yaml", keyring, setting(["last"], "q"), {
      now: NOW,
      preserve: true,
    });
    const lines = text.split("\n");
    const changed = locked.split("\n").filter((line, at) => line !== lines[at]);
    expect(changed.map((line) => line.trim().split(":")[0])).toEqual([
      "last",
      "mac",
      ...changed.slice(2).map(() => "sealkit_layout"),
    ]);
  });

  test("rotate and edit keep the layout too", async () => {
    const locked = await sealed(TEXT);
    const rotated = await rotate(bytes(locked), "yaml", keyring, { now: NOW, preserve: true });
    expect(await opened(rotated)).toBe(TEXT);
    const editing = await editFile(bytes(rotated), "yaml", keyring, { preserve: true });
    expect(editing.shown.revealText()).toBe(TEXT);
    const typed = TEXT.replace("'ann'", "eve").replace("list:", "\n\nlist:");
    expect(await opened(await editing.seal(bytes(typed), NOW))).toBe(typed);
  });

  test("a change that the text cannot follow is refused", async () => {
    const locked = await sealed("{a: 1}\n");
    const changing = changeFile(bytes(locked), "yaml", keyring, setting(["b"], 2n), { now: NOW, preserve: true });
    await expect(changing).rejects.toMatchObject({ code: "SOPS_LAYOUT_NOT_KEPT" });
  });
});

describe("sealPreserved()", () => {
  const cipher = new ValueCipher(new Uint8Array(32).fill(7), { rememberIvs: true });
  const metadata: Metadata = {
    keyGroups: [
      [
        {
          type: "age",
          fields: new Map([
            ["recipient", "age1x"],
            ["enc", "x"],
          ]),
        },
      ],
    ],
    shamirThreshold: 0,
    lastModified: "",
    mac: "",
    selector: undefined,
    macOnlyEncrypted: false,
    version: "3.13.3",
  };
  const word = fc.constantFrom(
    "x",
    "1",
    "'q'",
    '"d\\t"',
    "yes",
    "a b",
    "0x1f",
    "~",
    "[1, 'a', b]",
    "{k: v}",
    "- z",
    "|\n    t\n    u",
    ">-\n    f\n     g",
    "",
  );
  const gap = fc.constantFrom("", "\n", "\n\n", "# note\n", "  # note\n", "    # deep\n");
  const entry = fc.tuple(gap, fc.constantFrom(" ", "   "), word, fc.constantFrom("", "  # behind"));

  test("gives back whatever it takes, and refuses the rest by name", () => {
    let kept = 0;
    const run = fc.property(fc.array(entry, { minLength: 1, maxLength: 5 }), fc.boolean(), (entries, isNested) => {
      const lines = entries.map(([above, blank, value, behind], at) => {
        const isBlock = /^[|>]/.test(value);
        return `${above}${isNested && at > 0 ? "  " : ""}k${at}:${blank}${value}${isBlock ? "" : behind}\n`;
      });
      const text = (isNested ? ["top:\n  k: 1\n", ...lines.slice(1)] : lines).join("");
      try {
        sealPreserved({ input: bytes(text), format: "yaml", metadata, cipher, context: { now: 0 } });
        kept++;
      } catch (error) {
        // What it returns it has checked itself; all else has a reason.
        if (!(error instanceof LayoutError) && !(error instanceof Error && "code" in error)) throw error;
      }
    });
    fc.assert(run, { numRuns: 100, seed: 5 });
    expect(kept).toBeGreaterThan(60);
  });
});
