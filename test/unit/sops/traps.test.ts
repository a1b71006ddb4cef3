import { createCipheriv, createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { decryptBytes, parseIdentity } from "../../../src/age/index.ts";
import {
  changeFile,
  compareKeys,
  decrypt,
  type EncryptOptions,
  encrypt,
  type Format,
  fieldOf,
  keyOfText,
  loadKeyring,
  mayBeEncrypted,
  SELECTOR_KINDS,
  setting,
} from "../../../src/sops/index.ts";
import {
  envelopesOf,
  FIXED_DATA_KEY,
  fixedRandom,
  IDENTITY_A,
  IDENTITY_B,
  KEYS_A,
  openEnvelope,
  RECIPIENT_A,
  RECIPIENT_B,
} from "../../helpers/sops.ts";

const KEYRING = loadKeyring(KEYS_A);

const seal = async (text: string | Uint8Array, format: Format = "yaml", more: Partial<EncryptOptions> = {}) =>
  (await encrypt(text, format, options(more))).text;
const options = (more: Partial<EncryptOptions>): EncryptOptions => ({
  recipients: [RECIPIENT_A],
  now: 0,
  fillRandom: fixedRandom,
  ...more,
});
const clear = async (text: string, format: Format = "yaml", outputFormat: Format = format) =>
  (await decrypt(text, format, KEYS_A, { outputFormat })).clearText.revealText();
const again = async (text: string, format: Format = "yaml", outputFormat: Format = format) =>
  clear(await seal(text, format), format, outputFormat);
const change = (text: string, from: string | RegExp, to: string) => {
  const after = text.replace(from, to);
  expect(after).not.toBe(text);
  return after;
};

/** The plaintext of an envelope, by an opener that shares no code with ours. */
const opened = (envelope: string | undefined, path: string) => openEnvelope(envelope ?? "", path)?.toString();

function sealed(plain: string, path: string, ivBytes: number): string {
  const iv = Buffer.alloc(ivBytes, 1);
  const cipher = createCipheriv("aes-256-gcm", FIXED_DATA_KEY, iv).setAAD(Buffer.from(path));
  const data = Buffer.concat([cipher.update(plain), cipher.final()]).toString("base64");
  return `ENC[AES256_GCM,data:${data},iv:${iv.toString("base64")},tag:${cipher.getAuthTag().toString("base64")},type:str]`;
}

describe("trap: an IV has 32 bytes, and readers take any length", () => {
  test.each([1, 12, 16, 32, 64])("%i", async (bytes) => {
    const text = await seal("a: x\n");
    expect(Buffer.from(/iv:([^,]*)/.exec(text)?.[1] ?? "", "base64")).toHaveLength(32);
    expect(await clear(change(text, /a: .*/, `a: ${sealed("x", "a:", bytes)}`))).toBe("a: x\n");
  });
});

describe("trap: the path of a value has its keys and no positions, and ends with a colon", () => {
  test.each<[Format, string, string, readonly string[]]>([
    ["yaml", "a:\n  - - b: x\n", "a:b:", ["a:0:0:b:", "a:b"]],
    ["yaml", 'a:\n  "1": x\n', "a:1:", ["a:"]],
    ["yaml", "a:\n  - x\n", "a:", ["a:0:"]],
    ["yaml", "# x\na: {}\n", ":", ["a:", ""]],
    ["yaml", "a:\n  # x\n  b: {}\n", "a:", ["a:b:", ":"]],
    ["json", '{"a": {"1": ["x"]}}', "a:1:", ["a:", "a:1:0:"]],
    ["dotenv", "foo =x\n", "foo :", ["foo:"]],
    ["ini", "k = x\n", "DEFAULT:k:", ["k:"]],
    ["ini", "[s]\nk = x\n", "s:k:", ["k:"]],
    ["binary", "x", "data:", [":"]],
  ])("%s %j: %j", async (format, text, path, others) => {
    const [envelope = ""] = envelopesOf(await seal(text, format));
    expect(opened(envelope, path)?.trim()).toBe("x");
    expect(others.map((other) => opened(envelope, other))).toEqual(others.map(() => undefined));
  });
});

test("trap: empty texts and nulls stay as they are; a missing null is not noticed, a missing text is", async () => {
  const text = await seal('e: ""\nn: null\nl: []\nm: {}\ns: x\n');
  expect(text).toMatch(/^e: ""\n"?n"?: null\nl: \[\]\nm: \{\}\ns: ENC/);
  expect(await clear(change(text, /"?n"?: null\n/, ""))).toBe('e: ""\nl: []\nm: {}\ns: x\n');
  expect(await clear(change(text, 'e: ""\n', ""))).not.toContain("e:");
  await expect(clear(change(text, /s: ENC.*\n/, ""))).rejects.toMatchObject({ code: "SOPS_MAC_MISMATCH" });
  const noData = "s: ENC[AES256_GCM,data:,iv:AA==,tag:AA==,type:str]\n";
  await expect(clear(change(text, /s: ENC.*\n/, noData))).rejects.toMatchObject({ code: "SOPS_NOT_ENCRYPTED" });
});

test("trap: booleans are True and False in ciphertext and MAC; a type is a claim", async () => {
  const text = await seal("a: true\nb: false\nc: 1\n");
  expect(envelopesOf(text).map((envelope, at) => opened(envelope, `${"abc"[at]}:`))).toEqual(["True", "False", "1"]);
  expect(await clear(change(text, "type:int", "type:str"))).toContain('c: "1"\n');
  await expect(clear(change(text, "type:int", "type:bool"))).rejects.toMatchObject({ code: "SOPS_MAC_MISMATCH" });
});

test("trap: the MAC is upper-case hex over all plaintexts, under lastmodified without a colon", async () => {
  const text = await seal("a: true\nb_unencrypted: 0x1F\nn: null\nf: 1e21\n# c\nl:\n  # c\n  - x\n");
  const mac = createHash("sha512").update("True311000000000000000000000x").digest("hex").toUpperCase();
  const envelope = /mac: (ENC\[.*\])/.exec(text)?.[1] ?? "";
  expect(opened(envelope, "1970-01-01T00:00:00Z")).toBe(mac);
  const moved = change(text, 'lastmodified: "1970-01-01T00:00:00Z"', 'lastmodified: "1970-01-01T00:00:00.25+00:00"');
  expect(await clear(moved)).toBe(await clear(text));
});

describe("trap: floats have no exponent in ciphertexts, and each format prints them its own way", () => {
  test.each([
    ["1e21", "1000000000000000000000", "1e+21", "1e+21"],
    ["1e-7", "0.0000001", "1e-07", "1e-7"],
    ["1234568000.0", "1234568000", "1.234568e+09", "1234568000"],
    ["123456.0", "123456", "123456", "123456"],
    ["1e6", "1000000", "1e+06", "1000000"],
    ["1234567.0", "1234567", "1.234567e+06", "1234567"],
    ["1e-4", "0.0001", "0.0001", "0.0001"],
    ["1e-5", "0.00001", "1e-05", "0.00001"],
    ["5.0", "5", "5", "5"],
  ])("%s", async (input, plain, yaml, json) => {
    const text = await seal(`f: ${input}\n`);
    expect(text).toContain("type:float");
    expect(opened(envelopesOf(text)[0] ?? "", "f:")).toBe(plain);
    expect(await clear(text)).toBe(`f: ${yaml}\n`);
    expect(await clear(text, "yaml", "json")).toBe(`{\n\t"f": ${json}\n}\n`);
  });
});

test("trap: integers of old JSON files stay floats when another value is changed", async () => {
  const old = change(await seal('{"i": 12}', "json"), "type:int", "type:float");
  const { text } = await changeFile(Buffer.from(old), "json", KEYRING, setting(["x"], "y"), { now: 1e6 });
  const line = /"i": ".*"/;
  expect(line.exec(text)?.[0]).toBe(line.exec(old)?.[0]);
  expect(await clear(text, "json")).toContain('"i": 12,');
});

describe("trap: integers have 64 bits", () => {
  test.each(["9007199254740993", "9223372036854775807", "-9223372036854775808"])("%s", async (integer) => {
    expect(await again(`i: ${integer}\n`)).toBe(`i: ${integer}\n`);
    expect(await again(`{"i": ${integer}}`, "json")).toBe(`{\n\t"i": ${integer}\n}\n`);
  });
});

describe("trap: YAML is that of Go's library", () => {
  test.each([
    ["0777", "511"],
    ["0o17", "15"],
    ["yes", '"yes"'],
    ["2024-01-01", "2024-01-01T00:00:00Z"],
    ["1_000", "1000"],
    ["0x1F", "31"],
    ["~", "null"],
  ])("%s is %s", async (input, output) => expect(await again(`v: ${input}\n`)).toBe(`v: ${output}\n`));
});

describe("trap: times keep their offset and their nanoseconds", () => {
  test.each(["2024-01-01T10:00:00.123456789+05:30", "2024-02-29T23:59:59-11:00"])("%s", async (time) => {
    const text = await seal(`t: ${time}\n`);
    expect(opened(envelopesOf(text)[0] ?? "", "t:")).toBe(time);
    expect(await clear(text)).toBe(`t: ${time}\n`);
  });
});

test("trap: comments of lists become items of the type comment, and are not in the MAC", async () => {
  const text = await seal("l:\n  # c\n  - x\n");
  expect(text).toMatch(/^l:\n {4}- ENC\[[^\]]*,type:comment\]\n {4}- ENC/);
  expect(await clear(text)).toBe("l:\n    # c\n    - x\n");
  expect(await clear(change(text, / {4}- ENC\[[^\]]*,type:comment\]\n/, ""))).toBe("l:\n    - x\n");
});

test("trap: a comment in clear, damaged or empty is no error", async () => {
  const text = await seal("# c\na: x\n");
  const warnings: string[] = [];
  const damaged = change(text, /^#ENC\[AES256_GCM,data:./, "#ENC[AES256_GCM,data:/");
  const { clearText } = await decrypt(`# clear\n#\n${damaged}`, "yaml", KEYS_A, {
    onWarning: (warning) => void warnings.push(warning),
  });
  expect(clearText.revealText()).toMatch(/^# clear\n#\n#ENC.*\na: x\n$/);
  expect(warnings.length).toBeGreaterThan(0);
});

describe("trap: where the original loses data, it is kept", () => {
  test.each<[Format, string, string]>([
    ["yaml", 'a: "\\tx\\n"\n', 'a: "\\tx\\n"\n'],
    ["yaml", 'l:\n  - "\\n  four\\n"\n', 'l:\n    - "\\n  four\\n"\n'],
    ["ini", "[s]\n- = 1\n", "[s]\n`#1` = 1\n"],
    ["yaml", "a: {} # c\n", "# c\na: {}\n"],
    ["yaml", "n: [] # f\n# g\no: 1\n", '"n": []\n# f\n# g\no: 1\n'],
    ["yaml", "l:\n    - p\n    #\n    - q\n", "l:\n    - p\n    # \n    - q\n"],
    ["yaml", '"<<": 1\n', '"<<": 1\n'],
  ])("%s %j", async (format, input, output) => expect(await again(input, format)).toBe(output));

  test.each([
    ["# a\n- # b\n  c: 1\n", "    # a\n    # b\n    - c: 1\n"],
    ["- 1\n# a\n- # b\n  c: 1\n", "    - 1\n    # a\n    # b\n    - c: 1\n"],
    ["- a: 1 # c\n- b: 1 # d\n  c: 2\n", "    - a: 1 # c\n    - b: 1 # d\n      c: 2\n"],
    ["- 1 # a\n- - q # b\n  - {} # c\n", "    - 1 # a\n    - - q # b\n      - {} # c\n"],
    ["- [1] # a\n- {b: 1} # b\n", "    # a\n    - - 1\n    # b\n    - b: 1\n"],
    ["- - 1\n  # a\n  - []\n", "    - - 1\n      # a\n      - []\n"],
  ])("comments of a list in clear: %j", async (list, wanted) => {
    const selector = { kind: "unencrypted_regex", pattern: "^l$" } as const;
    const text = await seal(`l:\n${list}`, "yaml", { selector });
    expect(text.slice(0, text.indexOf("sops:"))).toBe(`l:\n${wanted}`);
    expect(await clear(text)).toBe(`l:\n${wanted}`);
  });

  test("a comment that was encrypted comes back when another stands above it", async () => {
    const list = "l:\n    # a\n    - b: 1 # c\n      # d\n      e: 2\n    # f\n    - g: 1 # h\n      i: 2\n";
    expect(await again(list)).toBe(
      list.replace("- b: 1 # c", "# c\n    - b: 1").replace("- g: 1 # h", "# h\n    - g: 1"),
    );
  });

  test("a list of JSON that is cut off is refused", async () => {
    await expect(seal('{"a": [1', "json")).rejects.toMatchObject({ code: "SOPS_BAD_SYNTAX" });
  });
});

describe("trap: patterns are RE2, found anywhere in any key of the path", () => {
  const sealsB = async (pattern: string, key: string) => {
    const text = await seal(`x:\n  ${key}:\n    b: v\n`, "yaml", { selector: { kind: "encrypted_regex", pattern } });
    return text.includes("b: ENC[");
  };
  test.each<[string, string, boolean]>([
    ["ass", "pass", true],
    ["(?i)^PASS$", "pass", true],
    ["^pass\\z", "pass", true],
    ["\\pL{4}", "pass", true],
    ["[[:digit:]]", "p4ss", true],
    ["(?P<n>a)s", "pass", true],
    ["^x:pass", "pass", false],
    ["^B$", "pass", false],
  ])("%s and %s: %j", async (pattern, key, wanted) => expect(await sealsB(pattern, key)).toBe(wanted));

  test.each(["a(?=b)", "(", "a{1001}", "\\u0061"])(
    "%s is refused, and does not keep a file closed",
    async (pattern) => {
      for (const kind of SELECTOR_KINDS.filter((one) => one.includes("regex"))) {
        await expect(seal("a: x\n", "yaml", { selector: { kind, pattern } })).rejects.toMatchObject({
          code: "SOPS_BAD_REGEX",
        });
      }
      const selector = { kind: "unencrypted_regex", pattern: "^Z$" } as const;
      const text = await seal("a: x\n", "yaml", { selector });
      expect(await clear(text.replace("unencrypted_regex: ^Z$", () => `unencrypted_regex: '${pattern}'`))).toBe(
        "a: x\n",
      );
    },
  );
});

test("trap: a file that names no selector has the suffix _unencrypted", async () => {
  const text = await seal("a_unencrypted: x\nb: z\n");
  expect(await clear(change(text, / {4}unencrypted_suffix: .*\n/, ""))).toBe("a_unencrypted: x\nb: z\n");
});

test("trap: a share has its number last, from 1, in 33 bytes", async () => {
  const { metadata } = await encrypt(
    "a: x\n",
    "yaml",
    options({ recipients: [], recipientGroups: [[RECIPIENT_A], [RECIPIENT_B]] }),
  );
  const shares = await Promise.all(
    [IDENTITY_A, IDENTITY_B].map(async (text, at) => {
      const key = metadata.keyGroups[at]?.[0];
      const line = /AGE-SECRET-KEY-1\w+/.exec(text)?.[0] ?? "";
      return decryptBytes(Buffer.from(key === undefined ? "" : fieldOf(key, "enc")), [parseIdentity(line)]);
    }),
  );
  expect(shares.map((share) => [share.reveal().length, share.reveal().at(-1)])).toEqual([
    [33, 1],
    [33, 2],
  ]);
});

describe("trap: each format writes the line breaks of an age file in its own way", () => {
  test.each<[Format, string, RegExp]>([
    ["yaml", "a: x\n", /enc: \|\n {12}-----BEGIN AGE/],
    ["json", '{"a": "x"}', /"enc": "-----BEGIN AGE ENCRYPTED FILE-----\\n.*-----\\n"/],
    ["dotenv", "A=x\n", /^sops_age__list_0__map_enc=-----BEGIN AGE ENCRYPTED FILE-----\\n.*-----\\n$/m],
    ["ini", "[s]\na = x\n", /^age__list_0__map_enc +=.*BEGIN AGE ENCRYPTED FILE-----\\n.*-----\\n$/m],
  ])("%s", async (format, text, wanted) => expect(await seal(text, format)).toMatch(wanted));
});

describe("trap: in dotenv blanks, carriage returns and quotes are data", () => {
  test.each(["foo =x\n", "A=x\r\n", "A='x'\n", 'A="x # y"\n', "A= x \n", "export A=1\n"])("%j", async (text) =>
    expect(await again(text, "dotenv")).toBe(text),
  );
});

describe("trap: INI has alignment, quotes, DEFAULT, two delimiters and comments that cut values", () => {
  test.each([
    ["[s]\nk: v\n", "[s]\nk = v\n"],
    ["top = 1\n[s]\nlong = 2\nk = 3\n", "top = 1\n\n[s]\nlong = 2\nk    = 3\n"],
    ["[s]\nk = v # c\n", "[s]\n; c\nk = v\n"],
    ["[s]\nk = `a;b`\n", "[s]\nk = `a;b`\n"],
    ['[s]\nk = """a\nb"""\n', '[s]\nk = """a\nb"""\n'],
  ])("%j", async (text, wanted) => expect((await again(text, "ini")).trimEnd()).toBe(wanted.trimEnd()));
});

test("trap: JSON escapes what HTML would read, has tabs and ends with a line break", async () => {
  expect(await again('{"a": "<&>\\u2028"}', "json")).toBe('{\n\t"a": "\\u003c\\u0026\\u003e\\u2028"\n}\n');
});

test("trap: the metadata is in every document, counts in the first, and the MAC is over all", async () => {
  const text = await seal("a: x\n---\nb: z\n");
  expect(text.match(/^sops:$/gm)).toHaveLength(2);
  const [first = "", second = ""] = text.split(/^---\n/m);
  expect(await clear(`${first}---\n${change(second, /sops:\n( .*\n)+/, "sops: {}\n")}`)).toBe("a: x\n---\nb: z\n");
  await expect(clear(first)).rejects.toMatchObject({ code: "SOPS_MAC_MISMATCH" });
});

test("trap: equal items of a list have one IV after a change, another type or path has another", async () => {
  let count = 0;
  const fillRandom = (buffer: Uint8Array) => {
    for (let at = 0; at < buffer.length; at++) buffer[at] = count++ >> 5;
  };
  const before = await seal('l:\n  - same\n  - same\nm: same\nn: 5\no: "5"\n', "yaml", { fillRandom });
  expect(new Set(envelopesOf(before)).size).toBe(5);
  const { text } = await changeFile(Buffer.from(before), "yaml", KEYRING, setting(["x"], "y"), { now: 0, fillRandom });
  const [one, two, ...others] = envelopesOf(text);
  expect([one, two]).toEqual([envelopesOf(before)[1], envelopesOf(before)[1]]);
  expect(others.slice(0, 3)).toEqual(envelopesOf(before).slice(2));
});

test("trap: an SSH recipient with another comment is another key", async () => {
  const line = `ssh-ed25519 ${Buffer.alloc(51, 1).toString("base64")}`;
  const { metadata } = await encrypt("a: x\n", "yaml", options({}));
  const keys = (comment: string) => [[keyOfText("age", `${line} ${comment}`)]];
  const file = { ...metadata, keyGroups: keys("me@home") };
  expect(compareKeys(file, keys("me@home")).isUpToDate).toBe(true);
  expect(compareKeys(file, keys("me@work"))).toMatchObject({
    isUpToDate: false,
    groups: [{ kept: [], added: [`${line} me@work`], removed: [`${line} me@home`] }],
  });
});

test("trap: Flux finds JSON and binary files by one exact text", async () => {
  for (const format of ["json", "binary"] as const) {
    const text = await seal('{"a": "x"}', format);
    expect(text).toContain('"mac": "ENC[');
    expect(mayBeEncrypted(Buffer.from(text), format)).toBe(true);
  }
});

test("trap: a group's list with one entry, and keys beside key_groups, which count alone", async () => {
  const text = await seal("a: x\n");
  const list = /( {4}age:\n(?: {8}.*\n)+)/.exec(text)?.[1] ?? "";
  const group = `    key_groups:\n        - age:\n${list
    .replace(/^ {4}age:\n/, "")
    .replace(/^/gm, "    ")
    .trimEnd()}\n`;
  expect(await clear(text.replace(list, () => group))).toBe("a: x\n");
  expect(await clear(text.replace(list, () => `${list}    key_groups:\n        - age: []\n        - age: []\n`))).toBe(
    "a: x\n",
  );
  const parsed = await decrypt(text, "yaml", KEYS_A);
  expect(parsed.metadata.keyGroups.map((keys) => keys.map((key) => fieldOf(key, "recipient")))).toEqual([
    [RECIPIENT_A],
  ]);
});
