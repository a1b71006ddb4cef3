import { beforeAll, expect, test } from "vitest";
import { generateX25519Identity, parseIdentity } from "../../../src/age/index.ts";
import { ClearText } from "../../../src/clear-text.ts";
import { Keyring } from "../../../src/sealed/index.ts";
import { decryptingTree, unsealSecret } from "../../../src/secrets/index.ts";
import { encrypt } from "../../../src/sops/index.ts";
import { treeFromEntries } from "../../../src/tree/index.ts";

let identity = "";
beforeAll(() => {
  identity = generateX25519Identity();
});

test("a SealedSecret of very many bad items fails at once", { timeout: 30_000 }, async () => {
  const items = Array.from({ length: 150_000 }, (_, at) => [`i${at}`, "!"] as const);
  const object = {
    apiVersion: "bitnami.com/v1alpha1",
    kind: "SealedSecret",
    metadata: { name: "db", namespace: "apps" },
    spec: { encryptedData: Object.fromEntries(items) },
  };
  const failure = await unsealSecret(object, new Keyring()).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: "SECRETS_UNSEAL_FAILED" });
  expect(failure).toHaveProperty("details.length", 1);
});

test("a List of thousands of Secrets in one encrypted file is followed in linear time", {
  timeout: 60_000,
}, async () => {
  const recipient = parseIdentity(identity).name;
  const items = Array.from({ length: 3_000 }, (_, at) => ({
    apiVersion: "v1",
    kind: at === 2_999 ? "ConfigMap" : "Secret",
    metadata: { name: `s${at}` },
    data: { a: `value ${at}` },
  }));
  const selector = { kind: "encrypted_regex", pattern: "^data$" } as const;
  const { text } = await encrypt(JSON.stringify({ apiVersion: "v1", kind: "List", items }), "json", {
    recipients: [recipient],
    now: Date.UTC(2026, 0, 1),
    selector,
  });
  const tree = treeFromEntries([{ kind: "file", path: "list.json", bytes: Buffer.from(text) }]);
  const view = decryptingTree(tree, { identities: [{ where: "key", identities: ClearText.fromText(identity) }] });
  expect(await view.read("list.json")).toBeDefined();
  const [last] = items.slice(-1);
  expect(last && view.ledger.findIn(last)).toEqual([{ field: "data.a", file: "list.json" }]);
  expect(
    view.ledger.findIn({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "s2999" }, data: { a: "x" } }),
  ).toEqual([]);
});
