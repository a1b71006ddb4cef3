import type { ValueCipher } from "../values/cipher.ts";
import { parseEnvelope } from "../values/envelope.ts";
import type { Branch, Entry } from "../values/value.ts";

/**
 * A field of the metadata that is ours: how values were written that are usually written otherwise (`0x1F` for 31),
 * encrypted with the data key. Other tools pass over it and leave it out of what they write; then values are written as
 * usual. It never changes what a value is: text that does not say the same value is not used.
 */
const FIELD = "sealkit_layout";
const ADDITIONAL = `${FIELD}:`;

/** The texts of values, by the number of their spot. */
export type Hints = ReadonlyMap<number, string>;

export function withHints(metadata: Branch, hints: Hints, cipher: ValueCipher): Branch {
  if (hints.size === 0) return metadata;
  const value = cipher.seal(JSON.stringify([...hints]), "str", ADDITIONAL);
  const entry: Entry = { kind: "entry", key: FIELD, value };
  const before = metadata.items.findIndex((item) => item.kind === "entry" && item.key > FIELD);
  return { kind: "branch", items: metadata.items.toSpliced(before < 0 ? metadata.items.length : before, 0, entry) };
}

/** None when there is no such field, or when it is not what we write. */
export function readHints(metadata: Branch, cipher: ValueCipher): Hints {
  const field = metadata.items.find((item): item is Entry => item.kind === "entry" && item.key === FIELD);
  const envelope = typeof field?.value === "string" ? parseEnvelope(field.value) : undefined;
  if (envelope === undefined || "badBase64" in envelope) return new Map();
  const plain = cipher.open(envelope, ADDITIONAL)?.toString("utf8");
  const pairs = plain === undefined ? undefined : parsed(plain);
  return new Map(Array.isArray(pairs) ? pairs.filter(isHint) : []);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isHint(pair: unknown): pair is [number, string] {
  return Array.isArray(pair) && pair.length === 2 && typeof pair[0] === "number" && typeof pair[1] === "string";
}
