import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The original tools that `npm run peers` builds. */
export type PeerName =
  | "age"
  | "age-keygen"
  | "age-inspect"
  | "etcd"
  | "helm"
  | "kube-apiserver"
  | "kube-controller-manager"
  | "kubectl"
  | "kubeseal"
  | "sealed-secrets-controller"
  | "sops"
  | "template-oracle"
  | "yaml-oracle";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Where the original tools are: `.peers/bin`, or the folder that `SEALKIT_PEERS` names. */
function peersFolder(): string {
  return resolve(process.env["SEALKIT_PEERS"] || join(root, ".peers/bin"));
}

/** Path of an original tool. Throws with the command to run when it has not been built. */
export function peer(name: PeerName): string {
  const path = join(peersFolder(), name);
  if (!existsSync(path)) throw new Error(`Cannot use the original ${name}: ${path} is not there; run npm run peers`);
  return path;
}
