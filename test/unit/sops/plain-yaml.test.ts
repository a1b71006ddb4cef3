import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseStream, readDocument } from "../../../src/sops/stores/yaml-read.ts";
import { readPlainYaml } from "../../../src/sops/stores/yaml-read-plain.ts";
import { writeYaml } from "../../../src/sops/stores/yaml-write.ts";
import type { Branch, Entry, Node } from "../../../src/sops/values/value.ts";
import { mutator } from "../../helpers/mutations.ts";
import { IDENTITY_A, IDENTITY_B, sopsFixture } from "../../helpers/sops.ts";

const RUNS = 250;
const SEED = 7;

/** Words on which a quick look and a thorough one could differ. */
const WORDS = [
  ..."true false null yes no on off y n Y ~ .nan .inf -.inf NaN Infinity << = - -- --- ... ? : # ' \" | > & * ! % @ ` [ ] { }".split(
    " ",
  ),
  ..."0 1 -1 +1 01 0o7 0x1f 0b1 1_000 1.5 1e3 .5 -.5 5. 12:30 1:2:3 2024-01-02 2024-01-02T03:04:05Z 9223372036854775808 a:b a: :a a#b".split(
    " ",
  ),
  ..."password plain-text /path/to a.b.c ENC[AES256_GCM] key=value x+y (a) ^(a|b)$ ;a )a $HOME a,b a[0] null0 truely Nope é \u0085 \u2028 \t".split(
    " ",
  ),
  "",
  " ",
  " a",
  "a ",
  "a b",
  "a  b",
  "a: b",
  "a #b",
  "- a",
  "a - b",
  "a\nb",
  "a\nb\n",
  "\na",
  "a\n\nb",
  "ENC[AES256_GCM,data:YQ==,iv:YQ==,tag:YQ==,type:str]",
  "ENC[AES256_GCM,data:YQ==,iv:YQ==,tag:YQ==,type:str] ",
  "x".repeat(300),
  "a\n",
  "a\nb \nc\n",
  "a\n b\nc: d\n",
  "- a\n# b\n",
  "2024-01-02T03:04:05Z",
  "2024-13-02T03:04:05Z",
  "-----BEGIN AGE ENCRYPTED FILE-----\nYQ==\n-----END AGE ENCRYPTED FILE-----\n",
];
/** And those on which they agree at once: a document of nasty ones alone never gets through the quick reader. */
const simple = fc.constantFrom("user", "password", "key9", "a.b", "long-key", "_x", "path/to/it", "correct horse");
const word = fc.constantFrom(...WORDS);
const text = fc.oneof(
  { weight: 40, arbitrary: simple },
  { weight: 4, arbitrary: word },
  fc.tuple(word, word).map((two) => two.join("")),
  fc.tuple(word, word).map((two) => two.join(" ")),
  fc.string({ maxLength: 6 }),
);
const leaf = fc.oneof(
  { weight: 20, arbitrary: text },
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.double({ noNaN: true }),
  fc.boolean(),
  fc.constant(null),
  fc.constant<Node>({ kind: "time", text: "2024-01-02T03:04:05Z" }),
);
const trees = fc.letrec<{ node: Node; branch: Branch }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    leaf,
    tie("branch"),
    fc.array(tie("node"), { maxLength: 3 }).map((items): Node => ({ kind: "list", items })),
  ),
  branch: fc.uniqueArray(fc.tuple(text, tie("node")), { selector: ([key]) => key, maxLength: 4 }).map(
    (entries): Branch => ({
      kind: "branch",
      items: entries.map(([key, value]): Entry => ({ kind: "entry", key, value })),
    }),
  ),
}));

/** The whole reader alone. @throws what it refuses. */
function readWhole(input: Uint8Array): readonly Branch[] {
  return parseStream(input, { onWarning: (warning) => expect(warning).toBe("") }).map((document) =>
    readDocument(document, undefined),
  );
}

function agrees(input: Uint8Array): boolean {
  const plain = readPlainYaml(input);
  if (plain !== undefined) expect([plain]).toEqual(readWhole(input));
  return plain !== undefined;
}

describe("YAML in simple forms", () => {
  test("is printed by the quick printer as by the whole one, in every indent, and read the same", () => {
    let quick = 0;
    fc.assert(
      fc.property(trees.branch, fc.integer({ min: 2, max: 9 }), (document, indent) => {
        const printed = writeYaml([document], indent);
        // Several documents always go to the whole printer.
        expect(writeYaml([document, document], indent)).toBe(`${printed}---\n${printed}`);
        if (agrees(Buffer.from(printed))) quick++;
      }),
      { numRuns: RUNS, seed: SEED },
    );
    expect(quick).toBeGreaterThan(RUNS / 10);
  });

  test("is read the same line by line, whatever the lines are", () => {
    const value = fc.oneof(
      text,
      fc.constantFrom("|", "|-", ">", "", '"a"', '"a\\n"', "'a'", '"a" # b', "[a]", "{a: b}", "&a b", "*a", "!!str 1"),
    );
    const line = fc.tuple(
      fc.oneof(
        { weight: 8, arbitrary: fc.constantFrom("", "", "", "- ", "  ") },
        fc.constantFrom("  ", "    ", "      ", "  - ", "    - ", "  -", "-  "),
      ),
      fc.oneof(
        { weight: 8, arbitrary: fc.constantFrom("a", "b", "c", "long-key") },
        fc.constantFrom("a b", "true", "1", '"q"'),
      ),
      fc.oneof({ weight: 8, arbitrary: fc.constantFrom(": ") }, fc.constantFrom(":", "", " : ", ":  ")),
      value,
    );
    let quick = 0;
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 5 }), (lines) => {
        if (agrees(Buffer.from(`${lines.map((parts) => parts.join("")).join("\n")}\n`))) quick++;
      }),
      { numRuns: RUNS * 5, seed: SEED },
    );
    expect(quick).toBeGreaterThan(40);
  });

  test("is read the same in damaged files, and real ones are simple", async () => {
    const { input } = await mutator(
      "yaml",
      1,
      [IDENTITY_A, IDENTITY_B].map((file) => /AGE-SECRET-KEY-1\w+/.exec(file)?.[0] ?? ""),
    );
    let quick = 0;
    for (let at = 1; at < 600; at += 2) if (agrees(input(at))) quick++;
    const real = sopsFixture("encrypted/values.yaml")
      .split("\n")
      .filter((line) => !/#|"1"|"yes"|"y"|!!merge|^ {4}x:|^a:b/.test(line));
    expect(agrees(Buffer.from(real.join("\n")))).toBe(true);
    expect(quick).toBeGreaterThan(20);
  });
});
