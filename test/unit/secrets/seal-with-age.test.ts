import { describe, expect, test } from "vitest";
import { sealWithAge } from "../../../src/secrets/index.ts";
import { decrypt } from "../../../src/sops/index.ts";
import { KEYS_A, RECIPIENT_A, skeleton } from "../../helpers/sops.ts";

const options = { recipients: [RECIPIENT_A], now: 0, format: "yaml" } as const;
const SECRET = `# the database
apiVersion: v1
kind: Secret
metadata:
    name: db
    annotations:
        since: 2024-01-01
type: Opaque
stringData:
    password: canary-5f2a
data:
    token: c2Vjb25k
`;

describe("sealWithAge()", () => {
  test("encrypts the values and nothing else", async () => {
    const text = await sealWithAge(Buffer.from(SECRET), options);
    const [manifest] = skeleton(text).split("sops:\n");
    expect(manifest).toBe(SECRET.replace("canary-5f2a", "ENC[str]").replace("c2Vjb25k", "ENC[str]"));
    expect((await decrypt(text, "yaml", KEYS_A)).clearText.revealText()).toContain("password: canary-5f2a");
  });

  test("takes several Secrets and JSON", async () => {
    const two = await sealWithAge(Buffer.from(`${SECRET}---\n${SECRET}`), options);
    expect(two.match(/^sops:$/gm)).toHaveLength(2);
    const json = await sealWithAge(Buffer.from('{"kind":"Secret","stringData":{"a":"b"}}'), {
      ...options,
      format: "json",
    });
    expect(skeleton(json)).toContain('"a": "ENC[str]"');
  });

  test.each([
    { name: "another kind", text: "kind: ConfigMap\ndata: {a: b}\n", code: "SOPS_NOT_A_SECRET" },
    { name: "another kind behind a Secret", text: `${SECRET}---\nkind: Pod\n`, code: "SOPS_NOT_A_SECRET" },
    { name: "nothing", text: "# nothing\n", code: "SOPS_NOT_A_SECRET" },
    { name: "no kind", text: "a: 1\n", code: "SOPS_NOT_A_SECRET" },
    {
      name: "a number in stringData",
      text: "kind: Secret\nstringData: {port: 5432}\n",
      code: "SECRETS_SECRET_MALFORMED",
    },
    { name: "data that is no base64", text: "kind: Secret\ndata: {a: canary}\n", code: "SECRETS_SECRET_MALFORMED" },
    { name: "what is encrypted already", text: `${SECRET}sops: {mac: x}\n`, code: "SOPS_ALREADY_ENCRYPTED" },
  ])("refuses $name with $code", async ({ text, code }) => {
    const error = await sealWithAge(Buffer.from(text), options).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code });
    expect(String(error)).not.toContain("canary");
  });
});
