import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ClusterConfig } from "./cluster-config.ts";
import { tokenFromFile } from "./credentials-adapter.ts";

/** Where the kubelet mounts a pod's service account. */
const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

/** The cluster that this process is a pod of; undefined elsewhere. */
export function inClusterConfig(
  env: Readonly<Record<string, string | undefined>>,
  folder: string = SERVICE_ACCOUNT,
): ClusterConfig | undefined {
  const host = env["KUBERNETES_SERVICE_HOST"];
  const port = env["KUBERNETES_SERVICE_PORT"];
  const token = join(folder, "token");
  if (host === undefined || port === undefined || optionalFile(token) === undefined) return undefined;
  return {
    server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    ca: optionalFile(join(folder, "ca.crt")),
    namespace: serviceAccountNamespace(folder),
    authorize: tokenFromFile(token),
  };
}

/** The namespace of the pod that we run in; undefined elsewhere. */
export function serviceAccountNamespace(folder: string = SERVICE_ACCOUNT): string | undefined {
  const namespace = optionalFile(join(folder, "namespace"))?.trim();
  return namespace === "" ? undefined : namespace;
}

function optionalFile(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
