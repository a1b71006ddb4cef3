import { generateKey } from "openpgp";
import { expect, test } from "vitest";
import { openingMeans } from "../../../src/keys/index.ts";
import { openPgpKeys } from "../../../src/pgp/index.ts";
import { decrypt, encrypt } from "../../../src/sops/index.ts";
import { masterKey } from "../../helpers/fakes/key-service.ts";
import { IDENTITY_A, RECIPIENT_A } from "../../helpers/sops.ts";

const secret = (name: string, data: Record<string, string>) => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name, namespace: "apps" },
  data: Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString("base64")])),
});

test("age identities and PGP keys of a backup open files of SOPS", async () => {
  const { privateKey, publicKey } = await generateKey({ userIDs: [{ name: "T" }], format: "object" });
  const fp = publicKey.getFingerprint().toUpperCase();
  const secrets = [
    secret("age", { "a.agekey": IDENTITY_A, other: "x" }),
    secret("pgp", { "team.asc": privateKey.armor() }),
  ];
  const { sops, sealingKeys } = openingMeans({ secrets }, { parallel: 1 });
  expect(sealingKeys).toEqual([]);
  expect(sops.sources.map(({ where }) => where)).toEqual(['the backup, Secret apps/age, entry "a.agekey"']);
  const { text } = await encrypt("a: b\n", "yaml", { recipients: [RECIPIENT_A], now: 0 });
  expect((await decrypt(text, "yaml", sops)).clearText.revealText()).toBe("a: b\n");
  const dataKey = new Uint8Array(32).fill(3);
  const enc = await (await openPgpKeys([publicKey.armor()])).encrypt(masterKey("pgp", { fp }), dataKey);
  expect(await sops.servicesFor("pgp")[0]?.decrypt(masterKey("pgp", { fp, enc }))).toEqual(dataKey);
});

test("an entry that is no base64 is a place without identities", () => {
  const broken = { ...secret("age", {}), data: { "a.agekey": "***" } };
  const { sops } = openingMeans({ secrets: [broken] }, { parallel: 1 });
  expect(sops.sources[0]?.problem).toBe("it is no base64");
});
