import {
  type ClusterSelection,
  createKubeClient,
  type KubeClient,
  KubeError,
  loadClusterConfig,
  noRetries,
  type RawResponse,
} from "../../src/kube/index.ts";
import type { KubeObject } from "../../src/objects/index.ts";
import type { Io } from "../io.ts";
import { KubesealError } from "./errors.ts";

const SERVICES = { group: "", version: "v1", plural: "services", kind: "Service", namespaced: true } as const;

/** The cluster, and the Service of the controller in it. */
export interface ControllerAddress {
  readonly controllerName: string;
  readonly controllerNamespace: string;
  readonly selection: ClusterSelection;
}

/** The controller of sealed secrets, reached through the API server's service proxy. */
export interface Controller {
  certificate(): Promise<Uint8Array>;
  /** False when the controller has no key that opens the object. */
  verify(object: string): Promise<boolean>;
  /** The same object under the newest key, as JSON; undefined when no key opens it. */
  rotate(object: string): Promise<string | undefined>;
  close(): Promise<void>;
}

/**
 * Finds the controller's Service and the name of its first port.
 *
 * @throws {KubesealError} `KUBESEAL_CLUSTER`
 */
export async function findController(options: ControllerAddress, io: Io): Promise<Controller> {
  const { controllerName: name, controllerNamespace: namespace } = options;
  const client = await connect(options);
  const port = await firstPort(client, namespace, name);
  const service = `http:${name}:${port}`;
  const base = `/api/v1/namespaces/${encodeURIComponent(namespace)}/services/${service}/proxy`;
  const ask = async (verb: "get" | "post", path: string, accept: string, body?: string): Promise<RawResponse> => {
    const request = { method: verb.toUpperCase(), path: base + path, headers: { accept }, signal: io.signal };
    return await client.raw(body === undefined ? request : { ...request, body });
  };
  const refuse = (prefix: string, verb: string, answer: RawResponse) =>
    new KubesealError("KUBESEAL_CLUSTER", `${prefix}${answerText(answer, verb, service)}`);
  return {
    async certificate() {
      const answer = await ask("get", "/v1/cert.pem", "application/x-pem-file, */*");
      if (answer.status >= 400) throw refuse("cannot fetch certificate: ", "get", answer);
      return answer.body;
    },
    async verify(object) {
      const answer = await ask("post", "/v1/verify", "application/json, */*", object);
      if (answer.status === 409) return false;
      if (answer.status >= 400) throw refuse("cannot validate sealed secret: ", "post", answer);
      return true;
    },
    async rotate(object) {
      const answer = await ask("post", "/v1/rotate", "application/json, */*", object);
      if (answer.status === 409) return undefined;
      if (answer.status >= 400) throw refuse("cannot re-encrypt secret: ", "post", answer);
      return new TextDecoder().decode(answer.body);
    },
    close: () => client.close(),
  };
}

/** The certificate that the controller seals with now. */
export async function fetchCertificate(options: ControllerAddress, io: Io): Promise<Uint8Array> {
  const controller = await findController(options, io);
  try {
    return await controller.certificate();
  } finally {
    await controller.close();
  }
}

async function connect(options: ControllerAddress): Promise<KubeClient> {
  const config = await loadClusterConfig(options.selection);
  return createKubeClient(config, { userAgent: "kubeseal", retries: noRetries });
}

async function firstPort(client: KubeClient, namespace: string, name: string): Promise<string> {
  const service = await client.get<Service>(SERVICES, { namespace, name }).catch((cause: unknown) => {
    if (cause instanceof KubeError) throw noService(cause.apiMessage, cause);
    throw cause;
  });
  if (service === undefined) throw noService(`services "${name}" not found`);
  const [port] = service.spec?.ports ?? [];
  if (port === undefined) {
    throw new KubesealError("KUBESEAL_CLUSTER", `cannot get sealed secret service: services "${name}" has no port`, {
      hints: [`kubectl -n ${namespace} get service ${name} -o yaml`],
    });
  }
  return port.name ?? "";
}

interface Service extends KubeObject {
  spec?: { ports?: { name?: string }[] };
}

function noService(why: string, cause?: unknown): KubesealError {
  return new KubesealError(
    "KUBESEAL_CLUSTER",
    `cannot get sealed secret service: ${why}.\nPlease, use the flag --controller-name and --controller-namespace to set up the name and namespace of the sealed secrets controller`,
    { cause },
  );
}

/** What the Go client says about a refusal: the text of the API's Status, or a sentence of its own. */
function answerText({ status, body }: RawResponse, verb: string, service: string): string {
  const text = new TextDecoder().decode(body);
  const said = statusMessage(text);
  if (said !== undefined) return said;
  const where = `(${verb} services ${service})`;
  if (status === 404) return `the server could not find the requested resource ${where}`;
  if (status === 429) return `the server has received too many requests and has asked us to try again later ${where}`;
  if (status === 503) return `the server is currently unable to handle the request ${where}`;
  return `an error on the server (${JSON.stringify(text.trim().slice(0, 200))}) has prevented the request from succeeding ${where}`;
}

function statusMessage(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isStatus = typeof value === "object" && value !== null && "kind" in value && value.kind === "Status";
    return isStatus && "message" in value && typeof value.message === "string" ? value.message : undefined;
  } catch {
    return undefined;
  }
}
