import type { KeyServiceErrorCode } from "../../sops/index.ts";

/** A server that does not do it, or cannot be asked. Everything here may be shown. */
export interface Refusal {
  readonly kind: "refusal";
  readonly code: KeyServiceErrorCode;
  /** One clause: `the server answers 403: permission denied`. */
  readonly state: string;
  /** The error of the original's client, as near as it can be had. */
  readonly original: string;
  /** Whether `original` is all that the original says, without what it tried to do in front. */
  readonly isWhole?: boolean | undefined;
  readonly status?: number | undefined;
  readonly hints?: readonly string[] | undefined;
}

export function refusal(
  code: KeyServiceErrorCode,
  state: string,
  more: Partial<Pick<Refusal, "original" | "isWhole" | "hints">> = {},
): Refusal {
  return { kind: "refusal", code, state, original: state, ...more };
}
