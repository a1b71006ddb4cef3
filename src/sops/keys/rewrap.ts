import { AgeError, parseRecipient } from "../../age/index.ts";
import type { Metadata } from "../metadata/metadata.ts";
import { DATA_KEY_BYTES } from "../values/cipher.ts";
import { ageKey } from "./age-key.ts";
import { type Keyring, loadKeyring } from "./keyring.ts";
import { type Sharing, wrapDataKey, writtenThreshold } from "./wrap-data-key.ts";

/**
 * Encrypts a data key anew to every key of the groups, and says what that makes of a file's metadata.
 *
 * @throws {SopsError} `SOPS_NO_RECIPIENTS`, `SOPS_BAD_RECIPIENT`, `SOPS_BAD_THRESHOLD`, `SOPS_KEY_NOT_USED`.
 */
export async function rewrap(
  dataKey: Uint8Array,
  sharing: Sharing,
): Promise<Pick<Metadata, "keyGroups" | "shamirThreshold">> {
  const keyGroups = await wrapDataKey(dataKey, sharing);
  return { keyGroups, shamirThreshold: writtenThreshold(sharing.groups.length, sharing.threshold) };
}

/** Whether a text is a recipient of a plugin, as far as can be said without it. */
function isPluginRecipient(recipient: string): boolean {
  try {
    parseRecipient(recipient);
    return false;
  } catch (error) {
    return error instanceof AgeError && error.code === "AGE_RECIPIENT_UNSUPPORTED" && recipient.startsWith("age1");
  }
}

/** What was found good, by those who work on many files: the recipients are the same for all of them. */
const good = new WeakMap<Keyring, Set<string>>();
const MAX_REMEMBERED = 1_000;

/**
 * Looks at age recipients before anything is asked or decrypted for them; each once for all files that a keyring is used for.
 *
 * @throws {SopsError} `SOPS_BAD_RECIPIENT`.
 */
export async function checkRecipients(recipients: readonly string[], keyring: Keyring): Promise<void> {
  const known = good.get(keyring) ?? new Set();
  // Plugins are only run where it counts.
  const ours = recipients.filter((recipient) => !known.has(recipient) && !isPluginRecipient(recipient));
  if (ours.length === 0) return;
  // Whether a recipient can be used shows when something is encrypted to it; zeros are no secret.
  const zeros = new Uint8Array(DATA_KEY_BYTES);
  await wrapDataKey(zeros, { groups: [ours.map(ageKey)], threshold: 0, keyring: loadKeyring([]), now: 0 });
  good.set(keyring, new Set([...known, ...ours].slice(-MAX_REMEMBERED)));
}
