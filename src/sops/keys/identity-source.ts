import type { ClearText } from "../../clear-text.ts";

/**
 * A place where age identities may be, with what was found there. Errors name the places that were looked at, so a place
 * without identities is listed too.
 */
export interface IdentitySource {
  /** As a person knows it: `SOPS_AGE_KEY_FILE (~/keys.txt)`, `Secret apps/sops-age, entry "age.agekey"`. */
  readonly where: string;
  /**
   * The text of an age identity file, which may itself be an age file behind a passphrase, or of a private key of SSH;
   * undefined when there is none, and then `problem` says why.
   */
  readonly identities: ClearText | undefined;
  /** Why there are no identities: `no such file`. Never holds any of the text. */
  readonly problem?: string | undefined;
  /** Whether there is simply nothing there: a variable that is not set, a file that nobody made. */
  readonly isUnset?: boolean | undefined;
  /** Whether it is the private key of SSH or nothing. */
  readonly isSshKey?: boolean | undefined;
  /** The line of the `.pub` file beside an SSH key that does not tell its public key itself. */
  readonly sshPublicKey?: string | undefined;
  /** Asks for the passphrase of the file or SSH key, once, when it is needed. Without it such files are not used. */
  readonly askPassphrase?: (() => Promise<string>) | undefined;
  /** How the original's report speaks of the place; absent for places that it does not know. */
  readonly original?: OriginalPlace | undefined;
}

export interface OriginalPlace {
  /** In its list of places: `SOPS_AGE_KEY`, `/home/me/.ssh/id_rsa`. */
  readonly location: string;
  /** What it says when the place cannot be read: `failed to open file: …`. */
  readonly unreadable?: string | undefined;
  /** What it says when the text is no identity, for the reason of its parser. */
  readonly malformed: (reason: string) => string;
  /** The file that is only looked for: a missing one is not listed when any other place has a text. */
  readonly isDefaultFile?: boolean | undefined;
}
