import { expect, test } from "vitest";
import { keyUnsealer } from "../../../../controller/sealedsecret/key-unsealer.ts";
import { Keyring } from "../../../../src/sealed/index.ts";
import { makeSealingKey, unsealingKey } from "../../../helpers/sealing-keys.ts";

test("the keys that were tried stand behind the items that they were tried on", async () => {
  const key = unsealingKey(await makeSealingKey({ now: 0 }));
  const unsealer = keyUnsealer({
    keyring: new Keyring([key]),
    acceptLegacyData: true,
    templates: { render: async () => ({ kind: "busy" }) },
  });
  const foreign = Buffer.concat([Buffer.from([1, 0]), Buffer.alloc(300)]).toString("base64");
  const encryptedData = { a: "?", b: foreign, c: "!" };
  const result = await unsealer.unseal({
    apiVersion: "bitnami.com/v1alpha1",
    kind: "SealedSecret",
    metadata: { name: "db", namespace: "apps" },
    spec: { encryptedData },
  });
  expect(result).toEqual({
    kind: "unusable",
    message: expect.stringMatching(
      /^illegal base64 data at input byte 0 \(a, c\)\nno key could decrypt secret \(b\); tried: SHA256:\S+$/,
    ),
  });
});
