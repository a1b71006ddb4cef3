import { GIT_REPOSITORIES, KUSTOMIZATIONS, SEALED_SECRETS } from "../../controller/api/index.ts";
import { conditionsOf, findCondition } from "../../controller/conditions.ts";
import type { DrillProblem } from "../../src/keys/index.ts";
import { type ApiResource, type KubeClient, sleep, systemClock } from "../../src/kube/index.ts";
import { fieldAt, type KubeObject } from "../../src/objects/index.ts";

/** What the controllers made of everything in the cluster of the rehearsal. */
export interface Settled {
  readonly kustomizations: readonly KubeObject[];
  readonly sealedSecrets: readonly KubeObject[];
  readonly problems: readonly DrillProblem[];
}

const POLL_MS = 50;
/** How much longer than one look at the cluster takes the pause between two is, so that looking costs the controllers little. */
const PAUSE_FACTOR = 4;
/** For so long nothing may change before a failure counts as final: what depends on others may still come right. */
const QUIET_MS = 1500;

/** Verdicts that the arrival of something else may change. */
const MAY_PASS = ["DependencyNotReady", "ArtifactFailed", "SourceNotReady"];

/**
 * Waits until the controllers have a verdict on everything, and nothing more is coming. Never throws for what is not
 * done in time: that is a problem of the report.
 */
export async function untilSettled(
  client: KubeClient,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Settled> {
  const deadline = systemClock.now() + timeoutMs;
  let quietSince = systemClock.now();
  let before = "";
  for (;;) {
    const started = systemClock.now();
    const seen = await look(client);
    const now = systemClock.now();
    const state = JSON.stringify(seen.verdicts);
    if (state !== before) quietSince = now;
    before = state;
    const failed = seen.verdicts.filter(({ state: one }) => one === "failed");
    const isDone = seen.verdicts.every(({ state: one }) => one !== "open");
    const isFinal = isDone && (failed.every(({ mayPass }) => !mayPass) || now - quietSince >= QUIET_MS);
    if (isFinal || now >= deadline) return settled(seen);
    await sleep(systemClock, Math.max(POLL_MS, (now - started) * PAUSE_FACTOR), signal);
    signal.throwIfAborted();
  }
}

interface Verdict {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly state: "open" | "good" | "failed";
  readonly mayPass: boolean;
  readonly why: string;
}

interface Seen {
  readonly kustomizations: readonly KubeObject[];
  readonly sealedSecrets: readonly KubeObject[];
  readonly verdicts: readonly Verdict[];
}

/** Kustomizations first: what those that are done have applied is then in the lists after them. */
async function look(client: KubeClient): Promise<Seen> {
  const list = async (resource: ApiResource) => (await client.list<KubeObject>(resource)).items;
  const kustomizations = await list(KUSTOMIZATIONS);
  const sources = await list(GIT_REPOSITORIES);
  const sealedSecrets = await list(SEALED_SECRETS);
  const verdicts = [
    ...kustomizations.map((object) => verdictOn(object, "Kustomization", "Ready")),
    ...sources.map((object) => verdictOn(object, "GitRepository", "Ready")),
    ...sealedSecrets.map((object) => verdictOn(object, "SealedSecret", "Synced")),
  ];
  return { kustomizations, sealedSecrets, verdicts };
}

function verdictOn(object: KubeObject, kind: string, type: string): Verdict {
  const { namespace = "", name = "", generation } = object.metadata;
  const base = { kind, namespace, name, mayPass: false, why: "" };
  if (fieldAt(object, "spec", "suspend") === true) return { ...base, state: "good" };
  const condition = findCondition(conditionsOf(object), type);
  const observed = condition?.observedGeneration ?? fieldAt(object, "status", "observedGeneration") ?? generation;
  if (condition === undefined || observed !== generation) return { ...base, state: "open" };
  const { status, reason = "", message = "" } = condition;
  if (status === "True") return { ...base, state: "good" };
  const why = message === "" ? reason : message;
  return { ...base, state: status === "False" ? "failed" : "open", mayPass: MAY_PASS.includes(reason), why };
}

function settled({ kustomizations, sealedSecrets, verdicts }: Seen): Settled {
  const problems = verdicts
    .filter(({ state }) => state !== "good")
    .map(({ kind, namespace, name, state, why }) => ({
      kind,
      namespace,
      name,
      why: state === "failed" ? why : ["not done in time", why].filter((part) => part !== "").join(": "),
    }));
  return { kustomizations, sealedSecrets, problems };
}
