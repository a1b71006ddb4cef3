import { GIT_REPOSITORIES, KUSTOMIZATIONS, SEALED_SECRETS } from "../../controller/api/index.ts";
import { conditionsOf, findCondition } from "../../controller/status/conditions.ts";
import type { DrillProblem } from "../../src/keys/index.ts";
import { type ApiResource, type KubeClient, sleep, systemClock } from "../../src/kube/index.ts";
import { fieldAt, type KubeObject, textAt } from "../../src/objects/index.ts";
import { DRILL_NAME } from "./bring-in.ts";

/** What the controllers made of everything in the cluster of the rehearsal. */
export interface Settled {
  readonly kustomizations: readonly KubeObject[];
  readonly sealedSecrets: readonly KubeObject[];
  readonly problems: readonly DrillProblem[];
}

const POLL_MS = 50;
/** How much longer than one look at the cluster takes the pause between two is, so that looking costs the controllers little. */
const PAUSE_FACTOR = 4;
/** How often what failed is tried again, as long as that helps anything. */
const MAX_ROUNDS = 10;
const REQUESTED_AT = "reconcile.fluxcd.io/requestedAt";

export interface SettleOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly onStep: (done: number, all: number) => void;
}

/**
 * Waits until the controllers have a verdict on everything. What failed is tried again at once while that makes a
 * difference, as it would come right in a cluster at the next interval: a namespace may come out of another Kustomization.
 * Never throws for what is not done in time: that is a problem of the report.
 */
export async function untilSettled(client: KubeClient, { timeoutMs, signal, onStep }: SettleOptions): Promise<Settled> {
  const deadline = systemClock.now() + timeoutMs;
  let failedBefore = "";
  for (let round = 1; ; ) {
    const started = systemClock.now();
    const seen = await look(client);
    const now = systemClock.now();
    onStep(seen.verdicts.filter(({ state }) => state !== "open").length, seen.verdicts.length);
    if (now >= deadline) return settled(seen);
    if (seen.verdicts.every(({ state }) => state !== "open")) {
      const failed = seen.verdicts.filter(({ kind, state }) => kind === "Kustomization" && state === "failed");
      const names = failed.map(({ namespace, name }) => `${namespace}/${name}`).join(" ");
      if (names === failedBefore || round >= MAX_ROUNDS) return settled(seen);
      failedBefore = names;
      for (const { namespace, name } of failed) {
        const metadata = { annotations: { [REQUESTED_AT]: `${DRILL_NAME}-${round}` } };
        await client.patch(KUSTOMIZATIONS, { namespace, name }, { metadata }, { type: "merge" });
      }
      round++;
    }
    await sleep(systemClock, Math.max(POLL_MS, (now - started) * PAUSE_FACTOR), signal);
    signal.throwIfAborted();
  }
}

interface Verdict {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly state: "open" | "good" | "failed";
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
  const base = { kind, namespace, name, why: "" };
  if (fieldAt(object, "spec", "suspend") === true) return { ...base, state: "good" };
  const condition = findCondition(conditionsOf(object), type);
  const observed = condition?.observedGeneration ?? fieldAt(object, "status", "observedGeneration") ?? generation;
  const isAsked = object.metadata.annotations?.[REQUESTED_AT] !== textAt(object, "status", "lastHandledReconcileAt");
  if (condition === undefined || observed !== generation || isAsked) return { ...base, state: "open" };
  const { status, reason = "", message = "" } = condition;
  if (status === "True") return { ...base, state: "good" };
  const why = message === "" ? reason : message;
  return { ...base, state: status === "False" ? "failed" : "open", why };
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
