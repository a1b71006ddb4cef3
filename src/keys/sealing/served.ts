import { type Clock, KubeError, sleep } from "../../kube/index.ts";
import { readCertificate } from "../../x509/index.ts";
import { KeysError } from "../errors.ts";

export interface ServedOptions {
  /** Asks the controller for the certificate that it hands out now. May throw `KubeError` while it starts. */
  readonly fetchCertificate: () => Promise<string>;
  readonly fingerprint: string;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /** Where the controller is, for the hint. */
  readonly controller?: ControllerPlace | undefined;
}

/** Namespace of a controller, and the name of its Service, which its Deployment mostly has too. */
export interface ControllerPlace {
  readonly namespace: string;
  readonly name: string;
}

const USUAL_PLACE: ControllerPlace = { namespace: "kube-system", name: "sealed-secrets-controller" };

/** What helps when a controller does not know a key that is there. */
export function restartHint({ namespace, name }: ControllerPlace = USUAL_PLACE): string {
  return `the original controller reads its keys at start only: kubectl -n ${namespace} rollout restart deployment ${name}`;
}

const EVERY_MS = 500;

/**
 * Waits until the controller hands out the certificate of this key.
 *
 * @throws {KeysError} `KEYS_NOT_SERVED` when the time is over, with what it handed out instead.
 */
export async function waitUntilServed(options: ServedOptions): Promise<void> {
  const { fetchCertificate, fingerprint, timeoutMs, clock, signal, controller } = options;
  const deadline = clock.now() + timeoutMs;
  let last = "it was never reached";
  for (;;) {
    try {
      const served = readCertificate(await fetchCertificate()).fingerprint;
      if (served === fingerprint) return;
      last = `it hands out ${served}`;
    } catch (cause) {
      // A right that is missing does not come by waiting.
      if (!(cause instanceof KubeError) || cause.status === 403) throw cause;
      last = cause.apiMessage;
    }
    if (clock.now() >= deadline) break;
    await sleep(clock, EVERY_MS, signal);
    signal?.throwIfAborted();
  }
  throw new KeysError("KEYS_NOT_SERVED", `Cannot see the controller use key ${fingerprint}: the time is over`, {
    details: [`waited ${Math.round(timeoutMs / 1000)} s; ${last}`, "the key itself is in the cluster"],
    hints: [restartHint(controller)],
  });
}
