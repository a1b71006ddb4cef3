import { KeysError } from "../errors.ts";

/** A file in the other form. */
export interface Converted {
  readonly content: Uint8Array;
  /** `Secret/apps/db` */
  readonly objects: readonly string[];
  /** What of it had no place in the other form, when that was allowed. Names only. */
  readonly lost: readonly string[];
}

export function refused(what: string, state: string, hints: readonly string[] = []): KeysError {
  return new KeysError("KEYS_CONVERT_REFUSED", `Cannot convert ${what}: ${state}`, { hints });
}

const SHOWN = 10;

/** Refuses to lose anything silently. @throws {KeysError} `KEYS_CONVERT_REFUSED` */
export function refuseLoss(path: string, lost: readonly string[], allowLoss: boolean): void {
  if (lost.length === 0 || allowLoss) return;
  throw new KeysError("KEYS_CONVERT_REFUSED", `Cannot convert ${path}: something in it would be lost`, {
    details: lost.slice(0, SHOWN),
    hints: ["if that may be: --allow-loss"],
  });
}
