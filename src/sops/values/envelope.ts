/** The parts of an encrypted value. `type` is a claim: nothing authenticates it. */
export interface Envelope {
  readonly data: Uint8Array;
  readonly iv: Uint8Array;
  readonly tag: Uint8Array;
  readonly type: string;
}

/** A text that looks like an encrypted value but whose `part` is not padded base64. */
export interface BadBase64 {
  readonly badBase64: "data" | "iv" | "tag";
}

const HEAD = "ENC[AES256_GCM,data:";
const IV = ",iv:";
const TAG = ",tag:";
const TYPE = ",type:";

/** Whether a text begins like an encrypted value. Quick: says nothing about its parts. */
export function looksEncrypted(text: string): boolean {
  return text.startsWith(HEAD);
}

/**
 * Reads `ENC[AES256_GCM,data:…,iv:…,tag:…,type:…]`. Undefined when the text is no such thing. What stands behind the last
 * `]` of its first line is ignored, each part needs a character, and each part reaches as far as it can: this is how the
 * original's pattern behaves.
 */
export function parseEnvelope(text: string): Envelope | BadBase64 | undefined {
  return new EnvelopeReader().read(text);
}

/** Reads one envelope after the other: the bytes of a result are good until the next one is read. */
export class EnvelopeReader {
  #scratch: Buffer = Buffer.alloc(0);
  #used = 0;

  /** See `parseEnvelope`. */
  read(text: string): Envelope | BadBase64 | undefined {
    if (!text.startsWith(HEAD)) return undefined;
    const lineEnd = text.indexOf("\n");
    const close = text.lastIndexOf("]", lineEnd < 0 ? text.length : lineEnd);
    const typeAt = text.lastIndexOf(TYPE, close - TYPE.length - 1);
    const tagAt = text.lastIndexOf(TAG, typeAt - TAG.length - 1);
    const ivAt = text.lastIndexOf(IV, tagAt - IV.length - 1);
    if (close < 0 || typeAt < 0 || tagAt < 0 || ivAt <= HEAD.length) return undefined;
    if (this.#scratch.length < text.length) this.#scratch = Buffer.allocUnsafe(text.length);
    this.#used = 0;
    const data = this.#decode(text.slice(HEAD.length, ivAt));
    if (data === undefined) return { badBase64: "data" };
    const iv = this.#decode(text.slice(ivAt + IV.length, tagAt));
    if (iv === undefined) return { badBase64: "iv" };
    const tag = this.#decode(text.slice(tagAt + TAG.length, typeAt));
    if (tag === undefined) return { badBase64: "tag" };
    return { data, iv, tag, type: text.slice(typeAt + TYPE.length, close) };
  }

  /** Padded base64 of the standard alphabet. Node's own decoder is the quick one but forgives; the length shows that. */
  #decode(text: string): Uint8Array | undefined {
    if (text.length % 4 !== 0 || text.includes("-") || text.includes("_")) return undefined;
    const from = this.#used;
    this.#used += this.#scratch.write(text, from, "base64");
    const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
    const isWhole = this.#used - from === (text.length / 4) * 3 - padding;
    return isWhole ? this.#scratch.subarray(from, this.#used) : undefined;
  }
}

export function formatEnvelope(data: Buffer, iv: Buffer, tag: Buffer, type: string): string {
  return `${HEAD}${data.toString("base64")}${IV}${iv.toString("base64")}${TAG}${tag.toString("base64")}${TYPE}${type}]`;
}
