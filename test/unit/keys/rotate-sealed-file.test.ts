import { beforeAll, describe, expect, test } from "vitest";
import { encodeBase64 } from "../../../src/bytes/base64.ts";
import { resealInRepository, rotateSealedFile } from "../../../src/keys/index.ts";
import { Keyring, scopeLabel, sealItem } from "../../../src/sealed/index.ts";
import { sealedInFile, verifySealed } from "../../../src/secrets/index.ts";
import type { SealingKeyPair } from "../../../src/x509/index.ts";
import { makeSealingKey, unsealingKey } from "../../helpers/sealing-keys.ts";

let old: SealingKeyPair;
let current: SealingKeyPair;
let stranger: SealingKeyPair;
beforeAll(async () => {
  [old, current, stranger] = await Promise.all([makeSealingKey({ now: 0 }), makeSealingKey(), makeSealingKey()]);
});

async function sealed(key: SealingKeyPair, text: string, label = scopeLabel("strict", "apps", "db")) {
  return encodeBase64(await sealItem(key.certificate.spki, Buffer.from(text), label));
}

function manifest(items: Record<string, string>, { annotations = "{}", name = "db" } = {}): string {
  const lines = Object.entries(items).map(([item, value]) => `    ${item}: "${value}"   # kept\n`);
  return [
    "# ours\napiVersion: bitnami.com/v1alpha1\nkind:   SealedSecret\n",
    `metadata: {name: ${name}, namespace: apps, annotations: ${annotations}}\n`,
    `spec:\n  encryptedData:\n${lines.join("")}  template:\n    data: {config: "user={{ .user }}"}\n`,
  ].join("");
}

const rotate = (text: string) =>
  rotateSealedFile(Buffer.from(text), "db.yaml", {
    keyring: new Keyring([unsealingKey(old), unsealingKey(current)]),
    certificate: current.certificate,
  });

async function keysOf(text: string, at = 0) {
  const place = sealedInFile(text, "db.yaml")[at];
  const keyring = new Keyring([unsealingKey(old), unsealingKey(current)]);
  return await verifySealed(place?.object ?? { apiVersion: "", kind: "", metadata: {} }, keyring, {});
}

test("a file whose name is no UTF-8 is left: by the name that is shown another one would be found", async () => {
  const nobody = () => {
    throw new Error("no file is touched");
  };
  const repository = { count: 1, skipped: [], files: nobody };
  const place = { inPlace: nobody, begin: nobody, find: nobody, keyring: undefined, certificate: undefined } as never;
  expect(await resealInRepository(repository, new Set(["caf\ufffd.yaml"]), place)).toEqual({
    changed: [],
    left: [],
    leftFiles: [{ path: "caf\ufffd.yaml", why: "its name is no UTF-8: rename it" }],
  });
});

describe("rotateSealedFile()", () => {
  test("only items of older keys change; every other character stays", async () => {
    const mine = await sealed(current, "new");
    const text = manifest({ user: await sealed(old, "admin"), password: mine });
    const { text: rotated = "", items, current: kept, left } = await rotate(text);
    expect({ items, kept, left }).toEqual({ items: 1, kept: 1, left: [] });
    const shape = (yaml: string) => yaml.replace(/user: "[^"]*"/, "user");
    expect(shape(rotated)).toBe(shape(text));
    expect(rotated).not.toBe(text);
    expect([...(await keysOf(rotated)).values()]).toEqual(
      [current, current].map(({ certificate }) => certificate.fingerprint),
    );
    expect(await rotate(rotated)).toMatchObject({ text: undefined, items: 0, current: 2 });
  });

  test.each([
    { scope: "namespace-wide", annotations: '{sealedsecrets.bitnami.com/namespace-wide: "true"}' },
    { scope: "cluster-wide", annotations: '{sealedsecrets.bitnami.com/cluster-wide: "true"}' },
  ] as const)("the scope stays $scope", async ({ scope, annotations }) => {
    const value = await sealed(old, "x", scopeLabel(scope, "apps", "db"));
    const { text = "" } = await rotate(manifest({ user: value }, { annotations }));
    expect([...(await keysOf(text)).values()]).toEqual([current.certificate.fingerprint]);
  });

  test("several in one file: one that does not open is left as a whole, the others are sealed anew", async () => {
    const good = manifest({ user: await sealed(old, "a") });
    const bad = manifest({ user: await sealed(old, "a"), password: await sealed(stranger, "b") });
    const text = `${bad}---\nkind: ConfigMap\n---\n${good}`;
    const { text: rotated = "", items, left } = await rotate(text);
    expect(items).toBe(1);
    expect(left).toEqual([
      { object: "SealedSecret/apps/db", line: expect.any(Number), why: 'no key opens "password" where it stands' },
    ]);
    expect(rotated.startsWith(bad)).toBe(true);
    expect([...(await keysOf(rotated, 1)).values()]).toEqual([current.certificate.fingerprint]);
  });

  test.each([
    {
      name: "one that was renamed",
      change: (text: string) => text.replace("name: db", "name: other"),
      why: /no key opens "user"/,
    },
    {
      name: "no base64",
      change: (text: string) => text.replace(/user: "[^"]*"/, 'user: "*"'),
      why: /no key opens "user"/,
    },
    {
      name: "the old single blob",
      change: (text: string) => text.replace(/encryptedData:\n.*\n/, "data: AgBy\n"),
      why: /deprecated field spec\.data/,
    },
  ])("$name: left, with the reason", async ({ change, why }) => {
    const { text, left } = await rotate(change(manifest({ user: await sealed(old, "a") })));
    expect(text).toBeUndefined();
    expect(left).toMatchObject([{ why: expect.stringMatching(why) }]);
  });

  test("a file without one, and one that is no UTF-8, stay as they are; what the second holds is named", async () => {
    expect(await rotate("kind: ConfigMap\n")).toMatchObject({ text: undefined, items: 0, left: [] });
    const inUtf16 = (text: string) => Buffer.from(`\ufeff${text}`, "utf16le");
    const options = { keyring: new Keyring([unsealingKey(old)]), certificate: current.certificate };
    expect(await rotateSealedFile(inUtf16(""), "x.yaml", options)).toMatchObject({ text: undefined, left: [] });
    const text = manifest({ user: await sealed(old, "bob") });
    expect(await rotateSealedFile(inUtf16(text), "x.yaml", options)).toMatchObject({
      text: undefined,
      left: [{ object: "SealedSecret/apps/db", line: 2, why: expect.stringContaining("save it as UTF-8") }],
    });
  });
});
