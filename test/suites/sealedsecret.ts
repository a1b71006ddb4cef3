import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { install } from "../../cli/sandbox/whole-cluster.ts";
import { SEALED_SECRETS } from "../../controller/api/index.ts";
import { createLog } from "../../controller/log.ts";
import { sealedSecretFamily } from "../../controller/sealedsecret/set-up.ts";
import { type RunningControllers, startControllers } from "../../controller/start.ts";
import { ClearText } from "../../src/clear-text.ts";
import { type ClusterConfig, createKubeClient, type KubeClient, systemClock } from "../../src/kube/index.ts";
import type { KubeObject } from "../../src/objects/index.ts";
import type { Scope } from "../../src/sealed/index.ts";
import { type IsolatedRenderer, sealSecret } from "../../src/secrets/index.ts";
import { createSealingKey, readCertificate, type SealingCertificate } from "../../src/x509/index.ts";
import { until } from "../helpers/process.ts";
import { testRenderer } from "../helpers/render-worker.ts";

/** An API server to run the suite against. */
export interface SuiteTarget {
  readonly config: ClusterConfig;
  /** Breaks all watches so that their place is gone. */
  loseWatches(): Promise<void>;
  stop(): Promise<void>;
}

const SECRETS = { group: "", version: "v1", plural: "secrets", kind: "Secret", namespaced: true } as const;
const EVENTS = { group: "", version: "v1", plural: "events", kind: "Event", namespaced: true } as const;
const NAMESPACES = { group: "", version: "v1", plural: "namespaces", kind: "Namespace", namespaced: false } as const;
const P = "sealedsecrets.bitnami.com/";
const OWN = "kube-system";

/** What the SealedSecret controller does, shown against a server that speaks Kubernetes: the sandbox or the real one. */
export function sealedSecretSuite(name: string, start: () => Promise<SuiteTarget>): void {
  describe(name, () => {
    let target: SuiteTarget;
    let client: KubeClient;
    let controllers: RunningControllers;
    const lines: string[] = [];
    let serial = 0;
    let renderer: () => IsolatedRenderer;

    const startOurs = async () => {
      const log = createLog({ clock: systemClock, level: "debug", format: "text", write: (line) => lines.push(line) });
      const running = await startControllers({
        client,
        log,
        namespace: OWN,
        families: [sealedSecretFamily({ keySizeBits: 2048, ratePerSecond: 1000, rateBurst: 1000 }, renderer)],
        listen: "127.0.0.1:0",
        listenMetrics: "127.0.0.1:0",
      });
      await running.ready;
      return running;
    };

    beforeAll(async () => {
      target = await start();
      renderer = await testRenderer();
      client = createKubeClient(target.config);
      await install(client);
      for (const namespace of ["apps", "shop"]) {
        await client.create(NAMESPACES, { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
      }
      controllers = await startOurs();
    });
    afterAll(async () => {
      await controllers?.stop();
      await client?.close();
      await target?.stop();
    });

    const http = async (path: string, body?: string) => {
      const answer = await fetch(`${controllers.url}${path}`, body === undefined ? {} : { method: "POST", body });
      return { status: answer.status, text: await answer.text() };
    };
    const certificate = async () => readCertificate((await http("/v1/cert.pem")).text);
    const newName = (word: string) => `${word}-${++serial}`;

    interface Sealing {
      readonly namespace?: string;
      readonly scope?: Scope;
      readonly type?: string;
      readonly immutable?: boolean;
      readonly annotations?: Record<string, string>;
      readonly labels?: Record<string, string>;
      readonly certificate?: SealingCertificate;
    }
    const sealed = async (
      secretName: string,
      items: Record<string, string | Uint8Array>,
      how: Sealing = {},
    ): Promise<KubeObject> => {
      const { namespace = "apps", scope = "strict", type, immutable, annotations, labels } = how;
      const data = new Map(
        Object.entries(items).map(([key, value]) => [
          key,
          typeof value === "string" ? ClearText.fromText(value) : new ClearText(value),
        ]),
      );
      const metadata = {
        name: secretName,
        namespace,
        ...(annotations === undefined ? {} : { annotations }),
        ...(labels === undefined ? {} : { labels }),
      };
      return sealSecret(
        { metadata, type, immutable, data },
        { spki: (how.certificate ?? (await certificate())).spki, scope },
      );
    };
    const apply = (object: KubeObject) => client.create(SEALED_SECRETS, object);
    const key = (name: string, namespace = "apps") => ({ namespace, name });
    const secretData = async (name: string, namespace = "apps") => {
      const secret = await client.get<KubeObject>(SECRETS, key(name, namespace));
      if (secret === undefined) return undefined;
      const data = (secret["data"] ?? {}) as Record<string, string>;
      return Object.fromEntries(
        Object.entries(data).map(([item, value]) => [item, Buffer.from(value, "base64").toString("latin1")]),
      );
    };
    const condition = async (name: string, namespace = "apps") => {
      const object = await client.get<KubeObject>(SEALED_SECRETS, key(name, namespace));
      const status = object?.["status"] as
        | { conditions?: Record<string, string>[]; observedGeneration?: number }
        | undefined;
      return {
        fields: status?.conditions?.[0] ?? {},
        observed: status?.observedGeneration,
        generation: object?.metadata.generation,
      };
    };
    const settled = async (name: string, status: "True" | "False", namespace = "apps") => {
      await until(`${namespace}/${name} is Synced=${status}`, async () => {
        const now = await condition(name, namespace);
        return now.fields["status"] === status && now.observed === now.generation;
      });
      return (await condition(name, namespace)).fields;
    };
    const eventsOf = async (name: string) => {
      const { items } = await client.list<KubeObject>(EVENTS, {
        namespace: "apps",
        fieldSelector: `involvedObject.name=${name}`,
      });
      return items.map((event) => `${event["type"]} ${event["reason"]}: ${event["message"]}`);
    };

    test("has made the first key as the original does", async () => {
      const { items } = await client.list<KubeObject>(SECRETS, {
        namespace: OWN,
        labelSelector: `${P}sealed-secrets-key=active`,
      });
      expect(items).toHaveLength(1);
      expect(items[0]).toMatchObject({
        type: "kubernetes.io/tls",
        metadata: { name: expect.stringMatching(/^sealed-secrets-key.{5}$/) },
      });
      const data = items[0]?.["data"] as Record<string, string>;
      expect(Buffer.from(data["tls.crt"] ?? "", "base64").toString()).toBe((await http("/v1/cert.pem")).text);
      expect(Buffer.from(data["tls.key"] ?? "", "base64").toString()).toMatch(/^-----BEGIN RSA PRIVATE KEY-----/);
    });

    test.each(["strict", "namespace-wide", "cluster-wide"] as const)(
      "unseals every value of scope %s",
      async (scope) => {
        const name = newName(scope);
        const items = {
          text: "hällo\n",
          empty: "",
          binary: Uint8Array.from({ length: 256 }, (_, at) => at),
          large: "x".repeat(100_000),
        };
        await apply(
          await sealed(name, items, { scope, labels: { app: "x" }, annotations: { note: "n" }, type: "my/type" }),
        );
        const state = await settled(name, "True");
        expect(Object.keys(state).sort()).toEqual(["lastTransitionTime", "lastUpdateTime", "status", "type"]);
        const secret = await client.get<KubeObject>(SECRETS, key(name));
        expect(secret).toMatchObject({
          type: "my/type",
          metadata: { labels: { app: "x" }, annotations: { note: "n" } },
        });
        const data = await secretData(name);
        expect(data).toEqual({
          text: Buffer.from("hällo\n").toString("latin1"),
          empty: "",
          large: items.large,
          binary: Buffer.from(items.binary).toString("latin1"),
        });
        expect(secret?.metadata.ownerReferences).toEqual([
          { apiVersion: "bitnami.com/v1alpha1", kind: "SealedSecret", name, uid: expect.any(String), controller: true },
        ]);
        await until("the event is there", async () => (await eventsOf(name)).length === 1);
        expect(await eventsOf(name)).toEqual(["Normal Unsealed: SealedSecret unsealed successfully"]);
      },
    );

    test.each([
      { what: "another name", scope: "strict", change: { name: "other" } },
      { what: "another namespace", scope: "namespace-wide", change: { namespace: "shop" } },
    ] as const)("what was sealed $scope does not open under $what", async ({ scope, change }) => {
      const object = await sealed(newName("moved"), { a: "1", b: "2" }, { scope });
      const moved = {
        ...object,
        metadata: { ...object.metadata, ...("name" in change ? { name: newName("other") } : change) },
      };
      await apply(moved);
      const { name = "", namespace = "" } = moved.metadata;
      expect(await settled(name, "False", namespace)).toMatchObject({
        message: expect.stringMatching(/^no key could decrypt secret \(a, b\); tried: SHA256:/),
        reason: "NoKeyFits",
      });
      // The cause is told within the namespace; of another one nothing is.
      const { message = "" } = (await condition(name, namespace)).fields;
      const cause = `item "a" was sealed for apps/${object.metadata.name} (strict) with SHA256:`;
      expect(message.includes("was sealed for")).toBe("name" in change);
      if ("name" in change) expect(message).toContain(cause);
      expect(await secretData(name, namespace)).toBeUndefined();
    });

    test.each([
      { what: "base64 that is none", value: "?", message: "illegal base64 data at input byte 0 (a)" },
      { what: "an empty item", value: "", message: "no key could decrypt secret (a)" },
      { what: "a cut item", value: "AgAB", message: "no key could decrypt secret (a)" },
    ])("$what is told by its item", async ({ value, message }) => {
      const name = newName("bad");
      const object = await sealed(name, { a: "1" });
      await apply({ ...object, spec: { ...(object["spec"] as object), encryptedData: { a: value } } });
      expect(await settled(name, "False")).toMatchObject({ message });
      await until("the event is there", async () => (await eventsOf(name)).length === 1);
      expect(await eventsOf(name)).toEqual([`Warning ErrUnsealFailed: Failed to unseal: ${message}`]);
    });

    /** A SealedSecret with these templates. */
    const templated = async (
      name: string,
      items: Record<string, string | Uint8Array>,
      data: Readonly<Record<string, string | null>>,
      how: Sealing = {},
    ): Promise<KubeObject> => {
      const object = await sealed(name, items, how);
      const spec = object["spec"] as { template: object };
      return { ...object, spec: { ...spec, template: { ...spec.template, data } } };
    };

    test.each<{
      what: string;
      items: Record<string, string | Uint8Array>;
      data: Record<string, string | null>;
      want: Record<string, string>;
    }>([
      {
        what: "items of their own",
        items: { user: "ada", pass: "p@ss" },
        data: { url: "db://{{ .user }}:{{ .pass | urlquery }}@host" },
        want: { user: "ada", pass: "p@ss", url: "db://ada:p%40ss@host" },
      },
      {
        what: "bytes as they are",
        items: { bin: Uint8Array.of(255, 0, 254) },
        data: { copy: "<{{ .bin }}>" },
        want: { bin: "\xff\0\xfe", copy: "<\xff\0\xfe>" },
      },
      {
        what: "sources of siblings and of themselves as they stand",
        items: { a: "1" },
        data: { x: "{{ .a }}", y: "{{ .x }}|{{ .y }}" },
        want: { a: "1", x: "1", y: "{{ .a }}|{{ .x }}|{{ .y }}" },
      },
      {
        what: "nothing where a sealed item has the name",
        items: { a: "sealed" },
        data: { a: "rendered" },
        want: { a: "sealed" },
      },
      {
        what: "no item where there is null, which others still see",
        items: { pass: "p", user: "u" },
        data: { pass: null, conf: "{{ .pass }}" },
        want: { user: "u", conf: "p" },
      },
    ])("templates make $what", async ({ items, data, want }) => {
      const name = newName("template");
      await apply(await templated(name, items, data));
      expect(await settled(name, "True")).not.toHaveProperty("message");
      expect(await secretData(name)).toEqual(want);
    });

    test("templates need no sealed items", async () => {
      const name = newName("template-only");
      const object = await templated(name, { a: "1" }, { t: "{{ upper `x` }}{{ .a }}" });
      await apply({ ...object, spec: { ...(object["spec"] as object), encryptedData: {} } });
      await settled(name, "True");
      expect(await secretData(name)).toEqual({ t: "X<no value>" });
    });

    test("a template that fails is told by item, line and function, never by what it said", async () => {
      const name = newName("template-fails");
      const created = await apply(await templated(name, { pass: "canary-4711" }, { conf: "{{ .pass }}" }));
      await settled(name, "True");
      const before = lines.length;
      const failing = await templated(
        name,
        { pass: "canary-4711" },
        { conf: "\n{{ fail .pass }}", other: "{{ nope }}" },
      );
      const { resourceVersion } = (await client.get<KubeObject>(SEALED_SECRETS, key(name)))?.metadata ?? {};
      await client.update(SEALED_SECRETS, {
        ...failing,
        metadata: { ...created.metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
      });
      const message =
        'template: conf:2: error calling fail (conf)\ntemplate: other:1: function "nope" not defined (other)';
      expect(await settled(name, "False")).toMatchObject({ reason: "TemplateFailed", message });
      await until("the event is there", async () => (await eventsOf(name)).some((text) => text.includes("Failed")));
      expect(await eventsOf(name)).toContain(`Warning ErrUnsealFailed: Failed to unseal: ${message}`);
      expect(lines.slice(before).join("\n")).not.toContain("canary-4711");
      expect(await secretData(name)).toEqual({ pass: "canary-4711", conf: "canary-4711" });
    });

    test("a template without end holds up nothing else, and ends its own object only", async () => {
      const hostile = newName("hostile");
      const source = "{{ range until 30000 }}{{ range until 30000 }}{{ end }}{{ end }}";
      await apply(await templated(hostile, { a: "1" }, { t: source }, { namespace: "shop" }));
      const name = newName("calm");
      await apply(await sealed(name, { a: "1" }));
      await settled(name, "True");
      expect(await settled(hostile, "False", "shop")).toMatchObject({
        message: expect.stringMatching(/^template: t(:1)?: it (needs more|takes too long)/),
      });
      expect(await secretData(hostile, "shop")).toBeUndefined();
      expect((await http("/v1/cert.pem")).status).toBe(200);
    });

    test("verify and rotate render nothing, and answer as without templates", async () => {
      const name = newName("unrendered");
      const good = await templated(name, { a: "1" }, { t: "{{ .a }}" });
      const bad = await templated(name, { a: "1" }, { t: "{{ fail .a }}", u: "{{", v: null });
      for (const object of [good, bad]) {
        expect(await http("/v1/verify", JSON.stringify(object))).toEqual({ status: 200, text: "" });
        const { status, text } = await http("/v1/rotate", JSON.stringify(object));
        const { data } = (object["spec"] as { template: { data: object } }).template;
        expect([status, JSON.parse(text).spec.template.data]).toEqual([200, data]);
      }
    });

    test("follows changes of the SealedSecret", async () => {
      const name = newName("changes");
      const created = await apply(await sealed(name, { a: "1", b: "2" }));
      await settled(name, "True");
      const next = await sealed(name, { b: "two", c: "3" });
      await client.update(SEALED_SECRETS, {
        ...((await client.get<KubeObject>(SEALED_SECRETS, key(name))) ?? created),
        spec: next["spec"],
      });
      await until("the Secret follows", async () => (await secretData(name))?.["c"] === "3");
      expect(await secretData(name)).toEqual({ b: "two", c: "3" });
      await settled(name, "True");
      expect((await condition(name)).observed).toBe(2);
    });

    test("a Secret of somebody else stays as it is, until it is gone", async () => {
      const name = newName("foreign");
      await client.create(SECRETS, { apiVersion: "v1", kind: "Secret", metadata: key(name), data: { z: "eg==" } });
      await apply(await sealed(name, { a: "1" }));
      const message = `Resource "${name}" already exists and is not managed by SealedSecret`;
      expect(await settled(name, "False")).toMatchObject({ message: `failed update: ${message}` });
      expect(await secretData(name)).toEqual({ z: "z" });
      await until("the event is there", async () => (await eventsOf(name)).length === 1);
      expect(await eventsOf(name)).toEqual([`Warning ErrUpdateFailed: ${message}`]);
      await client.delete(SECRETS, key(name));
      await settled(name, "True");
      expect(await secretData(name)).toEqual({ a: "1" });
    });

    test.each([
      { annotations: { [`${P}managed`]: "true" }, data: { a: "1" }, owned: true, kept: false },
      { annotations: { [`${P}patch`]: "true" }, data: { a: "1", z: "z" }, owned: false, kept: true },
      {
        annotations: { [`${P}patch`]: "true", [`${P}managed`]: "true" },
        data: { a: "1", z: "z" },
        owned: true,
        kept: true,
      },
    ])("a Secret with $annotations is taken over or added to", async ({ annotations, data, owned, kept }) => {
      const name = newName("taken");
      await client.create(SECRETS, {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { ...key(name), annotations },
        data: { z: "eg==" },
      });
      await apply(await sealed(name, { a: "1" }));
      await settled(name, "True");
      expect(await secretData(name)).toEqual(data);
      const secret = await client.get<KubeObject>(SECRETS, key(name));
      expect(secret?.metadata.ownerReferences !== undefined).toBe(owned);
      expect(secret?.metadata.annotations).toEqual(kept ? annotations : undefined);
    });

    test("a Secret that is deleted is made anew; edits of it are left alone", async () => {
      const name = newName("deleted");
      await apply(await sealed(name, { a: "1" }));
      await settled(name, "True");
      const secret = (await client.get<KubeObject>(SECRETS, key(name))) as KubeObject;
      await client.update(SECRETS, { ...secret, data: { a: "ZWRpdGVk" } });
      await client.delete(SECRETS, key(name));
      await until("it is there again", async () => (await secretData(name))?.["a"] === "1");
    });

    test("edits are set back where the SealedSecret asks for it, and others keep what they added", async () => {
      const name = newName("reverted");
      const object = await sealed(name, { a: "1" }, { labels: { app: "x" } });
      const annotations = { "sealkit.dev/revert-changes": "true" };
      await apply({ ...object, metadata: { ...object.metadata, annotations } });
      await settled(name, "True");
      const body = { data: { a: "ZWRpdGVk", b: "YQ==" }, metadata: { labels: { app: null, theirs: "1" } } };
      await client.patch(SECRETS, key(name), body, { type: "merge", fieldManager: "somebody" });
      await until("it is set back", async () => (await secretData(name))?.["a"] === "1");
      expect(await secretData(name)).toEqual({ a: "1" });
      const secret = await client.get<KubeObject>(SECRETS, key(name));
      expect(secret?.metadata.labels).toEqual({ app: "x", theirs: "1" });
      await until("the event is there", async () => (await eventsOf(name)).length === 2);
      expect((await eventsOf(name)).sort()[0]).toBe('Normal Reverted: Secret was changed by "somebody" and set back');
    });

    test("what a live object carries in its template keeps no Secret from being made", async () => {
      const name = newName("live");
      const object = await sealed(name, { a: "1" });
      const { template, ...items } = object["spec"] as { template: KubeObject };
      const metadata = {
        ...template.metadata,
        uid: "b9f3c0a2-1111-4222-8333-944455556666",
        resourceVersion: "123",
        generation: 3,
        creationTimestamp: "2020-01-01T00:00:00Z",
      };
      await apply({ ...object, spec: { ...items, template: { ...template, metadata } } });
      await settled(name, "True");
      expect(await secretData(name)).toEqual({ a: "1" });
    });

    test("a type that changes is told as what cannot be, until the Secret is deleted", async () => {
      const name = newName("typed");
      await apply(await sealed(name, { a: "1" }));
      await settled(name, "True");
      const { spec } = await sealed(name, { a: "1" }, { type: "my/type" });
      await client.update(SEALED_SECRETS, { ...(await client.get<KubeObject>(SEALED_SECRETS, key(name)))!, spec });
      expect(await settled(name, "False")).toMatchObject({
        reason: "SecretTypeFixed",
        message: expect.stringMatching(/type: Invalid value: "?my\/type"?: field is immutable$/),
      });
      await client.delete(SECRETS, key(name));
      await settled(name, "True");
      expect(await client.get<KubeObject>(SECRETS, key(name))).toMatchObject({ type: "my/type" });
    });

    test("an immutable Secret that would have to change is said to be just that", async () => {
      const name = newName("immutable");
      await apply(await sealed(name, { a: "1" }, { immutable: true }));
      await settled(name, "True");
      const object = (await client.get<KubeObject>(SEALED_SECRETS, key(name))) as KubeObject;
      await client.update(SEALED_SECRETS, {
        ...object,
        spec: (await sealed(name, { a: "2" }, { immutable: true }))["spec"],
      });
      expect((await settled(name, "False"))["message"]).toMatch(/field is immutable when `immutable` is set$/);
      await until("the event is there", async () =>
        (await eventsOf(name)).some((event) => event.includes("the target Secret is immutable")),
      );
      expect(await secretData(name)).toEqual({ a: "1" });
    });

    test("the Secret goes with its SealedSecret", async () => {
      const name = newName("goes");
      await apply(await sealed(name, { a: "1" }));
      await settled(name, "True");
      await client.delete(SEALED_SECRETS, key(name));
      // A real garbage collector looks for new kinds every 30 seconds only.
      await until("the Secret is gone", async () => (await secretData(name)) === undefined, { timeoutMs: 120_000 });
    });

    test("an object whose key is missing opens as soon as the key comes", async () => {
      const name = newName("early");
      const other = await createSealingKey({ now: Date.now() - 86_400_000, lifetimeMs: 10 * 86_400_000, bits: 2048 });
      await apply(await sealed(name, { a: "1" }, { certificate: other.certificate }));
      await settled(name, "False");
      await client.create(SECRETS, {
        apiVersion: "v1",
        kind: "Secret",
        type: "kubernetes.io/tls",
        metadata: { namespace: OWN, name: newName("restored"), labels: { [`${P}sealed-secrets-key`]: "active" } },
        data: { "tls.crt": btoa(other.certificatePem), "tls.key": btoa(other.privateKeyPem) },
      });
      await settled(name, "True");
      expect((await certificate()).fingerprint).not.toBe(other.certificate.fingerprint);
    });

    test("a key that nobody can read is named by an event and hinders nothing; a retired one no longer opens", async () => {
      const label = `${P}sealed-secrets-key`;
      const keyed = (name: string, pem: { certificatePem: string; privateKeyPem: string }) =>
        client.create(SECRETS, {
          apiVersion: "v1",
          kind: "Secret",
          type: "kubernetes.io/tls",
          metadata: { namespace: OWN, name, labels: { [label]: "active" } },
          data: { "tls.crt": btoa(pem.certificatePem), "tls.key": btoa(pem.privateKeyPem) },
        });
      const pair = await createSealingKey({ now: Date.now() - 86_400_000, lifetimeMs: 864_000_000, bits: 2048 });
      const [bad, good] = [newName("unreadable"), newName("retired")];
      await keyed(bad, { ...pair, privateKeyPem: pair.certificatePem });
      await keyed(good, pair);
      const name = newName("with-it");
      await apply(await sealed(name, { a: "1" }, { certificate: pair.certificate }));
      await settled(name, "True");
      expect((await client.get<KubeObject>(SEALED_SECRETS, key(name)))?.["status"]).toMatchObject({
        openedBy: [pair.certificate.fingerprint],
      });
      await until("the event is there", async () => {
        const { items } = await client.list<KubeObject>(EVENTS, { namespace: OWN });
        return items.some(({ reason, involvedObject }) => {
          return reason === "UnreadableKey" && (involvedObject as { name?: string }).name === bad;
        });
      });
      await client.patch(
        SECRETS,
        key(good, OWN),
        { metadata: { labels: { [label]: "compromised" } } },
        { type: "merge" },
      );
      await until("it is retired", () => lines.some((line) => line.includes("unregistered") && line.includes(good)));
      const late = newName("without-it");
      await apply(await sealed(late, { a: "1" }, { certificate: pair.certificate }));
      expect(await settled(late, "False")).toMatchObject({ reason: "NoKeyFits" });
      expect(await secretData(name)).toEqual({ a: "1" });
    });

    test("a new key is used at once, and the old one still opens", async () => {
      const name = newName("renewed");
      const object = await sealed(name, { a: "1" });
      const before = (await certificate()).fingerprint;
      await controllers.renewKey();
      expect((await certificate()).fingerprint).not.toBe(before);
      await apply(object);
      await settled(name, "True");
      const newer = newName("newer");
      await apply(await sealed(newer, { a: "1" }));
      await settled(newer, "True");
    });

    test("verify says yes, no, or that it is none", async () => {
      const object = await sealed(newName("verify"), { a: "1" });
      const text = JSON.stringify(object);
      expect(await http("/v1/verify", text)).toEqual({ status: 200, text: "" });
      const moved = { ...object, metadata: { ...object.metadata, name: "elsewhere" } };
      expect(await http("/v1/verify", JSON.stringify(moved))).toEqual({ status: 409, text: "" });
      for (const body of ["", "x: [", "kind: Secret\napiVersion: v1\nmetadata: {}", `${text}\n---\n${text}`]) {
        expect(await http("/v1/verify", body)).toEqual({ status: 500, text: "" });
      }
    });

    test("rotate seals anew, in the old scope, and renders nothing", async () => {
      const name = newName("rotate");
      const plain = await sealed(name, { a: "1" }, { scope: "namespace-wide", labels: { app: "x" } });
      const { template, ...items } = plain["spec"] as { template: KubeObject };
      const data = { conf: "{{ fail .a }}", other: "{{" };
      const object = { ...plain, spec: { ...items, template: { ...template, data } } };
      expect((await http("/v1/verify", JSON.stringify(object))).status).toBe(200);
      await controllers.renewKey();
      const answer = await http("/v1/rotate", JSON.stringify(object));
      expect(answer.status).toBe(200);
      const rotated = JSON.parse(answer.text) as KubeObject;
      expect(rotated).toMatchObject({
        metadata: { name, namespace: "apps", annotations: { [`${P}namespace-wide`]: "true" } },
      });
      expect([rotated.kind, rotated.apiVersion]).toEqual([undefined, undefined]);
      expect((rotated["spec"] as { template: unknown }).template).toEqual({ ...template, data });
      expect(
        (await http("/v1/verify", JSON.stringify({ ...rotated, apiVersion: object.apiVersion, kind: object.kind })))
          .status,
      ).toBe(200);
      expect((await http("/v1/rotate", "x")).status).toBe(500);
      const widened = { ...object, metadata: { ...object.metadata, annotations: { [`${P}cluster-wide`]: "true" } } };
      expect((await http("/v1/rotate", JSON.stringify(widened))).status).toBe(500);
    });

    test("goes on after its watches were lost", async () => {
      await target.loseWatches();
      const name = newName("after");
      await apply(await sealed(name, { a: "1" }));
      await until("it is opened", async () => (await secretData(name))?.["a"] === "1", { timeoutMs: 60_000 });
    });

    test("a restart changes no Secret", async () => {
      const versions = async () =>
        (await client.list<KubeObject>(SECRETS)).items.map(
          (secret) => `${secret.metadata.name} ${secret.metadata.resourceVersion}`,
        );
      await controllers.stop();
      const before = await versions();
      const { length } = lines;
      controllers = await startOurs();
      const name = newName("fresh");
      await apply(await sealed(name, { a: "1" }));
      await settled(name, "True");
      await until(
        "all were looked at again",
        async () => lines.slice(length).filter((line) => line.includes("reason=Unchanged")).length > 8,
      );
      expect((await versions()).filter((version) => !version.startsWith(name))).toEqual(before);
    });

    test("metrics and probes are served", async () => {
      expect(await http("/healthz")).toEqual({ status: 200, text: "ok\n" });
      expect(await http("/readyz")).toEqual({ status: 200, text: "ok\n" });
      const text = await (await fetch(`${controllers.metricsUrl}/metrics`)).text();
      for (const metric of ["unseal_requests_total", "condition_info", "build_info", "http_requests_total"]) {
        expect(text).toContain(`sealed_secrets_controller_${metric}`);
      }
      expect(text).toContain("process_cpu_seconds_total");
    });
  });
}
