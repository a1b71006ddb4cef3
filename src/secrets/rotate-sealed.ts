import type { KubeObject } from "../objects/index.ts";
import { type Keyring, scopeLabel } from "../sealed/index.ts";
import { type LooseMeta, orderedMeta, stringMap } from "./fields.ts";
import { HINTS_ANNOTATION } from "./hints.ts";
import { openItems } from "./open-items.ts";
import { scopeAnnotations, scopeOf, withScope } from "./scope.ts";
import { sealedSecretObject, sealItems } from "./seal-secret.ts";
import { metaOf, type SealedSecretView, viewSealedSecret } from "./sealed-secret.ts";

export interface RotateOptions {
  /** SubjectPublicKeyInfo (DER) of the newest sealing certificate. */
  readonly spki: Uint8Array;
  /** Fingerprint of the key that opened this object last time. */
  readonly first?: string | undefined;
  /**
   * Keeps the labels and annotations of the template. Default false: as upstream, a template that differs from the
   * object's own metadata is replaced by it, so labels that stand only in the template are lost.
   */
  readonly keepTemplateMetadata?: boolean | undefined;
}

/**
 * The same SealedSecret under another key. The scope is that of the object's own annotations, so that nobody widens it by
 * editing the template. Templates are never rendered; `spec.template.data` stays as it is (upstream loses it).
 *
 * @throws {SecretsError} `SECRETS_UNSEAL_FAILED`, `SECRETS_NOT_SEALED_SECRET`
 */
export async function rotateSealed(object: KubeObject, keyring: Keyring, options: RotateOptions): Promise<KubeObject> {
  const view = viewSealedSecret(object);
  const scope = scopeOf(view.annotations);
  const { name, namespace } = view.metadata;
  const label = scopeLabel(scope, namespace ?? "", name ?? "");
  const opened = await openItems(view, { keyring, label }, { first: options.first });
  const template = {
    metadata: templateMetadata(view, options.keepTemplateMetadata === true),
    type: view.template.type,
    immutable: view.template.immutable,
    templates: view.template.data,
  };
  return sealedSecretObject({
    metadata: { name, namespace, annotations: scopeAnnotations(scope) },
    template,
    encryptedData: await sealItems(opened, options.spki, label),
  });
}

function templateMetadata({ metadata, annotations, template }: SealedSecretView, keep: boolean): LooseMeta {
  const own = withoutHints(orderedMeta(metaOf(metadata)));
  const given = orderedMeta(template.metadata ?? {});
  if (!keep) return own;
  const kept = withScope(given.annotations, scopeOf(annotations));
  return { ...given, name: own.name, namespace: own.namespace, annotations: kept };
}

/** Hints speak of the items of the SealedSecret, and of those before it was sealed again: the Secret does not get them. */
function withoutHints(metadata: LooseMeta): LooseMeta {
  const others = Object.entries(metadata.annotations ?? {}).filter(([key]) => key !== HINTS_ANNOTATION);
  return orderedMeta({ ...metadata, annotations: stringMap(others) });
}
