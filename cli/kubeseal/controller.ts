import type { ErrorContext } from "../../src/errors.ts";
import {
  type ClusterSelection,
  createKubeClient,
  type KubeClient,
  KubeError,
  loadClusterConfig,
  noRetries,
  objectPath,
  type RawResponse,
} from "../../src/kube/index.ts";
import type { Io } from "../io.ts";
import { KubesealError } from "./errors.ts";
import { readTimeout, withTimeout } from "./request-timeout.ts";

const SERVICES = { group: "", version: "v1", plural: "services", kind: "Service", namespaced: true } as const;

/** The cluster, and the Service of the controller in it. */
export interface ControllerAddress {
  readonly controllerName: string;
  readonly controllerNamespace: string;
  readonly selection: ClusterSelection;
  /** How long one request may take, as typed: `30s`, or a number of seconds; `0` and absent are for ever. */
  readonly requestTimeout?: string | undefined;
}

/** An answer to a request to rotate, good or bad. */
export interface RotateAnswer {
  readonly status: number;
  readonly headers: RawResponse["headers"];
  readonly text: string;
}

/** The controller of sealed secrets, reached through the API server's service proxy. */
export interface Controller {
  certificate(): Promise<Uint8Array>;
  /** False when the controller has no key that opens the object. */
  verify(object: string): Promise<boolean>;
  /** The same object under the newest key, as JSON; undefined when no key opens it. */
  rotate(object: string): Promise<string | undefined>;
  /** The same, with whatever status the controller answers. */
  askToRotate(object: string): Promise<RotateAnswer>;
  close(): Promise<void>;
}

/**
 * Finds the controller's Service and the name of its first port.
 *
 * @throws {KubesealError} `KUBESEAL_CLUSTER`
 */
export async function findController(options: ControllerAddress, io: Io): Promise<Controller> {
  const { controllerName: name, controllerNamespace: namespace } = options;
  const timeout = readTimeout(options.requestTimeout ?? "0");
  const config = await loadClusterConfig(options.selection);
  const connection = createKubeClient(config, { userAgent: "kubeseal", retries: noRetries });
  const client = withTimeout(connection, timeout, config.server);
  const problem = nameProblem(name);
  if (problem !== undefined) throw noService(problem, { hints: ["name the Service with --controller-name"] });
  const port = await firstPort(client, namespace, name, io.signal);
  const service = `http:${name}:${port}`;
  const base = `/api/v1/namespaces/${encodeURIComponent(namespace)}/services/http:${encodeURIComponent(name)}:${port}/proxy`;
  const send = async ({ prefix, verb, path, accept }: Question, body?: string): Promise<RawResponse> => {
    const request = { method: verb.toUpperCase(), path: base + path, headers: { accept }, signal: io.signal };
    return await client.raw(body === undefined ? request : { ...request, body }).catch((cause: unknown) => {
      if (!(cause instanceof KubeError)) throw cause;
      const { apiMessage, details, hints } = cause;
      throw new KubesealError("KUBESEAL_CLUSTER", `${prefix}${apiMessage}`, { details, hints, cause });
    });
  };
  const ask = async (question: Question, body?: string): Promise<RawResponse> => {
    const answer = await send(question, body);
    const { prefix, verb } = question;
    // A conflict is how the controller says that no key opens an object.
    if (answer.status < 400 || (answer.status === 409 && verb === "post")) return answer;
    throw new KubesealError("KUBESEAL_CLUSTER", `${prefix}${answerText(answer, verb, service)}`);
  };
  return {
    async certificate() {
      const what = { prefix: "cannot fetch certificate: ", verb: "get", path: "/v1/cert.pem" } as const;
      return (await ask({ ...what, accept: "application/x-pem-file, */*" })).body;
    },
    async verify(object) {
      const what = { prefix: "cannot validate sealed secret: ", verb: "post", path: "/v1/verify" } as const;
      return (await ask({ ...what, accept: "application/json, */*" }, object)).status !== 409;
    },
    async rotate(object) {
      const { status, body } = await ask(ROTATE, object);
      return status === 409 ? undefined : new TextDecoder().decode(body);
    },
    async askToRotate(object) {
      const { status, headers, body } = await send(ROTATE, object);
      return { status, headers, text: new TextDecoder().decode(body) };
    },
    close: () => client.close(),
  };
}

interface Question {
  /** What an error begins with. */
  readonly prefix: string;
  readonly verb: "get" | "post";
  readonly path: string;
  readonly accept: string;
}

const ROTATE: Question = {
  prefix: "cannot re-encrypt secret: ",
  verb: "post",
  path: "/v1/rotate",
  accept: "application/json, */*",
};

/** The certificate that the controller seals with now. */
export async function fetchCertificate(options: ControllerAddress, io: Io): Promise<Uint8Array> {
  const controller = await findController(options, io);
  try {
    return await controller.certificate();
  } finally {
    await controller.close();
  }
}

/** What the Go clients say of a name that cannot be part of a URL. */
function nameProblem(name: string): string | undefined {
  if (name === "") return "resource name may not be empty";
  if (name === "." || name === "..") return `invalid resource name ${JSON.stringify(name)}: [may not be '${name}']`;
  const found = ["/", "%"].filter((character) => name.includes(character)).map((one) => `may not contain '${one}'`);
  return found.length === 0 ? undefined : `invalid resource name ${JSON.stringify(name)}: [${found.join(" ")}]`;
}

/** The name of the first port of a Service; empty when it has none. */
async function firstPort(
  client: Pick<KubeClient, "raw">,
  namespace: string,
  name: string,
  signal: AbortSignal,
): Promise<string> {
  const path = objectPath(SERVICES, { namespace, name });
  const answer = await client
    .raw({ method: "GET", path, headers: { accept: "application/json" }, signal })
    .catch((cause: unknown) => {
      throw cause instanceof KubeError ? noService(cause.apiMessage, { hints: cause.hints, cause }) : cause;
    });
  if (answer.status >= 400)
    throw noService(answerText(answer, "get", name), { hints: hintsFor(answer.status, namespace) });
  const ports = portsOf(new TextDecoder().decode(answer.body));
  const [port] = ports;
  if (port === undefined) {
    throw new KubesealError("KUBESEAL_CLUSTER", `cannot get sealed secret service: services "${name}" has no port`, {
      hints: [`kubectl -n ${namespace} get service ${name} -o yaml`],
    });
  }
  return port;
}

/** Names of the ports of a Service as JSON. @throws {KubesealError} when it is something else. */
function portsOf(text: string): readonly string[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw noService("the answer is not JSON", { cause });
  }
  const spec = isRecord(value) ? value["spec"] : undefined;
  const ports = isRecord(spec) ? spec["ports"] : undefined;
  const names = Array.isArray(ports) ? ports.map((port: unknown) => (isRecord(port) ? port["name"] : undefined)) : [];
  return names.map((name) => (typeof name === "string" ? name : ""));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function hintsFor(status: number, namespace: string): readonly string[] {
  if (status === 401) return ["the credentials were refused: log in again, or check the token of your kubeconfig"];
  if (status === 403) return [`see what you may do there: kubectl auth can-i --list -n ${namespace}`];
  return [];
}

function noService(why: string, more: ErrorContext = {}): KubesealError {
  return new KubesealError(
    "KUBESEAL_CLUSTER",
    `cannot get sealed secret service: ${why}.\nPlease, use the flag --controller-name and --controller-namespace to set up the name and namespace of the sealed secrets controller`,
    more,
  );
}

/** What the Go client says about a refusal: the text of the API's Status, or a sentence of its own. */
function answerText({ status, body }: RawResponse, verb: string, service: string): string {
  const text = new TextDecoder().decode(body);
  const said = statusMessage(text);
  if (said !== undefined) return said;
  const where = `(${verb} services ${service})`;
  if (status === 400) return `the server rejected our request for an unknown reason ${where}`;
  if (status === 409) return `the server reported a conflict ${where}`;
  if (status === 404) return `the server could not find the requested resource ${where}`;
  if (status === 429) return `the server has received too many requests and has asked us to try again later ${where}`;
  if (status === 503) return `the server is currently unable to handle the request ${where}`;
  if (status < 500) {
    return `the server responded with the status code ${status} but did not return more information ${where}`;
  }
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
