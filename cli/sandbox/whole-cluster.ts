import { CRDS } from "../../controller/api/index.ts";
import { sourceFamily } from "../../controller/gitrepository/set-up.ts";
import { kustomizationFamily } from "../../controller/kustomization/set-up.ts";
import type { Log } from "../../controller/log.ts";
import { sealedSecretFamily } from "../../controller/sealedsecret/set-up.ts";
import type { SealedSecretSettings } from "../../controller/settings.ts";
import { type Family, type RunningControllers, startControllers } from "../../controller/start.ts";
import packageJson from "../../package.json" with { type: "json" };
import { type Sandbox, type SandboxOptions, startSandbox } from "../../sandbox/index.ts";
import { type ClusterConfig, createKubeClient, type KubeClient, sleep, systemClock } from "../../src/kube/index.ts";
import type { KubeObject } from "../../src/objects/index.ts";
import type { IsolatedRenderer } from "../../src/secrets/index.ts";

/** The names under which kubeseal looks for the controller. */
export const CONTROLLER_NAMESPACE = "kube-system";
export const CONTROLLER_SERVICE = "sealed-secrets-controller";

/** Where sources and Kustomizations conventionally live. */
export const SYNC_NAMESPACE = "flux-system";

export interface WholeClusterOptions extends SandboxOptions {
  readonly log?: Log | undefined;
  readonly settings?: Partial<SealedSecretSettings> | undefined;
  /** What renders templates of SealedSecrets; default: processes of this build. */
  readonly renderer?: (() => IsolatedRenderer) | undefined;
  /** A private folder for artifacts. Without one, and without `families`, only SealedSecrets are looked after. */
  readonly storagePath?: string | undefined;
  /** Where metrics are served, `HOST:PORT`; nowhere when absent. */
  readonly listenMetrics?: string | undefined;
  /** Which kinds run, instead of all. */
  readonly families?: readonly Family[] | undefined;
  /** False: nothing of the controllers listens, so neither probes nor the API of sealing keys are there; default true. */
  readonly listens?: boolean | undefined;
  /** Done with the cluster once our kinds are known, before the controllers look at it. */
  readonly prepare?: ((client: KubeClient) => Promise<void>) | undefined;
}

/** A sandbox with the controllers at work in it, all in this process. */
export interface WholeCluster {
  readonly sandbox: Sandbox;
  readonly client: KubeClient;
  readonly controllers: RunningControllers;
  close(): Promise<void>;
}

/** Starts a sandbox, installs our resource kinds, and runs the controllers behind the Service that kubeseal asks for. */
export async function startWholeCluster(options: WholeClusterOptions = {}): Promise<WholeCluster> {
  const { log, settings, renderer, families, storagePath, listenMetrics, listens, prepare, ...sandboxOptions } =
    options;
  const sandbox = await startSandbox(sandboxOptions);
  const client = createKubeClient(configOf(sandbox), { userAgent: `sealkit-sandbox/${packageJson.version}` });
  try {
    await install(client);
    await prepare?.(client);
    const running = { log, settings, renderer, families, storagePath, listenMetrics, listens };
    const controllers = await runControllers(client, running);
    sandbox.registerService({
      namespace: CONTROLLER_NAMESPACE,
      name: CONTROLLER_SERVICE,
      target: { loopbackPort: Number(new URL(controllers.url ?? "http://127.0.0.1:1").port) },
    });
    return {
      sandbox,
      client,
      controllers,
      async close() {
        await controllers.stop();
        await client.close();
        await sandbox.close();
      },
    };
  } catch (error) {
    await client.close();
    await sandbox.close();
    throw error;
  }
}

/** Makes our kinds and the two namespaces known, and waits until the kinds are served. */
export async function install(client: KubeClient): Promise<void> {
  for (const crd of CRDS) await apply(client, "apiextensions.k8s.io/v1", crd);
  for (const name of [CONTROLLER_NAMESPACE, SYNC_NAMESPACE]) {
    await apply(client, "v1", { apiVersion: "v1", kind: "Namespace", metadata: { name } });
  }
  await apply(client, "v1", {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: CONTROLLER_SERVICE, namespace: CONTROLLER_NAMESPACE },
    spec: { ports: [{ port: 8080 }] },
  });
  for (const crd of CRDS) await served(client, crd);
}

const SERVED_POLL_MS = 20;
const SERVED_POLLS = 500;

/** A kind is in discovery a moment after its definition was taken. */
export async function served(client: KubeClient, crd: KubeObject): Promise<void> {
  const resource = await client.resourceFor("apiextensions.k8s.io/v1", crd.kind);
  const { name = "" } = crd.metadata;
  for (let poll = 0; poll < SERVED_POLLS && resource !== undefined; poll++) {
    const live = await client.get<KubeObject>(resource, { name });
    const status = live?.["status"] as { conditions?: readonly { type: string; status: string }[] } | undefined;
    if (status?.conditions?.some(({ type, status: value }) => type === "Established" && value === "True")) return;
    await sleep(systemClock, SERVED_POLL_MS);
  }
}

/** Runs the controllers in this process, on free ports of loopback. */
export async function runControllers(
  client: KubeClient,
  options: Omit<WholeClusterOptions, keyof SandboxOptions>,
): Promise<RunningControllers> {
  const { log } = options;
  const controllers = await startControllers({
    client,
    families: options.families ?? allFamilies(options),
    namespace: CONTROLLER_NAMESPACE,
    ...(options.listens === false ? {} : { listen: "127.0.0.1:0" }),
    ...(options.listenMetrics === undefined ? {} : { listenMetrics: options.listenMetrics }),
    version: packageJson.version,
    ...(log === undefined ? {} : { log }),
  });
  await controllers.ready;
  return controllers;
}

function allFamilies({
  settings = {},
  renderer,
  storagePath,
}: Pick<WholeClusterOptions, "settings" | "renderer" | "storagePath">): Family[] {
  const secrets = sealedSecretFamily(settings, renderer);
  if (storagePath === undefined) return [secrets];
  return [secrets, sourceFamily({ storagePath, storageAddress: "127.0.0.1:0" }), kustomizationFamily()];
}

function configOf({ endpoint }: Sandbox): ClusterConfig {
  const headers = { authorization: `Bearer ${endpoint.token}` };
  return { server: endpoint.url, ca: endpoint.caPem, authorize: async () => headers };
}

async function apply(client: KubeClient, apiVersion: string, object: KubeObject): Promise<void> {
  const resource = await client.resourceFor(apiVersion, object.kind);
  if (resource === undefined) throw new TypeError(`"object" expected a kind that the server has, got ${object.kind}`);
  const { name = "", namespace } = object.metadata;
  await client.patch(resource, { name, namespace }, object, { type: "apply", fieldManager: "sealkit", force: true });
}
