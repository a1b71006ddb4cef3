import type { KubeObject } from "../../objects/index.ts";
import { type Keyring, scopeLabel } from "../../sealed/index.ts";
import type { LooseMeta } from "../fields.ts";
import { scopeAnnotations, scopeOf, withScope } from "../scope.ts";
import { type SealedSecretView, viewSealedSecret } from "../sealed-secret.ts";
import { openItems } from "../unseal/open-items.ts";
import { sealedSecretObject, sealItems } from "./seal-secret.ts";

export interface RotateOptions {
  /** SubjectPublicKeyInfo (DER) of the newest sealing certificate. */
  readonly spki: Uint8Array;
  /** Fingerprint of the key that opened this object last time. */
  readonly first?: string | undefined;
}

/**
 * The same SealedSecret under another key. The scope is that of the object's own annotations, so that nobody widens it by
 * editing the template. The rest of the template stays: `data` is never rendered (upstream loses it), and of its metadata
 * only the scope annotations are set (upstream puts the object's own metadata in its place).
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
    metadata: templateMetadata(view),
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

function templateMetadata({ metadata, annotations, template }: SealedSecretView): LooseMeta {
  const { name, namespace } = metadata;
  const kept = withScope(template.metadata?.annotations, scopeOf(annotations));
  return { ...template.metadata, name, namespace, annotations: kept };
}
