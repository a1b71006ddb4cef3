import type { ClearText } from "../../clear-text.ts";

/**
 * A place where age identities may be, with what was found there. Errors name the places that were looked at, so a place
 * without identities is listed too.
 */
export interface IdentitySource {
  /** As a person knows it: `SOPS_AGE_KEY_FILE (~/keys.txt)`, `Secret apps/sops-age, entry "age.agekey"`. */
  readonly where: string;
  /** The text of an age identity file; undefined when there is none, and then `problem` says why. */
  readonly identities: ClearText | undefined;
  /** Why there are no identities: `no such file`. Never holds any of the text. */
  readonly problem?: string | undefined;
}
