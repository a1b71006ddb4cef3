import { type ApiResource, type KubeClient, KubeError } from "../kube/index.ts";
import { type KubeObject, objectId, subjectOf, withoutSecretValues } from "../objects/index.ts";
import { hasControl } from "./controls.ts";
import { hasDrifted } from "./drift.ts";
import { ApplyError } from "./errors.ts";
import { takeoverPatch } from "./managers.ts";

export interface ObjectOptions {
  readonly client: KubeClient;
  readonly manager: string;
  readonly overrideManagers?: readonly string[] | undefined;
  /** Whether objects whose immutable fields changed are deleted and made again. */
  readonly force: boolean;
  readonly signal?: AbortSignal | undefined;
  /** True for objects whose values must not be repeated from an error of the API. */
  readonly hidesErrors?: ((object: KubeObject) => boolean) | undefined;
}

/** What is to be done with one object, found out without doing anything. */
export type Step =
  | { readonly kind: "skip" }
  | { readonly kind: "keep" }
  | {
      readonly kind: "create" | "configure" | "recreate";
      readonly resource: ApiResource;
      readonly live: KubeObject | undefined;
    };

/**
 * Finds out by a dry run what applying `desired` would do.
 *
 * @throws {ApplyError} when the API would refuse it.
 */
export async function planObject(desired: KubeObject, resource: ApiResource, options: ObjectOptions): Promise<Step> {
  const key = { namespace: desired.metadata.namespace, name: desired.metadata.name ?? "" };
  const live = await read(desired, resource, options);
  if (hasControl("reconcile", "disabled", desired, live) || hasControl("ssa", "Ignore", desired, live))
    return { kind: "skip" };
  if (live !== undefined && hasControl("ssa", "IfNotPresent", desired, live)) return { kind: "skip" };
  let applied: KubeObject;
  try {
    applied = await options.client.patch<KubeObject>(resource, key, desired, {
      type: "apply",
      fieldManager: options.manager,
      force: true,
      dryRun: true,
      signal: options.signal,
    });
  } catch (error) {
    if (live !== undefined && mayRecreate(desired, live, error, options)) return { kind: "recreate", resource, live };
    throw dryRunFailed(desired, error, options);
  }
  if (live === undefined) return { kind: "create", resource, live };
  const takesOver = !isMerging(desired, live) && takeover(live, options) !== undefined;
  return takesOver || hasDrifted(live, applied) ? { kind: "configure", resource, live } : { kind: "keep" };
}

/** Does what was planned. */
export async function carryOut(desired: KubeObject, step: Step, options: ObjectOptions): Promise<void> {
  if (step.kind === "skip" || step.kind === "keep") return;
  const { client, signal } = options;
  const key = { namespace: desired.metadata.namespace, name: desired.metadata.name ?? "" };
  try {
    if (step.kind === "configure" && step.live !== undefined && !isMerging(desired, step.live)) {
      const patch = takeover(step.live, options);
      if (patch !== undefined) {
        await client.patch(step.resource, key, patch, { type: "json", fieldManager: options.manager, signal });
      }
    }
    await client.patch(step.resource, key, desired, {
      type: "apply",
      fieldManager: options.manager,
      force: true,
      signal,
    });
  } catch (error) {
    throw failed("APPLY_FAILED", desired, error, { verb: "apply failed", options });
  }
}

/** Whether what others put into the object stays theirs. */
function isMerging(desired: KubeObject, live: KubeObject): boolean {
  return hasControl("ssa", "Merge", desired, live);
}

function takeover(live: KubeObject, { manager, overrideManagers = [] }: ObjectOptions) {
  return takeoverPatch(live, { manager, overrides: overrideManagers });
}

async function read(
  desired: KubeObject,
  resource: ApiResource,
  options: ObjectOptions,
): Promise<KubeObject | undefined> {
  try {
    const { namespace, name = "" } = desired.metadata;
    return await options.client.get<KubeObject>(resource, { namespace, name }, options.signal);
  } catch (error) {
    throw dryRunFailed(desired, error, options);
  }
}

function mayRecreate(desired: KubeObject, live: KubeObject, error: unknown, options: ObjectOptions): boolean {
  return isImmutable(error) && (options.force || hasControl("force", "Enabled", desired, live));
}

/** Flux takes any Conflict or Invalid for a change of an immutable field, when it may recreate. */
function isImmutable(error: unknown): boolean {
  if (!(error instanceof KubeError)) return false;
  return ["Conflict", "Invalid"].includes(error.reason) || /is immutable|immutable field/.test(error.apiMessage);
}

function dryRunFailed(desired: KubeObject, error: unknown, options: ObjectOptions): ApplyError {
  const reason = error instanceof KubeError && error.reason !== "" ? ` (${error.reason})` : "";
  return failed("APPLY_DRY_RUN_FAILED", desired, error, { verb: `dry-run failed${reason}`, options });
}

export function failed(
  code: "APPLY_DRY_RUN_FAILED" | "APPLY_FAILED" | "APPLY_RECREATE_FAILED",
  desired: KubeObject,
  error: unknown,
  { verb, options }: { readonly verb: string; readonly options: ObjectOptions },
): ApplyError {
  if (error instanceof ApplyError) return error;
  const subject = subjectOf(objectId(desired));
  if (options.hidesErrors?.(desired) === true) {
    return new ApplyError(code, `${subject} ${verb}: the API's words are withheld, because it holds decrypted values`);
  }
  const said = error instanceof KubeError ? error.apiMessage : error instanceof Error ? error.message : String(error);
  const hints = error instanceof KubeError ? error.hints : [];
  return new ApplyError(code, `${subject} ${verb}: ${withoutSecretValues(said, desired)}`, { hints });
}
