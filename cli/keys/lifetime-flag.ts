import { durationMs, flag } from "../flag.ts";

const MIN_MS = 60_000;
const YEAR_MS = 8760 * 3_600_000;
const MAX_YEARS = 100;

/** How long the certificate of a new sealing key is valid: nobody seals with one that has ended. */
export const lifetimeFlag = {
  ...flag.duration({ default: "87600h", placeholder: "DURATION", help: "How long its certificate is valid" }),
  check(text: string): string | undefined {
    const ms = durationMs(text);
    if (ms === undefined) return "it is not a duration such as 8760h or 365d";
    const isFit = ms >= MIN_MS && ms <= MAX_YEARS * YEAR_MS;
    return isFit ? undefined : `it is not between a minute and ${MAX_YEARS} years`;
  },
};
