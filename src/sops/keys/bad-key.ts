import { SopsError } from "../errors.ts";
import type { KeyType } from "../metadata/metadata.ts";
import { SERVICE_NAMES } from "./master-key-name.ts";

/** A text that should name a master key and does not. `state` says what is wrong with it, `example` how it looks. */
export interface BadKeyText {
  readonly type: KeyType;
  readonly text: string;
  readonly state: string;
  readonly example: string;
  /** The original's sentence. */
  readonly upstream: string;
}

/** Whether a text holds a secret key of age, which is never shown. */
export function isSecretKey(text: string): boolean {
  return /AGE-SECRET-KEY-|AGE-PLUGIN-/i.test(text);
}

/** Longest text that an error shows. */
const SHOWN_LENGTH = 200;

export function badKey({ type, text, state, example, upstream }: BadKeyText): SopsError {
  // Keys are mixed up with the secrets behind them.
  if (isSecretKey(text)) {
    return new SopsError(
      "SOPS_BAD_KEY",
      `Cannot use a secret key as a key of ${SERVICE_NAMES[type]}: it is for decryption`,
      {
        hints: [`write it like ${example}`],
      },
    );
  }
  const shown = JSON.stringify(text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text);
  return new SopsError("SOPS_BAD_KEY", `Cannot use ${shown} as a key of ${SERVICE_NAMES[type]}: ${state}`, {
    hints: [`write it like ${example}`],
    upstream,
  });
}
