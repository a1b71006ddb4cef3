import type { Clock } from "../../src/kube/index.ts";
import { addressSet, plainAddress } from "./addresses.ts";
import type { Question } from "./listener.ts";
import { rateLimiter, type Verdict } from "./rate-limit.ts";

export interface RequestLimitOptions {
  /** Requests a second and burst, for each caller and path. */
  readonly rate: number;
  readonly burst: number;
  readonly clock: Clock;
  /** Networks of proxies whose `X-Forwarded-For` is believed; empty: nobody's is. */
  readonly trustedProxies: readonly string[];
}

/**
 * What one address may ask for in the names of others, as a multiple of one caller's share. Generous, because behind the
 * API server's proxy everybody comes from its address; bounded, because anybody else may write such a header too.
 */
export const SHARES_OF_ONE_ADDRESS = 16;

/** More than the longest address with zone and port: a forged entry must not fill the memory of callers. */
const ENTRY_CHARS = 64;

/**
 * Limits requests for each path and caller.
 *
 * Without trusted proxies a caller is the address that a request comes from together with the last entry of its
 * `X-Forwarded-For`, the one that a proxy adds itself: behind the API server's proxy each client has a share of its own.
 * The header is not believed, though: all that comes from one address is limited together as well, and nothing that
 * another address writes counts against this one.
 *
 * With trusted proxies a caller is the last entry of the header that is none of them. Who comes from anywhere else is its
 * own address, whatever its headers say.
 */
export function requestLimit(options: RequestLimitOptions): (question: Question) => Verdict {
  const { rate, burst, trustedProxies } = options;
  const ofCaller = rateLimiter(options);
  const ofAddress = rateLimiter({
    ...options,
    rate: rate * SHARES_OF_ONE_ADDRESS,
    burst: (burst + 1) * SHARES_OF_ONE_ADDRESS - 1,
  });
  const trusted = addressSet(trustedProxies);

  return ({ path, peer, headers }) => {
    const address = plainAddress(peer);
    const forwarded = String(headers["x-forwarded-for"] ?? "")
      .split(",")
      .map((entry) => entry.trim().slice(0, ENTRY_CHARS))
      .filter((entry) => entry !== "");
    if (trustedProxies.length > 0) {
      if (!trusted.has(address)) return ofCaller(`${path}\0${address}`);
      const client = forwarded.map(plainAddress).findLast((entry) => !trusted.has(entry));
      return ofCaller(`${path}\0${client ?? forwarded[0] ?? address}`);
    }
    const verdict = ofCaller(`${path}\0${address}\0${forwarded.at(-1) ?? ""}`);
    // A caller that is refused anyway takes nothing from those who share its address.
    if (!verdict.allowed) return verdict;
    const together = ofAddress(`${path}\0${address}`);
    if (together.allowed) return verdict;
    const { "Retry-After": wait = "1" } = together.headers;
    return { allowed: false, headers: { ...verdict.headers, "X-Ratelimit-Remaining": "0", "Retry-After": wait } };
  };
}
