import type { KubeObject, ObjectMeta, OwnerReference } from "../objects/index.ts";
import { type Keyring, scopeLabel } from "../sealed/index.ts";
import { SecretsError } from "./errors.ts";
import { explainUnseal } from "./explain-unseal.ts";
import { orderedMeta } from "./fields.ts";
import { openLegacy } from "./legacy-data.ts";
import { openItems } from "./open-items.ts";
import { isTrue, SKIP_OWNER_REFERENCES, scopeOf } from "./scope.ts";
import {
  SEALED_SECRET_API_VERSION,
  SEALED_SECRET_KIND,
  type SealedSecretView,
  viewSealedSecret,
} from "./sealed-secret.ts";
import { nameOf, type Secret } from "./secret.ts";

export interface UnsealOptions {
  /** Fingerprint of the key that opened this object last time: it is tried first. */
  readonly first?: string | undefined;
  /** Whether the single blob of versions before 0.6 (`spec.data`) is opened. Default false. */
  readonly acceptLegacyData?: boolean | undefined;
  /**
   * Whether to look, when an item does not open, for the scope or name that it was sealed for, and to say so in the
   * error. Only for people who hold the keys: answers to strangers must not tell. Default false.
   */
  readonly explain?: boolean | undefined;
}

export interface Unsealed {
  /** With owner reference, unless the template asks for none. */
  readonly secret: Secret;
  /** Item → fingerprint of the key that opened it. */
  readonly openedBy: ReadonlyMap<string, string>;
}

/**
 * The Secret of a SealedSecret. The scope is that of the object's own annotations, never the template's.
 *
 * @throws {SecretsError} `SECRETS_UNSEAL_FAILED` with every item that failed; `SECRETS_TEMPLATE_DATA_UNSUPPORTED`,
 *   `SECRETS_LEGACY_DATA`, `SECRETS_NOT_SEALED_SECRET`
 */
export async function unsealSecret(
  object: KubeObject,
  keyring: Keyring,
  options: UnsealOptions = {},
): Promise<Unsealed> {
  const view = viewSealedSecret(object);
  if (view.template.data !== undefined) throw templateData(view);
  const opened = await openContent(view, keyring, options);
  const { template } = opened;
  const metadata = secretMeta(view.metadata, template.metadata);
  const secret = { metadata, type: template.type, immutable: template.immutable, data: opened.data };
  return { secret, openedBy: opened.openedBy };
}

/**
 * Whether every item of a SealedSecret opens; templates are never looked at. Resolves to the keys that opened them.
 *
 * @throws {SecretsError} as `unsealSecret`, but for `SECRETS_TEMPLATE_DATA_UNSUPPORTED`
 */
export async function verifySealed(
  object: KubeObject,
  keyring: Keyring,
  options: UnsealOptions = {},
): Promise<ReadonlyMap<string, string>> {
  return (await openContent(viewSealedSecret(object), keyring, options)).openedBy;
}

async function openContent(view: SealedSecretView, keyring: Keyring, options: UnsealOptions) {
  const { namespace = "", name = "" } = view.metadata;
  const label = scopeLabel(scopeOf(view.annotations), namespace, name);
  if (view.legacyData !== undefined) return openLegacy(view, { keyring, label }, options);
  try {
    return { ...(await openItems(view, { keyring, label }, options)), template: view.template };
  } catch (error) {
    if (options.explain !== true || !(error instanceof SecretsError)) throw error;
    throw await explainUnseal(error, view, keyring);
  }
}

function secretMeta(own: ObjectMeta, template: ObjectMeta | undefined): ObjectMeta {
  const owner: OwnerReference = {
    apiVersion: SEALED_SECRET_API_VERSION,
    kind: SEALED_SECRET_KIND,
    name: own.name ?? "",
    uid: typeof own.uid === "string" ? own.uid : "",
    controller: true,
  };
  const skip = isTrue(template?.annotations, SKIP_OWNER_REFERENCES);
  return orderedMeta({
    ...template,
    name: own.name,
    namespace: own.namespace,
    ownerReferences: skip ? undefined : [owner],
  });
}

function templateData({ metadata, template }: SealedSecretView): SecretsError {
  const keys = Object.keys(template.data ?? {})
    .sort()
    .slice(0, 10);
  const message = `Cannot unseal SealedSecret "${nameOf(metadata)}": spec.template.data is not supported yet`;
  return new SecretsError("SECRETS_TEMPLATE_DATA_UNSUPPORTED", message, {
    original: "spec.template.data is not supported by sealkit",
    details: [`templates: ${keys.join(", ")}`],
    hints: ["seal the finished text instead of a template, or remove spec.template.data"],
  });
}
