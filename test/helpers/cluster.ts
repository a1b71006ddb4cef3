import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type OwnNetwork, startOwnNetwork } from "./own-network.ts";
import { peer } from "./peers.ts";
import { type Finished, type Running, removeAtExit, runProcess, startProcess, until } from "./process.ts";

export interface ClusterOptions {
  /** Run everything in a network namespace, so that the API server's service proxy works (see `own-network.ts`). */
  readonly namespaceOfOwn?: boolean;
  /** Also run the controllers that collect garbage, end namespaces and fill aggregated roles such as `edit`. */
  readonly controllerManager?: boolean;
  /** Users beside `admin`, with their groups; each gets a token. */
  readonly users?: Readonly<Record<string, readonly string[]>>;
  /** More arguments for kube-apiserver. */
  readonly apiServerArgs?: readonly string[];
}

export interface ApiAnswer {
  readonly status: number;
  readonly text: string;
  /** The parsed body, or undefined when it is not JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: test code reads answers of any kind
  readonly json: any;
}

/** A real kube-apiserver with etcd, for one test file. */
export interface Cluster {
  readonly folder: string;
  /** Reachable from the test process. */
  readonly url: string;
  /** Reachable from programs started with `run` and `start`. */
  readonly innerUrl: string;
  /** Certificate of the API server, which is its own authority. */
  readonly ca: string;
  readonly caFile: string;
  readonly adminToken: string;
  /** Kubeconfig file of `admin` for the test process. */
  readonly kubeconfig: string;
  readonly network: OwnNetwork | undefined;
  token(user: string): string;
  /** Kubeconfig file of a user; `inner` for programs started with `run` and `start`. */
  kubeconfigOf(user: string, where?: "outer" | "inner"): string;
  /** Kubeconfig file of a bearer token, e.g. of a ServiceAccount. */
  kubeconfigWith(token: string, where?: "outer" | "inner"): string;
  /** One request; the body is sent as JSON unless it is a string. */
  api(
    method: string,
    path: string,
    body?: unknown,
    options?: { token?: string; contentType?: string; as?: string },
  ): Promise<ApiAnswer>;
  /** Server-side applies manifests given as text. Throws when it is refused. */
  apply(manifests: string, args?: readonly string[]): Promise<void>;
  kubectl(args: readonly string[], options?: { input?: string; user?: string; token?: string }): Promise<Finished>;
  /** A bearer token of a ServiceAccount that exists. */
  serviceAccountToken(namespace: string, name: string): Promise<string>;
  /** Runs a program to its end where the cluster is reachable under `innerUrl`. */
  run(
    command: readonly string[],
    options?: { input?: string; env?: Record<string, string | undefined> },
  ): Promise<Finished>;
  /** Starts a program there; `stop()` of the cluster ends it. */
  start(command: readonly string[], options: { log: string; env?: Record<string, string | undefined> }): Running;
  /** kill -9 of kube-apiserver; etcd keeps the data. */
  killApiServer(): Promise<void>;
  restartApiServer(): Promise<void>;
  /** kill -9 of etcd; its files stay. */
  killEtcd(): Promise<void>;
  restartEtcd(): Promise<void>;
  /** Ends both, destroys all data, and starts both anew at the same address: an empty cluster. */
  loseEverything(): Promise<void>;
  stop(): Promise<void>;
}

const ADMIN = "admin";

/** A port of loopback that nobody listens on; the kernel does not give the same one soon again. */
export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
      .once("error", reject)
      .listen(0, "127.0.0.1", () => {
        const address = probe.address();
        const port = address !== null && typeof address === "object" ? address.port : 0;
        probe.close(() => resolve(port));
      });
  });
}

interface Ports {
  readonly api: number;
  readonly etcd: number;
  readonly etcdPeer: number;
  readonly manager: number;
}

async function choosePorts(): Promise<Ports> {
  return { api: await freePort(), etcd: await freePort(), etcdPeer: await freePort(), manager: await freePort() };
}

function kubeconfigText(url: string, ca: string, token: string): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      { name: "c", cluster: { server: url, "certificate-authority-data": Buffer.from(ca).toString("base64") } },
    ],
    users: [{ name: "u", user: { token } }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u", namespace: "default" } }],
    "current-context": "x",
  });
}

function etcdCommand(folder: string, ports: Ports): string[] {
  const client = `http://127.0.0.1:${ports.etcd}`;
  const toPeer = `http://127.0.0.1:${ports.etcdPeer}`;
  return [
    peer("etcd"),
    `--data-dir=${join(folder, "etcd")}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${toPeer}`,
    `--initial-advertise-peer-urls=${toPeer}`,
    `--initial-cluster=default=${toPeer}`,
    "--unsafe-no-fsync",
    "--log-level=warn",
  ];
}

function apiServerCommand(folder: string, ports: Ports, more: readonly string[]): string[] {
  return [
    peer("kube-apiserver"),
    `--etcd-servers=http://127.0.0.1:${ports.etcd}`,
    `--secure-port=${ports.api}`,
    "--bind-address=127.0.0.1",
    "--advertise-address=127.0.0.1",
    `--cert-dir=${join(folder, "certs")}`,
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-key-file=${join(folder, "sa.pub")}`,
    `--service-account-signing-key-file=${join(folder, "sa.key")}`,
    "--service-cluster-ip-range=10.0.0.0/24",
    "--authorization-mode=RBAC",
    `--token-auth-file=${join(folder, "tokens.csv")}`,
    "--disable-admission-plugins=ServiceAccount",
    "--allow-privileged=true",
    "--watch-cache=true",
    ...more,
  ];
}

function managerCommand(folder: string, ports: Ports, kubeconfig: string): string[] {
  return [
    peer("kube-controller-manager"),
    `--kubeconfig=${kubeconfig}`,
    "--controllers=garbage-collector-controller,namespace-controller,clusterrole-aggregation-controller",
    "--leader-elect=false",
    "--bind-address=127.0.0.1",
    `--secure-port=${ports.manager}`,
    `--cert-dir=${join(folder, "manager-certs")}`,
  ];
}

function writeServiceAccountKeys(folder: string): void {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
  });
  writeFileSync(join(folder, "sa.pub"), publicKey);
  writeFileSync(join(folder, "sa.key"), privateKey, { mode: 0o600 });
}

/** Starts a real kube-apiserver with etcd on loopback ports, in a fresh folder, and waits until it is ready (about 4 s). */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), "sealkit-cluster-"));
  const forget = removeAtExit(folder);
  const network = options.namespaceOfOwn === true ? await startOwnNetwork() : undefined;
  const enter = network?.enter ?? [];
  const ports = await choosePorts();
  const tokens = new Map<string, string>();
  const started: Running[] = [];

  const stop = async () => {
    // The youngest first: clients before the server, the server before its store.
    for (const one of started.reverse()) await one.stop();
    started.length = 0;
    await network?.close();
    rmSync(folder, { recursive: true, force: true });
    forget();
  };

  const start: Cluster["start"] = (command, { log, env }) => {
    const running = startProcess([...enter, ...command], env === undefined ? { log } : { log, env });
    started.push(running);
    return running;
  };

  try {
    mkdirSync(join(folder, "certs"));
    writeServiceAccountKeys(folder);
    const users = { [ADMIN]: ["system:masters"], ...options.users };
    const lines = Object.entries(users).map(([user, groups], at) => {
      const token = randomBytes(24).toString("hex");
      tokens.set(user, token);
      return `${token},${user},uid-${at},"${groups.join(",")}"\n`;
    });
    writeFileSync(join(folder, "tokens.csv"), lines.join(""), { mode: 0o600 });

    const innerUrl = `https://127.0.0.1:${ports.api}`;
    const url = network === undefined ? innerUrl : `https://127.0.0.1:${await network.forward("127.0.0.1", ports.api)}`;
    const apiLog = join(folder, "kube-apiserver.log");
    const startEtcd = () => start(etcdCommand(folder, ports), { log: join(folder, "etcd.log") });
    const killEtcd = async () => {
      etcd.kill("SIGKILL");
      await etcd.ended;
    };
    let etcd = startEtcd();

    const token = (user: string): string => {
      const found = tokens.get(user);
      if (found === undefined) throw new Error(`Cannot find a token of "${user}": give it in startCluster({ users })`);
      return found;
    };

    let ca = "";
    const api: Cluster["api"] = async (method, path, body, more = {}) => {
      for (let tries = 1; ; tries++) {
        const answer = await send({
          url: `${url}${path}`,
          ca,
          method,
          body,
          token: more.token ?? token(ADMIN),
          ...more,
        });
        // A resource that was defined a moment ago: every client waits here.
        if (answer.status !== 429 || tries > 20 || !answer.text.includes("initializing")) return answer;
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
    };

    let server: Running | undefined;
    const startApiServer = async () => {
      const one = start(apiServerCommand(folder, ports, options.apiServerArgs ?? []), { log: apiLog });
      server = one;
      const ready = async () => {
        if (!one.alive()) throw new Error(`kube-apiserver ended before it was ready\n${one.tail()}`);
        try {
          ca = readFileSync(join(folder, "certs/apiserver.crt"), "utf8");
          return (await api("GET", "/readyz")).status === 200;
        } catch {
          return false;
        }
      };
      await until("kube-apiserver is ready", ready, { timeoutMs: 90_000, why: () => one.tail() });
    };
    await startApiServer();
    const killApiServer = async () => {
      server?.kill("SIGKILL");
      await server?.ended;
    };

    let files = 0;
    const kubeconfigWith: Cluster["kubeconfigWith"] = (bearer, where = "outer") => {
      files += 1;
      const file = join(folder, `kubeconfig-${files}`);
      writeFileSync(file, kubeconfigText(where === "inner" ? innerUrl : url, ca, bearer), { mode: 0o600 });
      return file;
    };
    const known = new Map<string, string>();
    const kubeconfigOf: Cluster["kubeconfigOf"] = (user, where = "outer") => {
      const key = `${where} ${user}`;
      const file = known.get(key) ?? kubeconfigWith(token(user), where);
      known.set(key, file);
      return file;
    };

    if (options.controllerManager === true) {
      start(managerCommand(folder, ports, kubeconfigOf(ADMIN, "inner")), { log: join(folder, "manager.log") });
    }

    const run: Cluster["run"] = (command, more = {}) => runProcess([...enter, ...command], more);
    const kubectl: Cluster["kubectl"] = (args, { input = "", user = ADMIN, token: bearer } = {}) => {
      const file = bearer === undefined ? kubeconfigOf(user, "inner") : kubeconfigWith(bearer, "inner");
      const env = { ...process.env, HOME: folder, KUBECONFIG: "" };
      return run([peer("kubectl"), `--kubeconfig=${file}`, ...args], { input, env });
    };

    return {
      folder,
      url,
      innerUrl,
      get ca() {
        return ca;
      },
      caFile: join(folder, "certs/apiserver.crt"),
      adminToken: token(ADMIN),
      kubeconfig: kubeconfigOf(ADMIN),
      network,
      token,
      kubeconfigOf,
      kubeconfigWith,
      api,
      kubectl,
      async apply(manifests, args = []) {
        const done = await kubectl(["apply", "--server-side", "--force-conflicts", ...args, "-f", "-"], {
          input: manifests,
        });
        if (done.code !== 0) throw new Error(`kubectl apply ended with ${done.code}\n${done.stderr}`);
      },
      async serviceAccountToken(namespace, name) {
        const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
        const answer = await api("POST", path, {
          apiVersion: "authentication.k8s.io/v1",
          kind: "TokenRequest",
          spec: { expirationSeconds: 7200 },
        });
        if (answer.status !== 201) throw new Error(`Cannot get a token of ${namespace}/${name}: ${answer.text}`);
        return answer.json.status.token;
      },
      run,
      start,
      killApiServer,
      restartApiServer: startApiServer,
      killEtcd,
      async restartEtcd() {
        etcd = startEtcd();
        const ready = () =>
          api("GET", "/readyz").then(
            ({ status }) => status === 200,
            () => false,
          );
        await until("etcd is back", ready, { timeoutMs: 90_000, why: () => etcd.tail() });
      },
      async loseEverything() {
        await killApiServer();
        await killEtcd();
        rmSync(join(folder, "etcd"), { recursive: true, force: true });
        etcd = startEtcd();
        await startApiServer();
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Sent {
  readonly url: string;
  readonly ca: string;
  readonly method: string;
  readonly body: unknown;
  readonly token: string;
  readonly contentType?: string;
  readonly as?: string;
}

function send({ url, ca, method, body, token, contentType, as }: Sent): Promise<ApiAnswer> {
  const payload = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const call = request(url, {
      method,
      ca,
      agent: false,
      timeout: 60_000,
      headers: {
        authorization: `Bearer ${token}`,
        accept: "application/json",
        ...(payload === undefined ? {} : { "content-type": contentType ?? "application/json" }),
        ...(as === undefined ? {} : { "impersonate-user": as }),
      },
    });
    call.on("timeout", () => call.destroy(new Error(`no answer to ${method} ${url} in 60 s`)));
    call.on("error", reject);
    call.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode ?? 0, text, json: parsed(text) });
      });
    });
    call.end(payload);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
