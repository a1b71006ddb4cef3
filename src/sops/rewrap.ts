import { DATA_KEY_BYTES, type FillRandom } from "./cipher.ts";
import { subjectName, wrapDataKey, writtenThreshold } from "./data-key.ts";
import { SopsError } from "./errors.ts";
import { fieldOf, type KeyGroup, type Metadata } from "./metadata.ts";

/** The data key, the keys that should hold it, and how many groups of them it takes, all when 0. */
interface Wanted {
  readonly dataKey: Uint8Array;
  readonly groups: readonly KeyGroup[];
  readonly threshold: number;
  readonly fillRandom?: FillRandom | undefined;
}

/**
 * Encrypts a data key anew to every key of the groups.
 *
 * @throws {SopsError} `SOPS_KEY_UNSUPPORTED` for keys of other services than age; `SOPS_NO_RECIPIENTS`,
 * `SOPS_BAD_RECIPIENT`, `SOPS_BAD_THRESHOLD`.
 */
export async function rewrap(
  { dataKey, groups, threshold, fillRandom }: Wanted,
  file: string | undefined,
): Promise<Pick<Metadata, "keyGroups" | "shamirThreshold">> {
  const foreign = groups.flat().filter(({ type }) => type !== "age");
  if (foreign.length > 0) {
    throw unsupported(`it has keys of ${[...new Set(foreign.map(({ type }) => type))].join(", ")}`, file);
  }
  const recipients = groups.map((group) => group.map((key) => fieldOf(key, "recipient")));
  const keyGroups = await wrapDataKey(dataKey, { groups: recipients, threshold, fillRandom });
  return { keyGroups, shamirThreshold: writtenThreshold(groups.length, threshold) };
}

/**
 * Looks at recipients before anything is asked or decrypted for them.
 *
 * @throws {SopsError} `SOPS_BAD_RECIPIENT`.
 */
export async function checkRecipients(recipients: readonly string[]): Promise<void> {
  // Whether a recipient can be used shows when something is encrypted to it; zeros are no secret.
  if (recipients.length > 0) {
    await wrapDataKey(new Uint8Array(DATA_KEY_BYTES), { groups: [recipients], threshold: 0, fillRandom: undefined });
  }
}

function unsupported(state: string, file: string | undefined): SopsError {
  return new SopsError("SOPS_KEY_UNSUPPORTED", `Cannot encrypt the data key of ${subjectName({ file })}: ${state}`, {
    file,
    details: ["supported: age recipients"],
    hints: ["change the keys of this file with the original sops until then"],
  });
}
