import { beforeAll, describe, expect, test } from "vitest";
import { likelyCause } from "../../../../controller/sealedsecret/likely-cause.ts";
import { encodeBase64 } from "../../../../src/bytes/base64.ts";
import { encodeUtf8 } from "../../../../src/bytes/utf8.ts";
import type { KubeObject } from "../../../../src/objects/index.ts";
import { Keyring, sealItem } from "../../../../src/sealed/index.ts";
import type { SealingKeyPair } from "../../../../src/x509/index.ts";
import { fakeClock } from "../../../helpers/fakes/clock.ts";
import { makeSealingKey, unsealingKey } from "../../../helpers/sealing-keys.ts";

const P = "sealedsecrets.bitnami.com/";
let keys: SealingKeyPair[];
const items = new Map<string, string>();

beforeAll(async () => {
  keys = await Promise.all([3, 2, 1].map((day) => makeSealingKey({ now: day * 86_400_000 })));
  const labels = ["apps/db", "apps", "", "apps/database", "apps/sibling", "shop/db", "shop"];
  for (const label of labels) {
    for (const [at, key] of keys.entries()) {
      const bytes = await sealItem(key.certificate.spki, encodeUtf8("CANARY"), encodeUtf8(label));
      items.set(`${label}#${at}`, encodeBase64(bytes));
    }
  }
});

const sealed = (
  item: string,
  more: { annotations?: Record<string, string>; template?: object; uid?: string } = {},
) => ({
  apiVersion: "bitnami.com/v1alpha1",
  kind: "SealedSecret",
  metadata: {
    name: "db",
    namespace: "apps",
    uid: more.uid ?? "u1",
    generation: 1,
    ...(more.annotations === undefined ? {} : { annotations: more.annotations }),
  },
  spec: { encryptedData: { a: items.get(item) ?? item }, template: more.template ?? {} },
});

/** Counts private-key operations. */
class CountingKeyring extends Keyring {
  trials = 0;
  override open(...call: Parameters<Keyring["open"]>) {
    this.trials += 1;
    return super.open(...call);
  }
}

function search(count = 1) {
  const keyring = new CountingKeyring(keys.slice(0, count).map(unsealingKey));
  const clock = fakeClock();
  return { keyring, clock, cause: likelyCause({ keyring, clock }) };
}
const of = (object: KubeObject, names: string[] = [], count = 1) => search(count).cause.of(object, "a", () => names);

describe("likelyCause()", () => {
  test.each([
    {
      name: "another scope",
      item: "apps#0",
      more: {},
      want: `annotate the SealedSecret with ${P}namespace-wide: "true"`,
    },
    { name: "any place", item: "#0", more: {}, want: `annotate the SealedSecret with ${P}cluster-wide: "true"` },
    {
      name: "a narrower scope",
      item: "apps/db#0",
      more: { annotations: { [`${P}cluster-wide`]: "true" } },
      want: "take the scope annotations of the SealedSecret away",
    },
    {
      name: "the name in its template",
      item: "apps/database#0",
      more: { template: { metadata: { name: "database" } } },
      want: 'give the SealedSecret the name "database", or seal it again',
    },
    {
      name: "a sibling's name",
      item: "apps/sibling#0",
      more: {},
      want: 'give the SealedSecret the name "sibling", or seal it again',
    },
    {
      name: "a sibling's name, in a narrower scope",
      item: "apps/sibling#0",
      more: { annotations: { [`${P}namespace-wide`]: "true" } },
      want: 'the name "sibling" and take the scope annotations of the SealedSecret away, or seal it again',
    },
  ])("says that an item was sealed for $name, with which key, and what to do", async ({ item, more, want }) => {
    const text = await of(sealed(item, more), ["zeta", "sibling"]);
    expect(text).toMatch(/^item "a" was sealed for .* with SHA256:/);
    expect(text).toContain(keys[0]!.privateKey.fingerprint);
    expect(text?.endsWith(want)).toBe(true);
    expect(text).not.toContain("CANARY");
  });

  test.each(["shop/db#0", "shop#0"])(
    "says nothing of another namespace, whatever the template says: %s",
    async (item) => {
      const template = { metadata: { name: "db", namespace: "shop" } };
      expect(await of(sealed(item, { template }), ["db", "shop"])).toBeUndefined();
    },
  );

  test("knows nothing of an item that is damaged or not even an item", async () => {
    const damaged = Buffer.from(items.get("apps#0") ?? "", "base64");
    damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1;
    for (const item of [damaged.toString("base64"), "?", ""]) {
      expect(await of(sealed(item)).catch(() => undefined)).toBeUndefined();
    }
  });

  test("an older key is found as well, within eight trials in all", async () => {
    expect(await of(sealed("apps#2"), [], 3)).toContain(keys[2]!.privateKey.fingerprint);
    const { cause, keyring } = search(3);
    const names = Array.from({ length: 100 }, (_, at) => `name-${at}`);
    expect(await cause.of(sealed("shop/db#0"), "a", () => names)).toBeUndefined();
    expect(keyring.trials).toBe(8);
  });

  test("looks once for each generation and scope", async () => {
    const { cause, keyring } = search();
    const object = sealed("apps#0");
    const first = await cause.of(object, "a", () => []);
    const { trials } = keyring;
    expect(await cause.of(object, "a", () => [])).toBe(first);
    expect(keyring.trials).toBe(trials);
    await cause.of({ ...object, metadata: { ...object.metadata, generation: 2 } }, "a", () => []);
    expect(keyring.trials).toBeGreaterThan(trials);
  });

  test("looks for so many objects of a namespace at once, and then for one every half minute", async () => {
    const { cause, clock } = search();
    const told = async (from: number, namespace = "apps") => {
      const found: unknown[] = [];
      for (let at = from; at < from + 12; at++) {
        const object = sealed("#0", { uid: `u${at}` });
        found.push(await cause.of({ ...object, metadata: { ...object.metadata, namespace } }, "a", () => []));
      }
      return found.filter((text) => text !== undefined).length;
    };
    expect([await told(0), await told(100), await told(200, "other")]).toEqual([10, 0, 10]);
    await clock.advance(60_000);
    expect(await told(300)).toBe(2);
  });
});
