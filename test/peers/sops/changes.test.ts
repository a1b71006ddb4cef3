import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { encrypt } from "../../../src/sops/index.ts";
import { runCli } from "../../helpers/run-cli.ts";
import { IDENTITY_A, IDENTITY_B, RECIPIENT_A, RECIPIENT_B } from "../../helpers/sops.ts";
import { compare, folder, place, type Row } from "./compare.ts";
import { original } from "./original.ts";

afterAll(() => folder.end());

const A = RECIPIENT_A;
const B = RECIPIENT_B;
const PLAIN = `# first
a: 1
b:
    c: x # beside
    d: 1.5
l:
    - same
    - same
    # in a list
    - t: true
e: ""
n: null
when: 2024-01-01
clear_unencrypted: seen
`;
const ENC = await seal(PLAIN, [A]);
const OLD = ENC.replace("version: 3.13.3", "version: 3.9.0").replace("    unencrypted_suffix: _unencrypted\n", "");

async function seal(text: string, recipients: readonly string[]): Promise<string> {
  return (await encrypt(text, "yaml", { recipients, now: 0 })).text;
}

const bad = (text: string) => ENC.replace(/(mac: ENC\[AES256_GCM,data:)../, `$1${text}`);
const TWO = await seal(PLAIN, [A, B]);
const JSON_FILE = (await encrypt('{"a": 1, "b": [2, {"c": "x"}]}', "json", { recipients: [A], now: 0 })).text;
const rules = (...recipients: string[]) => ({ ".sops.yaml": `creation_rules:\n  - age: [${recipients.join(", ")}]\n` });

describe("rotate", () => {
  const rows: readonly Row[] = [
    { name: "to standard output", args: ["rotate", "f.yaml"], files: { "f.yaml": ENC } },
    { name: "in place", args: ["rotate", "-i", "f.yaml"], files: { "f.yaml": ENC } },
    { name: "a private file", args: ["rotate", "-i", "private.yaml"], files: { "private.yaml": ENC } },
    { name: "through a link", args: ["rotate", "-i", "l.yaml"], files: { "f.yaml": ENC, "l.yaml": "-> f.yaml" } },
    { name: "to a file", args: ["rotate", "--output", "out.yaml", "f.yaml"], files: { "f.yaml": ENC } },
    { name: "to JSON", args: ["rotate", "--output-type", "json", "f.yaml"], files: { "f.yaml": ENC } },
    { name: "a JSON file", args: ["rotate", "f.json"], files: { "f.json": JSON_FILE } },
    { name: "a file of an older version", args: ["rotate", "f.yaml"], files: { "f.yaml": OLD } },
    { name: "more recipients", args: ["rotate", "--add-age", `${B}, ${A}`, "f.yaml"], files: { "f.yaml": ENC } },
    { name: "one recipient less", args: ["rotate", "--rm-age", A, "f.yaml"], files: { "f.yaml": TWO } },
    { name: "one for another", args: ["rotate", "--rm-age", A, "--add-age", B, "f.yaml"], files: { "f.yaml": ENC } },
    { name: "nobody left", args: ["rotate", "-i", "--rm-age", A, "f.yaml"], files: { "f.yaml": ENC } },
    {
      name: "a recipient that is none",
      args: ["rotate", "-i", "--add-age", "foo", "f.yaml"],
      files: { "f.yaml": ENC },
    },
    { name: "recipients of no file", args: ["rotate", "--add-age", B, "f.yaml"], files: {} },
    { name: "no file", args: ["rotate", "f.yaml"], files: {} },
    { name: "a folder", args: ["rotate", "d"], files: { "d/f.yaml": ENC } },
    { name: "two targets", args: ["rotate", "-i", "--output", "out.yaml", "f.yaml"], files: { "f.yaml": ENC } },
    { name: "a damaged MAC", args: ["rotate", "-i", "f.yaml"], files: { "f.yaml": bad("++") } },
    { name: "the old form", args: ["-r", "-i", "--add-age", B, "f.yaml"], files: { "f.yaml": ENC } },
    { name: "the old form, decrypting too", args: ["-d", "-r", "f.yaml"], files: { "f.yaml": ENC } },
    { name: "no such flag", args: ["rotate", "--ignore-mac", "f.yaml"], files: { "f.yaml": ENC } },
  ];
  test.each(rows)("$name", async (row) => {
    if (row.args.includes("--ignore-mac")) {
      const run = await runCli(["sops", ...row.args], { files: { ...row.files } });
      expect([run.code, run.stdout.split("\n")[0]]).toEqual([
        1,
        "Incorrect Usage: flag provided but not defined: -ignore-mac",
      ]);
    } else await compare(row);
  });

  test("the original reads what was rotated, and both keep every IV", async () => {
    const cwd = place({ "f.yaml": ENC, "g.yaml": ENC });
    const env = { SOPS_AGE_KEY: IDENTITY_A };
    expect((await runCli("sops rotate -i f.yaml", { cwd, env })).code).toBe(0);
    expect((await original(["rotate", "-i", "g.yaml"], { cwd, env })).code).toBe(0);
    const [ours, theirs] = ["f.yaml", "g.yaml"].map((name) => readFileSync(join(cwd, name), "utf8"));
    expect(ivs(ours)).toEqual(ivs(theirs));
    const before = await original(["decrypt", "g.yaml"], { cwd, env });
    expect((await original(["decrypt", "f.yaml"], { cwd, env })).stdout).toBe(before.stdout);
  });
});

/** The IVs of all values; the MAC has a new one with each time. */
function ivs(text: string | undefined): string[] {
  return [...(text ?? "").replace(/mac: .*/, "").matchAll(/,iv:([^,]*),/g)].map((match) => match[1] ?? "");
}

describe("updatekeys", () => {
  const rows: readonly Row[] = [
    { name: "one more", args: ["updatekeys", "-y", "f.yaml"], files: { "f.yaml": ENC, ...rules(B, A) } },
    { name: "one less", args: ["updatekeys", "f.yaml", "-y"], files: { "f.yaml": TWO, ...rules(B) } },
    { name: "another order", args: ["updatekeys", "-y", "f.yaml"], files: { "f.yaml": TWO, ...rules(B, A) } },
    { name: "twice in the rule", args: ["updatekeys", "-y", "f.yaml"], files: { "f.yaml": ENC, ...rules(B, A, B) } },
    { name: "an older file", args: ["updatekeys", "-y", "f.yaml"], files: { "f.yaml": OLD, ...rules(A, B) } },
    { name: "a damaged MAC", args: ["updatekeys", "-y", "f.yaml"], files: { "f.yaml": bad("++"), ...rules(A, B) } },
    { name: "JSON", args: ["updatekeys", "-y", "f.json"], files: { "f.json": JSON_FILE, ...rules(A, B) } },
    { name: "a private file", args: ["updatekeys", "-y", "private.yaml"], files: { "private.yaml": ENC, ...rules(B) } },
    {
      name: "a threshold without meaning",
      args: ["updatekeys", "-y", "f.yaml"],
      files: { "f.yaml": ENC.replace("    unencrypted", "    shamir_threshold: 2\n    unencrypted"), ...rules(A, B) },
    },
    { name: "no creation rules", args: ["updatekeys", "-y", "f.yaml"], files: { "f.yaml": ENC, ".sops.yaml": "{}\n" } },
    { name: "a rule without keys", args: ["updatekeys", "-y", "f.yaml"], files: { "f.yaml": ENC, ...rules() } },
    { name: "a recipient that is none", args: ["updatekeys", "-y", "f.yaml"], files: { "f.yaml": ENC, ...rules("x") } },
    { name: "no configuration", args: ["updatekeys", "-y", "f.yaml"], files: { "f.yaml": ENC } },
    { name: "no configuration and no file", args: ["updatekeys"], files: {} },
    ...["y", "n", "Y", "yes\ny", "y n", "", " y ", "no"].map((answer) => ({
      name: `the answer ${JSON.stringify(answer)}`,
      args: ["updatekeys", "f.yaml"],
      files: { "f.yaml": ENC, ...rules(A, B) },
      stdin: `${answer}\n`,
    })),
    { name: "an answer cut off", args: ["updatekeys", "f.yaml"], files: { "f.yaml": ENC, ...rules(A, B) }, stdin: "y" },
  ];
  test.each(rows)("$name", async (row) => {
    await compare(row);
  });

  test("touches nothing but the keys, and the new recipient can read the file", async () => {
    const cwd = place({ "f.yaml": ENC, ...rules(A, B) });
    expect((await runCli("sops updatekeys -y f.yaml", { cwd, env: { SOPS_AGE_KEY: IDENTITY_A } })).code).toBe(0);
    const after = readFileSync(join(cwd, "f.yaml"), "utf8");
    const rest = (text: string) => text.replace(/ {4}age:\n( {8}.*\n)+/, "");
    expect(rest(after)).toBe(rest(ENC));
    writeFileSync(join(cwd, ".sops.yaml"), "");
    expect((await original(["decrypt", "f.yaml"], { cwd, env: { SOPS_AGE_KEY: IDENTITY_B } })).code).toBe(0);
  });
});

describe("filestatus", () => {
  const files: Record<string, string> = {
    encrypted: ENC,
    clear: PLAIN,
    "without MAC": ENC.replace(/ {4}mac: .*\n/, ""),
    "without keys": ENC.replace(/ {4}age:\n( {8}.*\n)+/, ""),
    "without version": ENC.replace(/ {4}version: .*\n/, ""),
    "with a text in the place of the metadata": "sops: x\n",
    empty: "",
    "not YAML": "a: [\n",
  };
  test.each(Object.entries(files))("%s", async (_, text) => {
    await compare({ name: "", args: ["filestatus", "f.yaml"], files: { "f.yaml": text } });
  });
});

describe("set and unset", () => {
  const set = (path: string, value: string, ...flags: string[]) => ["set", ...flags, "f.yaml", path, value];
  const calls: readonly { args: readonly string[]; ourCode?: number; stdin?: string }[] = [
    { args: set('["a"]', "2") },
    { args: set('["a"]', "1") },
    { args: set('["a"]', "1", "--idempotent") },
    { args: set('["b"]["c"]', '"x"', "--idempotent") },
    { args: set('["b"]', '{"c": "x", "d": 1.5}', "--idempotent") },
    { args: set('["l"][1]', '"same"') },
    { args: set('["l"][2]', '"for the comment"') },
    { args: set('["l"][3]["t"]', "null") },
    { args: set('["l"][99]["new"][3]', '{"z": [1, 2.0, true, null, {"y": ""}], "a": {}}') },
    { args: set('["a"]["x"]', "-0") },
    { args: set('["n"]["x"]', '"\\u00e9\\ud83d\\ude00"') },
    { args: set('["e"]', '""', "--idempotent") },
    { args: set('["q"][-1]', "1e21") },
    { args: set('["l"]', "[]") },
    { args: set('["a"]', "1e400") },
    { args: set('["a"]', "{'x': 1}") },
    { args: set('["a"]', '"x" ', "--value-file") },
    { args: set('["a', "1") },
    { args: set("[]", "1") },
    { args: set('["sops"]', "1") },
    { args: set('["b"][0]', "1"), ourCode: 2 },
    { args: set('["a"]', "1", "--output-type", "json") },
    { args: ["set", "f.yaml", '["a"]', "--value-stdin"], stdin: ' {"k": "v"}\n' },
    { args: ["set", "--value-stdin", "f.yaml", '["a"]', "1"], stdin: "1" },
    { args: ["--set", '["a"] "v"', "f.yaml"] },
    { args: ["--set", '["a"]"v"', "f.yaml"] },
    { args: ["-d", "--set", '["new"]["x y"] 1', "f.yaml"] },
    { args: ["unset", "f.yaml", '["a"]'] },
    { args: ["unset", "f.yaml", '["b"]["c"]'] },
    { args: ["unset", "f.yaml", '["l"][0]'] },
    { args: ["unset", "f.yaml", '["l"][3]["t"]'] },
    { args: ["unset", "f.yaml", '["l"][4]', "--idempotent"] },
    { args: ["unset", "f.yaml", '["a"]["x"]', "--idempotent"] },
    { args: ["unset", "f.yaml", '["n"]["x"]'] },
    { args: ["unset", "f.yaml", '["sops"]'] },
    { args: ["unset", "f.yaml", ""] },
    { args: ["unset", "f.yaml", '["a"]', "x"] },
  ];
  test.each(calls.map((call) => ({ name: call.args.join(" "), ...call })))("$name", async (call) => {
    await compare({ ...call, files: { "f.yaml": ENC } });
  });

  test.each([
    ["set", "f.yaml", '["b"]["c"]', '"x"'],
    ["set", "f.yaml", '["n"]', '""'],
    ["unset", "f.yaml", '["when"]'],
    ["set", "f.yaml", '["l"][0]', '"same"'],
  ])("%s %s %s leaves the same bytes as the original", async (...args) => {
    const [theirs, ours] = [place({ "f.yaml": OLD }), place({ "f.yaml": OLD })];
    const env = { SOPS_AGE_KEY: IDENTITY_A };
    expect((await original(args, { cwd: theirs, env })).code).toBe(0);
    expect((await runCli(["sops", ...args], { cwd: ours, env })).code).toBe(0);
    const [wanted, got] = [theirs, ours].map((path) =>
      readFileSync(join(path, "f.yaml"), "utf8").replace(/ {4}(mac|lastmodified): .*\n/g, ""),
    );
    expect(got).toBe(wanted);
    expect((await original(["decrypt", "f.yaml"], { cwd: ours, env })).code).toBe(0);
  });
});

describe("exec-env", () => {
  const FLAT = 'A: 1\nB: "x \\"y\\" $HOME"\nC: 1.0e+21\nD: 2024-01-01\nE: ""\nF: null\n_G: .inf\n';
  const rows: readonly { name: string; text?: string; args: readonly string[] }[] = [
    { name: "all kinds of values", args: ['printf "%s|" "$A" "$B" "$C" "$D" "$E" "$F" "$_G"'] },
    { name: "a status", args: ["exit 3"] },
    { name: "a signal", args: ["kill -TERM $$"] },
    { name: "nothing else with --pristine", args: ['echo "$A $SOPS_AGE_KEY"', "--pristine"] },
    { name: "a name with =", text: '"a=b": 1\n', args: ["true"] },
    { name: "a list", text: "a: 1\nl: []\n", args: ["true"] },
    { name: "only the first document", text: "a: 1\n---\nb: {}\n", args: ['echo "$a"'] },
    { name: "a NUL", text: 'a: "x\\0y"\n', args: ["true"] },
    { name: "no command", args: [] },
  ];
  test.each(rows)("$name", async ({ name, text = FLAT, args: [line, ...flags] }) => {
    const args = ["exec-env", ...flags, "f.yaml", ...(line === undefined ? [] : [line])];
    await compare({ name, args, files: { "f.yaml": await seal(text, [A]) } });
  });
});
