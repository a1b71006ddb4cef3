import type { Fetch, KmsPorts, Timers } from "../ports.ts";
import { HTTP_LIMITS, type HttpLimits } from "./limits.ts";
import type { HttpAnswer, HttpOutcome, HttpRequest } from "./message.ts";
import { send } from "./send.ts";

export interface ExchangeOptions {
  readonly limits?: Partial<HttpLimits> | undefined;
  /** Other than that of the ports: one with certificates of its own. */
  readonly fetch?: Fetch | undefined;
  /** Answers besides 429 and 5xx after which trying again makes sense: services that call throttling a 400. */
  readonly isTransient?: ((answer: HttpAnswer) => boolean) | undefined;
}

/**
 * Asks a service, again after a pause where that may help: throttling, 5xx, silence, no connection. Everything that key
 * services are asked may be asked twice. `makeRequest` is called for each try, because signatures carry the time.
 *
 * Never throws, unless `makeRequest` does: what came of the last try is the result.
 */
export async function exchange(
  ports: Pick<KmsPorts, "fetch" | "timers" | "signal">,
  makeRequest: () => HttpRequest | Promise<HttpRequest>,
  { limits: given, fetch = ports.fetch, isTransient }: ExchangeOptions = {},
): Promise<HttpOutcome> {
  const limits = { ...HTTP_LIMITS, ...given };
  for (let attempt = 1; ; attempt++) {
    const outcome = await send(ports, fetch, await makeRequest(), limits);
    if (attempt >= limits.attempts || !worthAnotherTry(outcome, isTransient)) return outcome;
    const pauseMs = Math.max(wantedPauseMs(outcome), backOffMs(attempt, limits, ports.timers));
    if (pauseMs > limits.longestWaitMs) return outcome;
    await pause(ports, pauseMs);
    if (ports.signal?.aborted === true) return outcome;
  }
}

function worthAnotherTry(outcome: HttpOutcome, isTransient: ExchangeOptions["isTransient"]): boolean {
  if (outcome.kind === "failure") return outcome.reason === "unreachable" || outcome.reason === "timeout";
  const { status } = outcome;
  return status === 429 || (status >= 500 && status !== 501) || isTransient?.(outcome) === true;
}

/** `Retry-After` in seconds; its other form, a date, is not used by these services. */
function wantedPauseMs(outcome: HttpOutcome): number {
  const seconds = outcome.kind === "answer" ? outcome.header("retry-after") : undefined;
  return seconds !== undefined && /^\d{1,6}$/.test(seconds) ? Number(seconds) * 1000 : 0;
}

/** Doubles up to a cap, and half of it is random: clients that were throttled together come back one by one. */
function backOffMs(attempt: number, { basePauseMs, maxPauseMs }: HttpLimits, timers: Timers): number {
  const full = Math.min(maxPauseMs, basePauseMs * 2 ** Math.min(attempt - 1, 30));
  return full / 2 + (full / 2) * timers.random();
}

async function pause({ timers, signal }: Pick<KmsPorts, "timers" | "signal">, delayMs: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const finish = () => {
      cancel();
      signal?.removeEventListener("abort", finish);
      resolve();
    };
    const cancel = timers.after(delayMs, finish);
    if (signal?.aborted === true) finish();
    else signal?.addEventListener("abort", finish, { once: true });
  });
}
