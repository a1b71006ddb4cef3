import { describe, expect, test } from "vitest";
import { Keyring } from "../../../src/sealed/index.ts";
import {
  claimedKey,
  decodeSecret,
  hashOfItem,
  hintsText,
  readHints,
  rotateSealed,
  sealSecret,
} from "../../../src/secrets/index.ts";
import { makeSealingKey, unsealingKey } from "../../helpers/sealing-keys.ts";

const KEY = `SHA256:${"A".repeat(43)}`;
const OTHER = `SHA256:${"b".repeat(42)}+`;
const item = Buffer.from("sealed bytes").toString("base64");
const hash = hashOfItem(item) ?? "";

describe("hints", () => {
  test("are written by key and item, and read again", () => {
    const hints = new Map([
      ["user", { fingerprint: KEY, hash: "0123456789ab" }],
      ["a.b", { fingerprint: OTHER, hash: "ba9876543210" }],
      ["pass", { fingerprint: KEY, hash }],
    ]);
    const text = hintsText(hints);
    expect(text).toBe(`v1;${KEY};pass=${hash};user=0123456789ab;${OTHER};a.b=ba9876543210`);
    expect(readHints(text)).toEqual(hints);
  });

  test("none give no annotation", () => expect(hintsText(new Map())).toBeUndefined());

  test("claim a key only for the item that they were written for", () => {
    const hints = readHints(`v1;${KEY};pass=${hash}`);
    expect(claimedKey(hints, "pass", item)).toBe(KEY);
    expect(claimedKey(hints, "pass", `${item.slice(0, 4)}\n${item.slice(4)}`)).toBe(KEY);
    expect(claimedKey(hints, "pass", Buffer.from("other").toString("base64"))).toBeUndefined();
    expect(claimedKey(hints, "user", item)).toBeUndefined();
    expect(claimedKey(hints, "pass", 5)).toBeUndefined();
    expect(claimedKey(hints, "pass", "!")).toBeUndefined();
  });

  test.each([
    { name: "no annotation", text: undefined },
    { name: "an empty one", text: "" },
    { name: "another version", text: `v2;${KEY};a=0123456789ab` },
    { name: "an item before any key", text: `v1;a=0123456789ab` },
    { name: "a key of another length", text: `v1;SHA256:abc;a=0123456789ab` },
    { name: "a short hash", text: `v1;${KEY};a=0123` },
    { name: "a hash in capitals", text: `v1;${KEY};a=0123456789AB` },
    { name: "a name that no item can have", text: `v1;${KEY};a b=0123456789ab` },
    { name: "an item that is there twice", text: `v1;${KEY};a=0123456789ab;a=0123456789ac` },
    { name: "a megabyte", text: `v1;${KEY};a=0123456789ab${";x".repeat(500_000)}` },
    { name: "JSON", text: '{"a":1}' },
  ])("say nothing in $name", ({ text }) => expect(readHints(text).size).toBe(0));

  test("a broken key ends the one before", () => {
    expect([...readHints(`v1;${KEY};a=0123456789ab;SHA256:x;b=0123456789ab`).keys()]).toEqual(["a"]);
  });

  test("__proto__ is an item like any other", () => {
    expect(readHints(`v1;${KEY};__proto__=0123456789ab`).get("__proto__")?.fingerprint).toBe(KEY);
  });
});

describe("a SealedSecret with hints", () => {
  test("names the key beside the items, not in the template; sealed again it has none", async () => {
    const key = await makeSealingKey();
    const { spki, fingerprint } = key.certificate;
    const annotations = { note: "kept", "sealkit.dev/hints": "v1;old" };
    const input = { metadata: { name: "db", namespace: "apps", annotations }, stringData: { pass: "x" } };
    const sealed = await sealSecret(decodeSecret(input), { spki, hintFor: fingerprint });
    const { encryptedData, template } = Object(sealed["spec"]);
    const own = sealed.metadata.annotations ?? {};
    expect(claimedKey(readHints(own["sealkit.dev/hints"]), "pass", encryptedData.pass)).toBe(fingerprint);
    expect(Object.keys(template.metadata.annotations)).toEqual(["note"]);
    const rotated = await rotateSealed(sealed, new Keyring([unsealingKey(key)]), { spki });
    expect(JSON.stringify(rotated)).not.toContain("sealkit.dev");
    const plain = await sealSecret(decodeSecret(input), { spki });
    expect(plain.metadata.annotations).toBeUndefined();
    expect(Object(plain["spec"]).template.metadata.annotations).toEqual(annotations);
  });
});
