import { describe, expect, test } from "vitest";
import {
  decryptBytes,
  encryptBytes,
  generateX25519Identity,
  parseIdentity,
  parseRecipient,
} from "../../../src/age/index.ts";
import { runCli } from "../../helpers/run-cli.ts";

const SECRET = generateX25519Identity();
const identity = parseIdentity(SECRET);
const NAME = identity.name;
const recipient = parseRecipient(NAME);
const bytes = (text: string) => new TextEncoder().encode(text);
const sealed = (text: string) => encryptBytes(bytes(text), [recipient]);
const KEY = { "k.txt": `${SECRET}\n` };

describe("many files", () => {
  test("are encrypted into a folder that is made, and decrypted again", async () => {
    const files = { ...KEY, a: "one", b: "two", "deep/c": "x".repeat(1_500_000) };
    const made = await runCli(`age -r ${NAME} -o out/ a b deep`, { files });
    expect([made.code, made.stdout, made.stderr]).toEqual([0, "", "age: 3 files encrypted into out/\n"]);
    expect(
      Object.keys(made.files)
        .filter((path) => path.startsWith("out"))
        .sort(),
    ).toEqual(["out/a.age", "out/b.age", "out/c.age"]);
    const encrypted = Object.fromEntries(
      Object.entries(made.files)
        .filter(([path]) => path.startsWith("out"))
        .map(([path, file]) => [path, file.bytes]),
    );
    const back = await runCli("age -d -i k.txt -o back/ out", { files: { ...KEY, ...encrypted } });
    expect([back.code, back.stderr]).toEqual([0, "age: 3 files decrypted into back/\n"]);
    expect(back.files["back/a"]?.text).toBe("one");
    expect(back.files["back/c"]?.text).toBe(files["deep/c"]);
    for (const name of ["a", "c"]) expect(back.files[`back/${name}`]?.mode).toBe(0o600);
  });

  test("armor, and a folder that is there", async () => {
    const made = await runCli(`age -a -r ${NAME} -o out a b`, { files: { a: "one", b: "two", "out/x": "" } });
    expect(made.files["out/a.age"]?.text).toMatch(/^-----BEGIN AGE/);
    expect((await decryptBytes(made.files["out/b.age"]?.bytes ?? bytes(""), [identity])).revealText()).toBe("two");
  });

  test("one that fails does not stop the others", async () => {
    const whole = await sealed("bad");
    const damaged = whole.with(-1, (whole.at(-1) ?? 0) ^ 1);
    const files = {
      ...KEY,
      "a.age": await sealed("one"),
      "b.age": damaged,
      "c.age": await sealed("three"),
      d: "plain",
    };
    const run = await runCli("age -d -i k.txt -o out/ a.age b.age c.age d missing.age", { files });
    expect(run.code).toBe(1);
    expect(run.stderr).toBe(
      "age: error: d: its name does not end in .age\n".concat(
        "age: error: missing.age: open missing.age: no such file or directory\n",
        "age: error: b.age: failed to decrypt and authenticate payload chunk, file may be corrupted or tampered with\n",
        "age: 2 files decrypted into out/, 3 failed\n",
      ),
    );
    expect(
      Object.keys(run.files)
        .filter((path) => path.startsWith("out"))
        .sort(),
    ).toEqual(["out/a", "out/c"]);
  });

  test("nothing is overwritten unless told", async () => {
    const files = { a: "new", b: "other", "out/a.age": "before" };
    const kept = await runCli(`age -r ${NAME} -o out a b`, { files });
    expect([kept.code, kept.stderr]).toEqual([
      1,
      "age: error: a: out/a.age: file exists\nage: 1 file encrypted into out, 1 failed\n",
    ]);
    expect(kept.files["out/a.age"]?.text).toBe("before");
    const forced = await runCli(`age --force -r ${NAME} -o out a b`, { files });
    expect([forced.code, forced.files["out/a.age"]?.text.slice(0, 18)]).toEqual([0, "age-encryption.org"]);
  });

  test("two inputs with one name: the second is refused", async () => {
    const run = await runCli(`age -r ${NAME} -o out/ x/a y/a`, { files: { "x/a": "one", "y/a": "two" } });
    expect([run.code, run.stderr]).toEqual([
      1,
      "age: error: y/a: out/a.age is the result of another file\nage: 1 file encrypted into out/, 1 failed\n",
    ]);
    expect((await decryptBytes(run.files["out/a.age"]?.bytes ?? bytes(""), [identity])).revealText()).toBe("one");
    expect(Object.keys(run.files).length).toBe(3);
  });

  test("in folders, what is encrypted already is passed over, and so is the folder of the results", async () => {
    const files = { "in/a": "one", "in/b.age": "x", "in/out/old.age": "y" };
    const run = await runCli(`age -r ${NAME} -o in/out in`, { files });
    expect([run.code, run.stderr]).toEqual([0, "age: 1 file encrypted into in/out, 1 passed over\n"]);
    expect(Object.keys(run.files).sort()).toEqual(["in/a", "in/b.age", "in/out/a.age", "in/out/old.age"]);
  });

  test("for programs", async () => {
    const run = await runCli(`age --format json -r ${NAME} -o out/ a missing`, { files: { a: "one" } });
    expect(JSON.parse(run.stdout)).toEqual({
      encrypted: 1,
      failed: 1,
      passedOver: 0,
      files: [{ input: "a", output: "out/a.age" }],
      errors: [{ input: "missing", error: "open missing: no such file or directory" }],
    });
  });

  test("an interrupt leaves whole results only", async () => {
    const interrupt = new AbortController();
    interrupt.abort();
    const run = await runCli(`age -r ${NAME} -o out/ a b`, { files: { a: "1", b: "2" }, signal: interrupt.signal });
    expect([run.code, Object.keys(run.files)]).toEqual([130, ["a", "b"]]);
  });

  test.each([
    { line: `age -r ${NAME} --format yaml -o out/ a b`, says: 'unknown --format "yaml"' },
    { line: `age -r ${NAME} --force a`, says: "--force is for many files" },
    { line: `age -r ${NAME} --format json -o x a`, says: "--format is for many files" },
    { line: `age -r ${NAME} a b`, says: 'too many INPUT arguments: "a" "b"' },
    { line: `age -r ${NAME} -o x a b`, says: "too many INPUT arguments" },
    { line: "age -o out/ a b", says: "missing recipients" },
    { line: "age -d -a -o out/ a b", says: "-a/--armor can't be used with -d" },
  ])("refused: $line", async ({ line, says }) => {
    const run = await runCli(line, { files: { a: "1", b: "2" } });
    expect([run.code, run.stderr.split("\n")[0]]).toEqual([1, expect.stringContaining(says)]);
  });
});
