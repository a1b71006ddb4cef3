import { describe, expect, test } from "vitest";
import { decrypt, encrypt, SopsError, type SopsErrorCode } from "../../../src/sops/index.ts";
import { KEYS_A, KEYS_B, RECIPIENT_A, sopsFixture, source } from "../../helpers/sops.ts";

const CANARY = "canary-5f2a";
const options = { recipients: [RECIPIENT_A], now: 0 };

async function encrypted(): Promise<string> {
  const text = `a: ${CANARY}\nb:\n  c: 1\nl:\n- x\n- y\nclear_unencrypted: seen\n`;
  return (await encrypt(text, "yaml", options)).text;
}

async function errorOf(work: Promise<unknown>): Promise<SopsError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(SopsError);
  if (!(error instanceof SopsError)) throw error;
  const said = [error.message, ...error.details, ...error.hints, error.upstream ?? ""].join("\n");
  expect(said).not.toContain(CANARY);
  expect(said).not.toContain("AGE-SECRET-KEY-");
  return error;
}

describe("decrypt() refuses", () => {
  const swapped = (text: string) => {
    const [first = "", second = ""] = [...text.matchAll(/ {4}- (ENC\[[^\]]*\])/g)].map((match) => match[1] ?? "");
    return text.replace(first, "@").replace(second, first).replace("@", second);
  };
  const rows: readonly { name: string; change: (text: string) => string; code: SopsErrorCode; path?: string }[] = [
    { name: "no metadata", change: (text) => text.slice(0, text.indexOf("sops:")), code: "SOPS_NO_METADATA" },
    { name: "no metadata, and a number as key", change: () => "80: a\n", code: "SOPS_NO_METADATA" },
    { name: "an empty file", change: () => "", code: "SOPS_NO_METADATA" },
    { name: "metadata that is a text", change: () => "a: 1\nsops: x\n", code: "SOPS_BAD_METADATA" },
    { name: "metadata twice", change: (text) => `${text}sops: {}\n`, code: "SOPS_BAD_SYNTAX" },
    { name: "no version", change: (text) => text.replace(/ +version: .*\n/, ""), code: "SOPS_BAD_METADATA" },
    { name: "a version that is none", change: (text) => text.replace("3.13.3", "new"), code: "SOPS_BAD_METADATA" },
    { name: "no time", change: (text) => text.replace(/ +lastmodified: .*\n/, ""), code: "SOPS_BAD_METADATA" },
    {
      name: "a time in lower case",
      change: (text) => text.replace(/lastmodified: .*\n/, 'lastmodified: "1970-01-01t00:00:00Z"\n'),
      code: "SOPS_BAD_METADATA",
    },
    {
      name: "a time without quotes",
      change: (text) => text.replace(/lastmodified: "(.*)"\n/, "lastmodified: $1\n"),
      code: "SOPS_BAD_METADATA",
    },
    { name: "no keys", change: (text) => text.replace(/ {4}age:\n( {8}.*\n)+/, ""), code: "SOPS_BAD_METADATA" },
    {
      name: "two selectors",
      change: (text) => text.replace("    unencrypted_suffix", "    encrypted_regex: a\n    unencrypted_suffix"),
      code: "SOPS_BAD_SELECTOR",
    },
    {
      name: "mac_only_encrypted that is no boolean",
      change: (text) => text.replace("    mac:", "    mac_only_encrypted: maybe\n    mac:"),
      code: "SOPS_BAD_METADATA",
    },
    {
      name: "a changed value",
      change: (text) =>
        text.replace(
          /(a: ENC\[AES256_GCM,data:)(.)/,
          (_, head: string, old: string) => head + (old === "/" ? "A" : "/"),
        ),
      code: "SOPS_WRONG_KEY_OR_ALTERED",
      path: "a",
    },
    {
      name: "a value under another key",
      change: (text) => text.replace("\nb:", "\nb2:"),
      code: "SOPS_WRONG_KEY_OR_ALTERED",
      path: "b2.c",
    },
    {
      name: "a cut tag",
      change: (text) => text.replace(/(a: .*tag:)[^,]*/, "$1AAAA"),
      code: "SOPS_WRONG_KEY_OR_ALTERED",
      path: "a",
    },
    {
      name: "an IV that is no base64",
      change: (text) => text.replace(/(a: .*iv:)[^,]*/, "$1!"),
      code: "SOPS_BAD_VALUE",
      path: "a",
    },
    { name: "a value in clear", change: (text) => text.replace(/a: ENC.*/, "a: 1"), code: "SOPS_NOT_ENCRYPTED" },
    { name: "a text in clear", change: (text) => text.replace(/a: ENC.*/, "a: plain"), code: "SOPS_NOT_ENCRYPTED" },
    {
      name: "a text labelled as an integer",
      change: (text) => text.replace(/(a: .*type:)str/, "$1int"),
      code: "SOPS_BAD_VALUE",
    },
    {
      name: "an unknown type label",
      change: (text) => text.replace(/(a: .*type:)str/, "$1blob"),
      code: "SOPS_BAD_VALUE",
    },
    {
      name: "an integer labelled as a boolean",
      change: (text) => text.replace(/(c: .*type:)int/, "$1bool"),
      code: "SOPS_MAC_MISMATCH",
    },
    {
      name: "a value labelled as a comment",
      change: (text) => text.replace(/(c: .*type:)int/, "$1comment"),
      code: "SOPS_MAC_MISMATCH",
    },
    { name: "swapped items of a list", change: swapped, code: "SOPS_MAC_MISMATCH" },
    { name: "a removed key", change: (text) => text.replace(/a: ENC.*\n/, ""), code: "SOPS_MAC_MISMATCH" },
    { name: "an emptied value", change: (text) => text.replace(/a: ENC.*/, 'a: ""'), code: "SOPS_MAC_MISMATCH" },
    { name: "a changed clear value", change: (text) => text.replace("seen", "soon"), code: "SOPS_MAC_MISMATCH" },
    { name: "no MAC", change: (text) => text.replace(/ {4}mac: .*\n/, ""), code: "SOPS_MAC_MISMATCH" },
    { name: "a cut MAC", change: (text) => text.replace(/(mac: ENC.{40}).*/, "$1]"), code: "SOPS_MAC_MISMATCH" },
    {
      name: "a MAC with another time",
      change: (text) => text.replace("1970-01-01T00:00:00Z", "1970-01-01T00:00:01Z"),
      code: "SOPS_MAC_MISMATCH",
    },
    { name: "broken YAML", change: (text) => `${text}a: [\n`, code: "SOPS_BAD_SYNTAX" },
    { name: "a list at the top", change: () => "- a\n", code: "SOPS_BAD_SYNTAX" },
    { name: "deep nesting", change: () => `${"[".repeat(20_000)}`, code: "SOPS_TOO_LARGE" },
    {
      name: "two thousand keys",
      change: (text) => text.replace(/ {8}- enc: \|\n( {10,}.*\n)+/, manyKeys),
      code: "SOPS_TOO_LARGE",
    },
    {
      name: "a huge key",
      change: (text) => text.replace(/recipient: .*/, `recipient: ${"a".repeat(100_000)}`),
      code: "SOPS_TOO_LARGE",
    },
    {
      name: "key groups without what they hold",
      change: (text) =>
        text.replace(
          / {4}age:\n( {8}.*\n)+/,
          "    key_groups:\n    - age: [{recipient: a}]\n    - age: [{recipient: b}]\n",
        ),
      code: "SOPS_NO_DATA_KEY",
    },
    {
      name: "a data key that only a service could open",
      change: (text) => text.replace(/ {4}age:\n( {8}.*\n)+/, "    kms: [{arn: 'arn:aws:kms:x', enc: e}]\n"),
      code: "SOPS_NO_DATA_KEY",
    },
    {
      name: "a damaged data key",
      change: (text) => text.replace(/BEGIN AGE[^\n]*\n/, "BEGIN AGE ENCRYPTED FILE-----\n            AAAA\n"),
      code: "SOPS_NO_DATA_KEY",
    },
  ];
  test.each(rows)("$name with $code", async ({ change, code, path }) => {
    const before = await encrypted();
    const after = change(before);
    expect(after).not.toBe(before);
    const error = await errorOf(decrypt(after, "yaml", KEYS_A, { file: "x.yaml" }));
    expect(error.code).toBe(code);
    expect(error.file).toBe("x.yaml");
    if (path !== undefined) expect(error.path?.join(".")).toBe(path);
  });

  test("an alias bomb", async () => {
    const lines = Array.from({ length: 12 }, (_, n) => `k${n}: &k${n} [${`*k${n - 1},`.repeat(n === 0 ? 0 : 10)}1]`);
    expect((await errorOf(decrypt(lines.join("\n"), "yaml", KEYS_A))).code).toBe("SOPS_TOO_LARGE");
  });

  test("with the places that were looked at, when no identity fits", async () => {
    const sources = [
      ...KEYS_B,
      { where: "~/keys.txt", identities: undefined, problem: "no such file" },
      source("SOPS_AGE_KEY", "AGE-SECRET-KEY-1NOPE"),
    ];
    const error = await errorOf(decrypt(sopsFixture("encrypted/values.yaml"), "yaml", sources, { file: "db.yaml" }));
    expect(error.code).toBe("SOPS_NO_DATA_KEY");
    expect(error.message).toContain('"db.yaml"');
    expect(error.details.join("\n")).toMatch(
      /encrypted to: age1k7ck….*\ntried: 1 identity from key-b.txt: age1.*\n.*no identity in ~\/keys.txt: no such file\n.*no identity in SOPS_AGE_KEY: /,
    );
  });
});

function manyKeys(entry: string): string {
  return entry.repeat(2_000);
}

test("of several documents the one is named", async () => {
  const { text } = await encrypt("a: x\n---\nb: y\n", "yaml", { recipients: [RECIPIENT_A], now: 0 });
  const altered = text.replace(/^(b: ENC\[AES256_GCM,data:)/m, "$1AAAA");
  const error = await errorOf(decrypt(altered, "yaml", KEYS_A, { file: "x.yaml" }));
  expect(error.message).toContain('Cannot decrypt b of "x.yaml" (document 2)');
});

test("a file in conflict is named as one, with how to settle it", async () => {
  const text = (await encrypted()).replace(
    /^a: .*\n/m,
    (line) => `<<<<<<< ours\n${line}=======\n${line}>>>>>>> theirs\n`,
  );
  const error = await errorOf(decrypt(text, "yaml", KEYS_A, { file: "x.yaml" }));
  expect(error.code).toBe("SOPS_BAD_SYNTAX");
  expect(error.details.join()).toContain("two sides of a merge");
  expect(error.hints[0]).toBe("sealkit sops merge --resolve ours x.yaml");
});

describe("decrypt() accepts", () => {
  const rows: readonly { name: string; change: (text: string) => string }[] = [
    {
      name: "names in other cases",
      change: (text) => text.replace("lastmodified", "LastModified").replace("mac:", "MAC:"),
    },
    { name: "the metadata first", change: (text) => text.replace(/^([\s\S]*?)(sops:[\s\S]*)$/, "$2$1") },
    { name: "a later version and unknown fields", change: (text) => text.replace("3.13.3", "9.0.0\n    future: 1") },
    {
      name: "empty lists of other keys",
      change: (text) => text.replace("sops:\n", "sops:\n    kms: []\n    pgp: null\n"),
    },
    {
      name: "a time with a fraction and offset zero",
      change: (text) => text.replace("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.5+00:00"),
    },
    { name: "a changed type label of the same bytes", change: (text) => text.replace(/(c: .*type:)int/, "$1str") },
    {
      name: "a comment in clear",
      change: (text) => `# added\n${text}`,
    },
  ];
  test.each(rows)("$name", async ({ change }) => {
    const after = change(await encrypted());
    const { clearText } = await decrypt(after, "yaml", KEYS_A);
    expect(clearText.revealText()).toContain(CANARY);
  });

  test("what fails its MAC when told to ignore it", async () => {
    const text = (await encrypted()).replace("seen", "soon");
    const { clearText } = await decrypt(text, "yaml", KEYS_A, { ignoreMac: true });
    expect(clearText.revealText()).toContain("soon");
  });
});

describe("encrypt() refuses", () => {
  const rows: readonly { name: string; text: string; code: SopsErrorCode; more?: object }[] = [
    { name: "what is encrypted already", text: "sops: 1\n", code: "SOPS_ALREADY_ENCRYPTED" },
    { name: "the key sops in a later document", text: "a: 1\n---\nsops: {}\n", code: "SOPS_UNPRINTABLE" },
    { name: "an empty file", text: "", code: "SOPS_EMPTY_FILE" },
    { name: "comments alone", text: "# a\n", code: "SOPS_BAD_SYNTAX" },
    { name: "a number as key", text: "1: a\n", code: "SOPS_BAD_VALUE" },
    { name: "a boolean as key", text: "true: a\n", code: "SOPS_BAD_VALUE" },
    { name: "a list as key", text: "? [a]\n: b\n", code: "SOPS_BAD_SYNTAX" },
    { name: "an unsigned 64-bit integer", text: "a: 18446744073709551615\n", code: "SOPS_BAD_VALUE" },
    { name: "a key twice", text: "a: 1\na: 2\n", code: "SOPS_BAD_SYNTAX" },
    { name: "a key twice in a later document", text: "a: 1\n---\nb: 1\nb: 2\n", code: "SOPS_BAD_SYNTAX" },
    { name: "a list at the top", text: "- a\n", code: "SOPS_BAD_SYNTAX" },
    { name: "a merge key with nothing to merge", text: "a: {<<: 1}\n", code: "SOPS_BAD_SYNTAX" },
    { name: "a merge key with a list of other things", text: "a: &a {}\n<<: [*a, 1]\n", code: "SOPS_BAD_SYNTAX" },
    { name: "a wrong tag", text: "a: !!int x\n", code: "SOPS_BAD_SYNTAX" },
    { name: "a recursive anchor", text: "a: &a\n  b: *a\n", code: "SOPS_BAD_SYNTAX" },
    { name: "no recipients", text: "a: 1\n", code: "SOPS_NO_RECIPIENTS", more: { recipients: [] } },
    { name: "a malformed recipient", text: "a: 1\n", code: "SOPS_BAD_RECIPIENT", more: { recipients: ["age1x"] } },
    {
      name: "a secret key as recipient",
      text: "a: 1\n",
      code: "SOPS_BAD_RECIPIENT",
      more: { recipients: ["AGE-SECRET-KEY-1QQQQ"] },
    },
    {
      name: "a pattern that RE2 does not take",
      text: "a: 1\n",
      code: "SOPS_BAD_REGEX",
      more: { selector: { kind: "encrypted_regex", pattern: "a(?=b)" } },
    },
    {
      name: "comments that match when encrypted",
      text: "# x\na: 1\n",
      code: "SOPS_COMMENT_CONFLICT",
      more: { selector: { kind: "unencrypted_comment_regex", pattern: "ENC" } },
    },
    {
      name: "a comment between a matching one and its item",
      text: "l:\n  # sec\n  # other\n  - p\n",
      code: "SOPS_COMMENT_CONFLICT",
      more: { selector: { kind: "encrypted_comment_regex", pattern: "sec" } },
    },
    { name: "a negative indent", text: "a: 1\n", code: "SOPS_UNPRINTABLE", more: { indent: -1 } },
    {
      name: "an infinity as JSON",
      text: "a_unencrypted: .inf\n",
      code: "SOPS_UNPRINTABLE",
      more: { outputFormat: "json" },
    },
    {
      name: "a key outside of sections as INI",
      text: "a: 1\n",
      code: "SOPS_UNPRINTABLE",
      more: { outputFormat: "ini" },
    },
  ];
  test.each(rows)("$name with $code", async ({ text, code, more }) => {
    expect((await errorOf(encrypt(text, "yaml", { ...options, ...more }))).code).toBe(code);
  });

  const bytes: readonly { name: string; input: Uint8Array; code: SopsErrorCode }[] = [
    { name: "bytes that are no UTF-8", input: Uint8Array.of(0x61, 0x3a, 0x20, 0xff), code: "SOPS_BAD_SYNTAX" },
    { name: "a NUL", input: Uint8Array.of(0x61, 0x3a, 0x20, 0), code: "SOPS_BAD_SYNTAX" },
  ];
  test.each(bytes)("$name with $code", async ({ input, code }) => {
    expect((await errorOf(encrypt(input, "yaml", options))).code).toBe(code);
  });

  const json: readonly { name: string; text: string; code: SopsErrorCode }[] = [
    { name: "a file cut in a list", text: '{"a": [1', code: "SOPS_BAD_SYNTAX" },
    { name: "a file cut in a string", text: '{"a": "1', code: "SOPS_BAD_SYNTAX" },
    { name: "a list at the top", text: "[1]", code: "SOPS_BAD_SYNTAX" },
    { name: "an empty file", text: "", code: "SOPS_BAD_SYNTAX" },
    { name: "an unknown escape", text: '{"a": "\\x"}', code: "SOPS_BAD_SYNTAX" },
    { name: "a leading zero", text: '{"a": 01}', code: "SOPS_BAD_SYNTAX" },
    { name: "a number beyond floats", text: '{"a": 1e400}', code: "SOPS_BAD_SYNTAX" },
    { name: "a line break in a string", text: '{"a": "\n"}', code: "SOPS_BAD_SYNTAX" },
    { name: "a comma too many", text: '{"a": 1,}', code: "SOPS_BAD_SYNTAX" },
    { name: "deep nesting", text: `{"a":${"[".repeat(20_000)}`, code: "SOPS_TOO_LARGE" },
  ];
  test.each(json)("JSON: $name with $code", async ({ text, code }) => {
    expect((await errorOf(encrypt(text, "json", options))).code).toBe(code);
  });
});

test("keys of prototypes are ordinary keys", async () => {
  const text = '{\n\t"__proto__": {\n\t\t"polluted": "yes"\n\t},\n\t"constructor": 1\n}\n';
  const { text: file } = await encrypt(text, "json", options);
  const { clearText } = await decrypt(file, "json", KEYS_A);
  expect(clearText.revealText()).toBe(text);
  expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
});

test.each(["toml", "constructor", "YAML"])("says which formats there are when a caller names %s", async (word) => {
  const call = decrypt("a: 1\n", word as "yaml", KEYS_A);
  await expect(call).rejects.toThrow("There is no such format of SOPS; there are binary, dotenv, ini, json, yaml");
});
