import { describe, expect, test } from "vitest";
import { replaceSealed, sealedInFile } from "../../../src/secrets/index.ts";

const OLD = `Ag${"A".repeat(90)}==`;
const OTHER = `Ag${"B".repeat(90)}==`;
const NEW = `Ag${"C".repeat(90)}==`;

const HEAD = "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata:\n  name: db\n  namespace: apps\n";
const sealed = (lines: string, annotations = "") => `${HEAD}${annotations}spec:\n  encryptedData:\n${lines}`;
const json = (value: string) =>
  JSON.stringify({
    apiVersion: "bitnami.com/v1alpha1",
    kind: "SealedSecret",
    metadata: { name: "db", namespace: "apps" },
    spec: { encryptedData: { a: value } },
  });

/** Every item that is `OLD` becomes `NEW`. */
function replaced(text: string): string | undefined {
  const found = sealedInFile(text, "a.yaml").map((place) => {
    const old = [...place.view.encryptedData].filter(([, value]) => value === OLD || typeof value !== "string");
    return { place, sealed: new Map(old.map(([name]) => [name, NEW])) };
  });
  return replaceSealed(text, "a.yaml", found);
}

describe("replaceSealed()", () => {
  test.each([
    { name: "plain", text: sealed(`    a: ${OLD} # the first\n    b: ${OTHER}\n`) },
    { name: "in quotes", text: sealed(`    'a':   '${OLD}'\n    "b": "${OTHER}"`) },
    { name: "with CRLF", text: sealed(`    a: ${OLD}\n`).replaceAll("\n", "\r\n") },
    { name: "between braces", text: sealed(`    {a: ${OLD}, b: ${OTHER}}\n`) },
    { name: "as a block of one line", text: sealed(`    a: |-\n      ${OLD}\n`) },
    { name: "JSON", text: json(OLD) },
    { name: "beside other documents", text: `# top\nkind: ConfigMap\n---\n${sealed(`    a: ${OLD}\n`)}---\n# end\n` },
    { name: "in a List", text: `apiVersion: v1\nkind: List\nitems:\n- ${json(OLD)}\n- kind: ConfigMap\n` },
    { name: "two SealedSecrets, one of them as it is to be", text: `${json(OLD)}\n${json(OTHER)}` },
  ])("$name: one run of characters takes the place of another", ({ text }) => {
    expect(replaced(text)).toBe(text.replace(OLD, NEW));
  });

  test.each([
    { name: "an item that stands twice", text: sealed(`    a: ${OLD}\n    b: ${OLD}\n`) },
    { name: "an item that an alias repeats", text: sealed(`    a: &it ${OLD}\n    b: *it\n`) },
    { name: "an annotation that repeats the item", text: sealed(`    a: ${OLD}\n`, `  annotations: {was: ${OLD}}\n`) },
    { name: "a comment that repeats the item", text: sealed(`    a: ${OLD} # ${OLD}\n`) },
    { name: "an item in two lines", text: sealed(`    a: "${OLD.slice(0, 40)}\\\n      ${OLD.slice(40)}"\n`) },
    {
      name: "an item in two lines, and whole in a comment",
      text: sealed(`    a: "${OLD.slice(0, 40)}\\\n      ${OLD.slice(40)}" # ${OLD}\n`),
    },
    { name: "an item that is no text", text: sealed("    a: 5\n") },
  ])("$name is left to those who see the layout", ({ text }) => {
    expect(replaced(text)).toBeUndefined();
  });
});
