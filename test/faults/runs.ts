import { type ClusterConfig, loadClusterConfig } from "../../src/kube/index.ts";
import type { IsolatedRenderer } from "../../src/secrets/index.ts";
import type { SealingKeyPair } from "../../src/x509/index.ts";
import { seeded } from "../helpers/chaos.ts";
import { type Cluster, startCluster } from "../helpers/cluster.ts";
import { hurried, makePool } from "../operations/cluster.ts";
import type { Report } from "../operations/run.ts";
import { clusterTarget, runRandomly, stormOf, type Trouble } from "../operations/targets.ts";
import { type Fault, type FaultyProxy, startFaultyProxy } from "./proxy.ts";

/** What the runs share: a real API server with etcd, and a proxy before it that does what it is told. */
export interface FaultCluster {
  readonly cluster: Cluster;
  readonly proxy: FaultyProxy;
  readonly direct: ClusterConfig;
  readonly viaProxy: ClusterConfig;
  readonly pool: readonly SealingKeyPair[];
  readonly renderer: (() => IsolatedRenderer) | undefined;
  stop(): Promise<void>;
}

export async function startFaultCluster(renderer?: () => IsolatedRenderer): Promise<FaultCluster> {
  const cluster = await startCluster({ controllerManager: true });
  const { folder, kubeconfig } = cluster;
  const proxy = await startFaultyProxy({ url: cluster.url, ca: () => cluster.ca });
  const direct = await loadClusterConfig({ env: {}, cwd: folder, kubeconfig });
  const { ca: _, ...viaProxy } = { ...direct, server: proxy.url };
  return {
    ...{ cluster, proxy, direct, viaProxy, renderer },
    pool: await makePool(),
    async stop() {
      await proxy.close();
      await cluster.stop();
    },
  };
}

/** One way in which the world goes wrong, while random operations go on. */
export interface FaultRun {
  readonly name: string;
  /** Operations of the short form; the long one has `times` as many. */
  readonly operations: number;
  /** Whether its faults are single requests, which can be counted; else an estimate bounds the work they cause. */
  readonly isCounted?: boolean;
  readonly trouble: (faulty: FaultCluster, random: () => number) => Trouble & { readonly faults?: () => number };
}

const DAY_MS = 24 * 3_600_000;

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** The API server's own process is killed and comes back, every third burst. */
const apiServerKilled: FaultRun = {
  name: "API server killed and back",
  operations: 40,
  trouble: ({ cluster }) => ({
    calm: async () => undefined,
    disturb: async (burst) => {
      if (burst % 3 !== 1) return;
      await cluster.killApiServer();
      await cluster.restartApiServer();
    },
    faults: () => 100,
  }),
};

const etcdKilled: FaultRun = {
  name: "etcd killed and back",
  operations: 40,
  trouble: ({ cluster }) => ({
    calm: async () => undefined,
    disturb: async (burst) => {
      if (burst % 3 !== 1) return;
      await cluster.killEtcd();
      await pause(1_000);
      await cluster.restartEtcd();
    },
    faults: () => 200,
  }),
};

/** Runs with faults of single requests. */
function proxied(
  name: string,
  operations: number,
  choose: (random: () => number) => (request: { method: string; path: string; isWatch: boolean }) => Fault,
): FaultRun {
  return {
    name,
    operations,
    isCounted: true,
    trouble: ({ proxy, viaProxy }, random) => {
      const before = proxy.faults;
      proxy.choose = choose(random);
      return {
        config: viaProxy,
        idleTimeoutMs: 400,
        faults: () => proxy.faults - before,
        calm: async () => {
          proxy.choose = () => "pass";
        },
      };
    },
  };
}

const conflicts = proxied("a conflict on every write", 80, () => {
  const met = new Set<string>();
  return ({ method, path }) => {
    if (!["POST", "PUT", "PATCH"].includes(method)) return "pass";
    const what = `${method} ${path}`;
    // The next try of the same passes: nobody could ever write otherwise.
    if (met.delete(what)) return "pass";
    met.add(what);
    const reason = method === "POST" ? "AlreadyExists" : "Conflict";
    return { status: 409, reason };
  };
});

const errors = proxied("every fifth request goes wrong in some way", 200, (random) => {
  const faults: readonly Fault[] = [
    { status: 500, reason: "InternalError" },
    { status: 503, reason: "ServiceUnavailable" },
    { status: 504, reason: "Timeout" },
    { status: 429, reason: "TooManyRequests", retryAfter: 1 },
    { status: 403, reason: "Forbidden" },
    "reset",
    "lost answer",
    "silence",
  ];
  return () => (random() < 0.8 ? "pass" : (faults[Math.floor(random() * faults.length)] ?? "pass"));
});

/** Every watch ends within a second, and every third one finds its place gone. */
const watches: FaultRun = {
  name: "watches closed each second, their place often gone",
  operations: 300,
  trouble: ({ proxy, viaProxy }, random) => {
    const before = proxy.faults;
    let cuts = 0;
    const timer = setInterval(() => {
      cuts += 1;
      proxy.cutWatches();
    }, 1_000 / 4);
    proxy.choose = ({ isWatch }) => (isWatch && random() < 0.3 ? { status: 410, reason: "Expired" } : "pass");
    return {
      config: viaProxy,
      faults: () => proxy.faults - before + cuts * 3,
      calm: async () => {
        clearInterval(timer);
        proxy.choose = () => "pass";
      },
    };
  },
};

/** The clock is set back and forth by up to two days, far less than the time after which a key is renewed. */
const clockJumps: FaultRun = {
  name: "the clock jumps",
  operations: 200,
  trouble: (_, random) => {
    let offsetMs = 0;
    return {
      clock: { ...hurried, now: () => Date.now() + offsetMs },
      calm: async () => undefined,
      disturb: async () => {
        offsetMs = Math.round((random() - 0.5) * 4 * DAY_MS);
      },
    };
  },
};

/** All sealing keys are deleted at once, and a backup is restored a moment later. */
const keysRestored: FaultRun = {
  name: "all key Secrets deleted and restored",
  operations: 150,
  trouble: ({ cluster }) => ({
    calm: async () => undefined,
    disturb: async (burst) => {
      if (burst % 4 !== 1) return;
      const path = "/api/v1/namespaces/kube-system/secrets";
      const selected = `${path}?labelSelector=${encodeURIComponent("sealedsecrets.bitnami.com/sealed-secrets-key=active")}`;
      const { items } = (await cluster.api("GET", selected)).json;
      await cluster.api("DELETE", selected);
      await pause(burst % 8 === 1 ? 0 : 500);
      for (const { metadata, type, data } of items) {
        const { name, labels } = metadata;
        await cluster.api("POST", path, { metadata: { name, labels }, type, data });
      }
    },
    faults: () => 100,
  }),
};

export const FAULT_RUNS: readonly FaultRun[] = [
  conflicts,
  errors,
  watches,
  clockJumps,
  keysRestored,
  apiServerKilled,
  etcdKilled,
];

export interface FaultReport extends Report {
  readonly faults: number;
}

/**
 * Random operations while things go wrong. Ends well when the cluster comes to what the model expects after every burst,
 * no key was made, nothing was deleted by the controller, and passes, writes, events and lines stay in proportion.
 */
export async function runFaults(
  faulty: FaultCluster,
  { name, operations, trouble }: FaultRun,
  { seed, times = 1, shrinkMs = 0 }: { readonly seed: number; readonly times?: number; readonly shrinkMs?: number },
): Promise<FaultReport> {
  const { faults = () => 0, ...more } = trouble(faulty, seeded(seed + 1));
  try {
    const report = await runRandomly(clusterTarget(faulty.direct), {
      ...{ seed, shrinkMs, pool: faulty.pool, renderer: faulty.renderer, patienceMs: 90_000, trouble: more },
      random: seeded(seed),
      operations: operations * times,
    });
    const storm = stormOf(report, faults());
    if (storm !== undefined) throw new Error(`${name}: ${storm}`);
    return { ...report, faults: faults() };
  } finally {
    await more.calm?.();
  }
}
