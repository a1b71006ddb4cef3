import type { ApiResource, KubeClient } from "../../src/kube/index.ts";
import type { KubeObject } from "../../src/objects/index.ts";
import { unsupportedField } from "../unsupported-fields.ts";
import { sealedSecretSupport } from "./support.ts";
import type { Secret, Unsealed, Unsealer } from "./unsealer.ts";

export const SECRETS: ApiResource = { group: "", version: "v1", plural: "secrets", kind: "Secret", namespaced: true };

/** Everything that a decision about one SealedSecret depends on. */
export interface Seen {
  readonly sealed: KubeObject;
  /** A field that is used and not implemented. */
  readonly unsupported?: string | undefined;
  readonly unsealed?: Unsealed | undefined;
  /** The Secret of that name, when there is one; only looked at once the items are open. */
  readonly live?: Secret | undefined;
  /** Only set back what others changed. `uid`: that of the Secret that we know to be ours. */
  readonly restore?: { readonly uid: string | undefined } | undefined;
}

export interface ObservePorts {
  readonly client: KubeClient;
  readonly unsealer: Unsealer;
  /** False when the watch of Secrets knows that there is none of this name; then it is not asked for. */
  readonly mayExist: boolean;
  readonly restore?: Seen["restore"];
  readonly signal: AbortSignal;
}

/** @throws {KubeError} when the Secret cannot be read. */
export async function observe(sealed: KubeObject, ports: ObservePorts): Promise<Seen> {
  const unsupported = unsupportedField(sealed, sealedSecretSupport);
  if (unsupported !== undefined) return { sealed, unsupported };
  const unsealed = await ports.unsealer.unseal(sealed);
  if (unsealed.kind !== "opened" || !ports.mayExist) return { sealed, unsealed };
  const { namespace, name = "" } = sealed.metadata;
  const { restore } = ports;
  return {
    sealed,
    unsealed,
    restore,
    live: await ports.client.get<Secret>(SECRETS, { namespace, name }, ports.signal),
  };
}
