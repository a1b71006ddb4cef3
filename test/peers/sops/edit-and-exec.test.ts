import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encrypt, type Format } from "../../../src/sops/index.ts";
import { IDENTITY_A, IDENTITY_B, RECIPIENT_A, RECIPIENT_B } from "../../helpers/sops.ts";
import { compare, folder, type Row } from "./compare.ts";

afterAll(() => folder.end());

const A = RECIPIENT_A;
const B = RECIPIENT_B;
const now = Date.UTC(2026, 10, 20);
const PLAIN = '# first\na: 1\nb:\n    c: x # beside\nl:\n    - p\n    - 2.5\ne: ""\nn: null\nclear_unencrypted: seen\n';
const sealed: Record<string, string> = {};

beforeAll(async () => {
  const texts: readonly (readonly [string, string, Format])[] = [
    ["f.yaml", PLAIN, "yaml"],
    ["multi.yaml", "a: 1\n---\nb: 2\n", "yaml"],
    ["f.json", '{"a": 1, "b": {"c": "x"}, "l": [true, 2.5]}', "json"],
    ["f.env", "# c\nA=1\nB=x y\n", "dotenv"],
    ["f.ini", "; c\n[s]\na=1\nb=x\n", "ini"],
    ["f.bin", "x\u0000y\n", "binary"],
    ["flat.yaml", 'A: 1\nB: x y\nC: true\nD: 1e21\nE: ""\nF: null\n', "yaml"],
  ];
  for (const [name, text, format] of texts) {
    sealed[name] = (await encrypt(text, format, { recipients: [A], now })).text;
  }
  const groups = async (...recipientGroups: string[][]) =>
    (await encrypt(PLAIN, "yaml", { recipientGroups, shamirThreshold: 2, now })).text;
  sealed["three.yaml"] = await groups([A], [B], [A, B]);
  sealed["two.yaml"] = await groups([A], [B]);
  sealed["old.yaml"] = (sealed["f.yaml"] ?? "")
    .replace("version: 3.13.3", "version: 3.8.1")
    .replace(/ {4}unencrypted_suffix.*\n/, "");
  sealed["newer.yaml"] = (sealed["f.yaml"] ?? "").replace("version: 3.13.3", "version: 3.99.0");
  sealed["badmac.yaml"] = (sealed["f.yaml"] ?? "").replace(/(mac: ENC\[AES256_GCM,data:)../, "$1++");
  sealed["selected.yaml"] = (
    await encrypt(PLAIN, "yaml", { recipients: [A], now, selector: { kind: "encrypted_regex", pattern: "^b$" } })
  ).text;
});

type Case = Omit<Row, "files"> & { readonly files?: Row["files"] };

async function run({ files = {}, env, ...row }: Case): Promise<void> {
  const used = Object.fromEntries(
    Object.entries(sealed).filter(([name]) => row.args.some((word) => word.endsWith(name))),
  );
  await compare({ ...row, files: { ...used, ...files }, env: { SOPS_AGE_KEY: IDENTITY_A, ...env } });
}

/** An edit with a script as editor; `$1` is the file. */
const edit = (name: string, args: readonly string[], script: string, more: Partial<Case> = {}): Case => ({
  name,
  args,
  ...more,
  files: { "ed.sh": script, ...more.files },
  env: { EDITOR: "sh ./ed.sh", ...more.env },
});

describe("edit", () => {
  const rules = { ".sops.yaml": `creation_rules:\n  - age: ${B}\n    encrypted_regex: ^example_key$\n` };
  const rows: readonly Case[] = [
    edit("a value", ["edit", "f.yaml"], 'sed -i "s/c: x/c: new/" "$1"'),
    edit("without a command", ["f.yaml"], 'sed -i "s/c: x/c: new/" "$1"'),
    edit("what is shown", ["edit", "f.yaml"], 'cat "$1"; basename "$1"; stat -c %a "$1" "$(dirname "$1")"; exit 1'),
    edit("with its metadata", ["edit", "-s", "f.yaml"], 'cat "$1"; exit 1'),
    edit("with its metadata, without a command", ["-s", "f.json"], 'cat "$1"; exit 1'),
    edit("nothing", ["edit", "f.yaml"], ":"),
    edit("only the time of the file", ["edit", "f.yaml"], 'touch "$1"'),
    edit("layout", ["edit", "f.yaml"], `printf 'a:   1\\nb: {c: x}\\n' > "$1"`),
    edit("a comment", ["edit", "f.yaml"], 'echo "# more" >> "$1"'),
    edit("JSON", ["edit", "f.json"], `sed -i 's/"x"/"y"/' "$1"`),
    edit("dotenv", ["edit", "f.env"], 'echo N=1 >> "$1"'),
    edit("INI", ["edit", "f.ini"], 'echo "n = 1" >> "$1"'),
    edit("any bytes", ["edit", "f.bin"], `printf 'new\\000' > "$1"`),
    edit("several documents", ["edit", "multi.yaml"], 'echo "c: 3" >> "$1"'),
    edit("a file of an older version", ["edit", "old.yaml"], 'sed -i "s/c: x/c: new/" "$1"'),
    edit("a file of a newer version", ["edit", "newer.yaml"], 'sed -i "s/c: x/c: new/" "$1"'),
    edit("a file with a selector", ["edit", "selected.yaml"], 'sed -i "s/c: x/c: new/" "$1"'),
    edit(
      "flags for new files",
      ["edit", "f.yaml", "--age", B, "--encrypted-regex", "x"],
      'sed -i "s/c: x/c: new/" "$1"',
    ),
    edit("a MAC that does not fit", ["edit", "badmac.yaml"], 'sed -i "s/c: x/c: new/" "$1"'),
    edit("a MAC that does not fit, ignored", ["edit", "--ignore-mac", "badmac.yaml"], 'sed -i "s/c: x/c: new/" "$1"'),
    edit("without a key", ["edit", "f.yaml"], ":", { env: { SOPS_AGE_KEY: IDENTITY_B } }),
    edit(
      "mended at the second try",
      ["edit", "f.yaml"],
      'if [ -e again ]; then echo "z: 1" > "$1"; else touch again; echo "z: [" > "$1"; fi',
      { stdin: "\n" },
    ),
    edit(
      "twice refused",
      ["edit", "f.yaml"],
      'echo >> n; case $(wc -l < n) in 1) echo "sops: 1" > "$1";; 2) : > "$1";; *) echo "z: 1" > "$1";; esac',
      { stdin: "\n\n" },
    ),
    edit(
      "taken back",
      ["edit", "f.yaml"],
      'if [ -e was ]; then cat was > "$1"; rm was; else cat "$1" > was; echo "z: [" > "$1"; fi',
      { stdin: "\n" },
    ),
    edit("a second word", ["edit", "f.yaml", "g.yaml"], 'sed -i "s/c: x/c: new/" "$1"'),
    edit("an indent", ["--indent", "2", "edit", "f.yaml"], 'cat "$1"; sed -i "s/c: x/c: new/" "$1"'),
    edit("an indent of the configuration", ["edit", "f.json"], `cat "$1"; sed -i 's/"x"/"y"/' "$1"`, {
      files: { ".sops.yaml": "stores: {json: {indent: 3}}\n" },
    }),
    edit("no editor that can be started", ["edit", "f.yaml"], ":", { env: { EDITOR: "/none/editor -x" } }),
    edit("no such editor", ["edit", "f.yaml"], ":", { env: { EDITOR: "no-such-editor" } }),
    edit("an open quote", ["edit", "f.yaml"], ":", { env: { EDITOR: "sh 'x" } }),
    edit("the editor of sops", ["edit", "f.yaml"], 'sed -i "s/c: x/c: new/" "$1"', {
      env: { SOPS_EDITOR: "sh ./ed.sh", EDITOR: "false" },
    }),
    edit("an empty variable", ["edit", "f.yaml"], 'sed -i "s/c: x/c: new/" "$1"', { env: { SOPS_EDITOR: "" } }),
    edit("an editor that fails", ["edit", "f.yaml"], 'echo "z: 1" > "$1"; exit 3'),
    edit("an editor that is killed", ["edit", "f.yaml"], "kill -9 $$"),
    edit("an editor that removes the file", ["edit", "f.yaml"], 'rm "$1"'),
    edit("a folder", ["edit", "d"], ":", { files: { "d/x": "" } }),
    edit("a file in clear", ["edit", "p.yaml"], ":", { files: { "p.yaml": PLAIN } }),
    edit("no file", ["edit"], ":"),
    ...["yaml", "json", "env", "ini", "txt"].flatMap((ending) => [
      edit(`a new file, shown: ${ending}`, ["edit", "--age", A, `n.${ending}`], 'cat "$1"; exit 1'),
      edit(`a new file, unchanged: ${ending}`, ["edit", "--age", A, `n.${ending}`], ":"),
      edit(`a new file: ${ending}`, ["edit", "--age", A, `n.${ending}`], 'sed -i s/Welcome\\ to/Hi/ "$1"'),
    ]),
    edit("a new file by the rules", ["edit", "n.yaml"], 'sed -i s/Welcome/Hi/ "$1"', { files: rules }),
    edit(
      "a new file with a selector",
      ["edit", "--age", A, "--unencrypted-regex", "^hello$", "n.yaml"],
      'sed -i s/Welcome/Hi/ "$1"',
    ),
    edit(
      "a new file, with its metadata",
      ["edit", "-s", "--age", A, "n.yaml"],
      'sed "s/^    lastmodified.*//; s/^    mac.*//" "$1"; exit 1',
    ),
    edit(
      "a new file in another format",
      ["edit", "--age", A, "--output-type", "json", "n.yaml"],
      'cat "$1"; sed -i s/Welcome/Hi/ "$1"',
    ),
    edit("a new file, and no keys", ["edit", "n.yaml"], ":"),
    edit("a new file in no folder", ["edit", "--age", A, "no/n.yaml"], 'sed -i s/Welcome/Hi/ "$1"'),
    edit("a word that is no command", ["frobnicate"], ":"),
  ];
  test.concurrent.each(rows)("$name", run);

  test("with its metadata, and a change: the original loses it", async () => {
    const row = edit("", ["edit", "-s", "f.yaml"], 'sed -i "s/clear_unencrypted: seen/clear_unencrypted: new/" "$1"');
    await expect(run(row)).rejects.toThrow(/to deeply equal/);
  });
});

describe("exec-file", () => {
  const rows: readonly Case[] = [
    { name: "read", args: ["exec-file", "f.yaml", "cat {}"] },
    { name: "JSON", args: ["exec-file", "f.json", "cat {}"] },
    { name: "any bytes", args: ["exec-file", "f.bin", "cat {}"] },
    { name: "several documents", args: ["exec-file", "multi.yaml", "cat {}"] },
    { name: "another format", args: ["exec-file", "--output-type", "json", "f.yaml", "cat {}"] },
    { name: "a format that cannot hold it", args: ["exec-file", "--output-type", "dotenv", "f.yaml", "cat {}"] },
    { name: "as another format", args: ["exec-file", "--input-type", "json", "f.bin", "cat {}"] },
    {
      name: "a pipe",
      args: ["exec-file", "f.yaml", 'stat -c "%F %a" {}; basename {}; stat -c %a "$(dirname {})"; cat {} > out'],
    },
    { name: "a pipe with a name", args: ["exec-file", "--filename", "x.conf", "f.yaml", "basename {}; cat {}"] },
    {
      name: "a file",
      args: ["exec-file", "--no-fifo", "f.yaml", 'stat -c "%F %a" {}; basename {} | tr -d 0-9; cat {} {}'],
    },
    { name: "a file with a name", args: ["exec-file", "--no-fifo", "--filename", "x.conf", "f.yaml", "basename {}"] },
    { name: "no placeholder", args: ["exec-file", "f.yaml", "echo hi"] },
    { name: "its input", args: ["exec-file", "f.yaml", "cat"], stdin: "typed\n" },
    { name: "exit code", args: ["exec-file", "f.yaml", "exit 9"] },
    { name: "killed", args: ["exec-file", "f.yaml", "kill -9 $$"] },
    { name: "a name that is none", args: ["exec-file", "--filename", "../x", "f.yaml", "true"] },
    { name: "one word", args: ["exec-file", "f.yaml"] },
    { name: "a third word", args: ["exec-file", "f.yaml", "true", "x"] },
    { name: "no such file", args: ["exec-file", "none.yaml", "true"] },
    { name: "no key", args: ["exec-file", "f.yaml", "true"], env: { SOPS_AGE_KEY: IDENTITY_B } },
    { name: "a MAC that does not fit", args: ["exec-file", "badmac.yaml", "true"] },
    { name: "an unknown user", args: ["exec-file", "--user", "no-such-user", "f.yaml", "id -un"] },
    ...(process.getuid?.() === 0
      ? [
          {
            name: "another user",
            args: [
              "exec-file",
              "--user",
              "nobody",
              "f.yaml",
              "id -un; stat -c %U {}; cat {}; echo $HOME $USER $LOGNAME",
            ],
          },
          {
            name: "another user's file",
            args: ["exec-file", "--no-fifo", "--user", "nobody", "f.yaml", "id -un; stat -c '%U %a' {}; cat {}"],
          },
        ]
      : []),
  ];
  test.concurrent.each(rows)("$name", run);
});

describe("exec-env", () => {
  const rows: readonly Case[] = [
    { name: "all values", args: ["exec-env", "flat.yaml", 'echo "$A|$B|$C|$D|$E|$F"'] },
    {
      name: "no other variables",
      args: ["exec-env", "--pristine", "flat.yaml", "/usr/bin/env | /usr/bin/grep -v ^PWD= | /usr/bin/sort"],
    },
    { name: "in the same process", args: ["exec-env", "--same-process", "flat.yaml", "echo $A; exit 4"] },
    { name: "in the background", args: ["exec-env", "--background", "flat.yaml", "echo $A; exit 4"] },
    {
      name: "in the background of the same process",
      args: ["exec-env", "--background", "--same-process", "flat.yaml", "true"],
    },
    { name: "its input", args: ["exec-env", "flat.yaml", "cat"], stdin: "typed\n" },
    { name: "an unknown user", args: ["exec-env", "--user", "no-such-user", "flat.yaml", "id -un"] },
    ...(process.getuid?.() === 0
      ? [
          {
            name: "another user",
            args: ["exec-env", "--user", "nobody", "flat.yaml", "id -un; echo $HOME $USER $LOGNAME $A"],
          },
          {
            name: "another user, nothing else",
            args: [
              "exec-env",
              "--pristine",
              "--user",
              "nobody",
              "flat.yaml",
              "/usr/bin/env | /usr/bin/grep -v ^PWD= | /usr/bin/sort",
            ],
          },
        ]
      : []),
  ];
  test.concurrent.each(rows)("$name", run);
});

describe("groups", () => {
  const both = { SOPS_AGE_KEY: `${IDENTITY_A}\n${IDENTITY_B}` };
  const n = "--shamir-secret-sharing-threshold";
  const rows: readonly Case[] = [
    { name: "add", args: ["groups", "add", "-f", "f.yaml", "--age", B] },
    { name: "add, in place", args: ["groups", "add", "-i", "--file", "f.yaml", "--age", B, n, "2"] },
    { name: "add several keys", args: ["groups", "add", "-f", "f.yaml", "--age", `${B},${A}`, "--age", A] },
    { name: "add a third", args: ["groups", "add", "-f", "two.yaml", "--age", B], env: both },
    {
      name: "add a third, threshold of three",
      args: ["groups", "add", "-f", "two.yaml", "--age", B, n, "3"],
      env: both,
    },
    { name: "add to JSON", args: ["groups", "add", "-f", "f.json", "--age", B] },
    { name: "add to dotenv", args: ["groups", "add", "-f", "f.env", "--age", B] },
    { name: "add to any bytes", args: ["groups", "add", "-i", "-f", "f.bin", "--age", B] },
    { name: "add to a file whose MAC does not fit", args: ["groups", "add", "-f", "badmac.yaml", "--age", B] },
    { name: "add with an indent", args: ["--indent", "2", "groups", "add", "-f", "f.yaml", "--age", B] },
    {
      name: "add a recipient that is none",
      args: ["groups", "add", "-i", "-f", "f.yaml", "--age", "nope"],
      ourCode: 1,
    },
    { name: "add no keys", args: ["groups", "add", "-i", "-f", "f.yaml"], ourCode: 1 },
    { name: "add to no file", args: ["groups", "add", "--age", B] },
    { name: "add to a missing file", args: ["groups", "add", "-f", "none.yaml", "--age", B] },
    { name: "add to a file in clear", args: ["groups", "add", "-f", "p.yaml", "--age", B], files: { "p.yaml": PLAIN } },
    { name: "add with a word", args: ["groups", "add", "-f", "f.yaml", "x"] },
    {
      name: "add without a key",
      args: ["groups", "add", "-f", "f.yaml", "--age", B],
      env: { SOPS_AGE_KEY: IDENTITY_B },
    },
    { name: "delete the first", args: ["groups", "delete", "-f", "three.yaml", "0"], env: both },
    { name: "delete the last, in place", args: ["groups", "delete", "-i", "-f", "three.yaml", "2"], env: both },
    { name: "delete with the flag behind", args: ["groups", "delete", "-f", "three.yaml", "1", n, "2"], env: both },
    { name: "delete below the threshold", args: ["groups", "delete", "-f", "two.yaml", "0"], env: both },
    { name: "delete the only one", args: ["groups", "delete", "-i", "-f", "f.yaml", "0"], ourCode: 1 },
    { name: "delete one that is not there", args: ["groups", "delete", "-i", "-f", "f.yaml", "7"] },
    { name: "delete what is no number", args: ["groups", "delete", "-f", "two.yaml", "x"], env: both },
    { name: "delete nothing", args: ["groups", "delete", "-f", "two.yaml"], env: both },
    { name: "another word", args: ["groups", "frob"] },
  ];
  test.concurrent.each(rows)("$name", run);
});

describe("indents", () => {
  const stores = (text: string) => ({ ".sops.yaml": `stores: {${text}}\n` });
  const indents = [0, 1, 2, 3, 9, 10, -1, -2];
  const odd = ["0x2", "-0x1", "1_0", "010"].map(
    (indent): Case => ({ name: `--indent ${indent}`, args: ["--indent", indent, "decrypt", "f.json"] }),
  );
  test.concurrent.each(odd)("$name", run);
  const rows = indents.flatMap((indent): Case[] => [
    ...["f.yaml", "f.json"].map(
      (name): Case => ({ name: `--indent ${indent} of ${name}`, args: ["--indent", String(indent), "decrypt", name] }),
    ),
    { name: `--indent ${indent} of any bytes`, args: ["--indent", String(indent), "rotate", "f.bin"] },
    { name: `yaml ${indent}`, args: ["set", "f.yaml", '["a"]', "2"], files: stores(`yaml: {indent: ${indent}}`) },
    {
      name: `json ${indent}`,
      args: ["rotate", "-i", "f.json"],
      files: stores(`json: {indent: ${indent}}, yaml: {indent: 3}`),
    },
    {
      name: `json_binary ${indent}`,
      args: ["rotate", "f.bin"],
      files: stores(`json_binary: {indent: ${indent}}, json: {indent: 7}`),
    },
    {
      name: `json_binary ${indent} of JSON`,
      args: ["groups", "add", "-f", "f.json", "--age", B],
      files: stores(`json_binary: {indent: ${indent}}`),
    },
  ]);
  test.concurrent.each(rows)("$name", run);
});
