import { parseIdentity } from "../../age/index.ts";
import { encodeBech32 } from "../../bytes/bech32.ts";
import { concat } from "../../bytes/concat.ts";
import { encodeHex } from "../../bytes/hex.ts";
import { ClearText } from "../../clear-text.ts";
import { combineShares } from "../../shamir/index.ts";
import { KeysError } from "../errors.ts";
import type { KeyShare } from "./share.ts";

export interface CombinedIdentity {
  /** `age1…` */
  readonly recipient: string;
  /** `AGE-SECRET-KEY-1…` */
  readonly identity: ClearText;
}

/** With more shares than it takes, wrong ones among them are found by trying, with so many steps at most. */
const MAX_STEPS = 50_000;

/**
 * The identity that shares were made of. A share that is given twice counts once; with more than it takes, wrong ones are
 * left out.
 *
 * @throws {KeysError} `KEYS_SHARES_MIXED`, `KEYS_SHARES_TOO_FEW`, `KEYS_SHARES_WRONG`
 */
export function combineIdentity(shares: readonly KeyShare[]): CombinedIdentity {
  const [first] = shares;
  if (first === undefined) throw tooFew(0, undefined);
  const others = shares.filter((share) => !isSameSet(share, first));
  if (others.length > 0) throw mixed(first, others);
  const distinct = [...new Map(shares.map((share) => [`${share.index} ${encodeHex(share.value)}`, share])).values()];
  const places = new Set(distinct.map(({ index }) => index));
  if (places.size < first.threshold) throw tooFew(places.size, first);
  const recipient = encodeBech32("age", first.point);
  for (const choice of choices(distinct, first.threshold)) {
    const secret = combineShares(choice.map(({ value, index }) => concat(value, Uint8Array.of(index))));
    const identity = encodeBech32("age-secret-key-", secret).toUpperCase();
    secret.fill(0);
    if (parseIdentity(identity).name === recipient) return { recipient, identity: ClearText.fromText(identity) };
  }
  throw new KeysError("KEYS_SHARES_WRONG", "Cannot put the key shares together: another identity comes out", {
    details: [
      `shares ${[...places].join(", ")} of set ${first.set}`,
      "at least one of them is not what was handed out",
    ],
    hints: ["try it with the share of another holder"],
  });
}

function isSameSet(a: KeyShare, b: KeyShare): boolean {
  return (
    a.set === b.set && a.threshold === b.threshold && a.shares === b.shares && encodeHex(a.point) === encodeHex(b.point)
  );
}

/** Every choice of `size` shares with different places, as far as `MAX_STEPS` lead. */
function* choices(shares: readonly KeyShare[], size: number): Generator<KeyShare[]> {
  const chosen: KeyShare[] = [];
  let steps = 0;
  const from = function* (start: number): Generator<KeyShare[]> {
    if (chosen.length === size) {
      yield [...chosen];
      return;
    }
    for (const [offset, share] of shares.slice(start).entries()) {
      if (steps++ >= MAX_STEPS) return;
      if (chosen.some(({ index }) => index === share.index)) continue;
      chosen.push(share);
      yield* from(start + offset + 1);
      chosen.pop();
    }
  };
  yield* from(0);
}

function mixed(first: KeyShare, others: readonly KeyShare[]): KeysError {
  const sets = [...new Set([first, ...others].map(({ set }) => set))];
  const state = sets.length > 1 ? "they are of different sets" : "they contradict each other";
  return new KeysError("KEYS_SHARES_MIXED", `Cannot put the key shares together: ${state}`, {
    details: [`sets ${sets.join(", ")}`],
    hints: ["the comment in front of a share names its set: use those of one set only"],
  });
}

function tooFew(given: number, share: KeyShare | undefined): KeysError {
  const needed = share === undefined ? "at least 2" : `${share.threshold} of ${share.shares}`;
  return new KeysError("KEYS_SHARES_TOO_FEW", `Cannot put the key shares together: ${given} given, ${needed} needed`, {
    details: share === undefined ? [] : [`set ${share.set}, for ${encodeBech32("age", share.point)}`],
    hints: ["ask another holder for their share"],
  });
}
