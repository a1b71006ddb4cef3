import type { ApiResource, KubeClient } from "../src/kube/index.ts";
import type { KubeObject } from "../src/objects/index.ts";

/** The finalizer of every Flux kind. */
export const FINALIZER = "finalizers.fluxcd.io";

/** Puts the finalizer on an object that has none yet. Before the first effect, or a deletion could miss it. */
export async function addFinalizer(client: KubeClient, resource: ApiResource, object: KubeObject): Promise<void> {
  const finalizers = object.metadata.finalizers ?? [];
  if (!finalizers.includes(FINALIZER))
    await write(client, resource, { object, finalizers: [...finalizers, FINALIZER] });
}

/** Takes the finalizer away; the object goes when it was the last. */
export async function removeFinalizer(client: KubeClient, resource: ApiResource, object: KubeObject): Promise<void> {
  const finalizers = object.metadata.finalizers ?? [];
  if (!finalizers.includes(FINALIZER)) return;
  await write(client, resource, { object, finalizers: finalizers.filter((name) => name !== FINALIZER) });
}

/**
 * The whole list is written, so it has to be the one that was read: the resourceVersion says so. After a conflict the
 * object as it is now is taken.
 */
async function write(
  client: KubeClient,
  resource: ApiResource,
  { object, finalizers }: { readonly object: KubeObject; readonly finalizers: readonly string[] },
): Promise<void> {
  const { namespace, name = "", uid } = object.metadata;
  const wanted = finalizers.includes(FINALIZER);
  const live = await client.get<KubeObject>(resource, { namespace, name });
  if (live === undefined || live.metadata.uid !== uid) return;
  const current = live.metadata.finalizers ?? [];
  if (current.includes(FINALIZER) === wanted) return;
  const next = wanted ? [...current, FINALIZER] : current.filter((entry) => entry !== FINALIZER);
  const metadata = { uid, resourceVersion: live.metadata.resourceVersion, finalizers: next };
  await client.patch(resource, { namespace, name }, { metadata }, { type: "merge" });
}
