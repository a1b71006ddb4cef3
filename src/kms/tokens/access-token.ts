import { ClearText } from "../../clear-text.ts";
import { textField } from "../http/message.ts";
import { type Refusal, refusal } from "../http/refusal.ts";
import type { KmsPorts } from "../ports.ts";

/** What opens a service for a while. */
export interface AccessToken {
  readonly kind: "token";
  readonly token: ClearText;
  readonly untilMs: number;
}

export type TokenSource = () => Promise<AccessToken | Refusal>;

/** A token is renewed this long before it ends: it must not end on its way. */
const EARLY_MS = 60_000;

/** The same source, asked once for as long as its token lives; refusals are not kept. */
export function renewing(ports: Pick<KmsPorts, "now">, source: TokenSource): TokenSource {
  let kept: AccessToken | undefined;
  let underway: Promise<AccessToken | Refusal> | undefined;
  const renew = async (): Promise<AccessToken | Refusal> => {
    try {
      const answer = await source();
      kept = answer.kind === "token" ? answer : undefined;
      return answer;
    } finally {
      underway = undefined;
    }
  };
  return async () => {
    if (kept !== undefined && ports.now().getTime() < kept.untilMs - EARLY_MS) return kept;
    // Whoever asks while another one is on the way waits for the same.
    underway ??= renew();
    return await underway;
  };
}

/** A token that somebody else got, and renews. */
export function fixedToken(token: ClearText): TokenSource {
  return async () => ({ kind: "token", token, untilMs: Number.POSITIVE_INFINITY });
}

/** Whether a text may go into an `Authorization` header. */
export function isBearerToken(text: string): boolean {
  return /^[\x21-\x7e]{1,16384}$/.test(text);
}

const MAX_LIFETIME_S = 86_400;

/** The token of an OAuth 2 answer (RFC 6749 §5.1): `access_token` and `expires_in`, which some services write as a text. */
export function tokenOf(
  ports: Pick<KmsPorts, "now">,
  body: Readonly<Record<string, unknown>>,
  who: string,
): AccessToken | Refusal {
  const token = textField(body, "access_token");
  if (token === undefined || !isBearerToken(token)) {
    return refusal("KEY_SERVICE_BAD_ANSWER", `${who}: its answer has no access token`);
  }
  const seconds = Number(body["expires_in"] ?? 0);
  const lifetime = Number.isFinite(seconds) ? Math.min(MAX_LIFETIME_S, Math.max(0, seconds)) : 0;
  return { kind: "token", token: ClearText.fromText(token), untilMs: ports.now().getTime() + lifetime * 1000 };
}
