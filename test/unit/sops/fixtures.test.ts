import { describe, expect, test } from "vitest";
import { decrypt, encrypt, type Format, formatOfName, type Selector } from "../../../src/sops/index.ts";
import { KEYS_A, KEYS_B, RECIPIENT_A, RECIPIENT_B, skeleton, sopsFixture } from "../../helpers/sops.ts";

interface Fixture {
  readonly name: string;
  readonly clear: string;
  readonly selector?: Selector;
  readonly recipients?: readonly string[];
  readonly macOnlyEncrypted?: boolean;
  readonly indent?: number;
}

const FIXTURES: readonly Fixture[] = [
  { name: "values.yaml", clear: "values.yaml" },
  { name: "values-two-recipients.yaml", clear: "values.yaml", recipients: [RECIPIENT_A, RECIPIENT_B] },
  { name: "stream.yaml", clear: "stream.yaml", selector: { kind: "encrypted_regex", pattern: "^(data|stringData)$" } },
  { name: "values.json", clear: "values.json" },
  {
    name: "values-encrypted-suffix.yaml",
    clear: "values.yaml",
    selector: { kind: "encrypted_suffix", pattern: "password" },
  },
  {
    name: "values-unencrypted-regex.yaml",
    clear: "values.yaml",
    selector: { kind: "unencrypted_regex", pattern: "^(db|list)$" },
  },
  {
    name: "values-mac-only.yaml",
    clear: "values.yaml",
    selector: { kind: "encrypted_regex", pattern: "(?i)^PASS" },
    macOnlyEncrypted: true,
  },
  { name: "values-indent-2.yaml", clear: "values.yaml", indent: 2 },
  {
    name: "comments-encrypted.yaml",
    clear: "comments.yaml",
    selector: { kind: "encrypted_comment_regex", pattern: "sec" },
  },
  {
    name: "comments-unencrypted.yaml",
    clear: "comments.yaml",
    selector: { kind: "unencrypted_comment_regex", pattern: "sec" },
  },
];

describe("files of the original", () => {
  test.each(FIXTURES)("$name decrypts to the original's clear text", async ({ name }) => {
    const { clearText } = await decrypt(sopsFixture(`encrypted/${name}`), formatOf(name), KEYS_A, { file: name });
    expect(clearText.revealText()).toBe(sopsFixture(`decrypted/${name}`));
  });

  test.each(FIXTURES)("$name is encrypted to the original's layout, and decrypts again", async (fixture) => {
    const { name, clear, recipients = [RECIPIENT_A], ...options } = fixture;
    const { text } = await encrypt(sopsFixture(`clear/${clear}`), formatOf(name), { ...options, recipients, now: 0 });
    expect(skeleton(text)).toBe(skeleton(sopsFixture(`encrypted/${name}`)));
    const { clearText } = await decrypt(text, formatOf(name), KEYS_A);
    const wanted = options.indent === undefined ? `decrypted/${name}` : "decrypted/values.yaml";
    expect(skeleton(clearText.revealText())).toBe(skeleton(sopsFixture(wanted)));
  });

  test("a second recipient opens what is encrypted to two", async () => {
    const { clearText } = await decrypt(sopsFixture("encrypted/values-two-recipients.yaml"), "yaml", KEYS_B);
    // One comment of this file cannot be opened, by the original neither: it stays as it is.
    expect(skeleton(clearText.revealText())).toBe(skeleton(sopsFixture("decrypted/values.yaml")));
  });
});

function formatOf(name: string): Format {
  return formatOfName(name);
}
