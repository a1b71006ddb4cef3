import { isUtf8 } from "node:buffer";
import { describe, expect, test } from "vitest";
import { decrypt, encrypt, type Format, SopsError } from "../../../src/sops/index.ts";
import {
  envelopesOf,
  fixedRandom,
  KEYS_A,
  openEnvelope,
  RECIPIENT_A,
  skeleton,
  sopsFixture,
} from "../../helpers/sops.ts";

/** What the original made of one document. See `fixtures/sops/SOURCES.md`. */
interface RoundTrip {
  readonly name: string;
  readonly input?: string;
  readonly input_b64?: string;
  readonly encrypted?: string;
  /** Path, type and plaintext of each value. */
  readonly values?: readonly string[];
  readonly decrypted?: string;
  readonly decrypted_b64?: string;
  readonly json?: string;
  readonly yaml?: string;
  readonly error?: { readonly step: string; readonly exit: number };
}

/** Where the original loses data and we keep it. Each has its line in docs/compatibility/sops.md. */
const KEPT: Readonly<
  Record<string, { encrypted?: string; values?: readonly string[]; decrypted?: string; isRefused?: true }>
> = {
  "ini key-dash": { encrypted: "[s]\n`#1` = ENC[str]\n\n", decrypted: "[s]\n`#1` = 1\n" },
  "yaml ml-top-list-in-map-lead": { decrypted: 'k:\n    - "  lead\\nx\\n"\n' },
  "yaml ml-lead-in-list": { decrypted: 'l:\n    - |4+\n\n    - |+\n      x\n\n    - " a\\nb"\n' },
  "yaml ml-lead-in-list-map": { decrypted: 'l:\n    - a: "\\n x"\n' },
  "yaml ml-tab-first-becomes-null": { decrypted: 'k: "\\ta\\nb"\n' },
  "yaml ml-tab-first-clear": {
    encrypted: 'k_unencrypted: "\\ta\\nb"\n',
    decrypted: 'k_unencrypted: "\\ta\\nb"\n',
  },
  "yaml co-empty-map": {
    encrypted: "#ENC[comment]\nk: {}\nl:\n    - ENC[comment]\n",
    values: [": comment  a", "l: comment  b"],
    decrypted: "# a\nk: {}\nl: []\n# b\n",
  },
  "yaml co-list-map": {
    decrypted: "l:\n    # one\n    # i\n    - a: 1\n      # two\n      b: 2\n    # three\n    - c: 3\n",
  },
  "yaml key-dup-second-doc": { isRefused: true },
  "json doc-unclosed-list": { isRefused: true },
};

const FORMATS = ["yaml", "json", "dotenv", "ini"] as const satisfies readonly Format[];

describe.each(FORMATS)("%s documents as the original has them", (format) => {
  const documents: readonly RoundTrip[] = JSON.parse(
    sopsFixture(`${format}-roundtrip.json`).replaceAll("<many z>", "z".repeat(100_000)),
  );
  const options = { recipients: [RECIPIENT_A], now: 0, fillRandom: fixedRandom };

  test.each(documents.filter(({ name }) => name !== "_about"))("$name", async (recorded) => {
    const { name, input, input_b64, json, yaml, error } = recorded;
    const source = Buffer.from(input ?? input_b64 ?? "", input === undefined ? "base64" : "utf8");
    const kept = KEPT[`${format} ${name}`];
    if (error?.step === "encrypt" || kept?.isRefused === true) {
      await expect(encrypt(source, format, options)).rejects.toThrow(SopsError);
      return;
    }
    const { text } = await encrypt(source, format, options);
    const decrypted = kept?.decrypted ?? recorded.decrypted;
    const encrypted = kept?.encrypted ?? recorded.encrypted ?? decrypted;
    if (encrypted !== undefined) expect(withoutMetadata(text, format)).toBe(skeleton(encrypted));
    const values = kept?.values ?? recorded.values ?? [];
    if (encrypted !== undefined) expect(valuesOf(text, values)).toEqual(values);
    const wanted = Buffer.from(recorded.decrypted_b64 ?? decrypted ?? "", recorded.decrypted_b64 ? "base64" : "utf8");
    const { clearText } = await decrypt(text, format, KEYS_A);
    expect(Buffer.from(clearText.reveal()).toString("latin1")).toBe(wanted.toString("latin1"));
    for (const [outputFormat, other] of [["json", json] as const, ["yaml", yaml] as const]) {
      if (other === undefined) continue;
      expect((await decrypt(text, format, KEYS_A, { outputFormat })).clearText.revealText()).toBe(other);
    }
  });
});

/** What an opener that shares no code with ours finds under the paths that were recorded, in their form. */
function valuesOf(text: string, recorded: readonly string[]): string[] {
  return envelopesOf(text).map((envelope, at) => {
    const path = /^(.*?:) (?:str|int|float|bool|time|comment) /s.exec(recorded[at] ?? "")?.[1] ?? "";
    const plain = openEnvelope(envelope, path) ?? Buffer.from("not at this path");
    const text = isUtf8(plain) ? plain.toString() : plain.toString("latin1").replaceAll("\xff", "\\xff");
    return `${path} ${/type:(\w+)\]$/.exec(envelope)?.[1]} ${text}`;
  });
}

function withoutMetadata(text: string, format: Format): string {
  const shown = skeleton(text);
  switch (format) {
    case "yaml":
      return shown.replace(/^sops:\n(?: {4}.*\n)+/gm, "");
    case "json":
      return shown.slice(0, shown.indexOf('\t"sops": {'));
    case "ini":
      return shown.slice(0, shown.indexOf("[sops]\n"));
    default:
      return shown.replace(/^sops_.*\n/gm, "");
  }
}
