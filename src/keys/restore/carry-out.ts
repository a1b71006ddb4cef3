import { isReason, type KubeClient, KubeError } from "../../kube/index.ts";
import { KeysError } from "../errors.ts";
import { NAMESPACES, SEALED_SECRETS, SECRETS } from "../resources.ts";
import { isWrite, planAgain, type RestoreOptions, type RestorePlan, type RestoreStep } from "./restore.ts";

/** As many steps as a message names. */
const SHOWN = 10;
/** Another restore may be at work at the same time; so often a step is looked at again. */
const TRIES = 3;

/**
 * Carries a plan out, one step after the other. A step that somebody else did meanwhile is looked at again, so that two
 * restores at once do no harm. Returns the steps as they were done.
 *
 * @throws {KeysError} `KEYS_RESTORE_BROKEN_OFF` when the API refuses one: it says what was done, which stays, and what not.
 */
export async function carryOutRestore(
  client: KubeClient,
  plan: RestorePlan,
  onStep: (step: RestoreStep) => void = () => undefined,
  place: RestoreOptions | undefined = undefined,
): Promise<readonly RestoreStep[]> {
  const done: RestoreStep[] = [];
  let current = "";
  try {
    for (const name of plan.namespaces) {
      current = `namespace ${name}`;
      const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name } };
      await client.create(NAMESPACES, namespace).catch((cause: unknown) => {
        if (!isReason(cause, "AlreadyExists")) throw cause;
      });
    }
    for (const step of plan.steps) {
      current = nameOf(step);
      const result = await doStep(client, step, place);
      done.push(result);
      onStep(result);
    }
    return done;
  } catch (cause) {
    if (!(cause instanceof KubeError)) throw cause;
    throw brokenOff(current, cause, plan, done);
  }
}

async function doStep(
  client: KubeClient,
  planned: RestoreStep,
  place: RestoreOptions | undefined,
): Promise<RestoreStep> {
  let step = planned;
  for (let attempt = 1; ; attempt++) {
    try {
      await write(client, step);
      return step;
    } catch (cause) {
      if (!isReason(cause, "AlreadyExists") || attempt >= TRIES) throw cause;
      step = await planAgain(client, step, place ?? { namespace: step.namespace });
    }
  }
}

async function write(client: KubeClient, step: RestoreStep): Promise<void> {
  const resource = step.what === "SealedSecret" ? SEALED_SECRETS : SECRETS;
  if (step.action === "create" || step.action === "rename") await client.create(resource, step.secret);
  if (step.action === "complete") {
    const key = { namespace: step.namespace, name: step.name };
    await client.patch(SECRETS, key, { data: step.secret["data"] }, { type: "merge", fieldManager: "sealkit-keys" });
  }
}

function nameOf({ what, namespace, name }: RestoreStep): string {
  return `${what} ${namespace}/${name}`;
}

function brokenOff(current: string, cause: KubeError, plan: RestorePlan, done: readonly RestoreStep[]): KeysError {
  const written = done.filter(isWrite);
  const left = plan.steps.slice(done.length).filter(isWrite);
  const list = (steps: readonly RestoreStep[]) =>
    steps.length === 0
      ? "nothing"
      : [...steps.slice(0, SHOWN).map(nameOf), ...(steps.length > SHOWN ? [`${steps.length - SHOWN} more`] : [])].join(
          ", ",
        );
  return new KeysError("KEYS_RESTORE_BROKEN_OFF", `Cannot restore ${current}: ${cause.apiMessage}`, {
    cause,
    details: [`restored before: ${list(written)}`, `not restored: ${list(left)}`],
    hints: ["what was restored stays; run the command again for the rest"],
  });
}
