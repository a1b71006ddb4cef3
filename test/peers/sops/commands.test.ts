import { afterAll, describe, test } from "vitest";
import { encrypt } from "../../../src/sops/index.ts";
import { IDENTITY_A, IDENTITY_B, RECIPIENT_A, RECIPIENT_B } from "../../helpers/sops.ts";
import { compare, folder, type Row } from "./compare.ts";

afterAll(() => folder.end());

const PLAIN = "a: 1\nb:\n    c: x\nl:\n    - p\n    - q\nclear_unencrypted: seen\n";

describe("creation rules", () => {
  const rule = (text: string) => `creation_rules:\n${text}`;
  const A = RECIPIENT_A;
  const B = RECIPIENT_B;
  const rules: readonly { name: string; config: string; file?: string; args?: readonly string[]; ourCode?: number }[] =
    [
      { name: "one rule for all", config: rule(`  - age: ${A}\n`) },
      {
        name: "by path",
        config: rule(`  - path_regex: ^d/.*\\.yaml$\n    age: ${B}\n  - age: ${A}\n`),
        file: "d/x.yaml",
      },
      { name: "by path, not the other", config: rule(`  - path_regex: ^d/\n    age: ${B}\n  - age: ${A}\n`) },
      { name: "unanchored", config: rule(`  - path_regex: la\n    age: ${A}\n`), file: "plain.yaml" },
      { name: "case-insensitive flag", config: rule(`  - path_regex: (?i)PLAIN\n    age: ${A}\n`) },
      { name: "POSIX class", config: rule(`  - path_regex: '^[[:alpha:]]+\\.yaml$'\n    age: ${A}\n`) },
      { name: "no rule matches", config: rule(`  - path_regex: \\.json$\n    age: ${A}\n`) },
      { name: "look-ahead is no RE2", config: rule(`  - path_regex: "(?=x)"\n    age: ${A}\n`) },
      { name: "bad pattern behind a match", config: rule(`  - age: ${A}\n  - path_regex: "("\n    age: ${B}\n`) },
      { name: "list of recipients", config: rule(`  - age: [${A}, ${B}]\n`) },
      { name: "list with commas inside", config: rule(`  - age: ["${A},${B}"]\n`) },
      { name: "recipients with commas, twice", config: rule(`  - age: " ${A} ,, ${B},${A} "\n`) },
      { name: "a recipient twice in a key group", config: rule(`  - key_groups:\n      - age: [${A}, ${A}]\n`) },
      { name: "folded text", config: rule(`  - age: >-\n      ${A},\n      ${B}\n`) },
      { name: "number as recipient", config: rule("  - age: 5\n") },
      { name: "map as recipient", config: rule("  - age: {a: b}\n") },
      { name: "null rule field", config: rule("  - age: null\n") },
      { name: "encrypted_regex", config: rule(`  - age: ${A}\n    encrypted_regex: ^(c|l)$\n`) },
      { name: "unencrypted_regex", config: rule(`  - age: ${A}\n    unencrypted_regex: ^b$\n`) },
      { name: "encrypted_suffix", config: rule(`  - age: ${A}\n    encrypted_suffix: c\n`) },
      { name: "unencrypted_suffix", config: rule(`  - age: ${A}\n    unencrypted_suffix: a\n`) },
      { name: "empty selector", config: rule(`  - age: ${A}\n    encrypted_regex: ""\n`) },
      {
        name: "mac_only_encrypted",
        config: rule(`  - age: ${A}\n    encrypted_regex: c\n    mac_only_encrypted: true\n`),
      },
      { name: "two selectors", config: rule(`  - age: ${A}\n    encrypted_regex: c\n    encrypted_suffix: d\n`) },
      {
        name: "selector of the rule and of a flag",
        config: rule(`  - age: ${A}\n    encrypted_regex: c\n`),
        args: ["--unencrypted-suffix", "x"],
      },
      {
        name: "the flag's selector over the rule's of the same kind",
        config: rule(`  - age: ${A}\n    encrypted_regex: c\n`),
        args: ["--encrypted-regex", "^a$"],
      },
      {
        name: "recipient of a flag over the rule's",
        config: rule(`  - age: ${B}\n    encrypted_suffix: c\n`),
        args: ["--age", A],
      },
      { name: "one key group", config: rule(`  - key_groups:\n      - age: [${A}, ${B}]\n`) },
      {
        name: "key group that merges",
        config: rule(`  - key_groups:\n      - merge:\n          - age: [${B}]\n        age: [${A}]\n`),
      },
      { name: "groups over flat keys", config: rule(`  - age: ${B}\n    key_groups:\n      - age: [${A}]\n`) },
      { name: "rule without keys", config: rule("  - path_regex: plain\n") },
      { name: "no rules", config: "creation_rules: []\n" },
      { name: "no creation_rules", config: "stores: {}\n" },
      { name: "null creation_rules", config: "creation_rules:\n" },
      { name: "rules as mapping", config: "creation_rules:\n  age: x\n" },
      { name: "rule as text", config: "creation_rules:\n  - x\n" },
      { name: "broken configuration", config: "creation_rules: [\n" },
      { name: "unknown keys", config: `x: 1\n${rule(`  - age: ${A}\n    encrypted_regexp: x\n`)}` },
      { name: "anchors", config: `keys: &k ${A}\n${rule("  - age: *k\n")}` },
      { name: "second document is not read", config: `${rule(`  - age: ${A}\n`)}---\n${rule("  - age: nope\n")}` },
      { name: "indent of YAML", config: `${rule(`  - age: ${A}\n`)}stores:\n  yaml:\n    indent: 2\n` },
      { name: "negative indent of YAML", config: `${rule(`  - age: ${A}\n`)}stores:\n  yaml:\n    indent: -1\n` },
      { name: "indent of JSON", config: `${rule(`  - age: ${A}\n`)}stores:\n  json:\n    indent: 2\n`, file: "p.json" },
      { name: "malformed recipient", config: rule("  - age: age1xyz\n") },
      { name: "threshold without groups", config: rule(`  - age: ${A}\n    shamir_threshold: 2\n`) },
      {
        name: "key groups that share the key",
        config: rule(`  - key_groups:\n      - age: [${A}]\n      - age: [${B}]\n`),
      },
      { name: "selector that is no RE2", config: rule(`  - age: ${A}\n    encrypted_regex: "("\n`), ourCode: 1 },
    ];
  test.each(rules)("$name", async ({ config, file = "plain.yaml", args = [], ourCode }) => {
    const text = file.endsWith(".json") ? '{"a": {"b": 1}}' : PLAIN;
    const row = { name: "", args: ["encrypt", ...args, file], files: { [file]: text, ".sops.yaml": config } };
    await compare(ourCode === undefined ? row : { ...row, ourCode });
  });

  test("from a folder below the configuration", async () => {
    const files = { "d/x.yaml": PLAIN, ".sops.yaml": rule(`  - path_regex: ^d/x\n    age: ${A}\n`) };
    await compare({ name: "", args: ["encrypt", "x.yaml"], files, below: "d" });
  });

  test("by a name that stands for the file", async () => {
    const files = { "plain.yaml": PLAIN, ".sops.yaml": rule(`  - path_regex: ^prod/\n    age: ${A}\n`) };
    await compare({ name: "", args: ["encrypt", "--filename-override", "prod/y.yaml", "plain.yaml"], files });
    await compare({ name: "", args: ["encrypt", "--filename-override", "prod/y.yaml"], files, stdin: PLAIN });
  });
});

describe("comments that select", () => {
  const texts: readonly string[] = [
    "# sec1\n# sec2\n# x\n# sec3\na: 1\n# sec4\nm:\n    # y\n    # sec5\n    b: 1\n",
    "# sec\nm:\n    # sec two\n    a: 1\n    b: 2\n    # other\n    c:\n        # sec three\n        d: 1\nn: 3\n",
    "l:\n    - 1\n    # x\n    # sec\n    - g: 1\n      h: 2 # sec\n    - 3\no: 4\n",
    "a: 1 # sec\nb: 2 # x\n# x\n# sec\nc:\n    d: 1\n    # x\n    e: 2\n# sec end\n",
    "# sec\n---\na: 1\n# sec\nb: 2\n---\nc: 1\n",
  ];
  for (const kind of ["encrypted", "unencrypted"]) {
    test.each(texts)(`${kind}: %j`, async (text) => {
      const args = ["-e", `--${kind}-comment-regex`, "sec", "--age", RECIPIENT_A];
      await compare({ name: "", args: [...args, "f.yaml"], files: { "f.yaml": text } });
      await compare({ name: "", args: [...args, "-i", "f.yaml"], files: { "f.yaml": text } });
    });
  }
});

describe("damaged files", () => {
  type Change = (text: string) => string;
  const changes: readonly { name: string; change: Change; identities?: string; args?: readonly string[] }[] = [
    { name: "no metadata", change: (text) => text.slice(0, text.indexOf("sops:")) },
    { name: "metadata twice", change: (text) => text + text.slice(text.indexOf("sops:")) },
    { name: "metadata in another case", change: (text) => text.replace("sops:", "SOPS:") },
    { name: "metadata as text", change: () => "a: 1\nsops: x\n" },
    { name: "metadata as null", change: () => "a: 1\nsops:\n" },
    { name: "metadata as list", change: () => "a: 1\nsops: [1]\n" },
    { name: "altered value", change: (text) => text.replace(/(a: ENC\[AES256_GCM,data:)./, "$1/") },
    { name: "altered tag", change: (text) => text.replace(/(a: .*tag:)./, "$1/") },
    { name: "altered IV", change: (text) => text.replace(/(a: .*iv:)./, "$1/") },
    { name: "value without base64", change: (text) => text.replace(/(a: .*iv:)[^,]*/, "$1!") },
    { name: "value without padding", change: (text) => text.replace(/(a: .*,iv:[^=]*)=/, "$1") },
    { name: "swapped values", change: swap },
    { name: "swapped items", change: swapItems },
    { name: "removed key", change: (text) => text.replace(/a: ENC.*\n/, "") },
    { name: "added clear key", change: (text) => `z_unencrypted: 1\n${text}` },
    { name: "added null", change: (text) => `z: null\n${text}` },
    { name: "renamed key", change: (text) => text.replace("\nb:", "\nb2:") },
    { name: "int as text", change: (text) => text.replace(/(a: .*type:)int/, "$1str") },
    { name: "int as bool", change: (text) => text.replace(/(a: .*type:)int/, "$1bool") },
    { name: "int as float", change: (text) => text.replace(/(a: .*type:)int/, "$1float") },
    { name: "int as time", change: (text) => text.replace(/(a: .*type:)int/, "$1time") },
    { name: "int as comment", change: (text) => text.replace(/(a: .*type:)int/, "$1comment") },
    { name: "int as something", change: (text) => text.replace(/(a: .*type:)int/, "$1other") },
    { name: "clear text", change: (text) => text.replace(/a: ENC.*/, "a: plain") },
    { name: "clear number", change: (text) => text.replace(/a: ENC.*/, "a: 7") },
    { name: "clear boolean", change: (text) => text.replace(/a: ENC.*/, "a: true") },
    { name: "emptied value", change: (text) => text.replace(/a: ENC.*/, 'a: ""') },
    { name: "nulled value", change: (text) => text.replace(/a: ENC.*/, "a: null") },
    { name: "text behind a value", change: (text) => text.replace(/(a: ENC.*)/, "$1 more") },
    { name: "changed clear value", change: (text) => text.replace("seen", "soon") },
    { name: "no MAC", change: (text) => text.replace(/ {4}mac: .*\n/, "") },
    { name: "empty MAC", change: (text) => text.replace(/ {4}mac: .*\n/, '    mac: ""\n') },
    { name: "cut MAC", change: (text) => text.replace(/(mac: ENC.{60}).*/, "$1") },
    { name: "MAC in clear", change: (text) => text.replace(/mac: ENC.*/, "mac: abc") },
    { name: "MAC of another time", change: (text) => text.replace(/(lastmodified: "\d+-\d+-)\d\d/, "$101") },
    { name: "time with fraction and offset", change: (text) => text.replace(/(lastmodified: ".*)Z"/, '$1.25+00:00"') },
    { name: "time in lower case", change: (text) => text.replace(/(lastmodified: ".*)T(.*)"/, '$1t$2"') },
    { name: "time without quotes", change: (text) => text.replace(/lastmodified: "(.*)"/, "lastmodified: $1") },
    { name: "no time", change: (text) => text.replace(/ {4}lastmodified: .*\n/, "") },
    { name: "no version", change: (text) => text.replace(/ {4}version: .*\n/, "") },
    { name: "odd version", change: (text) => text.replace(/version: .*/, "version: x") },
    { name: "future version", change: (text) => text.replace(/version: .*/, "version: 9.9.9") },
    { name: "no keys", change: (text) => text.replace(/ {4}age:\n( {8}.*\n)+/, "") },
    { name: "empty keys", change: (text) => text.replace(/ {4}age:\n( {8}.*\n)+/, "    age: []\n") },
    {
      name: "key group of one",
      change: (text) =>
        text.replace("    age:\n", "    key_groups:\n    - age:\n").replace(/^ {8}(.*)$/gm, "          $1"),
    },
    {
      name: "damaged data key",
      change: (text) => text.replace(/BEGIN AGE.*\n.*\n/, "BEGIN AGE ENCRYPTED FILE-----\n"),
    },
    {
      name: "two selectors",
      change: (text) => text.replace("    unencrypted_s", "    encrypted_regex: a\n    unencrypted_s"),
    },
    { name: "another selector", change: (text) => text.replace(/unencrypted_suffix: .*/, "encrypted_regex: ^a$") },
    {
      name: "selector that is no RE2",
      change: (text) => text.replace(/unencrypted_suffix: .*/, "unencrypted_regex: ("),
    },
    {
      name: "mac_only_encrypted as text",
      change: (text) => text.replace("    mac:", '    mac_only_encrypted: "false"\n    mac:'),
    },
    {
      name: "mac_only_encrypted as word",
      change: (text) => text.replace("    mac:", "    mac_only_encrypted: maybe\n    mac:"),
    },
    {
      name: "mac_only_encrypted added",
      change: (text) => text.replace("    mac:", "    mac_only_encrypted: true\n    mac:"),
    },
    { name: "threshold as text", change: (text) => text.replace("    mac:", '    shamir_threshold: "0"\n    mac:') },
    { name: "unknown metadata", change: (text) => text.replace("    mac:", "    more: [1]\n    mac:") },
    { name: "metadata first", change: (text) => text.replace(/^([\s\S]*?)(sops:[\s\S]*)$/, "$2$1") },
    { name: "an added comment", change: (text) => `# hi\n${text}` },
    { name: "an added clear document", change: (text) => `${text}---\nz: 1\n` },
    { name: "an added empty document", change: (text) => `${text}---\n{}\n` },
    { name: "an alias", change: (text) => text.replace(/a: (ENC.*)/, "a: &x $1\nz: *x") },
    { name: "broken YAML", change: (text) => `${text}x: [\n` },
    { name: "a tab", change: (text) => `${text}x:\n\t- a\n` },
    { name: "a duplicate key", change: (text) => `${text}a: 1\n` },
    { name: "a number as key", change: (text) => `1: x\n${text}` },
    { name: "an empty file", change: () => "" },
    { name: "only a comment", change: () => "# x\n" },
    { name: "a list", change: () => "- a\n" },
    { name: "another key", change: (text) => `${text}`, identities: IDENTITY_B },
    { name: "no key", change: (text) => `${text}`, identities: "" },
    { name: "a damaged identity", change: (text) => `${text}`, identities: "AGE-SECRET-KEY-1QQ" },
    { name: "no MAC, ignored", change: (text) => text.replace(/ {4}mac: .*\n/, ""), args: ["--ignore-mac"] },
    {
      name: "altered value, MAC ignored",
      change: (text) => text.replace(/(a: ENC\[AES256_GCM,data:)./, "$1/"),
      args: ["--ignore-mac"],
    },
    { name: "removed key, MAC ignored", change: (text) => text.replace(/a: ENC.*\n/, ""), args: ["--ignore-mac"] },
  ];
  const ways: readonly { way: string; args: readonly string[] }[] = [
    { way: "to stdout", args: [] },
    { way: "in place", args: ["-i"] },
    { way: "to a file", args: ["--output", "out.yaml"] },
  ];
  test.each(changes)("$name", async ({ change, identities = IDENTITY_A, args = [] }) => {
    const { text } = await encrypt(PLAIN, "yaml", { recipients: [RECIPIENT_A], now: Date.UTC(2026, 10, 20) });
    const damaged = change(text);
    const env: Record<string, string> = identities === "" ? {} : { SOPS_AGE_KEY: identities };
    for (const way of ways) {
      const files = { "private/f.yaml": damaged, "out.yaml": "before\n" };
      await compare({ name: "", args: ["decrypt", ...args, ...way.args, "private/f.yaml"], files, env });
    }
  });

  const jsonChanges: readonly { name: string; change: Change }[] = [
    { name: "no metadata", change: (text) => text.replace(/,\n\t"sops"[\s\S]*/, "\n}\n") },
    { name: "metadata twice", change: (text) => text.replace(/\n}\n$/, ',\n\t"sops": {}\n}\n') },
    { name: "altered value", change: (text) => text.replace(/("a": "ENC\[AES256_GCM,data:)./, "$1/") },
    { name: "clear number", change: (text) => text.replace(/"a": "ENC[^"]*"/, '"a": 1') },
    { name: "removed key", change: (text) => text.replace(/\t"a": "ENC.*\n/, "") },
    { name: "cut file", change: (text) => text.slice(0, 40) },
    { name: "old null lists", change: (text) => text.replace('"age"', '"kms": null,\n"pgp": [],\n"age"') },
    { name: "text behind", change: (text) => `${text}more` },
    { name: "an empty file", change: () => "" },
    { name: "a list", change: () => "[1]" },
    { name: "a number", change: () => "42" },
    { name: "a byte order mark", change: (text) => `\ufeff${text}` },
  ];
  test.each(jsonChanges)("JSON: $name", async ({ change }) => {
    const clear = '{"a": 1, "b": {"c": "x"}, "l": ["p"], "n": null}';
    const { text } = await encrypt(clear, "json", { recipients: [RECIPIENT_A], now: Date.UTC(2026, 10, 20) });
    await compare({ name: "", args: ["decrypt", "-i", "f.json"], files: { "f.json": change(text) } });
  });
});

function swap(text: string): string {
  const [a = "", c = ""] = [/a: (ENC.*)/.exec(text)?.[1] ?? "", /c: (ENC.*)/.exec(text)?.[1] ?? ""];
  return text.replace(a, "@").replace(c, a).replace("@", c);
}

function swapItems(text: string): string {
  const [p = "", q = ""] = [...text.matchAll(/ {4}- (ENC.*)/g)].map((match) => match[1] ?? "");
  return text.replace(p, "@").replace(q, p).replace("@", q);
}

describe("files", () => {
  const encryptFlags = ["encrypt", "--age", RECIPIENT_A];
  const rows: readonly Row[] = [
    { name: "in place keeps mode", args: [...encryptFlags, "-i", "private.yaml"], files: { "private.yaml": PLAIN } },
    {
      name: "in place through a link",
      args: [...encryptFlags, "-i", "link.yaml"],
      files: { "real/f.yaml": PLAIN, "link.yaml": "-> real/f.yaml" },
    },
    {
      name: "output to a missing folder",
      args: [...encryptFlags, "--output", "no/x.yaml", "f.yaml"],
      files: { "f.yaml": PLAIN },
    },
    { name: "a missing file", args: [...encryptFlags, "nope.yaml"], files: {} },
    { name: "a folder", args: [...encryptFlags, "d"], files: { "d/x": "" } },
    { name: "no file", args: encryptFlags, files: {}, stdin: PLAIN },
    { name: "unknown flag", args: ["encrypt", "--nope", "f.yaml"], files: { "f.yaml": PLAIN }, ourCode: 1 },
    {
      name: "flags behind the file",
      args: ["encrypt", "f.yaml", "-i", "--age", RECIPIENT_A],
      files: { "f.yaml": PLAIN },
    },
    { name: "old form", args: ["-e", "-i", "--age", RECIPIENT_A, "f.yaml"], files: { "f.yaml": PLAIN } },
    { name: "YAML to JSON", args: [...encryptFlags, "--output-type", "json", "f.yaml"], files: { "f.yaml": PLAIN } },
    {
      name: "JSON to YAML",
      args: [...encryptFlags, "--output-type", "yaml", "f.json"],
      files: { "f.json": '{"a":[1,{"b":2.5}]}' },
    },
  ];
  test.each(rows)("$name", async (row) => {
    await compare(row);
  });
});
