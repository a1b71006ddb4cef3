import { isReason, type KubeClient, KubeError } from "../../src/kube/index.ts";
import type { KubeObject } from "../../src/objects/index.ts";
import { errorText } from "../error-text.ts";
import type { EventNote, Pass } from "../pass.ts";
import type { Decision } from "./decide.ts";
import { SECRETS } from "./observe.ts";

/** What went wrong, as `sealed_secrets_controller_unseal_errors_total` counts it. */
export type FailureReason = "fetch" | "unseal" | "unmanaged" | "update";

export interface Acted {
  readonly pass: Pass;
  readonly failure?: FailureReason;
  /** Why another try would help without a change of the object: a key may come, a Secret may go. */
  readonly waitsFor?: "key" | "secret";
}

/** Words that tools and people search for: the original's, to the letter. */
const UNSEALED: EventNote = { type: "Normal", reason: "Unsealed", message: "SealedSecret unsealed successfully" };
const IMMUTABLE = /field is immutable when `immutable` is set$/;

/** Looked at again this often, should the news that a key came or a Secret went not have reached us. */
const WAIT_MS = 60 * 60_000;

/**
 * Carries a decision out. Never throws: what the API refuses becomes an outcome. `changed` means that there is a Secret
 * after all: observe again.
 */
export async function act(
  decision: Decision,
  {
    sealed,
    client,
    signal,
  }: { readonly sealed: KubeObject; readonly client: KubeClient; readonly signal: AbortSignal },
): Promise<Acted | "changed"> {
  switch (decision.kind) {
    case "unsupported": {
      const message = `${decision.field} is not supported yet`;
      return { pass: unsealFailed(message, { kind: "stalled" }), failure: "unseal" };
    }
    case "locked": {
      const { message, mayPass } = decision;
      if (!mayPass) return { pass: unsealFailed(message, { kind: "stalled" }), failure: "unseal" };
      return {
        pass: unsealFailed(message, { kind: "waiting", retryAfterMs: WAIT_MS }),
        failure: "unseal",
        waitsFor: "key",
      };
    }
    case "foreign":
      return notManaged(decision.name);
    case "keep":
      return { pass: done };
    case "create":
      try {
        await client.create(SECRETS, decision.secret, { signal });
      } catch (error) {
        if (isReason(error, "AlreadyExists")) return "changed";
        return refused(error, sealed);
      }
      // As in the original: a Secret that nothing marks as ours cannot be told from a foreign one later on.
      return decision.unowned ? notManaged(sealed.metadata.name ?? "") : { pass: done };
    case "update":
      try {
        await client.update(SECRETS, decision.secret, { signal });
        return { pass: done };
      } catch (error) {
        return refused(error, sealed);
      }
  }
}

const done: Pass = {
  outcome: { kind: "done", reason: "Unsealed", message: UNSEALED.message },
  events: [UNSEALED],
};

function unsealFailed(
  message: string,
  how: { readonly kind: "stalled" } | { readonly kind: "waiting"; readonly retryAfterMs: number },
): Pass {
  const reason = "ErrUnsealFailed";
  return {
    outcome: { ...how, reason, message },
    events: [{ type: "Warning", reason, message: `Failed to unseal: ${message}` }],
  };
}

function notManaged(name: string): Acted {
  const reason = "ErrUpdateFailed";
  const message = `Resource "${name}" already exists and is not managed by SealedSecret`;
  return {
    failure: "unmanaged",
    waitsFor: "secret",
    pass: {
      outcome: { kind: "waiting", reason, message: `failed update: ${message}`, retryAfterMs: WAIT_MS },
      events: [{ type: "Warning", reason, message }],
    },
  };
}

/** The API's own words go into event and status; of an error of ours, what it says. */
export function refused(error: unknown, sealed: KubeObject): Acted {
  const reason = "ErrUpdateFailed";
  const message = error instanceof KubeError ? error.apiMessage : errorText(error);
  const isFinal = error instanceof KubeError && IMMUTABLE.test(error.apiMessage);
  const { namespace, name } = sealed.metadata;
  const told = isFinal
    ? `Error updating ${namespace}/${name}: the target Secret is immutable. Once a Secret is marked as immutable, it is not possible to revert this change nor to mutate the contents of the data field. You can only delete and recreate the Secret.`
    : message;
  return {
    failure: "update",
    pass: {
      outcome: isFinal ? { kind: "stalled", reason, message } : { kind: "failed", reason, message },
      events: [{ type: "Warning", reason, message: told }],
    },
  };
}
