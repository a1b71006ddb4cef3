import { generateKeyPairSync, randomBytes, randomInt, randomUUID } from "node:crypto";
import { TokenBook } from "./auth/tokens.ts";
import { bootstrap } from "./bootstrap.ts";
import { finishDefinitions } from "./controllers/definitions.ts";
import { collectGarbage } from "./controllers/garbage-collector.ts";
import { finishNamespaces } from "./controllers/namespaces.ts";
import { pretendReady } from "./controllers/pretence.ts";
import { serveDefinitions } from "./crd/serve.ts";
import { createHandler } from "./http/handler.ts";
import { type Endpoint, kubeconfigText } from "./kubeconfig.ts";
import { DEFAULT_LIMITS, type SandboxLimits } from "./limits.ts";
import { type ServiceRegistration, ServiceTargets } from "./proxy/service-targets.ts";
import { loadBuiltin } from "./registry/builtin.ts";
import { Registry } from "./registry/registry.ts";
import { listen } from "./server.ts";
import { type StorageStats, Store } from "./storage/store.ts";
import { createServerIdentity } from "./tls/certificates.ts";
import type { World } from "./world.ts";

export interface SandboxOptions {
  /** Port on 127.0.0.1; 0 or absent: a free one. */
  readonly port?: number;
  /** Deployments and the like become Ready although nothing runs them; default true. */
  readonly pretendReady?: boolean;
  /** Milliseconds since the epoch; default the clock. */
  readonly now?: () => number;
  readonly limits?: Partial<SandboxLimits>;
}

/** A running sandbox. */
export interface Sandbox {
  /** `https://127.0.0.1:PORT`. */
  readonly url: string;
  /** The certificate of the authority that signed the server's certificate. */
  readonly caPem: string;
  /** Bearer token of `system:masters`. Different in every sandbox. */
  readonly adminToken: string;
  /** The same three for an HTTP client. */
  readonly endpoint: Endpoint;
  /** A kubeconfig for the administrator; it holds the token. */
  kubeconfig(): string;
  /** A token for some other user, held to RBAC. */
  tokenFor(user: string, groups?: readonly string[]): string;
  /** Puts a handler of this process, or a loopback port, behind a Service for the service proxy. */
  registerService(registration: ServiceRegistration): void;
  stats(): StorageStats;
  /** Forgets the history of changes, as etcd's compaction does: watches that resume from before get 410. */
  compact(): void;
  close(): Promise<void>;
}

/**
 * Starts a Kubernetes API in this process, on loopback, with an own certificate authority and everything in memory.
 *
 * @throws SandboxError SANDBOX_PORT_IN_USE, SANDBOX_CANNOT_LISTEN
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const now = options.now ?? Date.now;
  const world = createWorld(options, now);
  const adminToken = newToken();
  world.tokens.add(adminToken, { name: "kubernetes-admin", uid: "", groups: ["system:masters"], extra: {} });
  const stops = [
    serveDefinitions(world),
    collectGarbage(world),
    finishNamespaces(world),
    finishDefinitions(world),
    ...(options.pretendReady === false ? [] : [pretendReady(world)]),
  ];
  bootstrap(world);
  const identity = createServerIdentity(now());
  const server = await listen(identity, options.port ?? 0, createHandler(world));
  const endpoint = { url: `https://127.0.0.1:${server.port}`, caPem: identity.caPem, token: adminToken };
  return {
    url: endpoint.url,
    caPem: identity.caPem,
    adminToken,
    endpoint,
    kubeconfig: () => kubeconfigText(endpoint),
    tokenFor: (user, groups = []) => {
      const token = newToken();
      world.tokens.add(token, { name: user, uid: "", groups, extra: {} });
      return token;
    },
    registerService: (registration) => world.services.register(registration),
    stats: () => ({
      revision: world.store.revision,
      objects: world.store.size,
      events: world.store.log.size,
      watchers: world.watchers.count,
    }),
    compact: () => world.store.log.compact(),
    close: async () => {
      for (const stop of stops) stop();
      await server.close();
    },
  };
}

function createWorld(options: SandboxOptions, now: () => number): World {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const builtin = loadBuiltin();
  return {
    store: new Store(limits),
    registry: new Registry(builtin.types),
    builtin,
    limits,
    tokens: new TokenBook(),
    services: new ServiceTargets(),
    signingKey: generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey,
    now,
    uuid: randomUUID,
    word: randomWord,
    watchers: { count: 0 },
  };
}

const newToken = () => randomBytes(24).toString("base64url");

/** Letters and digits that cannot spell a word. */
const SAFE = "bcdfghjklmnpqrstvwxz2456789";

const randomWord = (length: number) => Array.from({ length }, () => SAFE[randomInt(SAFE.length)]).join("");
