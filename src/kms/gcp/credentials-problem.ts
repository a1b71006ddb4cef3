/** Why credentials cannot be used, and what the original says where it says something. */
export interface CredentialsProblem {
  readonly kind: "problem";
  readonly state: string;
  readonly original: string;
}

export function problem(state: string, original: string = state): CredentialsProblem {
  return { kind: "problem", state, original };
}

/** What all kinds of credentials may say. */
export interface Shared {
  /** `googleapis.com` for all but sovereign clouds. */
  readonly universe: string;
  /** Whom requests are counted for, when it is not the project of the key. */
  readonly quotaProject: string | undefined;
}

export const GOOGLE_UNIVERSE = "googleapis.com";
