import { afterEach, describe, expect, test } from "vitest";
import { ControllerError } from "../../../../controller/errors.ts";
import { createEventRecorder } from "../../../../controller/events.ts";
import { type KeyManagerOptions, startKeyManager } from "../../../../controller/keys/key-manager.ts";
import { renewalDue } from "../../../../controller/keys/renewal.ts";
import type { SealingKey } from "../../../../controller/keys/sealing-key.ts";
import { createLog } from "../../../../controller/log.ts";
import { SECRETS } from "../../../../controller/sealedsecret/observe.ts";
import { keySecret, newestFirst, prefixProblem } from "../../../../src/keys/index.ts";
import type { KubeObject } from "../../../../src/objects/index.ts";
import { fakeClock } from "../../../helpers/fakes/clock.ts";
import { memoryCluster } from "../../../helpers/memory-cluster.ts";

const HOUR = 3_600_000;
const LABEL = "sealedsecrets.bitnami.com/sealed-secrets-key";

let stop = new AbortController();
afterEach(() => {
  stop.abort();
  stop = new AbortController();
});

/** Keys of this workshop are readable: the certificate is `NAME@MILLISECONDS`. */
const read = ({ certificatePem }: { certificatePem: string }): SealingKey => {
  const [fingerprint = "", time] = certificatePem.split("@");
  if (time === undefined) throw new ControllerError("CONTROLLER_REQUEST", "private key is not an RSA key");
  return { fingerprint, notBeforeMs: Number(time), certificatePem };
};

async function start(
  options: Partial<KeyManagerOptions<SealingKey>> = {},
  prepare: (cluster: ReturnType<typeof memoryCluster>, now: number) => void = () => undefined,
) {
  const cluster = memoryCluster();
  const clock = fakeClock();
  prepare(cluster, clock.now());
  const lines: string[] = [];
  const log = createLog({ clock, level: "debug", format: "text", write: (line) => lines.push(line) });
  let made = 0;
  const manager = startKeyManager(
    {
      client: cluster,
      clock,
      log,
      events: createEventRecorder({ client: cluster, clock, log, instance: "t" }),
      workshop: {
        generate: async ({ nowMs }) => ({ certificatePem: `made${++made}@${nowMs}`, privateKeyPem: "secret-pem" }),
        read,
      },
      namespace: "kube-system",
      prefix: "sealed-secrets-key",
      order: "CertNotBefore",
      renewal: { periodMs: 720 * HOUR },
      ...options,
    },
    stop.signal,
  );
  await clock.advance(0);
  return {
    cluster,
    clock,
    lines,
    manager,
    settle: () => clock.advance(0),
    names: () => manager.registry.keys.map(({ key }) => key.fingerprint),
  };
}

const secretOf = (name: string, certificate: string, more: Partial<KubeObject["metadata"]> = {}): KubeObject => {
  const secret = keySecret(
    { certificatePem: certificate, privateKeyPem: "secret-pem" },
    { namespace: "kube-system", prefix: "x" },
  );
  const { generateName: _, ...metadata } = secret.metadata;
  return { ...secret, metadata: { ...metadata, name, ...more } };
};

describe("startKeyManager()", () => {
  test("makes the first key, as the original writes it", async () => {
    const { cluster, names, lines } = await start({
      labels: { team: "a", [LABEL]: "hidden" },
      annotations: { note: "n" },
    });
    const [secret] = cluster.objects("secrets");
    expect(secret).toMatchObject({
      type: "kubernetes.io/tls",
      metadata: { namespace: "kube-system", labels: { [LABEL]: "active", team: "a" }, annotations: { note: "n" } },
    });
    expect(secret?.metadata.name).toMatch(/^sealed-secrets-key.{5}$/);
    expect(Object.keys(secret?.["data"] as object)).toEqual(["tls.crt", "tls.key"]);
    expect(names()).toEqual(["made1"]);
    const told = lines.join("");
    expect(told).toContain('msg="New key written" namespace=kube-system name=sealed-secrets-key');
    expect(told).not.toContain("secret-pem");
  });

  test("makes none when there is one, and registers all that are active", async () => {
    const { cluster, names } = await start({}, (cluster, now) => {
      cluster.put(SECRETS, secretOf("a", `old@${now - 2 * HOUR}`));
      cluster.put(SECRETS, secretOf("b", `new@${now - HOUR}`));
      cluster.put(SECRETS, secretOf("c", `bad@${now}`, { labels: { [LABEL]: "compromised" } }));
      cluster.put(SECRETS, secretOf("d", `elsewhere@${now}`, { namespace: "apps" }));
    });
    expect(names()).toEqual(["new", "old"]);
    expect(cluster.objects("secrets")).toHaveLength(4);
  });

  test("is ready when all of them are read", async () => {
    const cluster = memoryCluster();
    const clock = fakeClock();
    for (const name of ["a", "b", "c"]) cluster.put(SECRETS, secretOf(name, `${name}@${clock.now()}`));
    const { manager, names } = await start({
      client: cluster,
      workshop: {
        generate: () => Promise.reject(new Error("there are keys")),
        read: async (pem) => {
          await new Promise((resolve) => setTimeout(resolve, 2));
          return read(pem);
        },
      },
    });
    await manager.ready;
    expect(names()).toEqual(["a", "b", "c"]);
  });

  test("finds the key from before labels, by its name", async () => {
    const { names } = await start({}, (cluster, now) => {
      cluster.put(SECRETS, secretOf("sealed-secrets-key", `legacy@${now}`, { labels: {} }));
    });
    expect(names()).toEqual(["legacy"]);
  });

  test("a list that fails leads to no new key", async () => {
    let fail = true;
    const { cluster, clock, names } = await start({}, (cluster, now) => {
      cluster.put(SECRETS, secretOf("a", `there@${now}`));
      cluster.failures.set("list secrets", () => (fail ? new Error("down") : undefined));
    });
    await clock.advance(60_000);
    expect([names(), cluster.objects("secrets").length]).toEqual([[], 1]);
    fail = false;
    await clock.advance(60_000);
    expect([names(), cluster.objects("secrets").length]).toEqual([["there"], 1]);
  });

  test("renews after the period, again and again", async () => {
    const { clock, names } = await start({ renewal: { periodMs: 24 * HOUR } });
    await clock.advance(24 * HOUR - 1);
    expect(names()).toEqual(["made1"]);
    await clock.advance(1);
    expect(names()).toEqual(["made2", "made1"]);
    await clock.advance(24 * HOUR);
    expect(names()).toEqual(["made3", "made2", "made1"]);
  });

  test("renews at start when the newest is older than the period or the cutoff", async () => {
    const old = (cluster: ReturnType<typeof memoryCluster>, now: number) => {
      cluster.put(SECRETS, secretOf("a", `old@${now - 100 * HOUR}`));
    };
    expect((await start({ renewal: { periodMs: 99 * HOUR } }, old)).names()).toEqual(["made1", "old"]);
    const cutoffMs = Date.UTC(2026, 0, 1) - HOUR;
    expect((await start({ renewal: { periodMs: 0, cutoffMs } }, old)).names()).toEqual(["made1", "old"]);
    expect((await start({ renewal: { periodMs: 0 } }, old)).names()).toEqual(["old"]);
  });

  test("a key that could not be written is made again later", async () => {
    let fail = true;
    const { cluster, clock, names } = await start({}, (cluster) =>
      cluster.failures.set("create secrets", () => (fail ? new Error("down") : undefined)),
    );
    expect(names()).toEqual([]);
    fail = false;
    await clock.advance(10_000);
    expect(names()).toEqual(["made2"]);
    expect(cluster.objects("secrets")).toHaveLength(1);
  });

  test("renewNow() makes one at once and puts the next off", async () => {
    const { clock, manager, names } = await start({ renewal: { periodMs: 24 * HOUR } });
    await clock.advance(12 * HOUR);
    await manager.renewNow();
    await clock.advance(23 * HOUR);
    expect(names()).toEqual(["made2", "made1"]);
    await clock.advance(HOUR);
    expect(names()).toHaveLength(3);
  });

  test("keys that come, go or are retired count at once", async () => {
    const { cluster, clock, names, settle } = await start(
      {},
      (cluster, now) => cluster.put(SECRETS, secretOf("a", `one@${now}`)) && undefined,
    );
    cluster.put(SECRETS, secretOf("b", `two@${clock.now() + 1}`));
    await settle();
    expect(names()).toEqual(["two", "one"]);
    cluster.put(SECRETS, secretOf("b", `two@${clock.now() + 1}`, { labels: { [LABEL]: "compromised" } }));
    await settle();
    expect(names()).toEqual(["one"]);
    cluster.put(SECRETS, secretOf("b", `two@${clock.now() + 1}`));
    await settle();
    expect(names()).toEqual(["two", "one"]);
    cluster.remove(SECRETS, "kube-system/a");
    await settle();
    expect(names()).toEqual(["two"]);
    cluster.put(SECRETS, secretOf("b", `other@${clock.now() + 2}`));
    await settle();
    expect(names(), "another key in the same Secret takes the place of the first").toEqual(["other"]);
  });

  test("a relist that comes back empty takes no key away that is still there", async () => {
    let hide = false;
    const { cluster, clock, names } = await start(
      {},
      (cluster, now) => cluster.put(SECRETS, secretOf("a", `one@${now}`)) && undefined,
    );
    const list = cluster.list.bind(cluster);
    cluster.list = async (resource, options) =>
      hide ? { items: [], resourceVersion: "999" } : list(resource, options);
    hide = true;
    cluster.cutWatches("forget");
    await clock.advance(5_000);
    expect(names()).toEqual(["one"]);
  });

  test("when it cannot be told whether a key is gone, it stays", async () => {
    const { cluster, clock, names, settle, lines } = await start(
      {},
      (cluster, now) => cluster.put(SECRETS, secretOf("a", `one@${now}`)) && undefined,
    );
    cluster.failures.set("get secrets", () => new Error("down"));
    cluster.put(SECRETS, secretOf("b", `two@${clock.now() - 1}`));
    await settle();
    cluster.remove(SECRETS, "kube-system/a");
    await settle();
    expect(names()).toEqual(["one", "two"]);
    expect(lines.join("")).toContain("it stays in use");
    cluster.failures.clear();
    await clock.advance(10_000);
    expect(names()).toEqual(["two"]);
  });

  test("when the Secrets of all keys are gone, the keys stay, say so, and no other is made", async () => {
    const { cluster, clock, names, settle, lines, manager } = await start(
      { renewal: { periodMs: HOUR } },
      (cluster, now) => {
        cluster.put(SECRETS, secretOf("a", `one@${now}`));
        cluster.put(SECRETS, secretOf("b", `two@${now + 1}`));
      },
    );
    const saved = cluster.object("secrets", "kube-system/a")!;
    // As after a restore of the cluster from before there were keys: every look finds nothing.
    cluster.remove(SECRETS, "kube-system/a");
    cluster.remove(SECRETS, "kube-system/b");
    cluster.cutWatches("forget");
    await clock.advance(100 * HOUR);
    expect([names(), cluster.objects("secrets")]).toEqual([["two", "one"], []]);
    expect(lines.filter((line) => line.includes("level=ERROR") && line.includes("kept in memory"))).toHaveLength(2);
    expect(cluster.objects("events").map((event) => event["reason"])).toEqual(["KeySecretGone", "KeySecretGone"]);
    expect(manager.registry.newest?.key.fingerprint).toBe("two");
    // One that comes back seals, although the other counts as newer; and it is renewed again.
    cluster.put(SECRETS, saved);
    await settle();
    expect(manager.registry.newest?.key.fingerprint).toBe("made1");
    expect(names()).toEqual(["made1", "two", "one"]);
  });

  test("a list that lost some of the keys takes away only those that are gone indeed", async () => {
    const { cluster, clock, names } = await start({}, (cluster, now) => {
      for (const name of ["a", "b", "c"]) cluster.put(SECRETS, secretOf(name, `${name}@${now}`));
    });
    const list = cluster.list.bind(cluster);
    cluster.list = async <T extends KubeObject>(...call: Parameters<typeof list>) => {
      const all = await list<T>(...call);
      return { ...all, items: all.items.filter(({ metadata: { name } }) => name === "a") };
    };
    cluster.remove(SECRETS, "kube-system/c");
    cluster.cutWatches("forget");
    await clock.advance(5_000);
    expect(names()).toEqual(["a", "b"]);
  });

  test("the last key can be retired by its label, and then there is a new one after a while", async () => {
    const { cluster, clock, names } = await start({}, (cluster, now) => {
      cluster.put(SECRETS, secretOf("a", `one@${now}`));
    });
    cluster.put(SECRETS, secretOf("a", `one@${clock.now()}`, { labels: { [LABEL]: "compromised" } }));
    await clock.advance(30_000);
    expect(names()).toEqual([]);
    await clock.advance(60_000);
    expect(names()).toEqual(["made1"]);
  });

  test("the key without a label is followed by its name, and retired by a label", async () => {
    const { cluster, names, settle } = await start({}, (cluster, now) => {
      cluster.put(SECRETS, secretOf("a", `one@${now}`));
    });
    const legacy = (labels: Record<string, string>) =>
      cluster.put(SECRETS, secretOf("sealed-secrets-key", "legacy@5", { labels }));
    legacy({ team: "x" });
    await settle();
    expect(names()).toEqual(["one", "legacy"]);
    legacy({ [LABEL]: "compromised" });
    await settle();
    expect(names()).toEqual(["one"]);
    legacy({ [LABEL]: "active" });
    await settle();
    expect(names()).toEqual(["one", "legacy"]);
    cluster.remove(SECRETS, "kube-system/sealed-secrets-key");
    await settle();
    expect(names()).toEqual(["one"]);
  });

  test("makes none by itself when it is told so, and waits for one", async () => {
    const { cluster, clock, names, lines, manager } = await start({ generate: false, renewal: { periodMs: HOUR } });
    await clock.advance(48 * HOUR);
    expect([names(), cluster.objects("secrets")]).toEqual([[], []]);
    expect(lines.join("")).toContain("There is no sealing key; waiting for one");
    cluster.put(SECRETS, secretOf("a", "one@5"));
    await clock.advance(48 * HOUR);
    await manager.ready;
    expect(names()).toEqual(["one"]);
    await manager.renewNow();
    expect(names()).toEqual(["made1", "one"]);
  });

  test("a first key is made on certainty only: what a mirror did not show is found by asking", async () => {
    const { cluster, names } = await start({}, (cluster, now) => {
      cluster.put(SECRETS, secretOf("a", `there@${now}`));
      const list = cluster.list.bind(cluster);
      let lists = 0;
      cluster.list = async (resource, options) => {
        lists += 1;
        return lists <= 2 ? { items: [], resourceVersion: "999" } : list(resource, options);
      };
    });
    expect([names(), cluster.objects("secrets").length]).toEqual([["there"], 1]);
  });

  test.each(["CertNotBefore", "SecretCreationTimestamp"] as const)(
    "a key made in the same second as the newest is the newest all the same, by %s",
    async (order) => {
      const { clock, manager } = await start({ order }, (cluster) => {
        const create = cluster.create.bind(cluster);
        cluster.create = async (resource, object) => {
          const creationTimestamp = new Date(Math.floor(clock.now() / 1000) * 1000).toISOString().replace(".000", "");
          const name = `key-${9 - made++}`;
          return create(resource, { ...object, metadata: { ...object.metadata, name, creationTimestamp } });
        };
      });
      let made = 0;
      for (const wanted of ["made2", "made3", "made4"]) {
        const renewed = manager.renewNow();
        await clock.advance(1_000);
        await renewed;
        expect(manager.registry.newest?.key.fingerprint).toBe(wanted);
      }
    },
  );

  test("an unreadable key Secret is named in log and event, and hinders nothing", async () => {
    const { cluster, names, lines, settle } = await start({}, (cluster, now) => {
      cluster.put(SECRETS, secretOf("bad", "garbage"));
      cluster.put(SECRETS, { ...secretOf("empty", "x"), data: {} });
      cluster.put(SECRETS, secretOf("good", `good@${now}`));
    });
    await settle();
    expect(names()).toEqual(["good"]);
    expect(lines.filter((line) => line.includes("Error reading key"))).toHaveLength(2);
    expect(
      cluster
        .objects("events")
        .map((event) => event["message"])
        .sort(),
    ).toEqual([
      "Cannot use this Secret as a sealing key: it has no tls.crt",
      "Cannot use this Secret as a sealing key: private key is not an RSA key",
    ]);
  });

  test("a key that is damaged later goes on opening", async () => {
    const { cluster, names, settle } = await start(
      {},
      (cluster, now) => cluster.put(SECRETS, secretOf("a", `one@${now}`)) && undefined,
    );
    cluster.put(SECRETS, secretOf("a", "garbage"));
    await settle();
    expect(names()).toEqual(["one"]);
  });

  test("a process that does not lead reads keys and makes none", async () => {
    const { cluster, names, settle } = await start({ mayWrite: new Promise(() => undefined) });
    expect([names(), cluster.objects("secrets")]).toEqual([[], []]);
    cluster.put(SECRETS, secretOf("a", "other@5"));
    await settle();
    expect(names()).toEqual(["other"]);
  });
});

describe("newestFirst()", () => {
  const key = (secretName: string, notBeforeMs: number, createdAtMs: number) => ({
    secretName,
    notBeforeMs,
    createdAtMs,
  });
  test.each([
    { name: "by NotBefore", order: "CertNotBefore", keys: [key("a", 1, 9), key("b", 2, 1)], want: "ba" },
    { name: "by creation", order: "SecretCreationTimestamp", keys: [key("a", 1, 9), key("b", 2, 1)], want: "ab" },
    { name: "a tie: the one made first", order: "CertNotBefore", keys: [key("b", 5, 3), key("a", 5, 4)], want: "ba" },
    { name: "a tie in both: by name", order: "CertNotBefore", keys: [key("b", 5, 3), key("a", 5, 3)], want: "ab" },
  ] as const)("$name", ({ order, keys, want }) => {
    expect(
      newestFirst(keys, order)
        .map(({ secretName }) => secretName)
        .join(""),
    ).toBe(want);
    expect(
      newestFirst(keys.toReversed(), order)
        .map(({ secretName }) => secretName)
        .join(""),
    ).toBe(want);
  });
});

describe("renewalDue()", () => {
  test.each([
    { name: "no key: now", newest: undefined, policy: { periodMs: 0 }, isStart: false, want: 1000 },
    { name: "never by age", newest: 0, policy: { periodMs: 0 }, isStart: true, want: undefined },
    { name: "later", newest: 900, policy: { periodMs: 500 }, isStart: false, want: 1400 },
    { name: "overdue: now", newest: 100, policy: { periodMs: 500 }, isStart: false, want: 1000 },
    {
      name: "before the cutoff, at start: now",
      newest: 900,
      policy: { periodMs: 500, cutoffMs: 901 },
      isStart: true,
      want: 1000,
    },
    {
      name: "before the cutoff, later: no matter",
      newest: 900,
      policy: { periodMs: 500, cutoffMs: 901 },
      isStart: false,
      want: 1400,
    },
  ])("$name", ({ newest, policy, isStart, want }) => {
    expect(renewalDue(newest, policy, { nowMs: 1000, isStart })).toBe(want);
  });
});

describe("prefixProblem()", () => {
  test.each([
    ["sealed-secrets-key", undefined],
    ["MyKeys", "name contains illegal character M"],
    ["a_b", "name contains illegal character _"],
    ["a".repeat(246), "name is too long, must be shorter than 245, got 246"],
  ])("%s", (prefix, want) => {
    expect(prefixProblem(prefix)).toBe(want);
  });
});
