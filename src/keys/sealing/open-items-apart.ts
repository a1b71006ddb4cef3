import { decodeBase64Go } from "../../bytes/base64.ts";
import type { KubeObject } from "../../objects/index.ts";
import { type Keyring, type OpenedItem, SealedError, scopeLabel } from "../../sealed/index.ts";
import { type SealedSecretView, SecretsError, scopeOf, viewSealedSecret } from "../../secrets/index.ts";

/** The items of a SealedSecret, each opened for itself. */
export interface ItemsApart {
  readonly opened: ReadonlyMap<string, OpenedItem>;
  /** Items that no key opens where they stand. */
  readonly unopened: readonly string[];
}

/** Opens what can be opened of a SealedSecret, also when some of it cannot. What is no SealedSecret holds nothing. */
export async function openItemsApart(object: KubeObject, keyring: Keyring): Promise<ItemsApart> {
  const view = sealedView(object);
  if (view === undefined) return { opened: new Map(), unopened: [] };
  const { namespace = "", name = "" } = view.metadata;
  const label = scopeLabel(scopeOf(view.annotations), namespace, name);
  const opened = new Map<string, OpenedItem>();
  const unopened: string[] = [];
  for (const [item, value] of view.encryptedData) {
    const sealed = typeof value === "string" ? decodeBase64Go(value).bytes : undefined;
    const found = sealed === undefined ? undefined : await openOne(sealed, label, keyring);
    if (found === undefined) unopened.push(item);
    else opened.set(item, found);
  }
  return { opened, unopened };
}

/** Undefined for what is no SealedSecret. */
export function sealedView(object: KubeObject): SealedSecretView | undefined {
  try {
    return viewSealedSecret(object);
  } catch (cause) {
    if (cause instanceof SecretsError) return undefined;
    throw cause;
  }
}

async function openOne(sealed: Uint8Array, label: Uint8Array, keyring: Keyring): Promise<OpenedItem | undefined> {
  try {
    return await keyring.open(sealed, label);
  } catch (cause) {
    if (cause instanceof SealedError) return undefined;
    throw cause;
  }
}
