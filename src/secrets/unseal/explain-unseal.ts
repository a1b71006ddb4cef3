import { decodeBase64Go } from "../../bytes/base64.ts";
import { type Keyring, SealedError, scopeLabel } from "../../sealed/index.ts";
import { SecretsError } from "../errors.ts";
import { remedyFor, type SealedPlaceName } from "../inspect/sealed-for.ts";
import { scopeOf } from "../scope.ts";
import type { SealedSecretView } from "../sealed-secret.ts";

/**
 * Looks for the reason why items do not open: the first of them is tried under the other scopes, under the names that the
 * template has, and in the namespace `default`. What is found goes into the details, and
 * what to do about it takes the place of the general hints; the error is the same otherwise.
 *
 * This tells for which place an item was sealed. Do it for people who hold the keys, never in an answer to strangers.
 */
export async function explainUnseal(
  error: SecretsError,
  view: SealedSecretView,
  keyring: Keyring,
): Promise<SecretsError> {
  const failed = error.items.find(({ tried }) => tried.length > 0);
  const value = failed === undefined ? undefined : view.encryptedData.get(failed.item);
  const sealed = typeof value === "string" ? decodeBase64Go(value).bytes : undefined;
  if (failed === undefined || sealed === undefined) return error;
  const { name = "", namespace = "" } = view.metadata;
  const own: SealedPlaceName = { scope: scopeOf(view.annotations), namespace, name };
  for (const place of places(view, own)) {
    const key = await openedBy(keyring, sealed, scopeLabel(place.scope, place.namespace, place.name));
    if (key === undefined) continue;
    const { code, message, original, items } = error;
    const details = [...error.details, `key ${key} opens item "${failed.item}", but it was sealed ${described(place)}`];
    return new SecretsError(code, message, { original, items, details, hints: [remedyFor(place, own)] });
  }
  return error;
}

function described({ scope, namespace, name }: SealedPlaceName): string {
  if (scope === "cluster-wide") return "for any place (cluster-wide)";
  return scope === "strict" ? `for ${namespace}/${name} (strict)` : `for namespace ${namespace} (namespace-wide)`;
}

function places({ template }: SealedSecretView, own: SealedPlaceName): SealedPlaceName[] {
  const { namespace, name } = own;
  const found: SealedPlaceName[] = [
    { scope: "strict", namespace, name },
    { scope: "namespace-wide", namespace, name },
    { scope: "cluster-wide", namespace, name },
  ];
  const names = new Set([name, template.metadata?.name ?? name]);
  for (const other of new Set([namespace, template.metadata?.namespace ?? namespace, "default"])) {
    for (const called of names) {
      if (other !== namespace || called !== name) found.push({ scope: "strict", namespace: other, name: called });
    }
  }
  return found.filter((place) => place.scope !== own.scope || place.namespace !== namespace || place.name !== name);
}

async function openedBy(keyring: Keyring, sealed: Uint8Array, label: Uint8Array): Promise<string | undefined> {
  try {
    return (await keyring.open(sealed, label)).openedBy;
  } catch (error) {
    if (error instanceof SealedError) return undefined;
    throw error;
  }
}
