import { inspect } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import type { KubeObject } from "../../../src/objects/index.ts";
import { Keyring, scopeLabel, sealItem } from "../../../src/sealed/index.ts";
import {
  decodeSecret,
  fullOriginal,
  mergeInto,
  rotateSealed,
  SecretsError,
  sealSecret,
  secretManifest,
  type TemplateRenderer,
  unsealSecret,
  verifySealed,
} from "../../../src/secrets/index.ts";
import type { SealingKeyPair } from "../../../src/x509/index.ts";
import { makeSealingKey, unsealingKey } from "../../helpers/sealing-keys.ts";

const CLUSTER = "sealedsecrets.bitnami.com/cluster-wide";
const NAMESPACE = "sealedsecrets.bitnami.com/namespace-wide";
const SKIP = "sealedsecrets.bitnami.com/skip-set-owner-references";

let old: SealingKeyPair;
let young: SealingKeyPair;
let ring: Keyring;
let sealed: KubeObject;

beforeAll(async () => {
  [old, young] = await Promise.all([makeSealingKey({ now: 1e12 }), makeSealingKey({ now: 2e12 })]);
  ring = new Keyring([old, young].map(unsealingKey));
  const input = {
    metadata: { name: "db", namespace: "apps", labels: { app: "x" } },
    stringData: { user: "u", pass: "p" },
    type: "a/b",
  };
  sealed = await sealSecret(decodeSecret(input), { spki: old.certificate.spki });
});

interface Editable {
  metadata: Record<string, unknown>;
  spec: Record<string, unknown> & { template: Record<string, unknown>; encryptedData: Record<string, unknown> };
}

/** The sealed object after `edit`, as plain JSON, like one that came over the wire. */
function edited(edit: (object: Editable) => void): KubeObject {
  const copy = JSON.parse(JSON.stringify(sealed));
  edit(copy);
  return copy;
}

async function failure(work: Promise<unknown>): Promise<SecretsError> {
  const error = await work.then(
    () => undefined,
    (reason) => reason,
  );
  if (!(error instanceof SecretsError)) throw new Error(`expected a SecretsError, got ${error}`);
  return error;
}

const OWNER = { apiVersion: "bitnami.com/v1alpha1", kind: "SealedSecret", name: "db", uid: "", controller: true };

describe("unsealSecret()", () => {
  test("gives values, template and owner", async () => {
    const { secret, openedBy } = await unsealSecret(sealed, ring);
    expect(secretManifest(secret)).toEqual({
      apiVersion: "v1",
      kind: "Secret",
      type: "a/b",
      metadata: { name: "db", namespace: "apps", labels: { app: "x" }, ownerReferences: [OWNER] },
      data: { pass: "cA==", user: "dQ==" },
    });
    const print = old.certificate.fingerprint;
    expect([...openedBy]).toEqual([
      ["pass", print],
      ["user", print],
    ]);
  });

  test("takes over the template's metadata, but never name, namespace, or what the API server owns", async () => {
    const object = edited((copy) => {
      copy.metadata["uid"] = "uid-1";
      Object.assign(copy.spec, {
        template: {
          metadata: {
            name: "evil",
            namespace: "kube-system",
            uid: "x",
            resourceVersion: "5",
            labels: { l: "1" },
            annotations: { a: "b" },
            finalizers: ["f"],
            generateName: "g-",
            ownerReferences: [{ kind: "Pod" }],
            creationTimestamp: null,
          },
          immutable: true,
          stringData: { ignored: "x" },
        },
      });
    });
    expect((await unsealSecret(object, ring)).secret).toMatchObject({
      metadata: {
        name: "db",
        generateName: "g-",
        namespace: "apps",
        labels: { l: "1" },
        annotations: { a: "b" },
        finalizers: ["f"],
        ownerReferences: [{ ...OWNER, uid: "uid-1" }],
      },
      immutable: true,
      type: undefined,
    });
    const { metadata } = (await unsealSecret(object, ring)).secret;
    expect(Object.keys(metadata)).not.toContain("resourceVersion");
    expect(Object.keys(metadata)).not.toContain("uid");
  });

  test("sets no owner where the template asks for none", async () => {
    const object = edited((copy) =>
      Object.assign(copy.spec.template, { metadata: { annotations: { [SKIP]: "true" } } }),
    );
    expect((await unsealSecret(object, ring)).secret.metadata.ownerReferences).toBeUndefined();
  });

  test("old leftovers do not matter: creationTimestamp null, status, template.data null", async () => {
    const object = edited((copy) => {
      Object.assign(copy, { status: {} });
      Object.assign(copy.metadata, { creationTimestamp: null });
      Object.assign(copy.spec.template, { data: null });
    });
    expect((await unsealSecret(object, ring)).secret.data.size).toBe(2);
  });

  test("the scope is that of the object's annotations, never the template's", async () => {
    const input = decodeSecret({ metadata: { name: "a", namespace: "n" }, stringData: { k: "v" } });
    const wide = await sealSecret(input, { spki: old.certificate.spki, scope: "cluster-wide" });
    const stripped = { ...wide, metadata: { ...wide.metadata, annotations: {} } };
    expect((await failure(unsealSecret(stripped, ring))).original).toBe("no key could decrypt secret (k)");
  });

  test("all items that fail are named, each with its reason and keys, and nothing of the others comes out", async () => {
    const object = edited((copy) => {
      Object.assign(copy.spec.encryptedData, { z: "AAAA", a: "%", n: 5, e: "", nul: null });
    });
    const error = await failure(unsealSecret(object, ring));
    expect(error.code).toBe("SECRETS_UNSEAL_FAILED");
    expect(error.original).toBe("illegal base64 data at input byte 0 (a)\nno key could decrypt secret (e, n, nul, z)");
    expect(error.items.map(({ item }) => item)).toEqual(["a", "e", "n", "nul", "z"]);
    expect(error.message).toBe('Cannot unseal SealedSecret "apps/db"');
    expect(error.details.join("\n")).toContain(
      'item "z": it is cut off: it has 3 bytes and by its own account at least 18',
    );
  });

  test("an item of a lost key names the keys that were tried", async () => {
    const error = await failure(unsealSecret(sealed, new Keyring([unsealingKey(young)])));
    expect(error.items.map(({ tried }) => tried)).toEqual([
      [young.certificate.fingerprint],
      [young.certificate.fingerprint],
    ]);
    expect(error.details[0]).toContain(young.certificate.fingerprint);
  });

  describe("explains, where asked, what an item was sealed for", () => {
    const changes = [
      {
        name: "another name that the template still has",
        change: { name: "renamed" },
        scope: "strict",
        want: "for apps/db (strict)",
        hint: /^give the SealedSecret the name "db", or seal it again$/,
      },
      {
        name: "another namespace",
        change: { namespace: "moved" },
        scope: "strict",
        want: "for apps/db (strict)",
        hint: /namespace "apps"/,
      },
      {
        name: "a lost annotation",
        change: { annotations: {} },
        scope: "cluster-wide",
        want: "for any place (cluster-wide)",
        hint: /^annotate the SealedSecret with .*cluster-wide: "true"/,
      },
      {
        name: "another annotation",
        change: { annotations: { [CLUSTER]: "true" } },
        scope: "namespace-wide",
        want: "for namespace apps (namespace-wide)",
        hint: /^annotate the SealedSecret with .*namespace-wide: "true"/,
      },
      {
        name: "an annotation that was added",
        change: { annotations: { [CLUSTER]: "true" } },
        scope: "strict",
        want: "for apps/db (strict)",
        hint: /^take the scope annotations .* away/,
      },
    ] as const;

    test.each(changes)("$name", async ({ change, scope, want, hint }) => {
      const input = decodeSecret({ metadata: { name: "db", namespace: "apps" }, stringData: { pass: "CANARY" } });
      const made = await sealSecret(input, { spki: old.certificate.spki, scope });
      const moved = { ...made, metadata: { ...made.metadata, ...change } };
      const plain = await failure(unsealSecret(moved, ring));
      const error = await failure(unsealSecret(moved, ring, { explain: true }));
      expect(error.details.at(-1)).toBe(
        `key ${old.certificate.fingerprint} opens item "pass", but it was sealed ${want}`,
      );
      expect(error.hints).toEqual([expect.stringMatching(hint)]);
      expect([error.original, error.items]).toEqual([plain.original, plain.items]);
      expect(JSON.stringify([plain.details, plain.hints])).not.toContain("was sealed for apps");
      expect(JSON.stringify(error)).not.toContain("CANARY");
    });

    test("and says nothing more where nothing fits", async () => {
      const lost = new Keyring([unsealingKey(young)]);
      const [plain, error] = [
        await failure(unsealSecret(sealed, lost)),
        await failure(unsealSecret(sealed, lost, { explain: true })),
      ];
      expect([error.details, error.hints]).toEqual([plain.details, plain.hints]);
    });
  });

  test("items of different keys open together", async () => {
    const label = scopeLabel("strict", "apps", "db");
    const item = Buffer.from(await sealItem(young.certificate.spki, Buffer.from("new"), label)).toString("base64");
    const object = edited((copy) => Object.assign(copy.spec.encryptedData, { item }));
    const { openedBy } = await unsealSecret(object, ring);
    expect(new Set(openedBy.values()).size).toBe(2);
  });

  test.each([
    {
      name: "a ConfigMap",
      change: { kind: "ConfigMap", apiVersion: "v1" },
      want: "converting (v1.ConfigMap) to (v1alpha1.SealedSecret): unknown conversion",
    },
    {
      name: "another version",
      change: { apiVersion: "bitnami.com/v1alpha9" },
      want: 'no kind "SealedSecret" is registered for version "bitnami.com/v1alpha9" in scheme "pkg/runtime/scheme.go:111"',
    },
    {
      name: "no kind",
      change: { kind: undefined },
      want: "converting (v1alpha1.undefined) to (v1alpha1.SealedSecret): unknown conversion",
    },
  ])("refused: $name", async ({ change, want }) => {
    const error = await failure(unsealSecret({ ...sealed, ...change } as KubeObject, ring));
    expect([error.code, error.original]).toEqual(["SECRETS_NOT_SEALED_SECRET", want]);
  });

  test.each([
    { name: "no spec", spec: undefined },
    { name: "spec as text", spec: "x" },
    { name: "encryptedData as a number", spec: { encryptedData: 5 } },
    { name: "encryptedData as a list", spec: { encryptedData: ["x"] } },
    { name: "template as text", spec: { template: "x" } },
  ])("tolerated as upstream does: $name", async ({ spec }) => {
    expect((await unsealSecret({ ...sealed, spec }, ring)).secret.data.size).toBe(0);
  });

  describe("spec.template.data", () => {
    const withTemplates = (data: Readonly<Record<string, unknown>>) =>
      edited((copy) => Object.assign(copy.spec.template, { data }));
    const open = async (data: Readonly<Record<string, unknown>>) => {
      const { secret } = await unsealSecret(withTemplates(data), ring);
      return Object.fromEntries([...secret.data].map(([item, value]) => [item, value.revealText()]));
    };

    test("is rendered into more items", async () => {
      expect(await open({ "app.conf": "{{ .user }}:{{ .pass }}" })).toEqual({
        "app.conf": "u:p",
        pass: "p",
        user: "u",
      });
    });

    test("gives way to sealed items, and takes out those that are null", async () => {
      expect(await open({ user: "x", pass: null, t: "{{ .pass }}" })).toEqual({ t: "p", user: "u" });
    });

    test("null takes nothing out that is not there", async () => {
      expect(await open({ nope: null })).toEqual({ pass: "p", user: "u" });
    });

    test("an item stands before a template of its name, which is rendered all the same", async () => {
      const error = await failure(unsealSecret(withTemplates({ user: "{{ fail `x` }}" }), ring));
      expect([error.code, error.original]).toEqual([
        "SECRETS_TEMPLATE_FAILED",
        "template: user:1: error calling fail (user)",
      ]);
    });

    test("an error has nothing of what the template said but where it is asked for", async () => {
      const error = await failure(unsealSecret(withTemplates({ t: "{{ fail .pass }}canary" }), ring));
      const implicit = [inspect(error, { depth: 10 }), JSON.stringify(error), String(error), error.stack].join("\n");
      expect(implicit).not.toMatch(/canary|calling fail: p/);
      expect(fullOriginal(error)).toBe('template: t:1:3: executing "t" at <fail .pass>: error calling fail: p (t)');
    });

    test.each([
      [5, "number"],
      [true, "bool"],
      [["a"], "array"],
      [{}, "object"],
    ])("%j is no template", async (source, kind) => {
      const error = await failure(unsealSecret(withTemplates({ t: source }), ring));
      expect([error.code, error.original]).toEqual([
        "SECRETS_TEMPLATE_MALFORMED",
        `json: cannot unmarshal ${kind} into Go struct field SecretTemplateSpec.spec.template.data of type string`,
      ]);
    });

    test("is not rendered when an item does not open, unless all errors are wanted", async () => {
      let asked = 0;
      const templates: TemplateRenderer = {
        render: () => {
          asked += 1;
          return Promise.resolve({ kind: "busy" });
        },
      };
      const object = withTemplates({ t: "{{ fail .pass }}" });
      Object.assign((object["spec"] as Editable["spec"]).encryptedData, { user: "!" });
      const error = await failure(unsealSecret(object, ring, { templates }));
      expect([asked, error.original]).toEqual([0, "illegal base64 data at input byte 0 (user)"]);
      const all = await failure(unsealSecret(object, ring, { reportAll: true }));
      expect(fullOriginal(all)).toBe(
        'illegal base64 data at input byte 0 (user)\ntemplate: t:1:3: executing "t" at <fail .pass>: error calling fail: p (t)',
      );
      expect(all.original).toBe("illegal base64 data at input byte 0 (user)\ntemplate: t:1: error calling fail (t)");
    });

    test("a renderer that has no room is told as such", async () => {
      const templates: TemplateRenderer = { render: () => Promise.resolve({ kind: "busy" }) };
      const error = await failure(unsealSecret(withTemplates({ t: "" }), ring, { templates }));
      expect(error.code).toBe("SECRETS_TEMPLATES_BUSY");
    });

    test("an object of many items stands in the line for private keys a few times, not once for each", async () => {
      let [now, most, all] = [0, 0, 0];
      const decrypt = async () => {
        all += 1;
        now += 1;
        most = Math.max(most, now);
        await new Promise((resolve) => setImmediate(resolve));
        now -= 1;
        return undefined;
      };
      const item = Buffer.concat([Buffer.of(1, 0), Buffer.alloc(300)]).toString("base64");
      const encryptedData = Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`i${at}`, item]));
      const object = { ...withTemplates({}), spec: { encryptedData } };
      const error = await failure(
        unsealSecret(object, new Keyring([unsealingKey(young)], { work: () => ({ decrypt }) })),
      );
      expect([error.items.length, all, most]).toEqual([200, 200, 16]);
      expect(error.items.map((one) => one.item)).toEqual(Object.keys(encryptedData).sort());
    });

    test("while the renderer has no room no private key is used", async () => {
      const templates: TemplateRenderer = {
        isFull: ({ namespace, templates: sources }) => namespace === "apps" && sources.get("t") === "{{ now }}",
        render: () => Promise.reject(new Error("must not be asked")),
      };
      let uses = 0;
      const work = () => {
        uses += 1;
        return Promise.resolve(undefined);
      };
      const counting = new Keyring([unsealingKey(young)], { work: () => ({ decrypt: work }) });
      const error = await failure(unsealSecret(withTemplates({ t: "{{ now }}" }), counting, { templates }));
      expect([error.code, uses]).toEqual(["SECRETS_TEMPLATES_BUSY", 0]);
      await failure(unsealSecret(withTemplates({ t: "{{ date }}" }), counting, { templates }));
      expect(uses).toBeGreaterThan(0);
    });

    test("verify and rotate never render", async () => {
      const object = withTemplates({ t: "{{ fail .pass }}", u: "{{", v: 5 });
      expect((await verifySealed(object, ring)).size).toBe(2);
      const rotated = await rotateSealed(object, ring, { spki: young.certificate.spki });
      const spec = rotated["spec"] as { template: { data: object } };
      expect(spec.template.data).toEqual({ t: "{{ fail .pass }}", u: "{{", v: 5 });
    });
  });
});

describe("legacy spec.data", () => {
  const legacy = async (inner: string, over: object = {}): Promise<KubeObject> => {
    const blob = await sealItem(old.certificate.spki, Buffer.from(inner), scopeLabel("strict", "apps", "db"));
    const spec = { data: Buffer.from(blob).toString("base64"), encryptedData: {}, ...over };
    return {
      apiVersion: "bitnami.com/v1alpha1",
      kind: "SealedSecret",
      metadata: { name: "db", namespace: "apps" },
      spec,
    };
  };
  const inner = JSON.stringify({
    kind: "Secret",
    metadata: { name: "x", labels: { a: "b" } },
    type: "t",
    data: { k: "aGk=" },
  });

  test("opens where it is accepted", async () => {
    const { secret } = await unsealSecret(await legacy(inner), ring, { acceptLegacyData: true });
    expect(secretManifest(secret)).toMatchObject({
      type: "t",
      metadata: { name: "db", labels: { a: "b" } },
      data: { k: "aGk=" },
    });
  });

  test.each([
    {
      name: "not accepted",
      accept: false,
      over: {},
      want: "using deprecated 'data' field, use 'encryptedData' or flip the feature flag",
    },
    {
      name: "not accepted, both fields",
      accept: false,
      over: { encryptedData: { a: "x" } },
      want: "using deprecated 'data' field, use 'encryptedData' or flip the feature flag",
    },
    {
      name: "both fields",
      accept: true,
      over: { encryptedData: { a: "x" } },
      want: "cannot use the field 'encryptedData' and the deprecated field 'data' at the same time",
    },
    { name: "no base64", accept: true, over: { data: "%" }, want: "illegal base64 data at input byte 0 (spec.data)" },
    { name: "no ciphertext", accept: true, over: { data: "AAAA" }, want: "no key could decrypt secret (spec.data)" },
  ])("refused: $name", async ({ accept, over, want }) => {
    const error = await failure(unsealSecret(await legacy(inner, over), ring, { acceptLegacyData: accept }));
    expect(error.original).toBe(want);
  });

  test("clear text that is no Secret is refused without being shown", async () => {
    const error = await failure(unsealSecret(await legacy("CANARY {"), ring, { acceptLegacyData: true }));
    expect(JSON.stringify([error.message, error.original, error.details, error.stack])).not.toContain("CANARY");
  });
});

describe("rotateSealed()", () => {
  const rotate = (object: KubeObject) => rotateSealed(object, ring, { spki: young.certificate.spki });
  const onlyYoung = () => new Keyring([unsealingKey(young)]);

  test("the result opens with the new key alone and holds the same", async () => {
    const { secret } = await unsealSecret(await rotate(sealed), onlyYoung());
    expect([...secret.data].map(([key, value]) => [key, value.revealText()])).toEqual([
      ["pass", "p"],
      ["user", "u"],
    ]);
    expect(secret.type).toBe("a/b");
  });

  test("nothing of a live object moves into the template, where it would keep the Secret from being made", async () => {
    const object = edited((copy) =>
      Object.assign(copy.metadata, { labels: { own: "1" }, uid: "u", resourceVersion: "5", managedFields: [] }),
    );
    const rotated = await rotate(object);
    expect(rotated.metadata).toEqual({ name: "db", namespace: "apps" });
    const { metadata } = JSON.parse(JSON.stringify(rotated["spec"])).template;
    expect(metadata).toEqual(JSON.parse(JSON.stringify(object["spec"])).template.metadata);
  });

  test("the template is kept, with the scope of the object", async () => {
    const object = edited((copy) =>
      Object.assign(copy.spec.template, {
        metadata: { labels: { app: "x" }, annotations: { [CLUSTER]: "true", a: "b" } },
      }),
    );
    const rotated = JSON.parse(JSON.stringify(await rotate(object)));
    expect(rotated.spec.template.metadata).toEqual({
      name: "db",
      namespace: "apps",
      labels: { app: "x" },
      annotations: { a: "b" },
    });
    expect(rotated.metadata.annotations).toBeUndefined();
  });

  test("a scope that stands only in the template does not widen the item", async () => {
    const object = edited((copy) =>
      Object.assign(copy.spec.template, { metadata: { annotations: { [CLUSTER]: "true" } } }),
    );
    const rotated = await rotate(object);
    const moved = { ...rotated, metadata: { ...rotated.metadata, name: "other", annotations: { [CLUSTER]: "true" } } };
    expect((await failure(unsealSecret(moved, ring))).code).toBe("SECRETS_UNSEAL_FAILED");
  });

  test("a scope that was added to the object of a strict item is refused", async () => {
    const object = edited((copy) => Object.assign(copy.metadata, { annotations: { [NAMESPACE]: "true" } }));
    expect((await failure(rotate(object))).code).toBe("SECRETS_UNSEAL_FAILED");
  });

  test("templates are neither rendered nor lost", async () => {
    const data = { conf: "{{ fail .pass }}" };
    const object = edited((copy) => Object.assign(copy.spec.template, { data }));
    expect(JSON.parse(JSON.stringify((await rotate(object))["spec"])).template.data).toEqual(data);
  });
});

describe("mergeInto()", () => {
  const merge = (target: KubeObject, input: object, options: object = {}) =>
    mergeInto(target, decodeSecret(input), { spki: young.certificate.spki, ...options });

  test("adds and replaces items, labels and annotations; keeps the rest", async () => {
    const input = {
      metadata: { name: "ignored", labels: { l: "2" }, annotations: { a: "b" } },
      stringData: { pass: "new", more: "m" },
      type: "ignored",
    };
    const merged = await merge(sealed, input);
    const { secret } = await unsealSecret(merged, ring);
    expect(Object.fromEntries([...secret.data].map(([key, value]) => [key, value.revealText()]))).toEqual({
      more: "m",
      pass: "new",
      user: "u",
    });
    expect(secret).toMatchObject({
      type: "a/b",
      metadata: { name: "db", labels: { app: "x", l: "2" }, annotations: { a: "b" } },
    });
  });

  test("uses the target's scope, where upstream would make items that nobody can open", async () => {
    const input = decodeSecret({ metadata: { name: "a", namespace: "n" }, stringData: { k: "v" } });
    const target = await sealSecret(input, { spki: old.certificate.spki, scope: "cluster-wide" });
    const merged = await merge(target, { stringData: { second: "x" } });
    expect((await unsealSecret(merged, ring)).secret.data.size).toBe(2);
  });

  test.each([
    { name: "a target without items, annotations or template", spec: {} },
    { name: "a target without spec", spec: undefined },
  ])("$name is no trouble", async ({ spec }) => {
    const merged = await merge(
      { ...sealed, spec },
      { metadata: { labels: { l: "1" } }, stringData: { k: "v" } },
      { scope: "namespace-wide" },
    );
    const { secret } = await unsealSecret(merged, ring);
    expect(secret).toMatchObject({ metadata: { labels: { l: "1" }, annotations: { [NAMESPACE]: "true" } } });
  });

  test.each([
    { name: "no data", input: {}, options: {}, code: "SECRETS_DATA_EMPTY" },
    {
      name: "another namespace",
      input: { stringData: { k: "v" } },
      options: { namespace: "x" },
      code: "SECRETS_NAMESPACE_MISMATCH",
    },
    {
      name: "a scope that the items there do not have",
      input: { stringData: { k: "v" } },
      options: { scope: "cluster-wide" },
      code: "SECRETS_SCOPE_MISMATCH",
    },
  ])("refused: $name", async ({ input, options, code }) => {
    expect((await failure(merge(sealed, input, options))).code).toBe(code);
  });

  test("the target is not changed", async () => {
    const before = JSON.stringify(sealed);
    await merge(sealed, { stringData: { pass: "new" } });
    expect(JSON.stringify(sealed)).toBe(before);
  });
});
