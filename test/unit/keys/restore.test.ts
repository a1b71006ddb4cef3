import { beforeAll, describe, expect, test } from "vitest";
import {
  carryOutRestore,
  forbidden,
  listSealingKeys,
  missingRight,
  planRestore,
  waitUntilServed,
  waitUntilSynced,
} from "../../../src/keys/index.ts";
import { type ApiResource, KubeError } from "../../../src/kube/index.ts";
import type { KubeObject } from "../../../src/objects/index.ts";
import type { SealingKeyPair } from "../../../src/x509/index.ts";
import { fakeClock } from "../../helpers/fakes/clock.ts";
import { memoryCluster } from "../../helpers/memory-cluster.ts";
import { makeSealingKey } from "../../helpers/sealing-keys.ts";

const SECRETS = { group: "", version: "v1", plural: "secrets", kind: "Secret", namespaced: true } as const;
const SEALED: ApiResource = {
  group: "bitnami.com",
  version: "v1alpha1",
  plural: "sealedsecrets",
  kind: "SealedSecret",
  namespaced: true,
};
const LABEL = "sealedsecrets.bitnami.com/sealed-secrets-key";
const PLACE = { namespace: "kube-system" };
const base64 = (text: string) => Buffer.from(text).toString("base64");

let pairs: readonly SealingKeyPair[];
beforeAll(async () => {
  pairs = await Promise.all([0, 1].map((day) => makeSealingKey({ now: Date.UTC(2026, 0, 30 + day) })));
});

const key = (at: number, name = `key${at}`): KubeObject => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name, namespace: "kube-system", labels: { [LABEL]: "active" } },
  type: "kubernetes.io/tls",
  data: { "tls.crt": base64(pairs[at]?.certificatePem ?? ""), "tls.key": base64(pairs[at]?.privateKeyPem ?? "") },
});
const other = (name: string, value = "x"): KubeObject => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name, namespace: "kube-system" },
  data: { a: base64(value) },
});
const refused = (status: number, apiMessage: string) =>
  new KubeError("KUBE_API", "Cannot create", { status, reason: status === 403 ? "Forbidden" : "", apiMessage });

describe("carryOutRestore()", () => {
  test("broken off: says what was done and what not, and the next run does the rest", async () => {
    const cluster = memoryCluster();
    const secrets = [key(0), other("b"), other("c"), other("d")];
    const plan = await planRestore(cluster, secrets, PLACE);
    cluster.failures.set("create secrets", (name) =>
      name === "kube-system/c" ? refused(500, "etcdserver: leader changed") : undefined,
    );
    await expect(carryOutRestore(cluster, plan)).rejects.toMatchObject({
      code: "KEYS_RESTORE_BROKEN_OFF",
      message: "Cannot restore secret kube-system/c: etcdserver: leader changed",
      details: [
        "restored before: sealing key kube-system/key0, secret kube-system/b",
        "not restored: secret kube-system/c, secret kube-system/d",
      ],
      hints: ["what was restored stays; run the command again for the rest"],
    });
    cluster.failures.clear();
    const again = await planRestore(cluster, secrets, PLACE);
    expect(again.steps.map(({ action }) => action)).toEqual(["keep", "keep", "create", "create"]);
    await carryOutRestore(cluster, again);
    expect(cluster.objects("secrets")).toHaveLength(4);
  });

  test("two at once: each thing is there once, and another value that came in between stays", async () => {
    const cluster = memoryCluster();
    cluster.put(SECRETS, key(1, "key0"));
    const secrets = [key(0), other("b"), other("c")];
    const [one, two] = [await planRestore(cluster, secrets, PLACE), await planRestore(cluster, secrets, PLACE)];
    expect(one.steps[0]).toMatchObject({ action: "rename", why: "another key is called key0" });
    await carryOutRestore(cluster, one, undefined, PLACE);
    cluster.put(SECRETS, other("c", "somebody else's"));
    const done = await carryOutRestore(cluster, two, undefined, PLACE);
    expect(done.map(({ action }) => action)).toEqual(["keep", "keep", "conflict"]);
    expect(await listSealingKeys(cluster, PLACE)).toHaveLength(2);
    expect(cluster.object("secrets", "kube-system/c")?.["data"]).toEqual({ a: base64("somebody else's") });
  });

  test("a key that a fresh controller made is told and kept", async () => {
    const cluster = memoryCluster();
    cluster.put(SECRETS, key(1));
    const plan = await planRestore(cluster, [key(0)], PLACE);
    expect(plan.notInBackup.map(({ name }) => name)).toEqual(["key1"]);
    expect(plan.newest).toBe(pairs[1]?.certificate.fingerprint);
    expect((await planRestore(cluster, [key(0), key(1)], PLACE)).notInBackup).toEqual([]);
  });
});

describe("waitUntilServed()", () => {
  const served = (...answers: readonly (() => string)[]) => {
    let count = 0;
    return async () => (answers[Math.min(count++, answers.length - 1)] ?? (() => ""))();
  };
  const old = () => pairs[0]?.certificatePem ?? "";
  const wanted = () => pairs[1]?.certificatePem ?? "";
  const away = () => {
    throw refused(503, "no endpoints available");
  };
  const options = (clock: ReturnType<typeof fakeClock>) => {
    return { fingerprint: pairs[1]?.certificate.fingerprint ?? "", timeoutMs: 2_000, clock };
  };

  test("ends with the certificate of that key, and with no other", async () => {
    const clock = fakeClock();
    let isOver = false;
    const fetchCertificate = served(away, old, old, wanted);
    const waiting = waitUntilServed({ ...options(clock), fetchCertificate }).then(() => {
      isOver = true;
    });
    await clock.advance(1_400);
    expect(isOver).toBe(false);
    await clock.advance(600);
    await waiting;
  });

  test.each([
    { name: "another certificate", answers: [old], says: () => `it hands out ${pairs[0]?.certificate.fingerprint}` },
    { name: "nobody there", answers: [away], says: () => "no endpoints available" },
  ])("when the time is over it says what was there instead: $name", async ({ answers, says }) => {
    const clock = fakeClock();
    const waiting = waitUntilServed({ ...options(clock), fetchCertificate: served(...answers) });
    const failed = expect(waiting).rejects.toMatchObject({
      code: "KEYS_NOT_SERVED",
      details: [`waited 2 s; ${says()}`, "the key itself is in the cluster"],
    });
    await clock.advance(3_000);
    await failed;
  });

  test("a key that another restore made after the keys were listed is kept, and not made again under a second name", async () => {
    const cluster = memoryCluster();
    const secrets = [key(0)];
    cluster.failures.set("get secrets", () => {
      if (cluster.object("secrets", "kube-system/key0") === undefined) cluster.put(SECRETS, key(0));
      return undefined;
    });
    const { steps } = await planRestore(cluster, secrets, PLACE);
    expect(steps).toMatchObject([{ action: "keep", why: "it is there as key0" }]);
  });

  test("a key that the backup calls compromised and the cluster uses is kept, and that is said", async () => {
    const cluster = memoryCluster();
    cluster.put(SECRETS, key(0));
    const { metadata, ...rest } = key(0);
    const marked = { ...rest, metadata: { ...metadata, labels: { [LABEL]: "compromised" } } };
    const { steps } = await planRestore(cluster, [marked], PLACE);
    const why = "it is there as key0; the backup says that it is compromised";
    expect(steps).toMatchObject([{ action: "keep", why }]);
  });

  test("who may not ask is told at once", async () => {
    const fetchCertificate = served(() => {
      throw refused(403, "services is forbidden");
    });
    const waiting = waitUntilServed({ ...options(fakeClock()), fetchCertificate });
    await expect(waiting).rejects.toMatchObject({ status: 403 });
  });
});

describe("waitUntilSynced()", () => {
  const sealed = (name: string, condition: object | undefined, more: { generation?: number } = {}): KubeObject => ({
    apiVersion: "bitnami.com/v1alpha1",
    kind: "SealedSecret",
    metadata: { name, namespace: "apps" },
    spec: {},
    status: { observedGeneration: more.generation ?? 1, conditions: condition === undefined ? [] : [condition] },
  });
  const yes = { type: "Synced", status: "True" };
  const clusterWith = (...objects: readonly KubeObject[]) => {
    const cluster = memoryCluster();
    cluster.resourceFor = async () => SEALED;
    for (const object of objects) cluster.put(SEALED, object);
    return cluster;
  };

  test("ends when the last one is synced, through failures of the API", async () => {
    const clock = fakeClock();
    const cluster = clusterWith(sealed("a", yes), sealed("b", { type: "Synced", status: "False", message: "no key" }));
    const looks: string[] = [];
    const onLook = (done: number, all: number) => looks.push(`${done}/${all}`);
    const waiting = waitUntilSynced(cluster, { timeoutMs: 60_000, clock, onLook });
    await clock.advance(600);
    cluster.failures.set("list sealedsecrets", () => refused(500, "away"));
    await clock.advance(600);
    cluster.failures.clear();
    cluster.put(SEALED, sealed("b", yes));
    await clock.advance(600);
    expect(await waiting).toBe(2);
    expect(looks).toEqual(["1/2", "1/2", "2/2"]);
  });

  test.each([
    {
      name: "the controller's reason",
      object: () => sealed("b", { type: "Synced", status: "False", message: "no key could decrypt" }),
      says: "apps/b: no key could decrypt",
    },
    {
      name: "no status",
      object: () => sealed("b", undefined),
      says: "apps/b: the controller has not looked at it yet",
    },
    {
      name: "an older status",
      object: () => sealed("b", yes, { generation: 0 }),
      says: "apps/b: the controller has not looked at it yet",
    },
    {
      name: "a reason without words",
      object: () => sealed("b", { type: "Synced", status: "Unknown" }),
      says: "apps/b: it is not synced",
    },
  ])("when the time is over it names what is not synced: $name", async ({ object, says }) => {
    const clock = fakeClock();
    const waiting = waitUntilSynced(clusterWith(sealed("a", yes), object()), { timeoutMs: 5_000, clock });
    const failed = expect(waiting).rejects.toMatchObject({ code: "KEYS_NOT_SYNCED", details: [says, "waited 5 s"] });
    await clock.advance(6_000);
    await failed;
  });

  test("a cluster that does not know SealedSecrets has none", async () => {
    expect(await waitUntilSynced(memoryCluster(), { timeoutMs: 0, clock: fakeClock() })).toBe(0);
  });
});

describe("forbidden()", () => {
  test.each([
    {
      name: "in a namespace",
      message:
        'secrets is forbidden: User "ann" cannot list resource "secrets" in API group "" in the namespace "kube-system"',
      rule: 'missing rule: apiGroups: [""], resources: ["secrets"], verbs: ["list"], in namespace kube-system',
      hint: "kubectl -n kube-system create role sealkit-keys --verb=list --resource=secrets",
    },
    {
      name: "in the whole cluster",
      message:
        'sealedsecrets.bitnami.com is forbidden: User "ann" cannot list resource "sealedsecrets" in API group "bitnami.com" at the cluster scope',
      rule: 'missing rule: apiGroups: ["bitnami.com"], resources: ["sealedsecrets"], verbs: ["list"], in the whole cluster',
      hint: "kubectl create clusterrole sealkit-keys --verb=list --resource=sealedsecrets.bitnami.com",
    },
    {
      name: "of a part of a kind",
      message:
        'sealedsecrets.bitnami.com "a" is forbidden: User "ann" cannot patch resource "sealedsecrets/status" in API group "bitnami.com" in the namespace "apps"',
      rule: 'missing rule: apiGroups: ["bitnami.com"], resources: ["sealedsecrets/status"], verbs: ["patch"], in namespace apps',
      hint: "kubectl -n apps create role sealkit-keys --verb=patch --resource=sealedsecrets.bitnami.com/status",
    },
  ])("names the rule that is missing, $name", ({ message, rule, hint }) => {
    const error = forbidden(refused(403, message));
    expect(error).toMatchObject({ code: "KEYS_FORBIDDEN", details: [rule] });
    expect(error?.hints).toContain(hint);
  });

  test.each([
    { name: "another failure", cause: () => refused(500, 'User "a" cannot list resource "b" in API group ""') },
    { name: "an answer in other words", cause: () => refused(403, "no") },
    { name: "no answer of an API", cause: () => new Error("x") },
  ])("$name is none", ({ cause }) => {
    expect(missingRight(cause())).toBeUndefined();
    expect(forbidden(cause())).toBeUndefined();
  });
});
