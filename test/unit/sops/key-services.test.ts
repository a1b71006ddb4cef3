import { describe, expect, test } from "vitest";
import {
  ageKey,
  decrypt,
  encrypt,
  fieldOf,
  type KeyGroup,
  type KeyringOptions,
  type KeyType,
  loadKeyring,
  rotate,
  SopsError,
} from "../../../src/sops/index.ts";
import { fakeKeyService, masterKey } from "../../helpers/fakes/key-service.ts";
import { KEYS_A, KEYS_B, RECIPIENT_A, RECIPIENT_B, source } from "../../helpers/sops.ts";

const arn = (name: string) => masterKey("kms", { arn: `arn:aws:kms:eu-1:1:key/${name}`, aws_profile: "" });
const fingerprint = (name: string) => masterKey("pgp", { fp: name });
const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);

function services() {
  const aws = fakeKeyService("AWS KMS", (key) => fieldOf(key, "arn").slice(-6));
  const pgp = fakeKeyService("PGP", (key) => fieldOf(key, "fp"));
  const all = new Map([
    ["kms", aws],
    ["pgp", pgp],
  ] as const satisfies [KeyType, unknown][]);
  return { aws, pgp, all };
}

function ring(options: KeyringOptions = {}, identities = KEYS_A) {
  return loadKeyring(identities, options);
}

async function seal(keyGroups: readonly KeyGroup[], options: KeyringOptions, shamirThreshold = 0): Promise<string> {
  return (await encrypt("a: 1\n", "yaml", { keyGroups, keyring: ring(options), now: NOW, shamirThreshold })).text;
}

async function errorOf(work: Promise<unknown>): Promise<SopsError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof SopsError)) throw new Error("no SopsError was thrown");
  return error;
}

describe("keys of several services", () => {
  test("each holds the data key, with the time it was given", async () => {
    const { all } = services();
    const text = await seal([[arn("a"), fingerprint("AB"), ageKey(RECIPIENT_A)]], { services: all });
    expect(text).toContain(
      '          aws_profile: ""\n          created_at: "2026-01-02T03:04:05Z"\n          enc: AWS KMS:',
    );
    expect(text).toMatch(/pgp:\n {8}- created_at: "2026-01-02T03:04:05Z"\n {10}enc: PGP:.*\n {10}fp: AB\n/);
    for (const type of ["kms", "pgp", "age"]) {
      const keyring = ring({ services: all, decryptionOrder: [type] });
      expect((await decrypt(text, "yaml", keyring)).clearText.revealText()).toBe("a: 1\n");
    }
  });

  const orders: readonly { order?: string[]; calls: string[] }[] = [
    { calls: ["PGP"] },
    { order: ["kms"], calls: ["AWS KMS"] },
    { order: ["pgp", "kms"], calls: ["PGP"] },
    { order: ["nonsense"], calls: ["AWS KMS"] },
    { order: [], calls: ["AWS KMS"] },
  ];
  test.each(orders)("are tried in the order $order", async ({ order, calls }) => {
    const { all } = services();
    const text = await seal([[arn("a"), fingerprint("AB"), ageKey(RECIPIENT_A)]], { services: all });
    const fresh = services();
    const told = order === undefined ? {} : { decryptionOrder: order };
    await decrypt(text, "yaml", ring({ services: fresh.all, ...told }, KEYS_B));
    const asked = [fresh.aws, fresh.pgp].filter((service) => service.calls.length > 0).map(({ name }) => name);
    expect(asked).toEqual(calls);
  });

  test("a key that fails does not matter when another opens", async () => {
    const { all, aws } = services();
    const text = await seal([[arn("b"), ageKey(RECIPIENT_A)]], { services: all });
    const broken = text.replace("key/b", "key/broken");
    const keyring = ring({ services: all, decryptionOrder: ["kms"] });
    expect((await decrypt(broken, "yaml", keyring)).clearText.revealText()).toBe("a: 1\n");
    expect(aws.calls).toHaveLength(2);
  });

  test("groups of several services share the data key", async () => {
    const { all } = services();
    const groups = [[arn("a")], [fingerprint("AB")], [ageKey(RECIPIENT_B)]];
    const text = await seal(groups, { services: all }, 2);
    expect((await decrypt(text, "yaml", ring({ services: all }))).clearText.revealText()).toBe("a: 1\n");
    const error = await errorOf(decrypt(text.replace("key/a", "key/broken"), "yaml", ring({ services: all })));
    expect(error.message).toBe("Cannot decrypt the SOPS data: 1 of its 3 key groups can be opened, and it takes 2");
    expect(error.upstream).toContain(
      "Group 0: FAILED\n  arn:aws:kms:eu-1:1:key/broken: FAILED\n" +
        "    - | AWS KMS does not let you decrypt with the key broken as it\n      | is broken\n\nGroup 1: SUCCESS\n\n",
    );
  });

  test("files that share a data key ask its service once; one that failed is asked again", async () => {
    const { all, aws } = services();
    const text = await seal([[arn("a")]], { services: all });
    const keyring = ring({ services: all });
    aws.calls.length = 0;
    await Promise.all(Array.from({ length: 5 }, () => decrypt(text, "yaml", keyring)));
    expect(aws.calls).toEqual(["decrypt :key/a"]);
    aws.calls.length = 0;
    const broken = text.replace("key/a", "broken");
    for (let time = 0; time < 2; time++) await errorOf(decrypt(broken, "yaml", keyring));
    expect(aws.calls).toHaveLength(2);
  });

  test("whoever gets a data key cannot spoil the one that is remembered", async () => {
    const { all } = services();
    const text = await seal([[arn("a")]], { services: all });
    const keyring = ring({ services: all });
    const { metadata } = await decrypt(text, "yaml", keyring);
    const key = metadata.keyGroups[0]?.[0];
    const never = () => Promise.reject(new Error("asked again"));
    if (key !== undefined) (await keyring.parts.part(key, never)).fill(0);
    expect((await decrypt(text, "yaml", keyring)).clearText.revealText()).toBe("a: 1\n");
  });
});

describe("remote key services", () => {
  test("are asked in order, after the local one", async () => {
    const [local, remote] = [services(), fakeKeyService("remote", (key) => key.type)];
    const text = await seal([[fingerprint("AB")]], { remoteServices: [remote] });
    expect(text).toContain("enc: remote:");
    const failing = fakeKeyService("failing", () => "broken");
    const keyring = ring({ services: new Map([["pgp", failing]]), remoteServices: [failing, remote] });
    expect((await decrypt(text, "yaml", keyring)).clearText.revealText()).toBe("a: 1\n");
    expect([failing.calls.length, remote.calls]).toEqual([2, ["encrypt pgp", "decrypt pgp"]]);
    expect(local.pgp.calls).toEqual([]);
  });

  test("alone: no identity is used, and a key that nobody answers for has no reason", async () => {
    const text = await seal([[ageKey(RECIPIENT_A)]], {});
    const error = await errorOf(decrypt(text, "yaml", ring({ useLocal: false })));
    expect(error.code).toBe("SOPS_NO_DATA_KEY");
    expect(error.upstream).toMatch(/^Failed.*\n\nGroup 0: FAILED\n {2}age1\w+: FAILED\n\n\nRecovery failed/);
  });
});

describe("identities that are asked for", () => {
  test("only when nothing else opens the file", async () => {
    const text = await seal([[ageKey(RECIPIENT_A), ageKey(RECIPIENT_B)]], {});
    const asked: string[] = [];
    const askForIdentities = async (recipient: string) => {
      asked.push(recipient);
      return recipient === RECIPIENT_B ? KEYS_B : [source("nothing", "")];
    };
    await decrypt(text, "yaml", loadKeyring(KEYS_B, { askForIdentities }));
    expect(asked).toEqual([]);
    const keyring = loadKeyring([], { askForIdentities });
    await decrypt(text, "yaml", keyring);
    await decrypt(text, "yaml", keyring);
    expect(asked).toEqual([RECIPIENT_A, RECIPIENT_B]);
  });
});

describe("nothing is written when", () => {
  const brokenKey = "arn:aws:kms:eu-1:1:key/broken";

  test("a service does not encrypt", async () => {
    const { all } = services();
    const error = await errorOf(seal([[arn("a"), arn("broken"), fingerprint("broken")]], { services: all }));
    expect([error.code, error.message]).toEqual([
      "SOPS_KEY_NOT_USED",
      "Cannot encrypt the data key: 2 keys of 3 cannot be used",
    ]);
    expect(error.details).toEqual([
      `AWS KMS ${brokenKey}: Cannot encrypt with AWS KMS: HTTP 403`,
      "  status 403, AccessDeniedException",
      "PGP broken: Cannot encrypt with PGP: HTTP 403",
      "  status 403, AccessDeniedException",
    ]);
    expect(error.upstream).toBe(
      `Could not generate data key: [failed to encrypt new data key with master key "${brokenKey}": AWS KMS does not let you encrypt with the key broken as it is broken failed to encrypt new data key with master key "broken": PGP does not let you encrypt with the key broken as it is broken]`,
    );
  });

  test("a secret key stands where a key should, beside others that fail", async () => {
    const secret = "AGE-SECRET-KEY-1QQQQ";
    for (const wrong of [ageKey(secret), fingerprint(`${secret}broken`)]) {
      const error = await errorOf(seal([[arn("broken"), wrong]], { services: services().all }));
      expect(error.code).toBe("SOPS_BAD_RECIPIENT");
      expect([error.message, error.upstream, error.details, error.hints].join()).not.toContain(secret);
    }
  });

  test("nobody answers for a key", async () => {
    const error = await errorOf(seal([[arn("a")]], {}));
    expect([error.code, error.details]).toEqual([
      "SOPS_KEY_NOT_USED",
      ["AWS KMS arn:aws:kms:eu-1:1:key/a: Cannot encrypt the data key: no key service here is for keys of AWS KMS"],
    ]);
  });
});

describe("rotate", () => {
  test("adds keys of any type to the first group, removes them from all, and keeps their time", async () => {
    const { all } = services();
    const keyring = ring({ services: all });
    const text = await seal(
      [
        [arn("a"), ageKey(RECIPIENT_A)],
        [arn("a"), fingerprint("AB")],
      ],
      { services: all },
    );
    const rotated = await rotate(Buffer.from(text), "yaml", keyring, {
      now: NOW + 86_400_000,
      addKeys: [fingerprint("CD")],
      removeKeys: [arn("a")],
    });
    const { metadata } = await decrypt(rotated, "yaml", keyring);
    const shown = metadata.keyGroups.map((group) => group.map((key) => [key.type, fieldOf(key, "created_at")]));
    expect(shown).toEqual([
      [
        ["pgp", "2026-01-03T03:04:05Z"],
        ["age", ""],
      ],
      [["pgp", "2026-01-02T03:04:05Z"]],
    ]);
  });
});
