import { SopsError } from "../errors.ts";
import { textLeaf } from "../values/plaintext.ts";
import type { Branch, Entry } from "../values/value.ts";
import { jsonStore } from "./json.ts";
import type { Store } from "./store.ts";

/** The key of the one value. */
const DATA_KEY = "data";

/** A file of any bytes as one value; encrypted, it is a JSON file with the key `data`. */
export const binaryStore: Store = {
  ...jsonStore,
  isOneValue: true,
  loadPlain(input) {
    const bytes = Buffer.from(input.buffer, input.byteOffset, input.byteLength);
    return [{ kind: "branch", items: [{ kind: "entry", key: DATA_KEY, value: textLeaf(bytes) }] }];
  },
  emitPlain(documents) {
    const [document, ...others] = documents;
    if (document === undefined || others.length > 0) {
      throw notBinary("it has several documents", "there must be exactly one tree branch");
    }
    const value = dataOf(document)?.value;
    if (value === undefined) throw notBinary(`it has no key "${DATA_KEY}"`, "no binary data found in tree");
    if (typeof value === "string") return value;
    if (typeof value === "object" && value !== null && value.kind === "bytes") return value.bytes;
    throw notBinary(`its key "${DATA_KEY}" is no text`, `'${DATA_KEY}' key in tree does not have a string value`);
  },
};

function dataOf({ items }: Branch): Entry | undefined {
  return items.find((item): item is Entry => item.kind === "entry" && item.key === DATA_KEY);
}

function notBinary(state: string, upstream: string): SopsError {
  return new SopsError("SOPS_UNPRINTABLE", `Cannot print the file as binary: ${state}`, {
    details: ["it was not encrypted as a binary file"],
    hints: ["name its format: --input-type yaml --output-type yaml"],
    upstream: `error emitting binary store: ${upstream}\n\n${LIKELY}`,
  });
}

const LIKELY =
  "This is likely not an encrypted binary file? If not, use --output-type to select the correct output type.";
