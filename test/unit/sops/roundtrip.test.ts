import { describe, expect, test } from "vitest";
import { decrypt, encrypt, type Format, SopsError } from "../../../src/sops/index.ts";
import { KEYS_A, RECIPIENT_A, skeleton, sopsFixture } from "../../helpers/sops.ts";

/** What the original made of one document. See `fixtures/sops/SOURCES.md`. */
interface RoundTrip {
  readonly name: string;
  readonly input?: string;
  readonly input_b64?: string;
  readonly encrypted?: string;
  readonly decrypted?: string;
  readonly decrypted_b64?: string;
  readonly json?: string;
  readonly error?: { readonly step: string; readonly exit: number };
}

/** Where the original loses data and we keep it. Each has its line in docs/compatibility/sops.md. */
const KEPT: Readonly<Record<string, { encrypted?: string; decrypted: string }>> = {
  "ini key-dash": { encrypted: "[s]\n`#1` = ENC[str]\n\n", decrypted: "[s]\n`#1` = 1\n" },
};

const FORMATS = ["dotenv", "ini"] as const satisfies readonly Format[];

describe.each(FORMATS)("%s documents as the original has them", (format) => {
  const documents: readonly RoundTrip[] = JSON.parse(
    sopsFixture(`${format}-roundtrip.json`).replaceAll("<many z>", "z".repeat(100_000)),
  );
  const options = { recipients: [RECIPIENT_A], now: 0 };

  test.each(documents.filter(({ name }) => name !== "_about"))("$name", async (recorded) => {
    const { name, input, input_b64, json, error } = recorded;
    const source = Buffer.from(input ?? input_b64 ?? "", input === undefined ? "base64" : "utf8");
    if (error?.step === "encrypt") {
      await expect(encrypt(source, format, options)).rejects.toThrow(SopsError);
      return;
    }
    const { text } = await encrypt(source, format, options);
    const kept = KEPT[`${format} ${name}`];
    const encrypted = kept?.encrypted ?? recorded.encrypted;
    if (encrypted !== undefined) expect(withoutMetadata(text, format)).toBe(encrypted);
    const { clearText } = await decrypt(text, format, KEYS_A);
    const wanted =
      recorded.decrypted_b64 === undefined
        ? Buffer.from(kept?.decrypted ?? recorded.decrypted ?? "")
        : Buffer.from(recorded.decrypted_b64, "base64");
    expect(Buffer.from(clearText.reveal()).toString("latin1")).toBe(wanted.toString("latin1"));
    if (json === undefined) return;
    expect((await decrypt(text, format, KEYS_A, { outputFormat: "json" })).clearText.revealText()).toBe(json);
  });
});

function withoutMetadata(text: string, format: Format): string {
  const shown = skeleton(text);
  return format === "ini" ? shown.slice(0, shown.indexOf("[sops]\n")) : shown.replace(/^sops_.*\n/gm, "");
}
