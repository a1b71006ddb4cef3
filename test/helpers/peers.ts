import { existsSync } from "node:fs";
import { isAbsolute } from "node:path";
import { peerProgram } from "../../tools/peers.mjs";

/** The original tools, and what they need beside them, that `npm run peers` gets. */
export type PeerName =
  | "age"
  | "age-keygen"
  | "age-inspect"
  | "age-plugin-batchpass"
  | "chromium"
  | "etcd"
  | "gpg"
  | "helm"
  | "kube-apiserver"
  | "kube-controller-manager"
  | "kubectl"
  | "kubeseal"
  | "moto"
  | "postgres"
  | "sealed-secrets-controller"
  | "sops"
  | "sops-1"
  | "template-oracle"
  | "yaml-oracle";

/** Path of an original tool. Throws with the command to run when it is not there. */
export function peer(name: PeerName): string {
  const path = peerProgram(name);
  if (isAbsolute(path) && existsSync(path)) return path;
  throw new Error(`Cannot use the original ${name}: ${path} is not there; run npm run peers`);
}
