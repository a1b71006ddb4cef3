import { join } from "node:path";
import { CRDS } from "../../controller/api/index.ts";
import { type Cluster, freePort } from "./cluster.ts";
import { OWN_ADDRESS, OWN_MOUNTS } from "./own-network.ts";
import { peer } from "./peers.ts";
import { type Finished, type Running, until } from "./process.ts";

/** The original sealed-secrets controller, as a plain process with the rights of an in-cluster ServiceAccount. */
export interface Upstream {
  readonly running: Running;
  /** Port of its HTTP interface, on `OWN_ADDRESS` in a network namespace and on 127.0.0.1 otherwise. */
  readonly port: number;
  readonly metricsPort: number;
  stop(): Promise<void>;
}

export interface UpstreamOptions {
  /** More arguments, e.g. `--kubeclient-qps=-1`. */
  readonly args?: readonly string[];
  readonly port?: number;
  /** Its own token; default that of `admin`. */
  readonly token?: string;
}

export const CONTROLLER_NAMESPACE = "kube-system";
const CONTROLLER_SERVICE = "sealed-secrets-controller";

/** Ends well when the URL answers with 200. */
const FETCH = "fetch(process.argv[1]).then((r) => process.exit(r.status === 200 ? 0 : 1), () => process.exit(1))";

/** Makes the namespace of the controller and our CRDs known to the API server. */
export async function prepareCluster(cluster: Cluster): Promise<void> {
  await cluster.apply(CRDS.map((crd) => JSON.stringify(crd)).join("\n---\n"));
  const path = "/apis/bitnami.com/v1alpha1/sealedsecrets";
  await until("SealedSecrets are served", async () => (await cluster.api("GET", path)).status === 200);
  await until(`namespace ${CONTROLLER_NAMESPACE} is there`, async () => {
    return (await cluster.api("GET", `/api/v1/namespaces/${CONTROLLER_NAMESPACE}`)).status === 200;
  });
}

/**
 * Starts the original controller against the cluster and waits until it is ready. It reads only the in-cluster files of
 * a ServiceAccount, so these are mounted for it alone, in a mount namespace of its own (root, or user namespaces).
 */
export async function startUpstream(cluster: Cluster, options: UpstreamOptions = {}): Promise<Upstream> {
  const [port, metricsPort] = [options.port ?? (await freePort()), await freePort()];
  const host = cluster.network === undefined ? "127.0.0.1" : OWN_ADDRESS;
  const folder = "/var/run/secrets/kubernetes.io/serviceaccount";
  const script = [
    'mount -t tmpfs none "$(readlink -f /var/run)"',
    `mkdir -p ${folder}`,
    `cp "$1" ${folder}/ca.crt`,
    `printf %s "$SEALKIT_TOKEN" > ${folder}/token`,
    `printf %s ${CONTROLLER_NAMESPACE} > ${folder}/namespace`,
    "unset SEALKIT_TOKEN",
    "shift",
    'exec "$@"',
  ].join(" && ");
  const running = cluster.start(
    [
      ...OWN_MOUNTS,
      "sh",
      "-c",
      script,
      "sh",
      cluster.caFile,
      peer("sealed-secrets-controller"),
      `--listen-addr=${host}:${port}`,
      `--listen-metrics-addr=${host}:${metricsPort}`,
      "--log-info-stdout=false",
      ...(options.args ?? []),
    ],
    {
      log: join(cluster.folder, `upstream-${port}.log`),
      env: {
        ...process.env,
        SEALKIT_TOKEN: options.token ?? cluster.adminToken,
        KUBERNETES_SERVICE_HOST: "127.0.0.1",
        KUBERNETES_SERVICE_PORT: new URL(cluster.innerUrl).port,
        POD_NAMESPACE: CONTROLLER_NAMESPACE,
      },
    },
  );
  const url = `http://${host}:${port}/v1/cert.pem`;
  await until(
    "the original controller serves its certificate",
    async () => {
      if (!running.alive()) throw new Error(`the original controller ended\n${running.tail()}`);
      const asked = await cluster.run([process.execPath, "-e", FETCH, url]);
      return asked.code === 0;
    },
    { timeoutMs: 60_000, everyMs: 200, why: () => running.tail() },
  );
  return { running, port, metricsPort, stop: () => running.stop() };
}

/**
 * Lets `kubeseal` find a controller through the API server's service proxy, as in a real cluster: a Service, Endpoints
 * that name a running Pod, and that Pod. The cluster has to have a network of its own (`namespaceOfOwn`).
 */
export async function publishController(cluster: Cluster, port: number): Promise<void> {
  if (cluster.network === undefined)
    throw new Error("Cannot publish a controller: startCluster({ namespaceOfOwn: true })");
  const pod = "ssc-0";
  const metadata = { namespace: CONTROLLER_NAMESPACE, name: CONTROLLER_SERVICE };
  const objects = [
    { apiVersion: "v1", kind: "Service", metadata, spec: { ports: [{ port: 8080 }] } },
    {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { namespace: CONTROLLER_NAMESPACE, name: pod },
      spec: { nodeName: "none", containers: [{ name: "c", image: "none" }] },
    },
    {
      apiVersion: "v1",
      kind: "Endpoints",
      metadata,
      subsets: [
        {
          addresses: [{ ip: OWN_ADDRESS, targetRef: { kind: "Pod", namespace: CONTROLLER_NAMESPACE, name: pod } }],
          ports: [{ port }],
        },
      ],
    },
  ];
  await cluster.apply(objects.map((one) => JSON.stringify(one)).join("\n---\n"));
  const status = { phase: "Running", podIP: OWN_ADDRESS, podIPs: [{ ip: OWN_ADDRESS }] };
  const path = `/api/v1/namespaces/${CONTROLLER_NAMESPACE}/pods/${pod}/status`;
  const patched = await cluster.api("PATCH", path, { status }, { contentType: "application/merge-patch+json" });
  if (patched.status !== 200) throw new Error(`Cannot publish a controller: ${patched.text}`);
  const proxy = `/api/v1/namespaces/${CONTROLLER_NAMESPACE}/services/http:${CONTROLLER_SERVICE}:/proxy/v1/cert.pem`;
  await until("the service proxy reaches it", async () => (await cluster.api("GET", proxy)).status === 200);
}

/** Runs the original kubeseal as a user of the cluster. */
export function kubeseal(
  cluster: Cluster,
  args: readonly string[],
  options: { input?: string; user?: string } = {},
): Promise<Finished> {
  const kubeconfig = cluster.kubeconfigOf(options.user ?? "admin", "inner");
  return cluster.run([peer("kubeseal"), `--kubeconfig=${kubeconfig}`, ...args], {
    input: options.input ?? "",
    env: { ...process.env, HOME: cluster.folder, KUBECONFIG: kubeconfig },
  });
}
