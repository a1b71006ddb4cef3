import { isReason, type KubeClient, KubeError } from "../../src/kube/index.ts";
import type { KubeObject } from "../../src/objects/index.ts";
import { errorText } from "../error-text.ts";
import { ControllerError } from "../errors.ts";
import type { EventNote, Pass } from "../pass.ts";
import type { Decision } from "./decide.ts";
import { SECRETS } from "./observe.ts";
import { REASONS } from "./reasons.ts";
import type { Secret } from "./unsealer.ts";

/** What went wrong, as `sealed_secrets_controller_unseal_errors_total` counts it. */
export type FailureReason = "unseal" | "unmanaged" | "update";

export interface Acted {
  readonly pass: Pass;
  readonly failure?: FailureReason;
  /** Why another try would help without a change of the object: a key may come, a Secret may go. */
  readonly waitsFor?: "key" | "secret";
  /** Somebody else wrote in between: look again, and take this only when that goes on. */
  readonly changed?: boolean;
  /** Nothing was found out, and nothing is to be told. */
  readonly isBusy?: boolean;
  /** The Secret as it is now, once it is what the SealedSecret says. */
  readonly secret?: Secret;
  /** The Secret as it was before it was written over. */
  readonly replaced?: KubeObject;
}

/** Words that tools and people search for: the original's, to the letter. */
const UNSEALED: EventNote = { type: "Normal", reason: "Unsealed", message: "SealedSecret unsealed successfully" };
const IMMUTABLE = /field is immutable when `immutable` is set$/;
const TYPE_FIXED = /\btype: Invalid value: .*: field is immutable$/;

/** Looked at again this often, should the news that a key came or a Secret went not have reached us. */
const WAIT_MS = 60 * 60_000;

/** Carries a decision out. Never throws: what the API refuses becomes an outcome. */
export async function act(
  decision: Decision,
  {
    sealed,
    client,
    signal,
  }: { readonly sealed: KubeObject; readonly client: KubeClient; readonly signal: AbortSignal },
): Promise<Acted> {
  switch (decision.kind) {
    case "unsupported": {
      const message = `${decision.field} is not supported yet`;
      return { pass: unsealFailed(message, { kind: "stalled", reason: REASONS.notSupported }), failure: "unseal" };
    }
    case "locked": {
      const { message, mayPass } = decision;
      if (!mayPass) {
        return { pass: unsealFailed(message, { kind: "stalled", reason: REASONS.unusable }), failure: "unseal" };
      }
      return {
        pass: unsealFailed(message, { kind: "waiting", reason: REASONS.noKeyFits, retryAfterMs: WAIT_MS }),
        failure: "unseal",
        waitsFor: "key",
      };
    }
    case "unrendered": {
      const reason = REASONS.templateFailed;
      const { message, mayPass } = decision;
      const how = mayPass ? ({ kind: "waiting", reason, retryAfterMs: WAIT_MS } as const) : undefined;
      return { pass: unsealFailed(message, how ?? { kind: "stalled", reason }), failure: "unseal" };
    }
    case "busy":
      return { pass: busy, isBusy: true };
    case "foreign":
      return notManaged(decision.name);
    case "keep":
      return { pass: done, secret: decision.secret };
    case "create":
      try {
        const secret = await client.create(SECRETS, decision.secret, { signal });
        // As in the original: a Secret that nothing marks as ours cannot be told from a foreign one later on.
        return decision.unowned ? notManaged(sealed.metadata.name ?? "") : { pass: done, secret };
      } catch (error) {
        if (isReason(error, "AlreadyExists")) return { ...refused(comesAndGoes(), sealed), changed: true };
        return refused(error, sealed);
      }
    case "update":
      try {
        const secret = await client.update(SECRETS, decision.secret, { signal });
        return { pass: done, secret, replaced: decision.live };
      } catch (error) {
        const changed = isReason(error, "Conflict") || isReason(error, "NotFound");
        return { ...refused(error, sealed), changed };
      }
  }
}

/** Until there is room for another template; without a word, as nothing is known. */
const busy: Pass = {
  outcome: { kind: "waiting", reason: REASONS.templateFailed, message: "", retryAfterMs: 1000 },
  events: [],
  keepStatus: true,
  quiet: true,
};

const done: Pass = {
  outcome: { kind: "done", reason: "Unsealed", message: UNSEALED.message },
  events: [UNSEALED],
};

function unsealFailed(
  message: string,
  how:
    | { readonly kind: "stalled"; readonly reason: string }
    | { readonly kind: "waiting"; readonly reason: string; readonly retryAfterMs: number },
): Pass {
  return {
    outcome: { ...how, message },
    events: [{ type: "Warning", reason: "ErrUnsealFailed", message: `Failed to unseal: ${message}` }],
  };
}

const UPDATE_FAILED = "ErrUpdateFailed";

function notManaged(name: string): Acted {
  const message = `Resource "${name}" already exists and is not managed by SealedSecret`;
  return {
    failure: "unmanaged",
    waitsFor: "secret",
    pass: {
      outcome: {
        kind: "waiting",
        reason: REASONS.notManaged,
        message: `failed update: ${message}`,
        retryAfterMs: WAIT_MS,
      },
      events: [{ type: "Warning", reason: UPDATE_FAILED, message }],
    },
  };
}

function comesAndGoes(): ControllerError {
  return new ControllerError("CONTROLLER_SECRET_MOVES", "Cannot write the Secret: it comes and goes");
}

/** The API's own words go into event and status; of an error of ours, what it says. */
export function refused(error: unknown, sealed: KubeObject): Acted {
  const message = error instanceof KubeError ? error.apiMessage : errorText(error);
  const { namespace, name } = sealed.metadata;
  const failed = (outcome: Pass["outcome"], told = message): Acted => ({
    failure: "update",
    pass: { outcome, events: [{ type: "Warning", reason: UPDATE_FAILED, message: told }] },
    ...(outcome.kind === "waiting" ? { waitsFor: "secret" } : {}),
  });
  if (!(error instanceof KubeError)) return failed({ kind: "failed", reason: REASONS.unavailable, message });
  if (IMMUTABLE.test(error.apiMessage)) {
    return failed(
      { kind: "stalled", reason: REASONS.immutable, message },
      `Error updating ${namespace}/${name}: the target Secret is immutable. Once a Secret is marked as immutable, it is not possible to revert this change nor to mutate the contents of the data field. You can only delete and recreate the Secret.`,
    );
  }
  if (TYPE_FIXED.test(error.apiMessage)) return failed({ kind: "stalled", reason: REASONS.typeFixed, message });
  // 409 on an update is somebody else's write in between; 429 and 5xx are the server's own trouble.
  const isRefusal = error.status >= 400 && error.status < 500;
  const passesBySelf = error.status === 409 || error.status === 429;
  const reason = isRefusal && !passesBySelf ? REASONS.refused : REASONS.unavailable;
  return failed({ kind: "failed", reason, message });
}
