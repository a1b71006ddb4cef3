import type { ClusterSelection } from "../src/kube/index.ts";
import { flag } from "./define-command.ts";
import type { Io } from "./io.ts";

/** Flags of every command that talks to a cluster. */
export const clusterFlags = {
  kubeconfig: flag.text({ placeholder: "FILE", help: "Kubeconfig file; also KUBECONFIG", group: "Cluster" }),
  context: flag.text({ placeholder: "NAME", help: "Context of the kubeconfig", group: "Cluster" }),
};

/** The cluster that those flags and the environment name. */
export function selectionOf(
  { kubeconfig, context }: { readonly kubeconfig: string | undefined; readonly context: string | undefined },
  { env, cwd }: Io,
): ClusterSelection {
  return { env, cwd, kubeconfig, context };
}
