import { exchange } from "../http/exchange.ts";
import { codeOfFailure } from "../http/failure-code.ts";
import { type Refusal, refusal } from "../http/refusal.ts";
import type { KmsPorts } from "../ports.ts";

const METADATA_HOST = "169.254.169.254";

/** A machine of Google's has this long to answer: anywhere else nobody does. */
export const METADATA_LIMITS = { timeoutMs: 3000, attempts: 2 };

/** The host of the metadata server. Source: Google's documentation of the metadata server. */
export function metadataHost(ports: Pick<KmsPorts, "env">): string | Refusal {
  const host = ports.env("GCE_METADATA_HOST") ?? METADATA_HOST;
  if (!/^([\w.-]{1,253}|\[[0-9a-fA-F:]{2,45}\])(:\d{1,5})?$/.test(host) || !URL.canParse(`http://${host}`)) {
    return refusal("KEY_SERVICE_BAD_SETTINGS", "GCE_METADATA_HOST is not usable: it is no host");
  }
  return host;
}

/** The name of a GKE cluster in full, and that of the pool of identities that its project has for it. */
export interface GkeCluster {
  readonly kind: "cluster";
  /** `PROJECT.svc.id.goog`: the audience of tokens for Google. */
  readonly pool: string;
  /** `https://container.googleapis.com/v1/projects/…/locations/…/clusters/…` */
  readonly provider: string;
}

/**
 * The GKE cluster that this machine is a node of. Nothing but its name is asked for.
 *
 * Source: Google's documentation of Workload Identity Federation for GKE, and of the metadata server.
 */
export async function gkeCluster(ports: KmsPorts): Promise<GkeCluster | Refusal> {
  const host = metadataHost(ports);
  if (typeof host !== "string") return host;
  const project = await nameAt(ports, host, "project/project-id");
  if (typeof project !== "string") return project;
  const location = await nameAt(ports, host, "instance/attributes/cluster-location");
  if (typeof location !== "string") return location;
  const cluster = await nameAt(ports, host, "instance/attributes/cluster-name");
  if (typeof cluster !== "string") return cluster;
  const provider = `https://container.googleapis.com/v1/projects/${project}/locations/${location}/clusters/${cluster}`;
  return { kind: "cluster", pool: `${project}.svc.id.goog`, provider };
}

async function nameAt(ports: KmsPorts, host: string, path: string): Promise<string | Refusal> {
  const url = new URL(`http://${host}/computeMetadata/v1/${path}`);
  const who = `the metadata server ${host}`;
  const answer = await exchange(ports, () => ({ method: "GET", url, headers: { "metadata-flavor": "Google" } }), {
    limits: METADATA_LIMITS,
  });
  if (answer.kind === "failure") return refusal(codeOfFailure(answer.reason), `${who}: ${answer.state}`);
  const name = new TextDecoder().decode(answer.body).trim();
  // Any server may stand at this address of a network that is not Google's. A project may be `example.com:name`.
  const isName = answer.status === 200 && /^[a-z0-9][a-z0-9.:-]{0,99}$/.test(name);
  if (isName && answer.header("metadata-flavor") === "Google") return name;
  return refusal("KEY_SERVICE_BAD_ANSWER", `${who}: it does not tell ${path}`);
}
