import { type ApiResource, isReason, type KubeClient } from "../src/kube/index.ts";
import type { KubeObject } from "../src/objects/index.ts";

/** The finalizer of every Flux kind. */
const FINALIZER = "finalizers.fluxcd.io";

/** Puts the finalizer on an object that has none yet. Before the first effect, or a deletion could miss it. */
export async function addFinalizer(client: KubeClient, resource: ApiResource, object: KubeObject): Promise<void> {
  if (object.metadata.finalizers?.includes(FINALIZER) !== true) await write(client, resource, { object, wanted: true });
}

/** Takes the finalizer away; the object goes when it was the last. */
export async function removeFinalizer(client: KubeClient, resource: ApiResource, object: KubeObject): Promise<void> {
  if (object.metadata.finalizers?.includes(FINALIZER) === true)
    await write(client, resource, { object, wanted: false });
}

/** Others may write the object at the same moment; more often than this in a row is somebody else's trouble. */
const ATTEMPTS = 5;

/** The whole list is written, so it has to be the one that was read: the resourceVersion says so. */
async function write(
  client: KubeClient,
  resource: ApiResource,
  { object, wanted }: { readonly object: KubeObject; readonly wanted: boolean },
): Promise<void> {
  const { namespace, name = "", uid } = object.metadata;
  for (let attempt = 1; ; attempt++) {
    const live = await client.get<KubeObject>(resource, { namespace, name });
    if (live === undefined || live.metadata.uid !== uid) return;
    const current = live.metadata.finalizers ?? [];
    if (current.includes(FINALIZER) === wanted) return;
    const finalizers = wanted ? [...current, FINALIZER] : current.filter((entry) => entry !== FINALIZER);
    const metadata = { uid, resourceVersion: live.metadata.resourceVersion, finalizers };
    try {
      await client.patch(resource, { namespace, name }, { metadata }, { type: "merge" });
      return;
    } catch (error) {
      if (!isReason(error, "Conflict") || attempt >= ATTEMPTS) throw error;
    }
  }
}
