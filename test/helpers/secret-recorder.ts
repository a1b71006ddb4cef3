import type { KubeClient } from "../../src/kube/index.ts";
import type { KubeObject } from "../../src/objects/index.ts";

const SECRETS = { group: "", version: "v1", plural: "secrets", kind: "Secret", namespaced: true } as const;

/** One change of a Secret, as everybody who watches Secrets sees it. */
export interface SecretEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly name: string;
  readonly uid: string;
  readonly data: Readonly<Record<string, string>>;
  readonly atMs: number;
  /** Who wrote last, as the API server names programs. */
  readonly by: string;
}

/** Writes down every change of the Secrets of a namespace from now on. */
export async function recordSecrets(
  client: KubeClient,
  namespace: string,
): Promise<{ readonly events: readonly SecretEvent[]; stop(): void }> {
  const { resourceVersion } = await client.list(SECRETS, { namespace });
  const stop = new AbortController();
  const events: SecretEvent[] = [];
  let place = resourceVersion;
  const follow = async () => {
    while (!stop.signal.aborted) {
      for await (const event of client.watch<KubeObject>(SECRETS, {
        namespace,
        resourceVersion: place,
        signal: stop.signal,
      })) {
        if (event.type === "BOOKMARK") continue;
        const { metadata } = event.object;
        place = metadata.resourceVersion ?? place;
        const data = (event.object["data"] ?? {}) as Record<string, string>;
        const { name = "", uid = "" } = metadata;
        events.push({
          type: event.type,
          name,
          uid,
          data,
          atMs: Date.now(),
          by: lastManager(metadata["managedFields"]),
        });
      }
    }
  };
  void follow().catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  return { events, stop: () => stop.abort() };
}

function lastManager(managedFields: unknown): string {
  const entries = (managedFields ?? []) as readonly { readonly manager?: string; readonly time?: string }[];
  const last = entries.reduce<(typeof entries)[number] | undefined>(
    (found, entry) => ((entry.time ?? "") >= (found?.time ?? "") ? entry : found),
    undefined,
  );
  return last?.manager ?? "";
}
