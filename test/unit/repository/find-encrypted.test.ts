import { describe, expect, test } from "vitest";
import { findEncrypted, mayHoldEncrypted } from "../../../src/repository/index.ts";
import { sopsFixture } from "../../helpers/sops.ts";

const SEALED = `apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {name: a, namespace: b}
spec: {encryptedData: {k: AgBy}}
`;

function find(path: string, text: string) {
  return findEncrypted({ path, bytes: Buffer.from(text), branches: [] });
}

describe("findEncrypted()", () => {
  test.each([
    { name: "a SealedSecret", path: "a.yaml", text: SEALED, sealed: 1 },
    {
      name: "two in one file, beside another object",
      path: "a.yml",
      text: `${SEALED}---\n{}\n---\n${SEALED}`,
      sealed: 2,
    },
    {
      name: "one in a List, as JSON",
      path: "a.json",
      text: JSON.stringify({
        apiVersion: "v1",
        kind: "List",
        items: [{ apiVersion: "bitnami.com/v1alpha1", kind: "SealedSecret", metadata: { name: "a" }, spec: {} }],
      }),
      sealed: 1,
    },
  ])("$name", ({ path, text, sealed }) => {
    const found = find(path, text);
    expect(found).toMatchObject({ sops: undefined, problem: undefined });
    expect(found?.sealed).toHaveLength(sealed);
  });

  test.each([
    { order: "little", bytes: Buffer.from(`\ufeff${SEALED}`, "utf16le") },
    { order: "big", bytes: Buffer.from(`\ufeff${SEALED}`, "utf16le").swap16() },
  ])("a SealedSecret in UTF-16 ($order-endian), as PowerShell writes it", ({ bytes }) => {
    const file = { path: "a.yaml", bytes, branches: [] };
    expect([mayHoldEncrypted(file), findEncrypted(file)?.sealed.length]).toEqual([true, 1]);
    expect(mayHoldEncrypted({ path: "a.yaml", bytes: Buffer.from([0xff]) })).toBe(false);
    expect(findEncrypted({ ...file, bytes: bytes.subarray(0, -33) })?.problem).toBeDefined();
  });

  test("a file of SOPS, with its metadata", () => {
    const found = find("x/secret.yaml", sopsFixture("encrypted/values.yaml"));
    expect(found?.problem).toBeUndefined();
    expect(found?.sops?.format).toBe("yaml");
    expect(found?.sops?.locked?.metadata.keyGroups.flat().length).toBeGreaterThan(0);
  });

  test.each([
    { name: "clear text", path: "a.yaml", text: "a: 1\n" },
    { name: "another kind of that name", path: "a.yaml", text: SEALED.replace("bitnami.com", "example.com") },
    { name: "a page that shows a SealedSecret", path: "README.md", text: SEALED },
    { name: "a page that shows a file of SOPS", path: "README.md", text: sopsFixture("encrypted/values.yaml") },
    { name: "a word in a comment", path: "a.yaml", text: "# SealedSecret of sops\na: 1\n" },
    { name: "nothing", path: "a.yaml", text: "" },
  ])("$name is nothing of it", ({ path, text }) => {
    expect(find(path, text)).toBeUndefined();
  });

  test.each([
    {
      name: "conflict markers",
      text: `<<<<<<< HEAD\n${SEALED}=======\n>>>>>>> x\n`,
      says: "it has conflict markers of a merge",
    },
    { name: "broken YAML", text: `${SEALED}\n  - [`, says: /^line \d+, column \d+: / },
    { name: "a version that is not known", text: SEALED.replace("v1alpha1", "v9"), says: /v9/ },
  ])("$name: a problem, and no error", ({ text, says }) => {
    const problem = find("a.yaml", text)?.problem;
    if (typeof says === "string") expect(problem).toBe(says);
    else expect(problem).toMatch(says);
  });

  test("a file of SOPS whose metadata is damaged: a problem, and no error", () => {
    const damaged = sopsFixture("encrypted/values.yaml").replace(/lastmodified: .*/, "lastmodified: [1]");
    expect(find("a.yaml", damaged)).toMatchObject({ sops: { format: "yaml", locked: undefined } });
    expect(find("a.yaml", damaged)?.problem).toBeDefined();
  });
});
