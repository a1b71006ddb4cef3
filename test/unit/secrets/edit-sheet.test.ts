import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ClearText } from "../../../src/clear-text.ts";
import { editSheet, readSheet, type SealedSecretView, viewSealedSecret } from "../../../src/secrets/index.ts";
import { anyText } from "../../helpers/any-text.ts";

const view = (...items: readonly string[]): SealedSecretView =>
  viewSealedSecret({
    apiVersion: "bitnami.com/v1alpha1",
    kind: "SealedSecret",
    metadata: { name: "db", namespace: "apps" },
    spec: { encryptedData: Object.fromEntries(items.map((item) => [item, "AQAA"])) },
  });
const clear = (values: Record<string, string | Uint8Array>) =>
  new Map(
    Object.entries(values).map(([key, value]) => [
      key,
      typeof value === "string" ? ClearText.fromText(value) : new ClearText(value),
    ]),
  );

describe("editSheet()", () => {
  test("texts, bytes and what is not known", () => {
    const opened = clear({ user: "admin", note: "two\nlines\n", bytes: Uint8Array.of(0, 255), no: "yes" });
    expect(editSheet(view("user", "note", "bytes", "no", "later"), opened)).toBe(
      "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n  namespace: apps\nstringData:\n" +
        '  "no": "yes"\n  note: |\n    two\n    lines\n  user: admin\n  later: # unchanged\ndata:\n  bytes: AP8=\n',
    );
  });

  test.each([
    "a: b",
    ": x",
    "a: x",
    "'",
    '"',
    "a'b: c",
    "a\nb: c",
    "# a",
    "- a",
    "k".repeat(200),
    `${"k: ".repeat(60)}`,
  ])("an item called %j that is not known is told, and read back as no change", (item) => {
    const sheet = editSheet(view(item, "other"), new Map());
    expect(readSheet(sheet, view(item, "other"), new Map())).toEqual({ set: new Map(), unset: [] });
  });

  test("none", () => expect(editSheet(view(), new Map())).toContain("stringData: {}\n"));

  test("is read back as no change, whatever the values are", () => {
    const value = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 30 }),
      anyText({ maxLength: 20 }),
      fc.uint8Array({ maxLength: 20 }),
      fc.stringMatching(/^[ \t\n#:|>&*!%@`'"{}[\],?-]{0,12}$/),
    );
    const key = fc.oneof(fc.stringMatching(/^[-._a-zA-Z0-9]{1,8}$/), fc.constantFrom("y", "null", "1.0", "0x1"));
    fc.assert(
      fc.property(fc.dictionary(key, value, { noNullPrototype: true }), fc.nat(3), (values, hide) => {
        const names = Object.keys(values);
        const opened = new Map([...clear(values)].filter((_, at) => at % 4 !== hide));
        const sheet = editSheet(view(...names), opened);
        expect(readSheet(`# heading\n${sheet}`, view(...names), opened)).toEqual({ set: new Map(), unset: [] });
      }),
      { numRuns: process.env["SLOW"] === "1" ? 5000 : 40 },
    );
  });
});

describe("readSheet()", () => {
  const opened = clear({ user: "admin", pass: "old" });
  const sealed = view("user", "pass", "closed");
  const sheet = editSheet(sealed, opened);
  const changes = (text: string) => {
    const { set, unset } = readSheet(text, sealed, opened);
    return { set: Object.fromEntries([...set].map(([key, value]) => [key, value.revealText()])), unset };
  };

  test.each([
    { name: "a changed value", text: sheet.replace("old", "new"), want: { set: { pass: "new" }, unset: [] } },
    {
      name: "an unknown value replaced",
      text: sheet.replace("closed: #", "closed: now #"),
      want: { set: { closed: "now" }, unset: [] },
    },
    {
      name: "an empty value",
      text: sheet.replace("closed: #", 'closed: "" #'),
      want: { set: { closed: "" }, unset: [] },
    },
    { name: "a removed line", text: sheet.replace("  user: admin\n", ""), want: { set: {}, unset: ["user"] } },
    { name: "a removed unknown", text: sheet.replace(/ {2}closed.*\n/, ""), want: { set: {}, unset: ["closed"] } },
    { name: "a value taken away", text: sheet.replace("user: admin", "user:"), want: { set: {}, unset: [] } },
    { name: "a new item in data", text: `${sheet}data:\n  b: aGk=\n`, want: { set: { b: "hi" }, unset: [] } },
    {
      name: "no items left",
      text: "apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: apps}\n",
      want: { set: {}, unset: ["closed", "pass", "user"] },
    },
  ])("takes $name", ({ text, want }) => expect(changes(text)).toEqual(want));

  test.each([
    { name: "another name", text: sheet.replace("name: db", "name: other") },
    { name: "another kind", text: sheet.replace("Secret", "ConfigMap") },
    { name: "another field", text: `${sheet}type: Opaque\n` },
    { name: "another field of the metadata", text: sheet.replace("  name:", "  labels: {a: b}\n  name:") },
    { name: "two documents", text: `${sheet}---\n${sheet}` },
    { name: "nothing", text: "# all gone\n" },
    { name: "a list", text: "- canary\n" },
    { name: "no YAML", text: `${sheet}canary: [\n` },
    { name: "a number", text: sheet.replace("old", "5432") },
    { name: "bytes that are no base64", text: `${sheet}data: {b: canary!}\n` },
    { name: "an item in both places", text: `${sheet}data: {user: aGk=}\n` },
    { name: "a new item without a value", text: sheet.replace("  user:", "  added:\n  user:") },
    { name: "an item twice", text: sheet.replace("  user:", "  user: canary\n  user:") },
  ])("refuses $name without showing a value", ({ text }) => {
    expect(() => changes(text)).toThrow(/^Cannot /);
    expect(() => changes(text)).not.toThrow(/canary|5432/);
  });
});
