import { decodeBase64Go } from "../../bytes/base64.ts";
import type { ClearText } from "../../clear-text.ts";
import { type Keyring, SealedError, scopeLabel } from "../../sealed/index.ts";
import { scopeOf } from "../scope.ts";
import type { SealedSecretView } from "../sealed-secret.ts";

/**
 * The items of a SealedSecret, each on its own: undefined for one that no key opens where it stands. For people who edit
 * what they can read; a Secret is made of all items or none, see `unsealSecret`.
 */
export async function openEach(
  { metadata, annotations, encryptedData }: SealedSecretView,
  keyring: Keyring,
): Promise<ReadonlyMap<string, ClearText | undefined>> {
  const { namespace = "", name = "" } = metadata;
  const label = scopeLabel(scopeOf(annotations), namespace, name);
  const opened = new Map<string, ClearText | undefined>();
  for (const [item, value] of encryptedData) {
    const sealed = typeof value === "string" ? decodeBase64Go(value).bytes : undefined;
    opened.set(item, sealed === undefined ? undefined : await openOne(sealed, label, keyring));
  }
  return opened;
}

async function openOne(sealed: Uint8Array, label: Uint8Array, keyring: Keyring): Promise<ClearText | undefined> {
  try {
    return (await keyring.open(sealed, label)).clearText;
  } catch (error) {
    if (error instanceof SealedError) return undefined;
    throw error;
  }
}
