/** What `/v1/verify` finds. `message` is for our own log only. */
export type Verified =
  | { readonly kind: "opens" }
  | { readonly kind: "locked" }
  | { readonly kind: "malformed"; readonly message: string };

/** What `/v1/rotate` finds. `json` is compact, without line feed. */
export type Rotated =
  | { readonly kind: "rotated"; readonly json: string }
  | { readonly kind: "refused"; readonly message: string };

/** What the controller does for callers over HTTP. Bodies are YAML or JSON, as they came. */
export interface SealedSecretService {
  /** PEM of the newest key's certificate; undefined while there is no key. */
  certificate(): string | undefined;
  /** Whether every item of exactly one SealedSecret opens. */
  verify(body: Uint8Array): Promise<Verified>;
  /** The first SealedSecret of the body, its items sealed anew to the newest key in their old scope. */
  rotate(body: Uint8Array): Promise<Rotated>;
}
