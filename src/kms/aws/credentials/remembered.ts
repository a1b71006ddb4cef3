import type { ChainResult } from "./chain.ts";
import type { FoundCredentials } from "./found.ts";

/** Credentials are fetched anew when less than this is left of them: a clock may be wrong by minutes. */
const REFRESH_BEFORE_MS = 5 * 60_000;

/**
 * Looks once and remembers: callers that ask at the same time share one look, and credentials that are about to end are
 * replaced before they do. When that fails they serve until they end. A look that found nothing is not remembered.
 */
export function remembered(look: () => Promise<ChainResult>, now: () => Date): () => Promise<ChainResult> {
  let kept: FoundCredentials | undefined;
  let underWay: Promise<ChainResult> | undefined;
  const leftMs = () =>
    kept === undefined ? 0 : (kept.expires?.getTime() ?? Number.POSITIVE_INFINITY) - now().getTime();

  return async () => {
    if (kept !== undefined && leftMs() > REFRESH_BEFORE_MS) return { kind: "found", credentials: kept };
    underWay ??= look().finally(() => {
      underWay = undefined;
    });
    const fresh = await underWay;
    if (fresh.kind === "found") kept = fresh.credentials;
    else if (kept !== undefined && leftMs() > 0) return { kind: "found", credentials: kept };
    return fresh;
  };
}
