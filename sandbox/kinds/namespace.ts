import type { KubeObject } from "../../src/objects/index.ts";
import { child, textAt } from "../object.ts";
import type { Strategy, WriteContext } from "../registry/resource-type.ts";

/** Label that every namespace carries with its own name. */
const NAME_LABEL = "kubernetes.io/metadata.name";

export const namespaceStrategy: Strategy = {
  nameRule: "label",
  prepare: ({ metadata }) => {
    metadata.labels = { ...metadata.labels, [NAME_LABEL]: metadata.name ?? "" };
  },
  allocate: prepareNamespace,
  selectable: {
    "status.phase": (namespace) => textAt(namespace, "status", "phase"),
    name: (namespace) => namespace.metadata.name ?? "",
  },
};

function prepareNamespace(namespace: KubeObject, { old, subresource }: WriteContext): void {
  const spec = child(namespace, "spec");
  if (old === undefined) {
    spec["finalizers"] = ["kubernetes"];
    namespace["status"] = { phase: "Active" };
  } else if (subresource !== "finalize") {
    const kept = old["spec"];
    if (typeof kept === "object" && kept !== null) namespace["spec"] = kept;
  }
}
