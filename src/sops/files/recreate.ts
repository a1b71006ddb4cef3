import type { Format } from "../format.ts";
import { newDataKey } from "../keys/data-key.ts";
import type { Keyring } from "../keys/keyring.ts";
import { rewrap } from "../keys/rewrap.ts";
import type { KeyGroup } from "../metadata/metadata.ts";
import type { Selector } from "../values/selector.ts";
import { SOPS_VERSION } from "./encrypt.ts";
import { type OpenOptions, openFile } from "./open-file.ts";
import { reseal } from "./reseal.ts";

export interface RecreateOptions extends OpenOptions {
  /** Milliseconds since the epoch, for `lastmodified`. */
  readonly now: number;
  readonly keyGroups: readonly KeyGroup[];
  /** How many key groups it takes to decrypt, all when 0. */
  readonly shamirThreshold: number;
  /** Which values to encrypt; all but those under keys that end in `_unencrypted` when absent. */
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
  const { keyGroups, now, selector, shamirThreshold: threshold, fillRandom } = options;
  const opened = await openFile(input, format, keyring, { ...options, rememberIvs: true });
  const dataKey = newDataKey(fillRandom);
  const keys = await rewrap(dataKey, { groups: keyGroups, threshold, keyring, now, fillRandom });
  const metadata = { ...opened.metadata, ...keys, selector, macOnlyEncrypted: false, version: SOPS_VERSION };
  const recreated = { ...opened, metadata, cipher: opened.cipher.withKey(dataKey) };
  return reseal(recreated, { ...options, outputFormat: format });
}
