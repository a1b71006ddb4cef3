import { describe, expect, test } from "vitest";
import { ValueCipher } from "../../../src/sops/cipher.ts";
import { sealPreserved } from "../../../src/sops/preserve/seal-preserved.ts";
import type { Format } from "../../../src/sops/index.ts";

const cipher = new ValueCipher(new Uint8Array(32).fill(7), { rememberIvs: true });
const metadata = {
  keyGroups: [[{ type: "age" as const, fields: new Map([["recipient", "age1x"], ["enc", "-----BEGIN\nx\n-----END\n"]]) }]],
  shamirThreshold: 0, lastModified: "", mac: "", selector: undefined, macOnlyEncrypted: false, version: "3.13.3",
};
const seal = (text: string, format: Format = "yaml") =>
  sealPreserved({ input: Buffer.from(text), format, metadata, cipher, context: { now: 0 } }).text;

const YAML = [
  "a: 1\n", "a: 1", "a:   'x'   # c\n\n\nb: \"y\\u0041\"\n", "# top\n\na: x\n\n# end\n\n", "a:\n- 1\n-  two # c\n# mid\n- {x: y, z: 'q', w: \"v\"}\n",
  "a: |\n  one\n  two\n\n\nb: >-\n   folded\n   text\nc: |2-\n    x\n   y\nd: |+ # note\n  k\n\n", "{a: 1, b: [x, 'y', \"z\"]}\n", "---\na: x\n...\n---\nb: y\n",
  "a: 0x1F\nb: 1_000\nc: ~\nd:\ne: yes\nf: 2020-01-01\ng: 1e3\nh: .inf\n", "a: !!str 5\nb: !custom x\nc: !!int \"5\"\n", "a: x\r\nb:\r\n  - y\r\n", "k: # after\n  s: v\n",
  "a_unencrypted: &x 5\nb_unencrypted: *x\n", "  a: 1\n  b: 2\n", "%YAML 1.1\n---\na: b\n", "a: [ 1, # c1\n  2 ] # c2\n", "? k\n: v\n", "a: plain\n  multi\n  line\nb: \"dq\n  multi\"\n", "{}\n", "# only\n", "{\"a\": {\"b\": [1, 2]}}",
  "a: {}\nb: []\nc: ''\n", "\ufeffa: 1\n", "a: - x\n".replace("- ", "x- "), "'q k': v\n\"d\": w\n",
];

describe("sealPreserved()", () => {
  test.each(YAML)("yaml %j", (text) => { const out = seal(text); expect(out).toContain("sops"); });
  test.each(['{"a": 1}', '{\n  "a": "x\\u0041",\n\n  "b": [1.0, 1e3, null, true]\n}\n', '{}', '{"a":{"b":"c"}}\n\n', '{\r\n\t"a" : "x"\r\n}\r\n'])("json %j", (text) => { seal(text, "json"); });
  test.each(["A=1\n\n\n# c\nB=x\\ny", "A=1\r\nB=\n", "\n\nA=1\n\n"])("dotenv %j", (text) => { seal(text, "dotenv"); });
  test("show", () => { console.log(seal(YAML[2] + YAML[4].replaceAll("a:", "l:") + YAML[5].replaceAll(/^(\w):/gm, "x$1:"))); console.log(seal('{\n  "a": "x\\u0041",\n\n  "b": [1.0]\n}\n', "json")); });
});
