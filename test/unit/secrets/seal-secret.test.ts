import { beforeAll, describe, expect, test } from "vitest";
import type { KubeObject } from "../../../src/objects/index.ts";
import { Keyring } from "../../../src/sealed/index.ts";
import {
  decodeSecret,
  type SealOptions,
  SecretsError,
  sealSecret,
  secretManifest,
  unsealSecret,
} from "../../../src/secrets/index.ts";
import type { SealingKeyPair } from "../../../src/x509/index.ts";
import { makeSealingKey, unsealingKey } from "../../helpers/sealing-keys.ts";

let pair: SealingKeyPair;
let ring: Keyring;
beforeAll(async () => {
  pair = await makeSealingKey();
  ring = new Keyring([unsealingKey(pair)]);
});

const CLUSTER = "sealedsecrets.bitnami.com/cluster-wide";
const NAMESPACE = "sealedsecrets.bitnami.com/namespace-wide";
const secret = (over: object = {}) => ({
  metadata: { name: "db", namespace: "apps" },
  stringData: { a: "x" },
  ...over,
});
const seal = (input: unknown, options: Partial<SealOptions> = {}) =>
  sealSecret(decodeSecret(input), { spki: pair.certificate.spki, ...options });

async function original(sealing: Promise<unknown>): Promise<string> {
  return sealing.then(
    () => "no error",
    (error) => (error instanceof SecretsError ? error.original : String(error)),
  );
}

const masked = (object: KubeObject) => JSON.parse(JSON.stringify(object).replace(/"AQ[A-Za-z0-9+/=]+"/g, '"CT"'));

describe("sealSecret()", () => {
  test("moves everything but the values into the template, in the order of the original", async () => {
    const object = await seal({
      apiVersion: "v1",
      kind: "Secret",
      type: "kubernetes.io/tls",
      immutable: true,
      metadata: {
        name: "db",
        namespace: "apps",
        labels: { b: "2", a: "1" },
        annotations: { note: "a<b", "kubectl.kubernetes.io/last-applied-configuration": "CANARY" },
        uid: "u",
        resourceVersion: "7",
        generation: 3,
        creationTimestamp: "2026-01-01T00:00:00Z",
        selfLink: "/x",
        ownerReferences: [{ apiVersion: "v1", kind: "Pod", name: "p", uid: "u" }],
        finalizers: ["f"],
        generateName: "db-",
      },
      data: { user: "YQ==", pass: "" },
    });
    expect(JSON.stringify(masked(object))).toBe(
      JSON.stringify({
        kind: "SealedSecret",
        apiVersion: "bitnami.com/v1alpha1",
        metadata: { name: "db", namespace: "apps" },
        spec: {
          template: {
            metadata: {
              name: "db",
              generateName: "db-",
              namespace: "apps",
              labels: { a: "1", b: "2" },
              annotations: { note: "a<b" },
              finalizers: ["f"],
            },
            type: "kubernetes.io/tls",
            immutable: true,
          },
          encryptedData: { pass: "CT", user: "CT" },
        },
      }),
    );
  });

  test("the input is not changed", async () => {
    const input = decodeSecret(secret({ metadata: { name: "db", namespace: "apps", annotations: { x: "y" } } }));
    const before = JSON.stringify(input.metadata);
    await sealSecret(input, { spki: pair.certificate.spki, scope: "cluster-wide", name: "other" });
    expect(JSON.stringify(input.metadata)).toBe(before);
  });

  const noted = (annotations: object) => secret({ metadata: { name: "db", namespace: "apps", annotations } });
  test.each([
    { name: "nothing said", input: secret(), scope: undefined, want: undefined },
    {
      name: "annotation cluster-wide",
      input: noted({ [CLUSTER]: "true" }),
      scope: undefined,
      want: { [CLUSTER]: "true" },
    },
    {
      name: "annotation that is not quite true",
      input: noted({ [CLUSTER]: "True" }),
      scope: undefined,
      want: undefined,
    },
    {
      name: "both annotations",
      input: noted({ [CLUSTER]: "true", [NAMESPACE]: "true" }),
      scope: undefined,
      want: { [CLUSTER]: "true" },
    },
    {
      name: "strict does not override",
      input: noted({ [NAMESPACE]: "true" }),
      scope: "strict",
      want: { [NAMESPACE]: "true" },
    },
    {
      name: "a flag overrides",
      input: noted({ [CLUSTER]: "true" }),
      scope: "namespace-wide",
      want: { [NAMESPACE]: "true" },
    },
    { name: "a flag adds", input: secret(), scope: "cluster-wide", want: { [CLUSTER]: "true" } },
  ] as const)("scope: $name", async ({ input, scope, want }) => {
    const object = await seal(input, { scope });
    expect(object.metadata.annotations).toEqual(want);
    await unsealSecret(object, ring);
  });

  test.each([
    { name: "the input's", input: secret(), options: {}, want: "apps" },
    { name: "the same one asked for", input: secret(), options: { namespace: "apps" }, want: "apps" },
    { name: "asked for", input: secret({ metadata: { name: "db" } }), options: { namespace: "n" }, want: "n" },
    { name: "the default", input: secret({ metadata: { name: "db" } }), options: { defaultNamespace: "d" }, want: "d" },
    {
      name: "not the default when the input has one",
      input: secret(),
      options: { defaultNamespace: "d" },
      want: "apps",
    },
    {
      name: "none at all, cluster-wide",
      input: secret({ metadata: { name: "db" } }),
      options: { scope: "cluster-wide", namespace: "n" },
      want: undefined,
    },
    {
      name: "the input's, cluster-wide, another asked for",
      input: secret(),
      options: { scope: "cluster-wide", namespace: "n" },
      want: "apps",
    },
  ] as const)("namespace: $name", async ({ input, options, want }) => {
    const object = await seal(input, options);
    expect(object.metadata.namespace).toBe(want);
    await unsealSecret(object, ring);
  });

  test("name: what was asked for wins", async () => {
    const object = await seal(secret(), { name: "other" });
    expect(object.metadata.name).toBe("other");
    expect((await unsealSecret(object, ring)).secret.metadata.name).toBe("other");
  });

  test.each([
    { name: "no data", input: secret({ stringData: {} }), options: {}, want: /^secret\.data is empty in input Secret/ },
    {
      name: "a List",
      input: { kind: "List", items: [], metadata: { name: "x", namespace: "y" } },
      options: {},
      want: /^secret\.data is empty/,
    },
    {
      name: "no name",
      input: secret({ metadata: { namespace: "apps" } }),
      options: {},
      want: /^missing metadata\.name in input Secret$/,
    },
    {
      name: "no name, cluster-wide",
      input: secret({ metadata: {} }),
      options: { scope: "cluster-wide" },
      want: /^missing metadata\.name/,
    },
    {
      name: "no namespace",
      input: secret({ metadata: { name: "db" } }),
      options: {},
      want: /^secret must declare a namespace$/,
    },
    {
      name: "another namespace",
      input: secret(),
      options: { namespace: "b" },
      want: /^namespace mismatch: input secret is in namespace "apps" but "b" was specified$/,
    },
  ] as const)("refused: $name", async ({ input, options, want }) => {
    expect(await original(seal(input, options))).toMatch(want);
  });

  test("no data is fine where it was allowed", async () => {
    const object = await seal(secret({ stringData: null }), { allowEmptyData: true });
    expect(masked(object).spec.encryptedData).toEqual({});
    expect((await unsealSecret(object, ring)).secret.data.size).toBe(0);
  });

  test("keys that JavaScript gives a meaning to are only keys", async () => {
    const input = JSON.parse(
      '{"metadata":{"name":"db","namespace":"apps","labels":{"__proto__":"l"}},"data":{"__proto__":"YQ==","constructor":"Yg=="}}',
    );
    const object = JSON.parse(JSON.stringify(await seal(input)));
    expect(Object.keys(object.spec.encryptedData)).toEqual(["__proto__", "constructor"]);
    const opened = (await unsealSecret(object, ring)).secret;
    expect([...opened.data].map(([key, value]) => [key, value.revealText()])).toEqual([
      ["__proto__", "a"],
      ["constructor", "b"],
    ]);
    expect(JSON.stringify(secretManifest(opened))).toContain('"data":{"__proto__":"YQ==","constructor":"Yg=="}');
    expect(({} as Record<string, unknown>)["l"]).toBeUndefined();
  });
});

describe("decodeSecret() reads as the Go tools do", () => {
  const textOf = (input: object, key = "k") => decodeSecret(input).data.get(key)?.revealText();

  test.each([
    { name: "field names in any case", input: { DATA: { k: "aGk=" } }, want: "hi" },
    { name: "stringData over data", input: { data: { k: "YQ==" }, stringData: { k: "b" } }, want: "b" },
    { name: "base64 with line feeds", input: { data: { k: "aG\nk=\r\n" } }, want: "hi" },
    { name: "null as empty", input: { data: { k: null } }, want: "" },
    { name: "null text as empty", input: { stringData: { k: null } }, want: "" },
    { name: "an integer as text", input: { stringData: { k: 8 } }, want: "8" },
    { name: "true as text", input: { stringData: { k: true } }, want: "true" },
    { name: "a float as text", input: { stringData: { k: 1.1 } }, want: "1.1" },
    { name: "a float with 32 bits", input: { stringData: { k: 123456789.5 } }, want: "1.2345679e+08" },
    { name: "a small float", input: { stringData: { k: 0.00001 } }, want: "1e-05" },
    { name: "infinity", input: { stringData: { k: Number.POSITIVE_INFINITY } }, want: "+Inf" },
    { name: "a bigint", input: { stringData: { k: 2n ** 64n } }, want: "18446744073709551616" },
  ])("$name", ({ input, want }) => expect(textOf(input)).toBe(want));

  test.each([
    {
      name: "no object",
      input: [],
      want: "json: cannot unmarshal array into Go struct field Secret of type v1.Secret",
    },
    {
      name: "a number in data",
      input: { data: { k: 5 } },
      want: "json: cannot unmarshal number into Go struct field Secret.data of type []uint8",
    },
    {
      name: "a list in stringData",
      input: { stringData: { k: [1] } },
      want: "json: cannot unmarshal array into Go struct field Secret.stringData of type string",
    },
    {
      name: "text as data",
      input: { data: "x" },
      want: "json: cannot unmarshal string into Go struct field Secret.data of type map[string][]uint8",
    },
    {
      name: "text as labels",
      input: { metadata: { labels: "x" } },
      want: "json: cannot unmarshal string into Go struct field ObjectMeta.metadata.labels of type map[string]string",
    },
    {
      name: "text as immutable",
      input: { immutable: "yes" },
      want: "json: cannot unmarshal string into Go struct field Secret.immutable of type bool",
    },
    {
      name: "clear text in data",
      input: { data: { k: "CANARY secret!" } },
      want: "illegal base64 data at input byte 6",
    },
    { name: "unpadded base64", input: { data: { k: "aGk" } }, want: "illegal base64 data at input byte 0" },
    { name: "the URL alphabet", input: { data: { k: "_-8=" } }, want: "illegal base64 data at input byte 0" },
  ])("refused: $name", ({ input, want }) => {
    try {
      decodeSecret(input);
      expect.unreachable();
    } catch (error) {
      if (!(error instanceof SecretsError)) throw error;
      expect([error.code, error.original]).toEqual([
        "SECRETS_SECRET_MALFORMED",
        `error unmarshaling JSON: while decoding JSON: ${want}`,
      ]);
      expect(JSON.stringify([error.message, error.details, error.hints])).not.toContain("CANARY");
    }
  });

  test("JSON converts nothing", () => {
    expect(() => decodeSecret({ stringData: { k: 5 } }, { scalarsAsText: false })).toThrow(SecretsError);
  });

  test("a Secret prints no values", () => {
    const shown = `${JSON.stringify([...decodeSecret({ stringData: { k: "CANARY" } }).data])}`;
    expect(shown).toBe('[["k","[redacted, 6 bytes]"]]');
  });
});
