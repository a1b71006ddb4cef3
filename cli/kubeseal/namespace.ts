import { contextNamespace } from "../../src/kube/index.ts";
import type { KubesealOptions } from "./options.ts";

/** The namespace for what names none: `-n`, else that of the context, else `default`; undefined without a kubeconfig. */
export async function fallbackNamespace(options: KubesealOptions): Promise<string | undefined> {
  return options.namespace === "" ? await contextNamespace(options.selection) : options.namespace;
}
