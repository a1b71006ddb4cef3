import { createHash } from "node:crypto";
import type { ClusterAddress } from "../../src/kube/index.ts";

/**
 * A file name for what one controller of one cluster gave: another API server, another authority for it, or another
 * Service never share one. 64 hexadecimal digits.
 */
export function clusterKey(
  { server, ca, insecureSkipTlsVerify, tlsServerName }: ClusterAddress,
  { controllerNamespace, controllerName }: { readonly controllerNamespace: string; readonly controllerName: string },
): string {
  const authority = ca === undefined ? null : createHash("sha256").update(ca).digest("hex");
  const parts = [
    server,
    authority,
    insecureSkipTlsVerify === true,
    tlsServerName ?? null,
    controllerNamespace,
    controllerName,
  ];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}
