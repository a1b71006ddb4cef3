import { describe, expect, test } from "vitest";
import { decrypt, encrypt, type Format, readLocked } from "../../../src/sops/index.ts";
import { KEYS_A, RECIPIENT_A, sopsFixture } from "../../helpers/sops.ts";

const DATA_KEYS: Readonly<Record<string, string>> = JSON.parse(sopsFixture("versions/data-keys.json"));

/** What a file of `versions` holds, with its data key at hand. */
async function opened(name: string, format: Format, change = (text: string) => text): Promise<string> {
  const dataKeyOf = async () => Buffer.from(DATA_KEYS[name] ?? "", "hex");
  const text = change(sopsFixture(`versions/${name}`));
  return (await decrypt(text, format, [], { dataKeyOf, isLenient: true })).clearText.revealText();
}

describe("files of version 1.18", () => {
  const YAML = `# first comment
app:
    name: päss
    port: 8080
    ratio: 1.5
    "on": true
    "off": false
    nothing: ""
    empty: ""
    text: |
        two
        lines
    list:
        - a
        - 2
        - key: v
    plain_unencrypted: seen
when: "2024-01-01"
big: 12345678901234
`;
  const JSON_TEXT = `{
	"b": 1,
	"a": {
		"x": "y",
		"f": 2.5,
		"t": true,
		"n": "",
		"e": ""
	},
	"l": [
		1,
		"two"
	],
	"c_unencrypted": "seen"
}
`;
  test.each<[string, Format, string]>([
    ["1.18.yaml", "yaml", YAML],
    ["1.18.json", "json", JSON_TEXT],
    ["1.18.txt", "binary", "any text\nwith lines\n"],
  ])("%s", async (name, format, clear) => {
    expect(await opened(name, format)).toBe(clear);
  });

  test("are protected as others are: an altered text of the old type is found", async () => {
    await expect(opened("1.18.txt", "binary", (text) => text.replace("type:bytes", "type:int"))).rejects.toMatchObject({
      code: "SOPS_BAD_VALUE",
    });
    const altered = opened("1.18.txt", "binary", (text) => text.replace(/(data": "ENC\[AES256_GCM,data:)./, "$1A"));
    await expect(altered).rejects.toMatchObject({ code: "SOPS_WRONG_KEY_OR_ALTERED" });
  });

  test("keep the keys and what else their metadata says", () => {
    const { metadata } = readLocked(Buffer.from(sopsFixture("versions/1.18.yaml")), "yaml", { isLenient: true });
    expect(metadata.version).toBe("1.18");
  });
});

describe("layouts of versions 2 and 3", async () => {
  const text = "a: 1\nb: [x, 2.5]\n";
  const made = (await encrypt(text, "yaml", { recipients: [RECIPIENT_A], now: 0 })).text;
  const json = (await encrypt('{"a": 1}', "json", { recipients: [RECIPIENT_A], now: 0 })).text;
  const age = / {4}age:\n( {8}.*\n)+/.exec(made)?.[0] ?? "";
  const indented = age
    .replace(/^/gm, "        ")
    .replace(/ +$/, "")
    .replace(/^ {12}age/, "        - age");

  test.each<[string, string]>([
    [
      "empty lists of other services (before 3.10)",
      made.replace("sops:\n", "sops:\n    kms: []\n    gcp_kms: []\n    azure_kv: []\n    hc_vault: []\n    pgp: []\n"),
    ],
    ["null in their place", made.replace("sops:\n", "sops:\n    kms: null\n    pgp: ~\n    key_groups:\n")],
    ["the metadata first", made.replace(/^([\s\S]*?)(sops:\n[\s\S]*)$/, "$2$1")],
    [
      "recipient before enc (before 3.13)",
      made.replace(/( {8}- )(enc: \|\n(?: {12}.*\n)+)( {10})(recipient: .*\n)/, "$1$4$3$2"),
    ],
    [
      "keys of the metadata in other case",
      made.replace("lastmodified:", "LastModified:").replace("    mac:", "    MAC:"),
    ],
    ["no selector: the suffix that was always there", made.replace("    unencrypted_suffix: _unencrypted\n", "")],
    ["one entry in key_groups", made.replace(age, `    key_groups:\n${indented}`)],
    ["keys that the metadata no longer has", made.replace("sops:\n", "sops:\n    attention: handle with care\n")],
  ])("%s", async (_, changed) => {
    expect(changed).not.toBe(made);
    const { clearText } = await decrypt(changed, "yaml", KEYS_A, { isLenient: true });
    expect(clearText.revealText()).toBe("a: 1\nb:\n    - x\n    - 2.5\n");
  });

  test("JSON integers that are floats (before 3.13.2) stay numbers", async () => {
    const changed = json.replace("type:int", "type:float");
    expect((await decrypt(changed, "json", KEYS_A)).clearText.revealText()).toBe('{\n\t"a": 1\n}\n');
  });

  test("INI with line breaks in its metadata (3.13.0 and 3.13.1), and with two characters for each", async () => {
    const ini = (await encrypt("[s]\nk = v\n", "ini", { recipients: [RECIPIENT_A], now: 0 })).text;
    const broken = ini.replace(/(age__list_0__map_enc\s+= )(.*)/, (_, name: string, enc: string) => {
      return `${name}"""${enc.replaceAll("\\n", "\n")}"""`;
    });
    expect(broken).toContain("-----\n");
    for (const layout of [ini, broken]) {
      expect((await decrypt(layout, "ini", KEYS_A)).clearText.revealText()).toBe("[s]\nk = v\n");
    }
  });
});
