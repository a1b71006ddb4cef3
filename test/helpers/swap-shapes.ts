import { ClearText } from "../../src/clear-text.ts";
import type { KubeObject } from "../../src/objects/index.ts";
import { type Scope, scopeLabel, sealItem } from "../../src/sealed/index.ts";
import { sealSecret } from "../../src/secrets/index.ts";
import type { SealingCertificate } from "../../src/x509/index.ts";

const P = "sealedsecrets.bitnami.com/";
const MANAGED = { [`${P}managed`]: "true" };
const PATCH = { [`${P}patch`]: "true" };

/** A SealedSecret with what has to be there before it, and what has to come of it. */
export interface Shape {
  readonly name: string;
  readonly sealed: KubeObject;
  /** A Secret of that name which somebody else made before. */
  readonly before?: KubeObject;
  /** `data` of the Secret in the end; undefined when there is none. */
  readonly data: Readonly<Record<string, string>> | undefined;
  readonly synced: boolean;
}

export interface ShapeKeys {
  /** Two generations that the controllers have. */
  readonly known: readonly [SealingCertificate, SealingCertificate];
  /** One that they do not have. */
  readonly unknown: SealingCertificate;
}

type Values = Readonly<Record<string, string>>;
interface Described {
  readonly values?: Values;
  readonly scope?: Scope;
  readonly type?: string;
  readonly immutable?: boolean;
  readonly labels?: Values;
  readonly annotations?: Values;
  readonly before?: { readonly annotations?: Values; readonly data: Values };
  readonly expected?: Values | "nothing" | "what was before";
  readonly isSynced?: boolean;
  readonly change?: (
    sealed: KubeObject,
    how: { label: Uint8Array; certificate: SealingCertificate },
  ) => Promise<KubeObject>;
  readonly isForUnknownKey?: boolean;
}

const b64 = (text: string | Uint8Array) => Buffer.from(text as string).toString("base64");
const PLAIN = { user: b64("admin"), password: b64("correct horse") };

const withItems = (sealed: KubeObject, encryptedData: Values): KubeObject => ({
  ...sealed,
  spec: { ...(sealed["spec"] as object), encryptedData },
});

const withTemplates = (sealed: KubeObject, data: Values): KubeObject => {
  const spec = sealed["spec"] as { template: object };
  return { ...sealed, spec: { ...spec, template: { ...spec.template, data } } };
};

/** Every kind of SealedSecret that people have. */
const SHAPES: Readonly<Record<string, Described>> = {
  plain: {},
  "namespace-wide": { scope: "namespace-wide" },
  "cluster-wide": { scope: "cluster-wide" },
  "own-type": { type: "my/type" },
  "basic-auth": { type: "kubernetes.io/basic-auth", values: { username: b64("u"), password: b64("p") } },
  immutable: { immutable: true },
  labelled: { labels: { app: "x" }, annotations: { note: "a < b" } },
  managed: {
    annotations: MANAGED,
    before: { annotations: MANAGED, data: { old: b64("old") } },
  },
  patch: {
    before: { annotations: PATCH, data: { old: b64("old") } },
    expected: { ...PLAIN, old: b64("old") },
  },
  "managed-patch": {
    before: { annotations: { ...MANAGED, ...PATCH }, data: { old: b64("old"), user: b64("other") } },
    expected: { ...PLAIN, old: b64("old") },
  },
  "no-owner": { annotations: { [`${P}skip-set-owner-references`]: "true", ...MANAGED } },
  many: { values: Object.fromEntries(Array.from({ length: 12 }, (_, at) => [`item-${at}.txt`, b64(`value ${at}\n`)])) },
  binary: { values: { all: b64(Uint8Array.from({ length: 256 }, (_, at) => at)), unicode: b64("Grüße 🔐\n") } },
  "empty-item": { values: { empty: "", full: b64("x") } },
  "no-items": { values: {} },
  large: { values: { large: b64("x".repeat(50_000)) } },
  template: {
    expected: { ...PLAIN, "conf.txt": b64("user=admin\n") },
    change: async (sealed) => withTemplates(sealed, { "conf.txt": "user={{ .user }}\n" }),
  },
  "template-loop": {
    expected: { ...PLAIN, "list.txt": b64("password=CORRECT HORSE;user=ADMIN;") },
    change: async (sealed) =>
      withTemplates(sealed, {
        "list.txt": '{{ range $k, $v := . }}{{ if ne $k "list.txt" }}{{ $k }}={{ upper $v }};{{ end }}{{ end }}',
      }),
  },
  "broken-template": {
    expected: "nothing",
    isSynced: false,
    change: async (sealed) => withTemplates(sealed, { bad: "{{ .user" }),
  },
  legacy: {
    expected: { old: b64("whole Secret in one blob") },
    change: async (sealed, { label, certificate }) => {
      const { namespace, name } = sealed.metadata;
      const whole = JSON.stringify({ metadata: { namespace, name }, data: { old: b64("whole Secret in one blob") } });
      const data = b64(await sealItem(certificate.spki, Buffer.from(whole), label));
      return { ...sealed, spec: { encryptedData: {}, data } };
    },
  },
  blocked: {
    before: { data: { foreign: b64("mine") } },
    expected: "what was before",
    isSynced: false,
  },
  "wrong-key": { isForUnknownKey: true, expected: "nothing", isSynced: false },
  "broken-item": {
    expected: "nothing",
    isSynced: false,
    change: async (sealed) => withItems(sealed, { user: "?" }),
  },
};

/** `count` SealedSecrets, of every shape and for both keys. */
export async function shapesOf(count: number, namespace: string, keys: ShapeKeys): Promise<Shape[]> {
  const kinds = Object.entries(SHAPES);
  return await Promise.all(
    Array.from({ length: count }, async (_, at) => {
      const [kind, described] = kinds[at % kinds.length] as [string, Described];
      const generation = Math.floor(at / kinds.length) % 2 === 0 ? 0 : 1;
      const certificate = described.isForUnknownKey === true ? keys.unknown : keys.known[generation];
      return await shape(`${kind}-${at}`, namespace, described, certificate);
    }),
  );
}

async function shape(
  name: string,
  namespace: string,
  described: Described,
  certificate: SealingCertificate,
): Promise<Shape> {
  const { values = PLAIN, scope = "strict", before, expected, isSynced = true, change } = described;
  const secret = await sealedOf({ name, namespace, values, scope, certificate, ...described });
  const label = scopeLabel(scope, namespace, name);
  return {
    name,
    sealed: change === undefined ? secret : await change(secret, { label, certificate }),
    ...(before === undefined
      ? {}
      : {
          before: {
            apiVersion: "v1",
            kind: "Secret",
            metadata: {
              namespace,
              name,
              ...(before.annotations === undefined ? {} : { annotations: before.annotations }),
            },
            data: before.data,
          },
        }),
    data: expected === "nothing" ? undefined : expected === "what was before" ? before?.data : (expected ?? values),
    synced: isSynced,
  };
}

/** A SealedSecret with these values, in base64. */
export async function sealedOf(given: {
  readonly name: string;
  readonly namespace: string;
  readonly values: Values;
  readonly scope?: Scope;
  readonly certificate: SealingCertificate;
  readonly type?: string;
  readonly immutable?: boolean;
  readonly labels?: Values;
  readonly annotations?: Values;
}): Promise<KubeObject> {
  const { name, namespace, values, scope, certificate, type, immutable, labels, annotations } = given;
  const data = new Map(
    Object.entries(values).map(([key, value]) => [key, new ClearText(Buffer.from(value, "base64"))]),
  );
  const metadata = {
    ...{ name, namespace },
    ...(labels === undefined ? {} : { labels }),
    ...(annotations === undefined ? {} : { annotations }),
  };
  return await sealSecret({ metadata, type, immutable, data }, { spki: certificate.spki, scope, allowEmptyData: true });
}
