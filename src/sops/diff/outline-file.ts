import { SopsError } from "../errors.ts";
import { type OpenOptions, openFile, readLocked } from "../files/open-file.ts";
import { type Format, storeOf } from "../format.ts";
import { recoverDataKey } from "../keys/data-key.ts";
import type { Keyring } from "../keys/keyring.ts";
import { writeYaml } from "../stores/yaml-write.ts";
import { type Branch, type Entry, isComment, type Node, typeOf } from "../values/value.ts";
import { outline } from "./outline.ts";

/** What was found about the file: `doubtful` was decrypted although its MAC does not fit. */
export type OutlineState = "opened" | "doubtful" | "closed" | "not encrypted";

export interface OutlinedFile {
  readonly text: string;
  readonly state: OutlineState;
  /** Why it stayed closed, or is doubtful. */
  readonly cause: SopsError | undefined;
}

/**
 * The structure of a file, without clear text: see `outline`. Of a file that is not encrypted only keys and types are
 * shown: it may be an encrypted one that somebody is working on.
 *
 * @throws {SopsError} when it cannot be read at all, or a value was altered.
 */
export async function outlineFile(
  input: Uint8Array,
  format: Format,
  keyring: Keyring,
  options: OpenOptions,
): Promise<OutlinedFile> {
  let dataKey: Uint8Array | undefined;
  const remembering: OpenOptions = {
    ...options,
    dataKeyOf: async (metadata, ring, subject) => {
      const found = dataKey ?? (await (options.dataKeyOf ?? recoverDataKey)(metadata, ring, subject));
      dataKey = found;
      return found;
    },
  };
  const opened = async (more: Partial<OpenOptions>) => {
    const { documents, metadata } = await openFile(input, format, keyring, { ...remembering, ...more });
    if (dataKey === undefined) throw new RangeError("outlineFile: expected a data key");
    return outline(documents, metadata, { kind: "data key", dataKey });
  };
  try {
    return { text: await opened({}), state: "opened", cause: undefined };
  } catch (cause) {
    if (!(cause instanceof SopsError)) throw cause;
    switch (cause.code) {
      case "SOPS_NO_METADATA":
        return { text: clearOutline(input, format, options), state: "not encrypted", cause };
      case "SOPS_MAC_MISMATCH":
        return { text: await opened({ ignoreMac: true }), state: "doubtful", cause };
      case "SOPS_NO_DATA_KEY": {
        const { documents, metadata } = readLocked(input, format, options);
        return { text: outline(documents, metadata, { kind: "none" }), state: "closed", cause };
      }
      default:
        throw cause;
    }
  }
}

/** Keys and types of a file in clear. */
function clearOutline(input: Uint8Array, format: Format, options: OpenOptions): string {
  const documents = input.length === 0 ? [] : storeOf(format).loadPlain(input, options);
  return writeYaml(documents.map(typesOf), 2);
}

function typesOf({ items }: Branch): Branch {
  const entries = items.flatMap((item): Entry[] =>
    item.kind === "entry" ? [{ ...item, value: typeOfNode(item.value) }] : [],
  );
  return { kind: "branch", items: entries };
}

function typeOfNode(node: Node): Node {
  if (typeof node === "object" && node !== null) {
    if (node.kind === "branch") return typesOf(node);
    if (node.kind === "list") {
      return { kind: "list", items: node.items.flatMap((item) => (isComment(item) ? [] : [typeOfNode(item)])) };
    }
  }
  return `<${typeOf(node)}, not shown>`;
}
