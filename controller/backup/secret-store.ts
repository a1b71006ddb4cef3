import { encodeBase64 } from "../../src/bytes/base64.ts";
import { isReason, type KubeClient } from "../../src/kube/index.ts";
import type { BackupStore } from "./settings.ts";

const SECRETS = { group: "", version: "v1", plural: "secrets", kind: "Secret", namespaced: true } as const;

/** A Secret of the cluster itself, for people who fetch it from there. `place` is `namespace/name`. */
export function secretStore(client: KubeClient, place: string): BackupStore {
  const [namespace = "", name = ""] = place.split("/");
  return {
    place: `secret:${place}`,
    shortcoming: "a Secret in the same cluster is lost together with the keys",
    async write(content) {
      const object = {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name, namespace, labels: { "app.kubernetes.io/managed-by": "sealkit" } },
        type: "Opaque",
        data: { "keys.age": encodeBase64(content) },
      };
      try {
        await client.create(SECRETS, object);
      } catch (cause) {
        if (!isReason(cause, "AlreadyExists")) throw cause;
        await client.update(SECRETS, object);
      }
    },
  };
}
