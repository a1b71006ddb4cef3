import { decodeBase64Go } from "../bytes/base64.ts";
import { type Keyring, type Scope, SealedError, scopeLabel } from "../sealed/index.ts";
import { SecretsError } from "./errors.ts";
import { annotationOf, scopeOf } from "./scope.ts";
import type { SealedSecretView } from "./sealed-secret.ts";

/** A place that an item may have been sealed for. */
interface Place {
  readonly scope: Scope;
  readonly namespace: string;
  readonly name: string;
  /** What to do if this is it. */
  readonly remedy: string;
}

/**
 * Looks for the reason why items do not open: the first of them is tried under the other scopes, under the names that the
 * template has, and in the namespace `default`. What is found goes into details and hints; the error is the same otherwise.
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
  for (const place of places(view)) {
    const key = await openedBy(keyring, sealed, scopeLabel(place.scope, place.namespace, place.name));
    if (key === undefined) continue;
    const { code, message, original, items } = error;
    const details = [...error.details, `key ${key} opens item "${failed.item}", but it was sealed ${described(place)}`];
    return new SecretsError(code, message, { original, items, details, hints: [place.remedy, ...error.hints] });
  }
  return error;
}

function described({ scope, namespace, name }: Place): string {
  if (scope === "cluster-wide") return "for any place (cluster-wide)";
  return scope === "strict" ? `for ${namespace}/${name} (strict)` : `for namespace ${namespace} (namespace-wide)`;
}

function places({ metadata, annotations, template }: SealedSecretView): Place[] {
  const { name = "", namespace = "" } = metadata;
  const own = scopeOf(annotations);
  const annotate = (scope: "namespace-wide" | "cluster-wide") =>
    `add the annotation ${annotationOf(scope)}: "true" to the metadata of the SealedSecret`;
  const found: Place[] = [
    { scope: "strict", namespace, name, remedy: "remove the scope annotations from the metadata of the SealedSecret" },
    { scope: "namespace-wide", namespace, name, remedy: annotate("namespace-wide") },
    { scope: "cluster-wide", namespace, name, remedy: annotate("cluster-wide") },
  ];
  const names = [...new Set([name, template.metadata?.name ?? name])];
  const namespaces = [...new Set([namespace, template.metadata?.namespace ?? namespace, "default"])];
  for (const other of namespaces) {
    for (const called of names) {
      if (other === namespace && called === name) continue;
      const remedy = `give the SealedSecret the name "${called}" and the namespace "${other}", or seal the Secret again`;
      found.push({ scope: "strict", namespace: other, name: called, remedy });
    }
  }
  return found.filter((place) => place.scope !== own || place.namespace !== namespace || place.name !== name);
}

async function openedBy(keyring: Keyring, sealed: Uint8Array, label: Uint8Array): Promise<string | undefined> {
  try {
    return (await keyring.open(sealed, label)).openedBy;
  } catch (error) {
    if (error instanceof SealedError) return undefined;
    throw error;
  }
}
