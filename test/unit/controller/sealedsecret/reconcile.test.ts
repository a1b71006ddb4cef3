import { afterEach, describe, expect, test } from "vitest";
import { SEALED_SECRETS } from "../../../../controller/api/index.ts";
import { createEventRecorder } from "../../../../controller/events.ts";
import { createLog, type Log } from "../../../../controller/log.ts";
import { type Manager, startManager } from "../../../../controller/manager.ts";
import { createMetrics } from "../../../../controller/metrics.ts";
import { sealedSecretMetrics } from "../../../../controller/sealedsecret/metrics.ts";
import { SECRETS } from "../../../../controller/sealedsecret/observe.ts";
import { type SealedSecretOptions, sealedSecretController } from "../../../../controller/sealedsecret/reconciler.ts";
import type { Unsealed } from "../../../../controller/sealedsecret/unsealer.ts";
import { KubeError } from "../../../../src/kube/index.ts";
import type { KubeObject } from "../../../../src/objects/index.ts";
import { fakeClock } from "../../../helpers/fakes/clock.ts";
import { memoryCluster } from "../../../helpers/memory-cluster.ts";
import { until } from "../../../helpers/process.ts";

let manager: Manager | undefined;
afterEach(async () => {
  await manager?.stop(0);
  manager = undefined;
});

const sealed = (name: string, spec: Record<string, unknown> = {}): KubeObject => ({
  apiVersion: "bitnami.com/v1alpha1",
  kind: "SealedSecret",
  metadata: { name, namespace: "apps" },
  spec: { encryptedData: { a: "Ag==" }, ...spec },
});

async function start(
  unseal: (sealed: KubeObject) => Unsealed | Promise<Unsealed>,
  options: Partial<SealedSecretOptions> = {},
  prepare: (cluster: ReturnType<typeof memoryCluster>) => void = () => undefined,
) {
  const cluster = memoryCluster();
  prepare(cluster);
  const clock = fakeClock();
  const lines: string[] = [];
  const log: Log = createLog({ clock, level: "debug", format: "text", write: (line) => lines.push(line) });
  const metrics = await createMetrics();
  const events = createEventRecorder({ client: cluster, clock, log, instance: "t" });
  let keyCame: () => void = () => undefined;
  const controller = sealedSecretController({
    unsealer: { unseal: async (object) => unseal(object) },
    metrics: sealedSecretMetrics(metrics, { revision: "r", omitObjects: false }),
    onKeyAdded: (tell) => {
      keyCame = tell;
    },
    clock,
    ...options,
  });
  manager = startManager({ client: cluster, clock, log, metrics, events, controllers: [controller] });
  await manager.ready;
  await clock.advance(0);
  return { cluster, clock, lines, metrics, keyCame: () => keyCame(), settle: () => clock.advance(0) };
}

const opened = (object: KubeObject): Unsealed => ({
  kind: "opened",
  openedBy: ["SHA256:k"],
  secret: {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: object.metadata.name ?? "", namespace: "apps" },
    data: { a: "YQ==" },
  },
});
const statusOf = (cluster: ReturnType<typeof memoryCluster>, name: string) =>
  cluster.object("sealedsecrets", `apps/${name}`)?.["status"];
const eventsOf = (cluster: ReturnType<typeof memoryCluster>) =>
  cluster
    .objects("events")
    .map((event) => `${event["type"]} ${event["reason"]} ×${event["count"]}: ${event["message"]}`);
const writes = (cluster: ReturnType<typeof memoryCluster>) =>
  cluster.calls
    .filter(({ verb }) => !["list", "watch"].includes(verb))
    .map(({ verb, resource }) => `${verb} ${resource}`);

describe("sealedSecretController()", () => {
  test("makes the Secret, says so, and needs no read when it knows that there is none", async () => {
    const { cluster, settle } = await start(opened);
    cluster.put(SEALED_SECRETS, sealed("db"));
    await settle();
    expect(cluster.object("secrets", "apps/db")).toMatchObject({
      data: { a: "YQ==" },
      metadata: { ownerReferences: [{ kind: "SealedSecret", name: "db", controller: true }] },
    });
    expect(statusOf(cluster, "db")).toEqual({
      conditions: [
        {
          type: "Synced",
          status: "True",
          lastTransitionTime: "2026-01-01T00:00:00Z",
          lastUpdateTime: "2026-01-01T00:00:00Z",
        },
      ],
      observedGeneration: 1,
      openedBy: ["SHA256:k"],
    });
    expect(eventsOf(cluster)).toEqual(["Normal Unsealed ×1: SealedSecret unsealed successfully"]);
    expect(writes(cluster).sort()).toEqual(["create events", "create secrets", "update sealedsecrets"]);
  });

  test("its own status write causes no second pass", async () => {
    let passes = 0;
    const { cluster, settle } = await start((object) => {
      passes += 1;
      return opened(object);
    });
    cluster.put(SEALED_SECRETS, sealed("db"));
    await settle();
    await settle();
    expect(passes).toBe(1);
  });

  test("an item that no key opens waits, and is tried again as soon as a key comes", async () => {
    let hasKey = false;
    const { cluster, clock, keyCame, settle } = await start((object) =>
      hasKey ? opened(object) : { kind: "no-key", message: "no key could decrypt secret (a)" },
    );
    cluster.put(SEALED_SECRETS, sealed("db"));
    await settle();
    expect(statusOf(cluster, "db")).toMatchObject({
      conditions: [{ type: "Synced", status: "False", message: "no key could decrypt secret (a)" }],
      observedGeneration: 1,
    });
    expect(eventsOf(cluster)).toEqual([
      "Warning ErrUnsealFailed ×1: Failed to unseal: no key could decrypt secret (a)",
    ]);
    await clock.advance(60_000);
    expect(eventsOf(cluster)).toHaveLength(1);
    hasKey = true;
    keyCame();
    await settle();
    expect(statusOf(cluster, "db")).toMatchObject({
      conditions: [{ status: "True", lastTransitionTime: "2026-01-01T00:01:00Z" }],
    });
    expect(statusOf(cluster, "db")).not.toHaveProperty("conditions.0.message");
  });

  test("a key that comes while the items are being tried is not missed", async () => {
    let hasKey = false;
    let duringTry: () => void = () => undefined;
    const { cluster, clock, keyCame, settle } = await start((object) => {
      if (hasKey) return opened(object);
      duringTry();
      return { kind: "no-key", message: "no key could decrypt secret (a)" };
    });
    duringTry = () => {
      hasKey = true;
      keyCame();
    };
    cluster.put(SEALED_SECRETS, sealed("db"));
    await settle();
    await clock.advance(1);
    expect(cluster.object("secrets", "apps/db")).toBeDefined();
  });

  test("a template that fails is told and leaves the Secret as it is", async () => {
    let fails = false;
    const message = "template: conf:1: error calling fail (conf)";
    const { cluster, clock, settle } = await start((object) =>
      fails ? { kind: "template", message, mayPass: false } : opened(object),
    );
    cluster.put(SEALED_SECRETS, sealed("db"));
    await settle();
    const before = cluster.object("secrets", "apps/db");
    fails = true;
    cluster.put(SEALED_SECRETS, sealed("db", { template: { data: { conf: "{{ fail .a }}" } } }));
    await settle();
    expect(statusOf(cluster, "db")).toMatchObject({
      conditions: [{ status: "False", reason: "TemplateFailed", message }],
    });
    expect(cluster.object("secrets", "apps/db")).toEqual(before);
    const asked = cluster.calls.length;
    await clock.advance(24 * 3_600_000);
    expect(cluster.calls.length).toBe(asked);
  });

  test("a template that took too long is tried again after an hour", async () => {
    let passes = 0;
    const { cluster, clock, settle } = await start((object) => {
      passes += 1;
      return passes === 1 ? { kind: "template", message: "too long", mayPass: true } : opened(object);
    });
    cluster.put(SEALED_SECRETS, sealed("db"));
    await settle();
    expect(cluster.object("secrets", "apps/db")).toBeUndefined();
    await clock.advance(3_600_000);
    expect(cluster.object("secrets", "apps/db")).toBeDefined();
  });

  describe("with templates that give something else each time", () => {
    const template = { data: { t: "{{ uuidv4 }}" } };
    const renderedAnew = () => {
      let passes = 0;
      const unseal = (object: KubeObject): Unsealed => {
        passes += 1;
        const found = opened(object);
        if (found.kind !== "opened") throw new Error("not opened");
        return { ...found, secret: { ...found.secret, data: { t: Buffer.from(`${passes}`).toString("base64") } } };
      };
      return { unseal, passes: () => passes };
    };

    test("a status that cannot be written is tried again, and the Secret stays as it is", async () => {
      const { unseal, passes } = renderedAnew();
      const { cluster, clock, settle } = await start(unseal);
      let refused = 0;
      cluster.failures.set("update sealedsecrets", () => {
        if (refused >= 3) return undefined;
        refused += 1;
        return new KubeError("KUBE_API", "no", { status: 500, reason: "InternalError", apiMessage: "no" });
      });
      cluster.put(SEALED_SECRETS, sealed("db", { template }));
      await settle();
      const before = cluster.object("secrets", "apps/db");
      for (let minute = 0; minute < 30; minute++) await clock.advance(60_000);
      expect([refused, passes()]).toEqual([3, 1]);
      expect(cluster.object("secrets", "apps/db")).toEqual(before);
      expect(statusOf(cluster, "db")).toMatchObject({ conditions: [{ status: "True" }], openedBy: ["SHA256:k"] });
    });

    test("a change of the object in between is looked at", async () => {
      const { unseal, passes } = renderedAnew();
      const { cluster, clock, settle } = await start(unseal);
      let refused = 0;
      cluster.failures.set("update sealedsecrets", () => {
        if (refused >= 1) return undefined;
        refused += 1;
        return new KubeError("KUBE_API", "no", { status: 500, reason: "InternalError", apiMessage: "no" });
      });
      cluster.put(SEALED_SECRETS, sealed("db", { template }));
      await settle();
      cluster.put(SEALED_SECRETS, sealed("db", { template: { data: { t: "{{ now }}" } } }));
      for (let minute = 0; minute < 5; minute++) await clock.advance(60_000);
      expect(passes()).toBe(2);
    });
  });

  test("while too many templates wait nothing is told, and it is tried again soon", async () => {
    let passes = 0;
    const { cluster, clock, settle } = await start((object) => {
      passes += 1;
      return passes === 1 ? { kind: "busy" } : opened(object);
    });
    cluster.put(SEALED_SECRETS, sealed("db"));
    await settle();
    expect([statusOf(cluster, "db"), cluster.objects("events")]).toEqual([undefined, []]);
    await clock.advance(1000);
    expect(cluster.object("secrets", "apps/db")).toBeDefined();
  });

  test("while there is no room for long, the pauses grow", async () => {
    let passes = 0;
    const { cluster, clock, settle } = await start(() => {
      passes += 1;
      return { kind: "busy" };
    });
    cluster.put(SEALED_SECRETS, sealed("db"));
    await settle();
    for (let second = 0; second < 600; second += 10) await clock.advance(10_000);
    expect(passes).toBeGreaterThan(8);
    expect(passes).toBeLessThan(25);
  });

  test("a foreign Secret is left alone; the SealedSecret goes on as soon as it is gone", async () => {
    const { cluster, settle } = await start(opened);
    cluster.put(SECRETS, {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "db", namespace: "apps" },
      data: { z: "eg==" },
    });
    await settle();
    cluster.put(SEALED_SECRETS, sealed("db"));
    await settle();
    expect(cluster.object("secrets", "apps/db")?.["data"]).toEqual({ z: "eg==" });
    expect(statusOf(cluster, "db")).toMatchObject({
      conditions: [{ message: 'failed update: Resource "db" already exists and is not managed by SealedSecret' }],
    });
    expect(eventsOf(cluster)).toEqual([
      'Warning ErrUpdateFailed ×1: Resource "db" already exists and is not managed by SealedSecret',
    ]);
    cluster.remove(SECRETS, "apps/db");
    await settle();
    expect(cluster.object("secrets", "apps/db")?.["data"]).toEqual({ a: "YQ==" });
    expect(statusOf(cluster, "db")).toMatchObject({ conditions: [{ status: "True" }] });
  });

  test("a Secret that somebody deletes is made anew, unless that is switched off", async () => {
    for (const recreate of [true, false]) {
      const { cluster, settle } = await start(opened, { recreate });
      cluster.put(SEALED_SECRETS, sealed("db"));
      await settle();
      cluster.remove(SECRETS, "apps/db");
      await settle();
      expect(cluster.object("secrets", "apps/db") !== undefined).toBe(recreate);
      await manager?.stop(0);
    }
  });

  test("a Secret that a stale cache does not know is found when creating fails", async () => {
    const { cluster, settle } = await start(opened, { labelSelector: "team=a" });
    cluster.put(SECRETS, {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "db", namespace: "apps", annotations: { "sealedsecrets.bitnami.com/managed": "true" } },
    });
    cluster.put(SEALED_SECRETS, {
      ...sealed("db"),
      metadata: { name: "db", namespace: "apps", labels: { team: "a" } },
    });
    await settle();
    expect(cluster.object("secrets", "apps/db")?.["data"]).toEqual({ a: "YQ==" });
  });

  test("API errors are told in the API's words and tried again with growing pauses", async () => {
    const { cluster, clock, settle } = await start(opened);
    let refuse = true;
    cluster.failures.set("create secrets", () =>
      refuse
        ? new KubeError("KUBE_API", "Cannot create", { status: 403, reason: "Forbidden", apiMessage: "quota is full" })
        : undefined,
    );
    cluster.put(SEALED_SECRETS, sealed("db"));
    await settle();
    await clock.advance(1_000);
    expect(eventsOf(cluster)).toEqual(["Warning ErrUpdateFailed ×4: quota is full"]);
    expect(statusOf(cluster, "db")).toMatchObject({ conditions: [{ status: "False", message: "quota is full" }] });
    refuse = false;
    await clock.advance(2_000);
    expect(statusOf(cluster, "db")).toMatchObject({ conditions: [{ status: "True" }] });
  });

  test("an immutable Secret is not tried again", async () => {
    const { cluster, clock, settle } = await start((object) => ({ ...opened(object) }));
    const apiMessage = 'Secret "db" is invalid: data: Forbidden: field is immutable when `immutable` is set';
    cluster.failures.set(
      "create secrets",
      () => new KubeError("KUBE_API", "x", { status: 422, reason: "Invalid", apiMessage }),
    );
    cluster.put(SEALED_SECRETS, sealed("db"));
    await settle();
    await clock.advance(3_600_000);
    expect(statusOf(cluster, "db")).toMatchObject({ conditions: [{ message: apiMessage }] });
    expect(eventsOf(cluster)).toHaveLength(1);
    expect(eventsOf(cluster)[0]).toMatch(
      /^Warning ErrUpdateFailed ×1: Error updating apps\/db: the target Secret is immutable\. .* recreate the Secret\.$/,
    );
  });

  test("a status that cannot be written is tried again and counted", async () => {
    const { cluster, clock, metrics, settle } = await start(opened);
    let fail = 1;
    cluster.failures.set("update sealedsecrets", () =>
      fail-- > 0 ? new KubeError("KUBE_API", "x", { status: 500 }) : undefined,
    );
    cluster.put(SEALED_SECRETS, sealed("db"));
    await settle();
    await clock.advance(1_000);
    expect(statusOf(cluster, "db")).toMatchObject({ conditions: [{ status: "True" }] });
    expect(await metrics.text()).toContain('unseal_errors_total{reason="status",namespace="apps"} 1');
  });

  test("an unforeseen failure of one object says nothing of its content and leaves the others alone", async () => {
    const { cluster, lines, settle } = await start((object) => {
      if (object.metadata.name === "bad") throw new TypeError("hunter2 is not a function");
      return opened(object);
    });
    cluster.put(SEALED_SECRETS, sealed("bad"));
    cluster.put(SEALED_SECRETS, sealed("good"));
    await settle();
    expect(statusOf(cluster, "good")).toMatchObject({ conditions: [{ status: "True" }] });
    expect(statusOf(cluster, "bad")).toMatchObject({ conditions: [{ message: "an unforeseen failure (TypeError)" }] });
    expect(lines.join("") + JSON.stringify(cluster.objects("events"))).not.toContain("hunter2");
  });

  test("a changed message is written, and only the update time moves", async () => {
    let message = "one";
    const { cluster, clock, settle } = await start(() => ({ kind: "unusable", message }));
    cluster.put(SEALED_SECRETS, sealed("db"));
    await settle();
    message = "two";
    await clock.advance(5_000);
    cluster.put(SEALED_SECRETS, {
      ...cluster.object("sealedsecrets", "apps/db")!,
      spec: { encryptedData: { a: "Ag==", b: "Ag==" } },
    });
    await settle();
    expect(statusOf(cluster, "db")).toEqual({
      conditions: [
        {
          type: "Synced",
          status: "False",
          reason: "Unusable",
          message: "two",
          lastTransitionTime: "2026-01-01T00:00:00Z",
          lastUpdateTime: "2026-01-01T00:00:05Z",
        },
      ],
      observedGeneration: 2,
    });
  });

  test.each([
    { name: "a label", change: { labels: { x: "y" } }, passes: 1 },
    {
      name: "a scope annotation",
      change: { annotations: { "sealedsecrets.bitnami.com/cluster-wide": "true" } },
      passes: 2,
    },
  ])("$name of the SealedSecret makes $passes passes in all", async ({ change, passes }) => {
    let count = 0;
    const { cluster, settle } = await start((object) => {
      count += 1;
      return opened(object);
    });
    cluster.put(SEALED_SECRETS, sealed("db"));
    await settle();
    const now = cluster.object("sealedsecrets", "apps/db")!;
    cluster.put(SEALED_SECRETS, { ...now, metadata: { ...now.metadata, ...change } });
    await settle();
    expect(count).toBe(passes);
  });

  test("nothing is lost when watches break, also when their place is gone", async () => {
    const { cluster, clock, settle } = await start(opened);
    cluster.cutWatches();
    cluster.put(SEALED_SECRETS, sealed("one"));
    await clock.advance(2_000);
    cluster.cutWatches("forget");
    cluster.put(SEALED_SECRETS, sealed("two"));
    await clock.advance(2_000);
    await settle();
    expect(cluster.objects("secrets").map((secret) => secret.metadata.name)).toEqual(["one", "two"]);
  });

  test.each([
    { what: "deleted", another: false },
    { what: "deleted and made by somebody else", another: true },
  ])(
    "a Secret that it made within a break of the watch, and that was $what before its end, is not lost",
    async ({ another }) => {
      const { cluster, clock, settle } = await start(opened);
      cluster.put(SEALED_SECRETS, sealed("db"));
      await settle();
      cluster.cutWatches("forget");
      // Not seen by any watch: the list that follows the break begins with what is there then.
      cluster.remove(SECRETS, "apps/db");
      if (another)
        cluster.put(SECRETS, { apiVersion: "v1", kind: "Secret", metadata: { name: "db", namespace: "apps" } });
      await clock.advance(60_000);
      if (another) {
        expect(statusOf(cluster, "db")).toMatchObject({ conditions: [{ status: "False" }] });
        cluster.remove(SECRETS, "apps/db");
        await clock.advance(60_000);
      }
      expect(statusOf(cluster, "db")).toMatchObject({ conditions: [{ status: "True" }] });
      expect(cluster.object("secrets", "apps/db")).toMatchObject({ data: { a: "YQ==" } });
    },
  );

  test("a Secret that becomes managed between being read and being refused is taken over at once", async () => {
    const { cluster, settle } = await start(opened);
    const foreign = { apiVersion: "v1", kind: "Secret", metadata: { name: "db", namespace: "apps" } };
    cluster.put(SECRETS, foreign);
    await settle();
    let isFirst = true;
    const get = cluster.get.bind(cluster);
    cluster.get = async (resource, key, signal) => {
      const seen = await get(resource, key, signal);
      if (resource.plural === "secrets" && isFirst) {
        isFirst = false;
        const annotations = { "sealedsecrets.bitnami.com/managed": "true" };
        cluster.put(SECRETS, { ...foreign, metadata: { ...foreign.metadata, annotations } });
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      return seen as never;
    };
    cluster.put(SEALED_SECRETS, sealed("db"));
    await until("it is opened", async () => {
      await settle();
      return JSON.stringify(statusOf(cluster, "db") ?? "").includes('"True"');
    });
    expect(statusOf(cluster, "db")).toMatchObject({ conditions: [{ status: "True" }] });
  });

  test("what it made and somebody deleted between two looks of a broken watch is made anew", async () => {
    const { cluster, clock, settle } = await start(opened);
    let isBroken = false;
    // The watch is down from before the Secret is made until after it was deleted.
    cluster.failures.set("watch secrets", () => (isBroken ? new Error("broken") : undefined));
    isBroken = true;
    cluster.cutWatches("forget");
    await settle();
    cluster.put(SEALED_SECRETS, sealed("db"));
    await clock.advance(60_000);
    cluster.remove(SECRETS, "apps/db");
    expect(cluster.object("secrets", "apps/db")).toBeUndefined();
    isBroken = false;
    cluster.cutWatches("forget");
    await clock.advance(120_000);
    expect(cluster.object("secrets", "apps/db")).toMatchObject({ data: { a: "YQ==" } });
  });

  test("deletes the Secret itself when it is told to, and only then", async () => {
    for (const deletes of [true, false]) {
      const deleted: string[] = [];
      const deleteSecret = async (key: { namespace?: string | undefined; name: string }) =>
        deleted.push(`${key.namespace}/${key.name}`);
      const { cluster, settle } = await start(opened, deletes ? { deleteSecret } : {});
      cluster.put(SEALED_SECRETS, sealed("db"));
      await settle();
      cluster.remove(SEALED_SECRETS, "apps/db");
      await settle();
      expect(deleted).toEqual(deletes ? ["apps/db"] : []);
      await manager?.stop(0);
    }
  });

  test("gives up after as many failures as it is told", async () => {
    const { cluster, clock } = await start(opened, { maxRetries: 2 });
    cluster.failures.set("create secrets", () => new KubeError("KUBE_API", "x", { status: 500, apiMessage: "down" }));
    cluster.put(SEALED_SECRETS, sealed("db"));
    await clock.advance(3_600_000);
    expect(eventsOf(cluster)).toEqual(["Warning ErrUpdateFailed ×3: down"]);
  });

  test("a SealedSecret that is being deleted is left alone", async () => {
    const { cluster, settle } = await start(opened);
    const metadata = { name: "db", namespace: "apps", deletionTimestamp: "2026-01-01T00:00:00Z", finalizers: ["x/y"] };
    cluster.put(SEALED_SECRETS, { ...sealed("db"), metadata });
    await settle();
    expect([cluster.objects("secrets"), statusOf(cluster, "db"), eventsOf(cluster)]).toEqual([[], undefined, []]);
  });

  test("writes no status when that is switched off", async () => {
    const { cluster, settle } = await start(opened, { updateStatus: false });
    cluster.put(SEALED_SECRETS, sealed("db"));
    await settle();
    expect([statusOf(cluster, "db"), eventsOf(cluster).length]).toEqual([undefined, 1]);
  });

  test("metrics carry the names that dashboards know", async () => {
    const { cluster, metrics, settle } = await start((object) =>
      object.metadata.name === "bad" ? { kind: "no-key", message: "m" } : opened(object),
    );
    cluster.put(SEALED_SECRETS, {
      ...sealed("db"),
      metadata: { name: "db", namespace: "apps", labels: { "app.kubernetes.io/instance": "i" } },
    });
    cluster.put(SEALED_SECRETS, sealed("bad"));
    await settle();
    const text = await metrics.text();
    for (const line of [
      'sealed_secrets_controller_build_info{revision="r"} 0',
      "sealed_secrets_controller_unseal_requests_total 2",
      'sealed_secrets_controller_unseal_errors_total{reason="unseal",namespace="apps"} 1',
      'sealed_secrets_controller_condition_info{namespace="apps",name="db",condition="Synced",ss_app_kubernetes_io_instance="i"} 1',
      'sealed_secrets_controller_condition_info{namespace="apps",name="bad",condition="Synced",ss_app_kubernetes_io_instance=""} -1',
    ]) {
      expect(text.split("\n")).toContain(line);
    }
    cluster.remove(SEALED_SECRETS, "apps/db");
    await settle();
    expect(await metrics.text()).not.toContain('name="db"');
  });
});

describe("changes that others make to the Secret", () => {
  const REVERT = "sealkit.dev/revert-changes";
  const withLabel: (object: KubeObject) => Unsealed = (object) => {
    const { secret, ...rest } = opened(object) as Extract<Unsealed, { kind: "opened" }>;
    const metadata = { ...secret.metadata, labels: { app: "x" } };
    return { ...rest, secret: { ...secret, metadata, data: { a: "YQ==", b: "Yg==" } } };
  };
  const secretOf = (cluster: ReturnType<typeof memoryCluster>) => cluster.object("secrets", "apps/db")!;
  const edit = (cluster: ReturnType<typeof memoryCluster>, change: Partial<KubeObject>) =>
    cluster.put(SECRETS, { ...secretOf(cluster), ...change });
  const managedFields = [
    { manager: "sealkit", operation: "Update", time: "2026-01-01T00:00:00Z" },
    { manager: "kubectl-edit", operation: "Update", time: "2026-01-01T00:00:05Z" },
  ];

  test("are left alone as by the original, unless it is asked for otherwise", async () => {
    let passes = 0;
    const { cluster, settle } = await start((object) => {
      passes += 1;
      return withLabel(object);
    });
    cluster.put(SEALED_SECRETS, sealed("db"));
    await settle();
    edit(cluster, { data: { a: "ZWRpdGVk" } });
    await settle();
    expect([passes, secretOf(cluster)["data"]]).toEqual([1, { a: "ZWRpdGVk" }]);
  });

  test.each([
    { flag: true, annotation: undefined, reverts: true },
    { flag: true, annotation: "false", reverts: false },
    { flag: false, annotation: "true", reverts: true },
    { flag: false, annotation: "yes", reverts: false },
  ])("flag $flag and annotation $annotation: set back is $reverts", async ({ flag, annotation, reverts }) => {
    const { cluster, settle } = await start(withLabel, { revertChanges: flag });
    const object = sealed("db");
    const annotations = annotation === undefined ? {} : { annotations: { [REVERT]: annotation } };
    cluster.put(SEALED_SECRETS, { ...object, metadata: { ...object.metadata, ...annotations } });
    await settle();
    edit(cluster, { data: { a: "ZWRpdGVk" } });
    await settle();
    expect(secretOf(cluster)["data"]).toEqual(reverts ? { a: "YQ==", b: "Yg==" } : { a: "ZWRpdGVk" });
  });

  test("only what is ours is set back: data, type, our labels and annotations, and the owner", async () => {
    const { cluster, settle } = await start(withLabel, { revertChanges: true });
    cluster.put(SEALED_SECRETS, sealed("db"));
    await settle();
    const { metadata } = secretOf(cluster);
    const { ownerReferences } = metadata;
    cluster.put(SECRETS, {
      ...secretOf(cluster),
      immutable: false,
      data: { a: "ZWRpdGVk", c: "Yw==" },
      metadata: {
        ...metadata,
        labels: { app: "edited", theirs: "1" },
        annotations: { theirs: "2" },
        finalizers: ["theirs/f"],
        ownerReferences: [],
        managedFields,
      },
    });
    await settle();
    expect(secretOf(cluster)).toMatchObject({
      immutable: false,
      data: { a: "YQ==", b: "Yg==" },
      metadata: {
        labels: { app: "x", theirs: "1" },
        annotations: { theirs: "2" },
        finalizers: ["theirs/f"],
        ownerReferences,
      },
    });
    expect(Object.keys(secretOf(cluster)["data"] as object)).toEqual(["a", "b"]);
    expect(eventsOf(cluster)).toEqual([
      "Normal Unsealed ×1: SealedSecret unsealed successfully",
      'Normal Reverted ×1: Secret was changed by "kubectl-edit" and set back',
    ]);
  });

  test("in a Secret that is only added to, keys of others stay as they are", async () => {
    const { cluster, settle } = await start(withLabel, { revertChanges: true });
    cluster.put(SECRETS, {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "db", namespace: "apps", annotations: { "sealedsecrets.bitnami.com/patch": "true" } },
      data: { z: "eg==" },
    });
    await settle();
    cluster.put(SEALED_SECRETS, sealed("db"));
    await settle();
    edit(cluster, { data: { a: "ZWRpdGVk", b: "Yg==", z: "dGhlaXJz", more: "bQ==" } });
    await settle();
    expect(secretOf(cluster)["data"]).toEqual({ a: "YQ==", b: "Yg==", z: "dGhlaXJz", more: "bQ==" });
  });

  test("a change of something else costs one look and tells nothing", async () => {
    let passes = 0;
    const { cluster, settle } = await start(
      (object) => {
        passes += 1;
        return withLabel(object);
      },
      { revertChanges: true },
    );
    cluster.put(SEALED_SECRETS, sealed("db"));
    await settle();
    const { metadata } = secretOf(cluster);
    edit(cluster, { metadata: { ...metadata, labels: { ...metadata.labels, theirs: "1" } } });
    await settle();
    await settle();
    expect([passes, eventsOf(cluster).length, secretOf(cluster).metadata.labels]).toEqual([
      2,
      1,
      { app: "x", theirs: "1" },
    ]);
  });

  test.each([
    { revertChanges: true, during: "opening", writes: ["create"] },
    { revertChanges: false, during: "opening", writes: ["create"] },
    { revertChanges: true, during: "writing", writes: ["create", "update"] },
    { revertChanges: false, during: "writing", writes: ["create", "update"] },
  ])(
    "an edit during $during is not taken for done (reverting: $revertChanges)",
    async ({ revertChanges, during, writes }) => {
      const itemOf = (object: KubeObject) => (object["spec"] as { encryptedData: { a: string } }).encryptedData.a;
      let edited = false;
      const edit = () => {
        if (!edited) cluster.put(SEALED_SECRETS, sealed("db", { encryptedData: { a: "bmV3" } }));
        edited = true;
      };
      const { cluster, settle } = await start(
        async (object) => {
          if (during === "opening") {
            edit();
            for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
          }
          const { secret, ...rest } = opened(object) as Extract<Unsealed, { kind: "opened" }>;
          return { ...rest, secret: { ...secret, data: { a: itemOf(object) } } };
        },
        { revertChanges },
      );
      cluster.failures.set("create secrets", () => {
        if (during === "writing") edit();
        return undefined;
      });
      cluster.put(SEALED_SECRETS, sealed("db"));
      await settle();
      await settle();
      expect(secretOf(cluster)["data"]).toEqual({ a: "bmV3" });
      expect(statusOf(cluster, "db")).toMatchObject({ observedGeneration: 2, conditions: [{ status: "True" }] });
      // What was already replaced when the items were open is never written.
      const calls = cluster.calls.filter(({ verb, resource }) => resource === "secrets" && /create|update/.test(verb));
      expect(calls.map(({ verb }) => verb)).toEqual(writes);
    },
  );

  test("a SealedSecret that goes while it is opened leaves no Secret behind", async () => {
    const { cluster, settle } = await start(async (object) => {
      cluster.remove(SEALED_SECRETS, "apps/db");
      for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
      return opened(object);
    });
    cluster.put(SEALED_SECRETS, sealed("db"));
    await settle();
    expect(cluster.objects("secrets")).toEqual([]);
  });

  test("a scope that changes while a pass runs is looked at again", async () => {
    const scopes: (string | undefined)[] = [];
    const { cluster, settle } = await start(
      async (object) => {
        scopes.push(object.metadata.annotations?.["sealedsecrets.bitnami.com/cluster-wide"]);
        if (scopes.length === 1) {
          const live = cluster.object("sealedsecrets", "apps/db")!;
          const annotations = { "sealedsecrets.bitnami.com/cluster-wide": "true" };
          cluster.put(SEALED_SECRETS, { ...live, metadata: { ...live.metadata, annotations } });
          for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
        }
        return opened(object);
      },
      { revertChanges: true },
    );
    cluster.put(SEALED_SECRETS, sealed("db"));
    await settle();
    await settle();
    expect(scopes).toEqual([undefined, "true"]);
  });

  test("somebody who keeps writing is met with growing pauses and two events in all", async () => {
    let passes = 0;
    const { cluster, clock, settle } = await start(
      (object) => {
        passes += 1;
        return withLabel(object);
      },
      { revertChanges: true },
    );
    cluster.put(SEALED_SECRETS, sealed("db"));
    await settle();
    for (let second = 0; second < 300; second++) {
      edit(cluster, { data: { a: btoa(String(second)) } });
      await clock.advance(1_000);
    }
    expect(passes).toBeLessThan(13);
    expect(eventsOf(cluster).filter((event) => event.includes("Revert"))).toEqual([
      "Normal Reverted ×1: Secret was changed and set back",
      "Warning RevertContested ×1: Secret keeps being changed; it is set back with growing pauses",
    ]);
    await clock.advance(300_000);
    expect(secretOf(cluster)["data"]).toEqual({ a: "YQ==", b: "Yg==" });
    expect(statusOf(cluster, "db")).toMatchObject({ conditions: [{ status: "True" }] });
  });

  test("a Secret that was given to another owner is theirs", async () => {
    const { cluster, settle } = await start(withLabel, { revertChanges: true });
    cluster.put(SEALED_SECRETS, sealed("db"));
    await settle();
    const { metadata } = secretOf(cluster);
    const owner = { apiVersion: "x/v1", kind: "Other", name: "o", uid: "other", controller: true };
    edit(cluster, { metadata: { ...metadata, ownerReferences: [owner] }, data: {} });
    await settle();
    expect(secretOf(cluster)["data"]).toEqual({});
    expect(statusOf(cluster, "db")).toMatchObject({ conditions: [{ status: "False", reason: "NotManaged" }] });
  });
});
