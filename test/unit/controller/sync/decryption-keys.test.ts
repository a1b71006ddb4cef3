import { generateKey } from "openpgp";
import { describe, expect, test } from "vitest";
import {
  type DecryptionMachine,
  hasKeys,
  keysInEntries,
  machineUntil,
} from "../../../../controller/kustomization/decryption-keys.ts";
import { decryptionMachine } from "../../../../controller/kustomization/decryption-machine.ts";
import { openPgpKeys } from "../../../../src/pgp/index.ts";
import { masterKey } from "../../../helpers/fakes/key-service.ts";
import { fakeVault } from "../../../helpers/fakes/vault.ts";
import { fetchOf, recorded } from "../../../helpers/fakes/wire.ts";
import { testPorts } from "../../../helpers/kms-ports.ts";
import { IDENTITY_A } from "../../../helpers/sops.ts";

const TOKEN = "hvs.canary-7d1e";
const SERVER = "https://vault.example.com:8200";
const DATA_KEY = new Uint8Array(32).fill(9);

const entries = (texts: Record<string, string>) =>
  new Map(Object.entries(texts).map(([name, text]) => [name, Buffer.from(text)]));

function machineWith(
  fetch: DecryptionMachine["sealedOff"]["fetch"],
  more: Partial<DecryptionMachine> = {},
): DecryptionMachine {
  return { sealedOff: testPorts({ fetch }), vaultAddresses: [], ...more };
}

const nowhere = machineWith(async () => {
  throw new Error("no request was expected");
});
const transit = (enc: string) =>
  masterKey("hc_vault", { vault_address: SERVER, engine_path: "transit", key_name: "app", enc });

describe("keysInEntries()", () => {
  test("age identities by the ends of names, and no services of the machine", () => {
    const found = keysInEntries(entries({ "a.agekey": IDENTITY_A, "b.txt": "x" }), "Secret apps/keys", nowhere);
    expect(found.identities.map(({ where }) => where)).toEqual(['Secret apps/keys, entry "a.agekey"']);
    expect([...(found.services?.keys() ?? [])]).toEqual([]);
  });

  test("what each entry is for", () => {
    const all = entries({
      "k.asc": "-----BEGIN PGP PRIVATE KEY BLOCK-----",
      "sops.aws-kms": "aws_access_key_id: AKIA\naws_secret_access_key: x",
      "sops.azure-kv": "{}",
      "sops.gcp-kms": "{}",
      "sops.vault-token": TOKEN,
    });
    const { services } = keysInEntries(all, "Secret apps/keys", nowhere);
    expect([...(services?.keys() ?? [])].sort()).toEqual(["azure_kv", "gcp_kms", "hc_vault", "kms", "pgp"]);
    expect(keysInEntries(all, "Secret apps/keys", nowhere, { only: "age" }).services).toBeUndefined();
  });

  test("servers that never answer are waited for until the pass ends, and not asked again", async () => {
    const pass = new AbortController();
    let asked = 0;
    const hanging = machineWith(async (_, { signal }) => {
      asked++;
      pass.abort();
      if (!signal.aborted) await new Promise((done) => signal.addEventListener("abort", done));
      throw signal.reason;
    });
    const secret = entries({ "sops.vault-token": TOKEN, "sops.vault-addresses": SERVER });
    const { services } = keysInEntries(secret, "Secret apps/keys", machineUntil(hanging, pass.signal));
    for (let at = 0; at < 3; at++) {
      await expect(services?.get("hc_vault")?.decrypt(transit("vault:v1:x"))).rejects.toThrow("it was interrupted");
    }
    expect(asked).toBe(1);
  });

  test("the credentials of the pod only where they are allowed", () => {
    const ambient = testPorts();
    const { services } = keysInEntries(new Map(), "", { ...nowhere, ambient });
    expect([...(services?.keys() ?? [])].sort()).toEqual(["azure_kv", "gcp_kms", "hckms", "kms"]);
  });

  test("PGP keys in process", async () => {
    const { privateKey, publicKey } = await generateKey({ userIDs: [{ name: "T" }], format: "object" });
    const fp = publicKey.getFingerprint().toUpperCase();
    const enc = await (await openPgpKeys([publicKey.armor()])).encrypt(masterKey("pgp", { fp }), DATA_KEY);
    const { services } = keysInEntries(entries({ "team.asc": privateKey.armor() }), "Secret apps/keys", nowhere);
    expect(await services?.get("pgp")?.decrypt(masterKey("pgp", { fp, enc }))).toEqual(DATA_KEY);
  });

  test.each([
    { name: "a server that the Secret names", own: SERVER, flag: [] },
    { name: "one of several lines", own: `https://other.example.com\n${SERVER}/\n`, flag: [] },
    { name: "a server that a flag names", own: "", flag: [SERVER] },
  ])("a Vault token goes to $name", async ({ own, flag }) => {
    const vault = recorded(fakeVault({ token: TOKEN, keys: ["transit/app"] }).service);
    const machine = machineWith(fetchOf({ "vault.example.com:8200": vault.service }), { vaultAddresses: flag });
    const secret = entries({ "sops.vault-token": `${TOKEN}\n`, "sops.vault-addresses": own });
    const service = keysInEntries(secret, "Secret apps/keys", machine).services?.get("hc_vault");
    const enc = (await service?.encrypt(transit(""), DATA_KEY)) ?? "";
    expect(await service?.decrypt(transit(enc))).toEqual(DATA_KEY);
  });

  test.each([
    { name: "no server is named", own: "" },
    { name: "another one is", own: "https://vault.example.com.evil.test" },
    { name: "another port is", own: "https://vault.example.com" },
  ])("and to none when $name: nothing is sent", async ({ own }) => {
    const secret = entries({ "sops.vault-token": TOKEN, "sops.vault-addresses": own });
    const service = keysInEntries(secret, "Secret apps/keys", nowhere).services?.get("hc_vault");
    const error = await service?.decrypt(transit("vault:v1:x")).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "KEY_SERVICE_NOT_ALLOWED" });
    expect(JSON.stringify(error) + String(error)).not.toContain(TOKEN);
  });

  test.each([
    { name: "an address that is none", texts: { "sops.vault-token": TOKEN, "sops.vault-addresses": "vault" } },
    { name: "credentials without a secret", texts: { "sops.aws-kms": "aws_access_key_id: AKIA" } },
    { name: "credentials that are no YAML", texts: { "sops.aws-kms": "a: [" } },
  ])("$name: refused, without the text", ({ texts }) => {
    let error: unknown;
    try {
      keysInEntries(entries(texts), "Secret apps/keys", nowhere);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code: "KEY_SERVICE_BAD_SETTINGS" });
    expect(JSON.stringify(error) + String(error)).not.toMatch(/AKIA|canary/);
  });

  test.each([
    [{ "a.agekey": "" }, true],
    [{ "a.asc": "" }, true],
    [{ "sops.vault-token": "" }, true],
    [{ "sops.vault-addresses": "" }, false],
    [{ "keys.txt": "" }, false],
    [{}, false],
  ])("hasKeys(%j): %s", (texts, want) => expect(hasKeys(entries(texts))).toBe(want));
});

test("the machine that decryption sees has the network's settings and nothing else", async () => {
  const env = { HTTPS_PROXY: "http://proxy:3128", AWS_SECRET_ACCESS_KEY: "x", VAULT_TOKEN: "x", HOME: "/root" };
  const { sealedOff, ambient } = decryptionMachine({ env, vaultAddresses: [], allowAmbient: false });
  expect(ambient).toBeUndefined();
  expect([sealedOff.env("HTTPS_PROXY"), sealedOff.env("AWS_SECRET_ACCESS_KEY"), sealedOff.env("VAULT_TOKEN")]).toEqual([
    "http://proxy:3128",
    undefined,
    undefined,
  ]);
  expect(await sealedOff.readFile("/etc/passwd")).toBeUndefined();
  expect(sealedOff.run).toBeUndefined();
});
