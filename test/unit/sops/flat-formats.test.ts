import { describe, expect, test } from "vitest";
import { decrypt, encrypt, type Format, type SopsErrorCode } from "../../../src/sops/index.ts";
import { runCli } from "../../helpers/run-cli.ts";
import { IDENTITY_A, KEYS_A, RECIPIENT_A, skeleton } from "../../helpers/sops.ts";

const options = { recipients: [RECIPIENT_A], now: 0 };

async function codeOf(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => "nothing thrown",
    (error: unknown) => (error as { code: string }).code,
  );
}

describe("binary files", () => {
  const files: readonly { name: string; bytes: Buffer }[] = [
    { name: "no byte", bytes: Buffer.alloc(0) },
    { name: "every byte", bytes: Buffer.from(Array.from({ length: 256 }, (_, at) => at)) },
    { name: "text with a mark at its start", bytes: Buffer.from("\ufeffa\r\n") },
    { name: "a cut character", bytes: Buffer.from([0xf0, 0x9f, 0x98]) },
    { name: "what looks encrypted", bytes: Buffer.from("ENC[AES256_GCM,data:aaaa,iv:aaaa,tag:aaaa,type:str]") },
  ];
  test.each(files)("$name comes back", async ({ bytes }) => {
    const { text } = await encrypt(bytes, "binary", options);
    const { clearText } = await decrypt(text, "binary", KEYS_A);
    expect(Buffer.from(clearText.reveal()).equals(bytes)).toBe(true);
  });

  test("are JSON with one value and no selector", async () => {
    const { text } = await encrypt("x", "binary", { ...options, macOnlyEncrypted: true });
    expect(skeleton(text)).toBe(
      `{\n\t"data": "ENC[str]",\n\t"sops": {\n\t\t"age": [\n\t\t\t{\n\t\t\t\t"enc": "AGE\\n",\n\t\t\t\t"recipient": "${RECIPIENT_A}"\n\t\t\t}\n\t\t],\n\t\t"lastmodified": "TIME",\n\t\t"mac": "ENC[str]",\n\t\t"version": "3.13.3"\n\t}\n}\n`,
    );
  });

  const selectors = [
    {
      flag: "--encrypted-regex",
      says: "Using an encrypted regex does not make sense with the input store (the binary",
    },
    { flag: "--unencrypted-suffix", says: "Using an unencrypted suffix does not make sense" },
  ];
  test.each(selectors)("drop $flag with the original's warning", async ({ flag, says }) => {
    const run = await runCli(["sops", "encrypt", "--age", RECIPIENT_A, flag, "a", "f.bin"], {
      files: { "f.bin": "x" },
    });
    expect([run.code, run.stderr]).toEqual([0, expect.stringContaining(says)]);
    expect(run.stdout).not.toMatch(/_regex|_suffix/);
  });

  test("that were no binary files are not printed as ones", async () => {
    const { text } = await encrypt("a: 1\n", "yaml", { ...options, outputFormat: "binary" });
    const run = await runCli("sops decrypt f.bin", { files: { "f.bin": text }, env: { SOPS_AGE_KEY: IDENTITY_A } });
    expect([run.code, run.stdout, run.stderr]).toEqual([
      4,
      "",
      expect.stringContaining(
        "Error dumping file: error emitting binary store: no binary data found in tree\n\nThis is",
      ),
    ]);
  });
});

describe("flat formats", () => {
  const conversions: readonly { name: string; from: Format; text: string; to: Format; wanted: string }[] = [
    {
      name: "every type",
      from: "yaml",
      text: 'a: .inf\nb: .nan\nc: 1e6\nd: 0.5\ne: 2024-01-01T10:00:00.5+01:00\nf: -0.0\ng: null\nh: true\ni: 5\n# c\nj: "x\\ny"\n',
      to: "dotenv",
      wanted:
        "a=+Inf\nb=NaN\nc=1E+06\nd=0.5\ne=2024-01-01T10:00:00+01:00\nf=-0.0\ng=<nil>\nh=true\ni=5\n# c\nj=x\\ny\n",
    },
    { name: "only the first document", from: "yaml", text: "a: 1\n---\nb: 2\n", to: "dotenv", wanted: "a=1\n" },
    { name: "comments", from: "dotenv", text: "# c\nA=1\n", to: "yaml", wanted: '# c\nA: "1"\n' },
    {
      name: "comments of several lines",
      from: "ini",
      text: "# c1\n# c2\n[s]\n; k1\n; k2\na=1\n",
      to: "yaml",
      wanted: 'DEFAULT: {}\ns:\n    #c1\n    # c2\n    a: "1"\n    #k1\n    # ; k2\n',
    },
    { name: "a binary file as a value", from: "binary", text: "a\nb", to: "dotenv", wanted: "data=a\\nb\n" },
  ];
  test.each(conversions)("$from to $to: $name", async ({ from, text, to, wanted }) => {
    const { text: encrypted } = await encrypt(text, from, options);
    const { clearText } = await decrypt(encrypted, from, KEYS_A, { outputFormat: to });
    expect(clearText.revealText()).toBe(wanted);
  });

  test("an encrypted file of another format keeps its types", async () => {
    const { text } = await encrypt("a: 1\nb: 1.5\nc: x\n", "yaml", { ...options, outputFormat: "dotenv" });
    const { clearText } = await decrypt(text, "dotenv", KEYS_A, { outputFormat: "yaml" });
    expect(clearText.revealText()).toBe("a: 1\nb: 1.5\nc: x\n");
  });

  const refusals: readonly { name: string; text: string; to: Format; code: SopsErrorCode }[] = [
    { name: "a list in dotenv", text: "a: [1]\n", to: "dotenv", code: "SOPS_UNPRINTABLE" },
    { name: "a null that would be read as <nil>", text: "a: null\n", to: "dotenv", code: "SOPS_UNPRINTABLE" },
    {
      name: "a clear boolean, hashed in another way",
      text: "a_unencrypted: true\n",
      to: "dotenv",
      code: "SOPS_UNPRINTABLE",
    },
    {
      name: "a clear backslash and n, read as a line break",
      text: 'a_unencrypted: "x\\\\ny"\n',
      to: "dotenv",
      code: "SOPS_UNPRINTABLE",
    },
    { name: "a key that holds a line break", text: '"a\\nb": 1\n', to: "dotenv", code: "SOPS_UNPRINTABLE" },
    { name: "a key that holds =", text: "a=b: 1\n", to: "dotenv", code: "SOPS_UNPRINTABLE" },
    { name: "a key that looks like a comment", text: '"#a": 1\n', to: "dotenv", code: "SOPS_UNPRINTABLE" },
    { name: "a key that looks like metadata", text: "sops_a: 1\n", to: "dotenv", code: "SOPS_ALREADY_ENCRYPTED" },
    { name: "a list in a section", text: "s: {a: [1]}\n", to: "ini", code: "SOPS_UNPRINTABLE" },
    { name: "a value outside of sections", text: "a: 1\n", to: "ini", code: "SOPS_UNPRINTABLE" },
    { name: "a null in INI", text: "s: {a: null}\n", to: "ini", code: "SOPS_UNPRINTABLE" },
    { name: "a clear float in INI", text: "s: {a_unencrypted: 1.0}\n", to: "ini", code: "SOPS_UNPRINTABLE" },
    { name: "an empty key in INI", text: 's: {"": 1}\n', to: "ini", code: "SOPS_UNPRINTABLE" },
    { name: "an empty name of a section", text: '"": {a: 1}\n', to: "ini", code: "SOPS_UNPRINTABLE" },
    { name: "a section of two lines", text: '"s]\\nx=1\\n[t": {a: 1}\n', to: "ini", code: "SOPS_UNPRINTABLE" },
    { name: "a key of two lines", text: 's: {"a\\nb": 1}\n', to: "ini", code: "SOPS_UNPRINTABLE" },
    { name: "a section sops", text: "sops: {a: 1}\n", to: "ini", code: "SOPS_ALREADY_ENCRYPTED" },
    { name: "two documents as JSON", text: "a: 1\n---\nb: 2\n", to: "json", code: "SOPS_UNPRINTABLE" },
    { name: "two documents as INI", text: "s: {a: 1}\n---\nt: {b: 2}\n", to: "ini", code: "SOPS_UNPRINTABLE" },
    { name: "two documents", text: "a: 1\n---\nb: 2\n", to: "dotenv", code: "SOPS_UNPRINTABLE" },
  ];
  test.each(refusals)("$name is refused on encryption", async ({ text, to, code }) => {
    expect(await codeOf(encrypt(text, "yaml", { ...options, outputFormat: to }))).toBe(code);
  });

  const broken: readonly { name: string; change: [string | RegExp, string]; code: SopsErrorCode }[] = [
    { name: "a list with a gap", change: [/list_0/g, "list_1"], code: "SOPS_BAD_METADATA" },
    { name: "a line twice", change: [/^(sops_version=.*\n)/m, "$1$1"], code: "SOPS_BAD_METADATA" },
    { name: "a text that is also a list", change: [/^sops_mac=/m, "sops_age=x\nsops_mac="], code: "SOPS_BAD_METADATA" },
    {
      name: "a list that is also a mapping",
      change: [/^sops_mac=/m, "sops_age__map_a=x\n$&"],
      code: "SOPS_BAD_METADATA",
    },
    {
      name: "a list index that is none",
      change: ["age__list_0__map_enc", "age__list_00__map_enc"],
      code: "SOPS_BAD_METADATA",
    },
    {
      name: "an endless path",
      change: [/^sops_mac=/m, `sops_x${"__map_a".repeat(50)}=1\n$&`],
      code: "SOPS_BAD_METADATA",
    },
    { name: "no metadata", change: [/^sops_.*\n/gm, ""], code: "SOPS_NO_METADATA" },
    { name: "two values swapped", change: [/A=(.*)\nB=(.*)/, "A=$2\nB=$1"], code: "SOPS_WRONG_KEY_OR_ALTERED" },
    { name: "a removed line", change: [/^A=.*\n/, ""], code: "SOPS_MAC_MISMATCH" },
    { name: "a line in clear", change: [/^A=.*/, "A=x"], code: "SOPS_NOT_ENCRYPTED" },
    { name: "a line without =", change: [/^A=.*/, "A"], code: "SOPS_BAD_SYNTAX" },
  ];
  test.each(broken)("dotenv with $name is refused", async ({ change: [from, to], code }) => {
    const { text } = await encrypt("A=1\nB=2\n", "dotenv", options);
    const altered = text.replace(from, to);
    expect(altered).not.toBe(text);
    expect(await codeOf(decrypt(altered, "dotenv", KEYS_A))).toBe(code);
  });

  test("a line that is none is not repeated in the error", async () => {
    const error = await encrypt("A=1\nhunter2\n", "dotenv", options).catch((thrown: unknown) => thrown);
    expect(String(error)).toContain("line 2: it has no =");
    expect(JSON.stringify(error) + String(error)).not.toContain("hunter2");
  });

  const brokenIni: readonly { name: string; text: string }[] = [
    { name: "a section that is not closed", text: "[s\na=hunter2\n" },
    { name: "a section without a name", text: "[]\na=hunter2\n" },
    { name: "a line without a delimiter", text: "a=1\nhunter2\n" },
    { name: "no key", text: "=hunter2\n" },
    { name: "an empty key in quotes", text: "``=hunter2\n" },
    { name: "quotes of a key that are not closed", text: '"hunter2=1\n' },
    { name: "quotes of a value that are not closed", text: 'a="""hunter2\nb=1\n' },
    { name: "backticks that are not closed", text: "a=`hunter2\n" },
  ];
  test.each(brokenIni)("INI with $name is refused, and no line of it is shown", async ({ text }) => {
    const error = await encrypt(text, "ini", options).catch((thrown: unknown) => thrown);
    expect((error as { code: string }).code).toBe("SOPS_BAD_SYNTAX");
    expect(JSON.stringify(error) + String(error)).not.toContain("hunter2");
  });

  const lastingTexts = [
    { name: "a backslash at the end", value: "C:\\dir\\", printed: "`C:\\dir\\`" },
    { name: "double quotes around", value: '"x"', printed: '`"x"`' },
    { name: "single quotes around", value: "'x'", printed: "`'x'`" },
    { name: "three quotes and a break", value: 'a"""\nb', printed: '`a"""\nb`' },
    { name: "a mark of comments", value: "a;b", printed: "`a;b`" },
    { name: "a break", value: "a\nb", printed: '"""a\nb"""' },
    { name: "blanks around", value: " a ", printed: '" a "' },
    { name: "a backtick", value: "a`b", printed: '"""a`b"""' },
  ];
  test.each(lastingTexts)("INI keeps a text with $name, also in clear", async ({ value, printed }) => {
    const source = JSON.stringify({ DEFAULT: { a: value, b_unencrypted: value } });
    const { text } = await encrypt(source, "json", { ...options, outputFormat: "ini" });
    const { clearText } = await decrypt(text, "ini", KEYS_A);
    expect(clearText.revealText()).toBe(`a             = ${printed}\nb_unencrypted = ${printed}\n`);
    const again = await encrypt(clearText.reveal(), "ini", options);
    const json = await decrypt(again.text, "ini", KEYS_A, { outputFormat: "json" });
    expect(JSON.parse(json.clearText.revealText())).toEqual(JSON.parse(source));
  });

  test("INI metadata with real line breaks, as 3.13.0 wrote it, opens", async () => {
    const { text } = await encrypt("[s]\na=1\n", "ini", options);
    const old = text.replace(
      /(enc +=) (.*)/,
      (_, key: string, enc: string) => `${key} """${enc.replaceAll("\\n", "\n")}"""`,
    );
    expect(old).toContain('"""-----BEGIN AGE ENCRYPTED FILE-----\n');
    expect((await decrypt(old, "ini", KEYS_A)).clearText.revealText()).toBe("[s]\na = 1\n");
  });

  const extracts = [
    { args: ["--output-type", "dotenv"], path: '["A"]', code: 4, stdout: "" },
    { args: ["--output-type", "dotenv"], path: '["C"]', code: 0, stdout: "d=1\n" },
    { args: ["--output-type", "ini"], path: '["A"]', code: 0, stdout: "1" },
    { args: ["--output-type", "ini"], path: '["C"]', code: 4, stdout: "" },
    { args: ["--output-type", "binary"], path: '["A"]', code: 4, stdout: "" },
    { args: ["--output-type", "binary"], path: '["E"]', code: 0, stdout: "x" },
  ];
  test.each(extracts)("--extract $path $args", async ({ args, path, code, stdout }) => {
    const { text } = await encrypt("A: 1\nC: {d: 1}\nE: x\n", "yaml", options);
    const run = await runCli(["sops", "decrypt", "--extract", path, ...args, "f.yaml"], {
      files: { "f.yaml": text },
      env: { SOPS_AGE_KEY: IDENTITY_A },
    });
    expect([run.code, run.stdout]).toEqual([code, stdout]);
  });
});
