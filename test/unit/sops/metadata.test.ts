import { describe, expect, test } from "vitest";
import { decrypt, encrypt } from "../../../src/sops/index.ts";
import { metadataBranch } from "../../../src/sops/metadata/metadata.ts";
import { readMetadata } from "../../../src/sops/metadata/metadata-read.ts";
import { readJsonObject } from "../../../src/sops/stores/json-read.ts";
import { writeJson } from "../../../src/sops/stores/json-write.ts";
import { KEYS_A, RECIPIENT_A } from "../../helpers/sops.ts";

const KEYS = {
  age: [{ enc: "e\n", recipient: "age1x" }],
  azure_kv: [{ created_at: "t", enc: "e", name: "n", vault_url: "https://v", version: "1" }],
  gcp_kms: [{ created_at: "t", enc: "e", resource_id: "projects/x" }],
  hc_vault: [{ created_at: "t", enc: "vault:v1:x", engine_path: "p", key_name: "k", vault_address: "https://v" }],
  hckms: [{ created_at: "t", enc: "e", key_id: "r:u" }],
  kms: [{ arn: "arn:aws:kms:x", aws_profile: "", context: { a: "b" }, created_at: "t", enc: "e", role: "r" }],
};
const PGP = { pgp: [{ created_at: "t", enc: "e", fp: "F" }] };
const REST = { version: "3.9.0", mac: "ENC[m]", lastmodified: "2026-11-21T08:00:33Z" };

function again(metadata: object): unknown {
  const branch = readJsonObject(JSON.stringify(metadata), undefined);
  return JSON.parse(writeJson(metadataBranch(readMetadata(branch, undefined)), { unit: " " }));
}

describe("metadata", () => {
  test("of every key service is kept, sorted", () => {
    const metadata = { ...KEYS, ...PGP, ...REST, encrypted_regex: "x", mac_only_encrypted: true, shamir_threshold: 2 };
    const printed = again(metadata);
    expect(printed).toEqual(metadata);
    const names = Object.keys(printed as object);
    expect(names).toEqual([...names].sort());
  });

  test("of key groups is kept, with the lists that are always there", () => {
    const groups = { key_groups: [{ age: KEYS.age }, PGP], shamir_threshold: 2, ...REST };
    expect(again(groups)).toEqual({
      ...groups,
      key_groups: [
        { age: KEYS.age, hc_vault: [] },
        { age: [], hc_vault: [], ...PGP },
      ],
    });
  });

  test("direct lists win over groups; names in other cases and texts for numbers are read; unknown names go", () => {
    const odd = {
      Age: KEYS.age,
      key_groups: [PGP],
      MAC: 5,
      LastModified: REST.lastmodified,
      version: "3.9.0",
      shamir_threshold: "2",
      mac_only_encrypted: "true",
      x: 1,
    };
    expect(again(odd)).toEqual({
      age: KEYS.age,
      mac: "5",
      lastmodified: REST.lastmodified,
      version: "3.9.0",
      shamir_threshold: 2,
      mac_only_encrypted: true,
    });
  });

  test("with a key of another service beside the age key opens", async () => {
    const { text } = await encrypt('{"a": "b"}', "json", { recipients: [RECIPIENT_A], now: 0 });
    const mixed = text.replace('"sops": {', `"sops": {\n"kms": ${JSON.stringify(KEYS.kms)},`);
    const { clearText, metadata } = await decrypt(mixed, "json", KEYS_A);
    expect(clearText.revealText()).toContain('"b"');
    expect(metadata.keyGroups[0]?.map(({ type }) => type)).toEqual(["kms", "age"]);
  });

  test("before version 3.10, with empty and null lists in the old order, opens", async () => {
    const { text } = await encrypt('{"a": "b"}', "json", { recipients: [RECIPIENT_A], now: 0 });
    const old = text
      .replace('"sops": {', '"sops": {"kms": null, "gcp_kms": null, "azure_kv": [], "hc_vault": null,')
      .replace(/,\n\t\t"unencrypted_suffix": "_unencrypted"/, ', "pgp": null');
    expect((await decrypt(old, "json", KEYS_A)).clearText.revealText()).toContain('"b"');
  });
});
