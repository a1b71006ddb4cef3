import type { Format } from "../format.ts";
import { newDataKey } from "../keys/data-key.ts";
import type { Keyring } from "../keys/keyring.ts";
import { rewrap } from "../keys/rewrap.ts";
import type { KeyGroup } from "../metadata/metadata.ts";
import { DEFAULT_SELECTOR, type Selector } from "../values/selector.ts";
import { type Branch, isComment, type Node } from "../values/value.ts";
import { SOPS_VERSION } from "./encrypt.ts";
import { type OpenOptions, openFile } from "./open-file.ts";
import { reseal } from "./reseal.ts";

export interface RecreateOptions extends OpenOptions {
  /** Milliseconds since the epoch, for `lastmodified`. */
  readonly now: number;
  readonly keyGroups: readonly KeyGroup[];
  /** How many key groups it takes to decrypt, all when 0. */
  readonly shamirThreshold: number;
  /** Which values to encrypt; all when absent. */
  readonly selector: Selector | undefined;
}

/**
 * Encrypts a file anew for others: another data key, other keys, another selector. Nothing of the former keys stays; IVs
 * do, as with the original.
 *
 * @throws {SopsError} as `decrypt` and `encrypt` do.
 */
export async function recreate(
  input: Uint8Array,
  format: Format,
  keyring: Keyring,
  options: RecreateOptions,
): Promise<string> {
  const { keyGroups, now, shamirThreshold: threshold, fillRandom } = options;
  const opened = await openFile(input, format, keyring, { ...options, rememberIvs: true });
  const selector = options.selector ?? selectorOfAll(opened.documents);
  const dataKey = newDataKey(fillRandom);
  const keys = await rewrap(dataKey, { groups: keyGroups, threshold, keyring, now, fillRandom });
  const metadata = { ...opened.metadata, ...keys, selector, macOnlyEncrypted: false, version: SOPS_VERSION };
  const recreated = { ...opened, metadata, cipher: opened.cipher.withKey(dataKey) };
  return reseal(recreated, { ...options, outputFormat: format });
}

/**
 * A selector by which every value is encrypted. A file without any has the default one, which leaves some keys in clear: what
 * was secret under such a key must not become public. A longer suffix is one that no key has.
 */
function selectorOfAll(documents: readonly Branch[]): Selector {
  let { pattern } = DEFAULT_SELECTOR;
  while (documents.some((document) => hasKeyWith(document, pattern))) pattern += "_";
  return { ...DEFAULT_SELECTOR, pattern };
}

function hasKeyWith(node: Node, suffix: string): boolean {
  if (typeof node !== "object" || node === null) return false;
  if (node.kind === "list") return node.items.some((item) => !isComment(item) && hasKeyWith(item, suffix));
  if (node.kind !== "branch") return false;
  return node.items.some(
    (item) => item.kind === "entry" && (item.key.endsWith(suffix) || hasKeyWith(item.value, suffix)),
  );
}
