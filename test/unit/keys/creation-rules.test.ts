import { describe, expect, test } from "vitest";
import { generateX25519Identity, parseIdentity } from "../../../src/age/index.ts";
import { changeRules } from "../../../src/keys/index.ts";

const [A, B, C, N] = Array.from({ length: 4 }, () => parseIdentity(generateX25519Identity()).name);
const rules = (body: string) => `# ours\ncreation_rules:\n${body}`;
const add = (text: string) => changeRules(text, ".sops.yaml", { added: N, old: new Set([A ?? ""]), isRemoved: false });
const remove = (text: string) =>
  changeRules(text, ".sops.yaml", { added: N, old: new Set([A ?? ""]), isRemoved: true });

describe("changeRules()", () => {
  test.each([
    { name: "one recipient", before: `  - age: ${A}  # a`, after: `  - age: ${A},${N}  # a` },
    { name: "a text with commas", before: `  - age: "${B},${A}"\n`, after: `  - age: "${B},${A},${N}"\n` },
    {
      name: "a folded text",
      before: `  - age: >-\n      ${A},\n      ${B}\n    path_regex: x\n`,
      after: `  - age: >-\n      ${A},\n      ${B},${N}\n    path_regex: x\n`,
    },
    {
      name: "a block list with remarks",
      before: `  - age:\n      - ${B} # b\n      - ${A} # a\n    path_regex: x\n`,
      after: `  - age:\n      - ${B} # b\n      - ${A} # a\n      - ${N}\n    path_regex: x\n`,
    },
    { name: "a flow list", before: `  - age: ["${A}", ${B}]\n`, after: `  - age: ["${A}", "${N}", ${B}]\n` },
    {
      name: "key groups, and only where it was",
      before: `  - key_groups:\n    - age: [${B}]\n    - age:\n      - ${A}\n      - ${C}\n`,
      after: `  - key_groups:\n    - age: [${B}]\n    - age:\n      - ${A}\n      - ${N}\n      - ${C}\n`,
    },
    {
      name: "an anchor",
      before: `  - path_regex: a\n    age: &all ${A}\n  - age: *all\n`,
      after: `  - path_regex: a\n    age: &all ${A},${N}\n  - age: *all\n`,
    },
    {
      name: "lines that end as on Windows",
      before: `  - age:\r\n    - ${A}\r\n`,
      after: `  - age:\r\n    - ${A}\r\n    - ${N}\r\n`,
    },
  ])("$name: the new one stands beside the old, and every other character stays", ({ before, after }) => {
    expect(add(rules(before))).toBe(rules(after));
    expect(add(rules(after))).toBeUndefined();
  });

  test.each([
    { name: "a text with commas", before: `  - age: "${A},${B}"\n`, after: `  - age: "${B}"\n` },
    { name: "the last of a text", before: `  - age: ${B}, ${A} # x\n`, after: `  - age: ${B} # x\n` },
    { name: "a block list", before: `  - age:\n    - ${A} # a\n    - ${B}\n`, after: `  - age:\n    - ${B}\n` },
    { name: "the first of a flow list", before: `  - age: [${A}, ${B}]\n`, after: `  - age: [${B}]\n` },
    { name: "the last of a flow list", before: `  - age: [${B}, ${A}]\n`, after: `  - age: [${B}]\n` },
  ])("$name: taken out", ({ before, after }) => {
    expect(remove(rules(before))).toBe(rules(after));
    expect(remove(rules(after))).toBeUndefined();
  });

  test.each([
    { name: "the only one of a rule", text: rules(`  - age: ${A}\n`), change: remove },
    { name: "a broken file", text: `creation_rules: [age: ${A}\n`, change: add },
    { name: "an item on the line of another list", text: rules(`  - age:\n    - &x ${A}\n`), change: add },
    {
      name: "a recipient in parts",
      text: rules(`  - age: "x${A?.slice(0, 9)}\\\n      ${A?.slice(9)}"\n`),
      change: add,
    },
  ])("$name: refused, or left alone", ({ text, change }) => {
    const result = () => change(text);
    if (text.includes(A ?? "")) {
      expect(result).toThrow(expect.objectContaining({ code: "KEYS_RULES_NOT_EDITABLE" }));
    } else expect(result()).toBeUndefined();
  });

  test("other fields that hold the same text keep the rules the same, or it is refused", () => {
    const text = `${rules(`  - age: ${A}\n`)}stores: {}\nnote: ${A}\n`;
    expect(add(text)).toBe(`${rules(`  - age: ${A},${N}\n`)}stores: {}\nnote: ${A},${N}\n`);
  });
});
