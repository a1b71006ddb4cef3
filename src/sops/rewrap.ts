import { DATA_KEY_BYTES } from "./cipher.ts";
import { subjectName, wrapDataKey } from "./data-key.ts";
import { SopsError } from "./errors.ts";
import { fieldOf, type KeyGroup } from "./metadata.ts";

/**
 * Encrypts a data key anew to every key of the groups.
 *
 * @throws {SopsError} `SOPS_KEY_UNSUPPORTED` for keys of other services than age and for more than one group;
 * `SOPS_NO_RECIPIENTS`, `SOPS_BAD_RECIPIENT`.
 */
export async function rewrap(
  dataKey: Uint8Array,
  groups: readonly KeyGroup[],
  file: string | undefined,
): Promise<readonly KeyGroup[]> {
  const [group = [], ...others] = groups;
  const foreign = group.filter(({ type }) => type !== "age");
  if (others.length > 0) throw unsupported(`it has ${groups.length} key groups`, file);
  if (foreign.length > 0) {
    throw unsupported(`it has keys of ${[...new Set(foreign.map(({ type }) => type))].join(", ")}`, file);
  }
  return [
    await wrapDataKey(
      dataKey,
      group.map((key) => fieldOf(key, "recipient")),
    ),
  ];
}

/**
 * Looks at recipients before anything is asked or decrypted for them.
 *
 * @throws {SopsError} `SOPS_BAD_RECIPIENT`.
 */
export async function checkRecipients(recipients: readonly string[]): Promise<void> {
  // Whether a recipient can be used shows when something is encrypted to it; zeros are no secret.
  if (recipients.length > 0) await wrapDataKey(new Uint8Array(DATA_KEY_BYTES), recipients);
}

function unsupported(state: string, file: string | undefined): SopsError {
  return new SopsError("SOPS_KEY_UNSUPPORTED", `Cannot encrypt the data key of ${subjectName({ file })}: ${state}`, {
    file,
    details: ["supported: age recipients in one group"],
    hints: ["change the keys of this file with the original sops until then"],
  });
}
