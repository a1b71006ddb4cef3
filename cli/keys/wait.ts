import { waitUntilServed } from "../../src/keys/index.ts";
import { systemClock } from "../../src/kube/index.ts";
import type { Io } from "../io.ts";
import { certificateFetcher, type PlaceFlags } from "./place.ts";

/** Waits until the controller seals with a key; a timeout of 0 does not wait. @throws {KeysError} `KEYS_NOT_SERVED` */
export async function waitForKey(
  io: Io,
  flags: PlaceFlags & { readonly timeout: number },
  fingerprint: string,
): Promise<void> {
  if (flags.timeout === 0) return;
  await waitUntilServed({
    fetchCertificate: certificateFetcher(flags, io),
    fingerprint,
    timeoutMs: flags.timeout,
    clock: systemClock,
    controller: { namespace: flags.controllerNamespace, name: flags.controllerName },
    signal: io.signal,
  });
}
