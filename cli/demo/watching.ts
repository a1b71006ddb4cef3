import { GIT_REPOSITORIES, KUSTOMIZATIONS } from "../../controller/api/index.ts";
import type { ApiResource, KubeClient } from "../../src/kube/index.ts";
import type { KubeObject } from "../../src/objects/index.ts";
import { SYNC_NAMESPACE } from "../sandbox/whole-cluster.ts";
import { NAMESPACE } from "./manifests.ts";
import { CheckFailed } from "./steps.ts";

export const SECRETS: ApiResource = { group: "", version: "v1", plural: "secrets", kind: "Secret", namespaced: true };
const POLL_MS = 50;
const PATIENCE_MS = 45_000;

/** Asks until there is an answer; gives up with what was waited for and, where known, why it is not there. */
export async function waitFor<Found>(
  what: string,
  ask: () => Promise<Found | undefined>,
  why: () => Promise<string | undefined> = async () => undefined,
): Promise<Found> {
  const giveUpMs = performance.now() + PATIENCE_MS;
  for (;;) {
    const found = await ask();
    if (found !== undefined) return found;
    if (performance.now() > giveUpMs) {
      const reason = await why();
      throw new CheckFailed(`${what} within ${PATIENCE_MS / 1000} s${reason === undefined ? "" : ` (${reason})`}`);
    }
    await new Promise((wake) => setTimeout(wake, POLL_MS));
  }
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

export function condition(object: KubeObject | undefined, type: string): Condition | undefined {
  const status = object?.["status"] as { conditions?: readonly Condition[] } | undefined;
  return status?.conditions?.find((one) => one.type === type);
}

/** Asks the controllers to look now, as `flux reconcile` does, instead of waiting for the interval. */
export async function reconcileNow(client: KubeClient, at: string): Promise<void> {
  for (const resource of [GIT_REPOSITORIES, KUSTOMIZATIONS]) {
    await client.patch(
      resource,
      { namespace: SYNC_NAMESPACE, name: "fleet" },
      { metadata: { annotations: { "reconcile.fluxcd.io/requestedAt": at } } },
      { type: "merge" },
    );
  }
}

/** Waits until the Kustomization has applied this commit. */
export async function applied(client: KubeClient, commit: string): Promise<void> {
  const look = () => client.get<KubeObject>(KUSTOMIZATIONS, { namespace: SYNC_NAMESPACE, name: "fleet" });
  await waitFor(
    `commit ${commit.slice(0, 7)} is applied`,
    async () => {
      const live = await look();
      const status = live?.["status"] as { lastAppliedRevision?: string } | undefined;
      const isReady = condition(live, "Ready")?.status === "True";
      return isReady && status?.lastAppliedRevision?.endsWith(commit) === true ? true : undefined;
    },
    async () =>
      condition(await look(), "Ready")?.message ??
      condition(await client.get<KubeObject>(GIT_REPOSITORIES, { namespace: SYNC_NAMESPACE, name: "fleet" }), "Ready")
        ?.message,
  );
}

/** The values of a Secret of the demo's namespace, as text; undefined while it is not there. */
export async function secretValues(client: KubeClient, name: string): Promise<Map<string, string> | undefined> {
  const secret = await client.get<KubeObject>(SECRETS, { namespace: NAMESPACE, name });
  if (secret === undefined) return undefined;
  const data = (secret["data"] ?? {}) as Record<string, string>;
  return new Map(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, "base64").toString("utf8")]));
}
