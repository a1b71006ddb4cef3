import type { KubeObject } from "../src/objects/index.ts";
import { cloneObject } from "./object.ts";
import { createObject } from "./verbs/create.ts";
import type { World } from "./world.ts";

const NAMESPACES = ["default", "kube-system", "kube-public", "kube-node-lease"];

/** Puts in what every cluster starts with: namespaces, default roles, the service of the API itself. */
export function bootstrap(world: World): void {
  const track = () => undefined;
  const add = (object: KubeObject): void => {
    const [group = "", version = ""] = object.apiVersion.includes("/")
      ? object.apiVersion.split("/")
      : ["", object.apiVersion];
    const type = world.registry.findKind(group, version, object.kind);
    if (type === undefined) return;
    createObject(world, type, cloneObject(object), {
      namespace: object.metadata.namespace,
      dryRun: false,
      user: undefined,
      track,
    });
  };
  for (const name of NAMESPACES) add({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
  for (const object of world.builtin.bootstrap) add(object);
  add({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "kubernetes", namespace: "default", labels: { component: "apiserver", provider: "kubernetes" } },
    spec: { ports: [{ name: "https", port: 443, protocol: "TCP", targetPort: 6443 }], type: "ClusterIP" },
  });
}
