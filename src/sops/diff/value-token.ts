import { createHmac, randomBytes } from "node:crypto";
import { ClearText } from "../../clear-text.ts";
import { flatText } from "../stores/flat-value.ts";
import { looksEncrypted, parseEnvelope } from "../values/envelope.ts";
import { plaintextOf } from "../values/plaintext.ts";
import { type Leaf, typeOf } from "../values/value.ts";

/** What is known of one value for comparing it with another. */
export type ValueToken = OpenToken | SealedToken;

/** A value that was clear or could be decrypted, behind a digest that only this comparison can make. */
export interface OpenToken {
  readonly kind: "open";
  readonly type: string;
  readonly digest: string;
  /** Present only when values were asked for. */
  readonly shown: ClearText | undefined;
}

/** A value that nobody decrypted. */
export interface SealedToken {
  readonly kind: "sealed";
  /** The type label; nothing authenticates it. */
  readonly type: string;
  readonly envelope: string;
  /** Bytes of the value: the cipher keeps lengths. */
  readonly length: number;
}

export type Sameness = "same" | "changed" | "type changed" | "unknown";

const KEY_BYTES = 32;

/** Makes tokens of one comparison: digests are under a random key that lives as long as this object. */
export class TokenMaker {
  readonly #key = randomBytes(KEY_BYTES);
  readonly #showValues: boolean;

  constructor({ showValues }: { showValues: boolean }) {
    this.#showValues = showValues;
  }

  /** `isOpened` says whether the file was decrypted: then a text that looks encrypted is only a text. */
  tokenOf(leaf: Leaf, isOpened: boolean): ValueToken {
    if (!isOpened && typeof leaf === "string" && looksEncrypted(leaf)) return sealedToken(leaf);
    const type = typeOf(leaf);
    const digest = createHmac("sha256", this.#key).update(`${type}\0`);
    if (leaf !== null) digest.update(plaintextOf(leaf));
    const shown = this.#showValues ? ClearText.fromText(flatText(leaf)) : undefined;
    return { kind: "open", type, digest: digest.digest("hex"), shown };
  }
}

function sealedToken(envelope: string): SealedToken {
  const parsed = parseEnvelope(envelope);
  const isWhole = parsed !== undefined && !("badBase64" in parsed);
  return {
    kind: "sealed",
    type: isWhole ? parsed.type : "unreadable",
    envelope,
    length: isWhole ? parsed.data.length : envelope.length,
  };
}

/**
 * Whether two values are the same. Of two ciphertexts that differ, other lengths or types prove a change; otherwise they
 * may be one value that was encrypted twice.
 */
export function compareTokens(one: ValueToken, other: ValueToken): Sameness {
  if (one.kind === "open" && other.kind === "open") {
    if (one.type !== other.type) return "type changed";
    return one.digest === other.digest ? "same" : "changed";
  }
  if (one.kind === "open" || other.kind === "open") return "unknown";
  if (one.envelope === other.envelope) return "same";
  if (one.type !== other.type) return "type changed";
  return one.length === other.length ? "unknown" : "changed";
}
