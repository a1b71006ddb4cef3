import { createHash, createHmac, hkdfSync } from "node:crypto";
import type { Metadata } from "../metadata/metadata.ts";
import { writeYaml } from "../stores/yaml-write.ts";
import { looksEncrypted, parseEnvelope } from "../values/envelope.ts";
import { plaintextOf } from "../values/plaintext.ts";
import { compileSelector, DEFAULT_SELECTOR } from "../values/selector.ts";
import { type Branch, type Comment, type Entry, type Leaf, typeOf } from "../values/value.ts";
import { replaceLeaves } from "../values/walk.ts";
import { keyNames, selectorText } from "./metadata-changes.ts";

/** Purpose of the key that digests are made with: it is derived from the data key and is of no other use. */
const PURPOSE = "sealkit sops outline v1";
const DIGEST_KEY_BYTES = 32;
/** 64 bits: whoever has no data key cannot try values, so that the length only has to keep changes visible. */
const DIGEST_CHARACTERS = 16;

/** How the values of an outline are replaced. */
export type OutlineKey =
  /** Digests under a key from the data key: the same value at the same path reads the same while the data key is. */
  | { readonly kind: "data key"; readonly dataKey: Uint8Array }
  /** Nothing was decrypted: digests of ciphertexts. */
  | { readonly kind: "none" };

/**
 * The structure of a SOPS file as YAML for people and for git: keys and clear values as they are, each encrypted value or
 * comment as `<str 0123456789abcdef>`. The text changes when a value does; without the data key nobody can test guesses.
 *
 * `documents` are decrypted when `key` is the data key, and encrypted otherwise. They are changed in place.
 */
export function outline(documents: readonly Branch[], metadata: Metadata, key: OutlineKey): string {
  const digest = key.kind === "data key" ? keyedDigest(key.dataKey) : undefined;
  const selector = compileSelector(metadata.selector ?? DEFAULT_SELECTOR, { badPattern: "matches nothing" });
  for (const [index, document] of documents.entries()) {
    replaceLeaves(document, selector, {
      value(leaf, { additional, isSelected }) {
        if (!isSelected || leaf === "") return leaf;
        if (digest === undefined) return sealedText(leaf) ?? leaf;
        return `<${typeOf(leaf)} ${digest(`${index}\0${additional}`, leaf)}>`;
      },
      comment(comment, { additional, isSelected }) {
        if (!isSelected || comment.text === "") return comment;
        const text =
          digest === undefined
            ? sealedText(comment.text)
            : `<comment ${digest(`${index}\0${additional}`, comment.text)}>`;
        return { ...comment, text: ` ${text ?? comment.text.trimStart()}` };
      },
    });
  }
  return writeYaml([...documents, summary(metadata)], 2);
}

function keyedDigest(dataKey: Uint8Array): (place: string, leaf: Exclude<Leaf, null>) => string {
  const key = Buffer.from(hkdfSync("sha256", dataKey, new Uint8Array(), PURPOSE, DIGEST_KEY_BYTES));
  return (place, leaf) => {
    const hmac = createHmac("sha256", key).update(`${place.length}\0${place}\0${typeOf(leaf)}\0`);
    return hmac.update(plaintextOf(leaf)).digest("hex").slice(0, DIGEST_CHARACTERS);
  };
}

/** An encrypted value by its label and a digest of its ciphertext, which is public. Undefined for what is none. */
function sealedText(leaf: Exclude<Leaf, null>): string | undefined {
  if (typeof leaf !== "string" || !looksEncrypted(leaf)) return undefined;
  const envelope = parseEnvelope(leaf);
  const type = envelope === undefined || "badBase64" in envelope ? "unreadable" : envelope.type;
  const digest = createHash("sha256").update(leaf).digest("hex").slice(0, DIGEST_CHARACTERS);
  return `<${/^[a-z]{1,10}$/.test(type) ? type : "unreadable"}, encrypted ${digest}>`;
}

/** What readers of a difference want to see of the metadata: who can read the file, and what is encrypted. */
function summary(metadata: Metadata): Branch {
  const entries: Entry[] = [
    { kind: "entry", key: "recipients", value: { kind: "list", items: keyNames(metadata) } },
    { kind: "entry", key: "selector", value: selectorText(metadata) },
  ];
  if (metadata.shamirThreshold !== 0) {
    entries.push({ kind: "entry", key: "shamir_threshold", value: BigInt(metadata.shamirThreshold) });
  }
  if (metadata.macOnlyEncrypted) entries.push({ kind: "entry", key: "mac_only_encrypted", value: true });
  const remark: Comment = { kind: "comment", text: " encryption", inline: false };
  return { kind: "branch", items: [remark, { kind: "entry", key: "sops", value: { kind: "branch", items: entries } }] };
}
