import { beforeAll, expect, test } from "vitest";
import { generateX25519Identity, parseIdentity } from "../../../src/age/index.ts";
import { ClearText } from "../../../src/clear-text.ts";
import { decrypt, encrypt, loadKeyring } from "../../../src/sops/index.ts";
import { mergeTrees } from "../../../src/sops/merge/merge-trees.ts";
import { writeYaml } from "../../../src/sops/stores/yaml-write.ts";
import type { Branch, Comment } from "../../../src/sops/values/value.ts";

let text = "";
let identity = "";
beforeAll(async () => {
  identity = generateX25519Identity();
  const recipients = [parseIdentity(identity).name];
  text = (await encrypt('{"password": "hunter2"}', "json", { recipients, now: Date.UTC(2026, 0, 1) })).text;
});

async function failureOf(changed: string): Promise<unknown> {
  expect(changed, "the file was changed").not.toBe(text);
  const keyring = loadKeyring([{ where: "key", identities: ClearText.fromText(identity) }]);
  return await decrypt(Buffer.from(changed), "json", keyring, {}).then(
    () => "decrypted",
    (error: unknown) => error,
  );
}

test.each([
  [129, "a value"],
  [4_096, "a value"],
  [129, "the MAC"],
])("a nonce of %i bytes in %s is an altered file, not a crash", async (bytes, where) => {
  const nonce = Buffer.alloc(bytes).toString("base64");
  const pattern = where === "the MAC" ? /("mac": "ENC\[[^"]*,iv:)[^,]*/ : /("password": "ENC\[[^"]*,iv:)[^,]*/;
  expect(await failureOf(text.replace(pattern, `$1${nonce}`))).toMatchObject({
    code: where === "the MAC" ? "SOPS_MAC_MISMATCH" : "SOPS_WRONG_KEY_OR_ALTERED",
  });
});

test.each([["1".repeat(1_000_000)], [`${"1.".repeat(300)}x`.repeat(1_000)]])(
  "a version of very many digits costs no square time",
  { timeout: 60_000 },
  async (version) => {
    expect(await failureOf(text.replace(/"version": "[^"]*"/, `"version": "${version}"`))).toMatchObject({
      code: "SOPS_BAD_METADATA",
    });
  },
);

const MANY = 600_000;

test("a comment of very many lines, as INI has them, is written as YAML", () => {
  const comment: Comment = { kind: "comment", text: "\n#".repeat(MANY), inline: false };
  const document: Branch = { kind: "branch", items: [comment, { kind: "entry", key: "a", value: 1 }] };
  expect(writeYaml([document], 2).split("\n").length).toBeGreaterThan(MANY);
});

test("very many comments are merged", () => {
  const comments = Array.from({ length: MANY }, (): Comment => ({ kind: "comment", text: "c", inline: false }));
  const tree = (value: number): Branch[] => [
    { kind: "branch", items: [...comments, { kind: "entry", key: "a", value }] },
  ];
  const { ours } = mergeTrees({ base: tree(1), ours: tree(2), theirs: tree(1) });
  expect(ours[0]?.items).toHaveLength(MANY + 1);
});
