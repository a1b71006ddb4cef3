import { primitives } from "#primitives";
import { decodeBech32, encodeBech32 } from "../../bytes/bech32.ts";
import { concat } from "../../bytes/concat.ts";
import { encodeHex } from "../../bytes/hex.ts";
import { KeysError } from "../errors.ts";

/** One share of an age identity, as a person keeps it. `value` is a secret together with those of enough other shares. */
export interface KeyShare {
  /** What tells one split from another: 16 hex digits. */
  readonly set: string;
  /** How many shares of the set give the identity back, and how many there are. */
  readonly threshold: number;
  readonly shares: number;
  /** 1 for the first. */
  readonly index: number;
  /** Curve25519 point of the identity: by it one sees whether the right thing came out. Public. */
  readonly point: Uint8Array;
  /** 32 bytes. */
  readonly value: Uint8Array;
}

const PREFIX = "sealkit-share-";
const VERSION = 1;
const SET_BYTES = 8;
const POINT_BYTES = 32;
const VALUE_BYTES = 32;
/** Bech32's own six letters say little about a text this long. */
const CHECK_BYTES = 4;
const HEAD_BYTES = 1 + SET_BYTES + 3;
const BODY_BYTES = HEAD_BYTES + POINT_BYTES + VALUE_BYTES;

/** The share as one word, `SEALKIT-SHARE-1…`. */
export function formatShare({ set, threshold, shares, index, point, value }: KeyShare): string {
  const setBytes = Uint8Array.from(Buffer.from(set, "hex"));
  const body = concat(Uint8Array.of(VERSION), setBytes, Uint8Array.of(threshold, shares, index), point, value);
  return encodeBech32(PREFIX, concat(body, checkOf(body))).toUpperCase();
}

/**
 * The shares in a text: one a line; empty lines and those that begin with `#` are passed over. `source` names the text in
 * errors, which never hold a share.
 *
 * @throws {KeysError} `KEYS_SHARE_MALFORMED`
 */
export function parseShares(text: string, source: string): readonly KeyShare[] {
  const shares: KeyShare[] = [];
  for (const [at, line] of text.split("\n").entries()) {
    const word = line.trim();
    if (word !== "" && !word.startsWith("#")) shares.push(parseShare(word, `${source}, line ${at + 1}`));
  }
  if (shares.length === 0) throw malformed(source, "there is none in it");
  return shares;
}

function parseShare(word: string, place: string): KeyShare {
  const decoded = decodeBech32(word);
  if ("problem" in decoded) throw malformed(place, decoded.problem);
  const { prefix, data } = decoded;
  if (prefix !== PREFIX) throw malformed(place, "it is something else");
  if (data[0] !== VERSION) throw malformed(place, `its version is ${data[0]}; this sealkit reads version ${VERSION}`);
  if (data.length !== BODY_BYTES + CHECK_BYTES) throw malformed(place, "it is of another length");
  const body = data.subarray(0, BODY_BYTES);
  if (encodeHex(checkOf(body)) !== encodeHex(data.subarray(BODY_BYTES)))
    throw malformed(place, "its checksum is another");
  const [threshold = 0, shares = 0, index = 0] = data.subarray(1 + SET_BYTES, HEAD_BYTES);
  if (threshold < 2 || shares < threshold || index < 1 || index > shares)
    throw malformed(place, "its numbers are impossible");
  return {
    set: encodeHex(data.subarray(1, 1 + SET_BYTES)),
    threshold,
    shares,
    index,
    point: data.slice(HEAD_BYTES, HEAD_BYTES + POINT_BYTES),
    value: data.slice(HEAD_BYTES + POINT_BYTES, BODY_BYTES),
  };
}

function checkOf(body: Uint8Array): Uint8Array {
  return primitives.sha256(body).subarray(0, CHECK_BYTES);
}

function malformed(place: string, state: string): KeysError {
  return new KeysError("KEYS_SHARE_MALFORMED", `Cannot read the key share: ${state}`, {
    details: [`in ${place}`],
    hints: ["copy it again: a share is one word that begins with SEALKIT-SHARE-1"],
  });
}
