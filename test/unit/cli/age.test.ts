import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { makePassphrase } from "../../../cli/age/passphrase.ts";
import { parseGoFlags } from "../../../cli/go-flag.ts";
import { generateX25519Identity, parseIdentity } from "../../../src/age/index.ts";
import { runCli } from "../../helpers/run-cli.ts";

const SECRET = generateX25519Identity();
const NAME = parseIdentity(SECRET).name;
const OTHER = parseIdentity(generateX25519Identity()).name;
const KEYS = { "k.txt": `# mine\n${SECRET}\n`, "in.txt": "hello\n" };

describe("sealkit age", () => {
  test.each(["", "-a "])("encrypts and decrypts files (%j)", async (armor) => {
    const made = await runCli(`age ${armor}-r ${OTHER} -r ${NAME} -o out.age in.txt`, { files: KEYS });
    expect([made.code, made.stdout, made.stderr]).toEqual([0, "", ""]);
    const file = made.files["out.age"]?.bytes ?? new Uint8Array();
    const back = await runCli("age -d -i k.txt x.age", { files: { ...KEYS, "x.age": file } });
    expect([back.code, back.stdout, back.stderr]).toEqual([0, "hello\n", ""]);
  });

  test("a damaged file leaves what was there, and nothing beside it", async () => {
    const input = "z".repeat(200_000);
    const made = await runCli(`age -r ${NAME}`, { stdin: input });
    const files = { ...KEYS, "x.age": made.stdoutBytes.subarray(0, 150_000), "out.txt": "before" };
    const back = await runCli("age -d -i k.txt -o out.txt x.age", { files });
    expect(back.code).toBe(1);
    expect(back.stderr).toMatch(/^age: error: failed to decrypt and authenticate payload chunk/);
    expect(back.files["out.txt"]?.text).toBe("before");
    expect(Object.keys(back.files).sort()).toEqual(["in.txt", "k.txt", "out.txt", "x.age"]);
  });

  test("an interrupt takes away what is not whole", async () => {
    const interrupt = new AbortController();
    const folder = mkdtempSync(join(tmpdir(), "sealkit-age-"));
    try {
      const endless = Readable.from(
        (async function* () {
          for (let piece = 0; ; piece++) {
            if (piece === 3) interrupt.abort();
            yield Buffer.alloc(100_000);
            await new Promise((resolve) => setTimeout(resolve, piece < 3 ? 0 : 60_000).unref());
          }
        })(),
      );
      const options = { cwd: folder, signal: interrupt.signal };
      const run = await runCli(`age -r ${NAME} -o out.age`, { ...options, stdin: endless });
      expect([run.code, run.stderr, Object.keys(run.files)]).toEqual([130, "error: Interrupted\n", []]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test("a new output has usual rights, one that is replaced keeps its own", async () => {
    const made = await runCli(`age -r ${NAME} -o k.txt in.txt`, { files: KEYS });
    expect(made.files["k.txt"]?.mode).toBe(0o644 & ~process.umask());
    expect(made.files["k.txt"]?.text).toMatch(/^age-encryption/);
  });

  test("binary does not go to a terminal unless told to", async () => {
    const refused = await runCli(`age -r ${NAME} in.txt`, { files: KEYS, tty: true });
    expect([refused.code, refused.stdout]).toEqual([1, ""]);
    expect(refused.stderr).toContain("refusing to output binary to the terminal");
    for (const line of [`age -a -r ${NAME} in.txt`, `age -o - -r ${NAME} in.txt`]) {
      expect((await runCli(line, { files: KEYS, tty: true })).code).toBe(0);
    }
  });

  test("no message repeats a secret key", async () => {
    for (const line of [
      `age -r ${SECRET} in.txt`,
      `age -R k.txt in.txt`,
      "age -d -i in.txt k.txt",
      "age -d -i k.txt k.txt",
      `age -d ${SECRET}`,
    ]) {
      const { code, stdout, stderr } = await runCli(line, { files: KEYS });
      expect(code).toBe(1);
      expect(stdout + stderr).not.toContain(SECRET.slice(16, 40));
    }
  });

  test.each([
    { line: "age", code: 1 },
    { line: "age -h", code: 0 },
    { line: "age --nope", code: 2 },
    { line: "age -j yubikey -e in.txt", code: 1 },
    { line: "age-keygen -pq -y k.txt", code: 1 },
    { line: "age-keygen --nope", code: 2 },
    { line: "age-keygen -h", code: 0 },
  ])("$line ends with $code and writes only to stderr", async ({ line, code }) => {
    const run = await runCli(line, { files: KEYS });
    expect([run.code, run.stdout]).toEqual([code, ""]);
    expect(run.stderr).not.toBe("");
  });
});

describe("sealkit age-keygen", () => {
  test("makes a key file that only its owner can read, and never writes over one", async () => {
    const made = await runCli("age-keygen -o new.txt", { now: 1_770_000_000_000 });
    const text = made.files["new.txt"]?.text ?? "";
    expect(made.files["new.txt"]?.mode).toBe(0o600);
    expect(text).toMatch(/^# created: 2026-02-0\dT\d\d:40:00\S+\n# public key: age1\w{58}\nAGE-SECRET-KEY-1\w{58}\n$/);
    expect(made.stderr).toBe(`Public key: ${/age1\w+/.exec(text)?.[0]}\n`);
    const again = await runCli("age-keygen -o new.txt", { files: { "new.txt": text } });
    expect([again.code, again.files["new.txt"]?.text]).toEqual([1, text]);
  });

  test("-y prints recipients; a bad file leaves no output", async () => {
    expect((await runCli("age-keygen -y k.txt", { files: KEYS })).stdout).toBe(`${NAME}\n`);
    const bad = await runCli("age-keygen -y -o out in.txt", { files: KEYS });
    expect([bad.code, Object.keys(bad.files).sort()]).toEqual([1, ["in.txt", "k.txt"]]);
  });
});

describe("parseGoFlags()", () => {
  const flags = [
    { names: ["out", "o"], kind: "text" },
    { names: ["r"], kind: "list" },
    { names: ["a"], kind: "bool" },
  ] as const;

  test("one dash or two, with = or without, and the first word ends the flags", () => {
    const parsed = parseGoFlags(flags, ["-o", "x", "--out=y", "-r", "1", "--r=2", "-a", "-a=false", "word", "-a"]);
    if ("problem" in parsed) throw new Error(parsed.message);
    expect([parsed.texts("out"), parsed.texts("r"), parsed.has("a"), parsed.args]).toEqual([
      ["y"],
      ["1", "2"],
      false,
      ["word", "-a"],
    ]);
  });

  test.each([
    { words: ["-x"], message: "flag provided but not defined: -x" },
    { words: ["--oo=1"], message: "flag provided but not defined: -oo" },
    { words: ["-o"], message: "flag needs an argument: -o" },
    { words: ["-a=maybe"], message: 'invalid boolean value "maybe" for -a: parse error' },
    { words: ["---a"], message: "bad flag syntax: ---a" },
    { words: ["-=x"], message: "bad flag syntax: -=x" },
  ])("$words is refused", ({ words, message }) => {
    expect(parseGoFlags(flags, words)).toMatchObject({ problem: "usage", message });
  });
});

test.each([
  { line: "age --recipiant x", says: "hint: did you mean: --recipient\n" },
  { line: "age-keygen --outptu x", says: "hint: did you mean: --output\n" },
  { line: "sops encrypt --agee x f.yaml", says: "hint: did you mean: --age\n" },
])("$line: the flag that was meant", async ({ line, says }) => {
  const { stderr } = await runCli(line);
  expect(stderr.endsWith(says)).toBe(true);
});

test.each(["age -x", "age --nothing-like-it"])("%s: no flag is near", async (line) => {
  expect((await runCli(line)).stderr).not.toContain("did you mean");
});

test("a made-up passphrase has ten words that hold every bit", () => {
  const words = new Set<string>();
  for (let at = 0; at < 65_536; at++) words.add(makePassphrase(Uint8Array.of(at >>> 8, at & 255)));
  expect(words.size).toBe(65_536);
  expect(makePassphrase(new Uint8Array(20)).split("-")).toHaveLength(10);
});

test.each(["canary-71c3\n", "canary", "# created: canary-71c3, and more\n"])(
  "what is no age file is not shown: %j",
  async (text) => {
    for (const line of ["age -d -i k.txt clear", "age-inspect clear"]) {
      const { code, stderr } = await runCli(line, { files: { ...KEYS, clear: text } });
      expect([code, stderr.includes('intro, expected "age-encryption.org/v1\\n"')]).toEqual([1, true]);
      expect(stderr).not.toContain("canary");
    }
  },
);
