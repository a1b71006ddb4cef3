import { encodeBase64 } from "../../src/bytes/base64.ts";
import { isReason, type KubeClient } from "../../src/kube/index.ts";
import type { KubeObject } from "../../src/objects/index.ts";
import { ControllerError } from "../errors.ts";
import type { BackupStore } from "./settings.ts";

const SECRETS = { group: "", version: "v1", plural: "secrets", kind: "Secret", namespaced: true } as const;

/** Marks the Secret as one that holds nothing but a backup. */
const HOLDS_BACKUP = "sealkit.dev/holds-backup";

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
        metadata: { name, namespace, labels: { [HOLDS_BACKUP]: "true" } },
        type: "Opaque",
        data: { "keys.age": encodeBase64(content) },
      };
      try {
        await client.create(SECRETS, object);
      } catch (cause) {
        if (!isReason(cause, "AlreadyExists")) throw cause;
        const present = await client.get<KubeObject>(SECRETS, { namespace, name });
        // Whatever else is there, a sealing key even, is not ours to overwrite.
        if (present?.metadata.labels?.[HOLDS_BACKUP] !== "true") throw taken(place);
        const { resourceVersion = "" } = present.metadata;
        await client.update(SECRETS, { ...object, metadata: { ...object.metadata, resourceVersion } });
      }
    },
  };
}

function taken(place: string): ControllerError {
  return new ControllerError("CONTROLLER_BACKUP", `Cannot back up to Secret ${place}: it holds something else`, {
    hints: ["name another Secret with --backup-to secret:NAMESPACE/NAME"],
  });
}
