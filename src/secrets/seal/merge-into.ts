import type { KubeObject } from "../../objects/index.ts";
import { type Scope, scopeLabel } from "../../sealed/index.ts";
import { SecretsError } from "../errors.ts";
import { isFields, orderedMeta, stringMap } from "../fields.ts";
import { scopeOf, withScope } from "../scope.ts";
import { viewSealedSecret } from "../sealed-secret.ts";
import { nameOf, type Secret } from "../secret.ts";
import { sealItems } from "./seal-secret.ts";

export interface MergeOptions {
  /** SubjectPublicKeyInfo (DER) of the sealing certificate. */
  readonly spki: Uint8Array;
  /** The scope that was asked for. Without one, the input's annotations decide, and without these the target's scope. */
  readonly scope?: Scope | undefined;
  /** The namespace that was asked for: it has to be the target's. */
  readonly namespace?: string | undefined;
  readonly allowEmptyData?: boolean | undefined;
}

/**
 * A SealedSecret with the items, labels and annotations of `secret` added; those of the same name are replaced, nothing
 * is removed. Name and namespace are the target's; name, namespace, type and immutable of the input do not matter.
 *
 * @throws {SecretsError} `SECRETS_DATA_EMPTY`, `SECRETS_NAMESPACE_MISMATCH`, `SECRETS_NOT_SEALED_SECRET`;
 *   `SECRETS_SCOPE_MISMATCH` when the wanted scope would make the items that are there unreadable.
 */
export async function mergeInto(target: KubeObject, secret: Secret, options: MergeOptions): Promise<KubeObject> {
  const view = viewSealedSecret(target);
  const { name = "", namespace = "" } = view.metadata;
  if (secret.data.size === 0 && options.allowEmptyData !== true) throw emptyInput();
  const { namespace: asked } = options;
  const current = scopeOf(view.annotations);
  if (asked !== undefined && asked !== "" && asked !== namespace && current !== "cluster-wide") {
    throw new SecretsError("SECRETS_NAMESPACE_MISMATCH", "Cannot merge into SealedSecret: it is in another namespace", {
      original: `namespace mismatch: input secret is in namespace "${namespace}" but "${asked}" was specified`,
      hints: ["leave out --namespace: the target's is used"],
    });
  }
  const scope = wantedScope(secret, options.scope, current);
  if (scope !== current && view.encryptedData.size > 0) throw scopeMismatch(nameOf(view.metadata), current, scope);
  const items = await sealItems(secret, options.spki, scopeLabel(scope, namespace, name));
  const spec = isFields(target["spec"]) ? target["spec"] : {};
  const template = isFields(spec["template"]) ? spec["template"] : {};
  const given = view.template.metadata ?? {};
  const input = secret.metadata;
  const metadata = {
    ...given,
    labels: merged(given.labels, input.labels),
    annotations: withScope(merged(given.annotations, input.annotations), scope),
  };
  return {
    ...target,
    metadata: { ...target.metadata, ...annotationsOf(withScope(view.annotations, scope), target) },
    spec: {
      ...spec,
      template: { ...template, metadata: orderedMeta(metadata) },
      encryptedData: stringOrOther(view.encryptedData, items),
    },
  };
}

function wantedScope({ metadata }: Secret, asked: Scope | undefined, current: Scope): Scope {
  if (asked !== undefined && asked !== "strict") return asked;
  const own = scopeOf(metadata.annotations);
  return own === "strict" ? current : own;
}

function annotationsOf(
  annotations: Record<string, string>,
  { metadata }: KubeObject,
): Pick<KubeObject["metadata"], "annotations"> {
  return Object.keys(annotations).length === 0 && metadata.annotations === undefined ? {} : { annotations };
}

function merged(
  first: Readonly<Record<string, string>> | undefined,
  second: Readonly<Record<string, string>> | undefined,
): Record<string, string> {
  return stringMap([...Object.entries(first ?? {}), ...Object.entries(second ?? {})]);
}

/** Items of the target that are no strings stay as they are: they are not ours to judge here. */
function stringOrOther(present: ReadonlyMap<string, unknown>, added: Record<string, string>): Record<string, unknown> {
  const all: Record<string, unknown> = Object.create(null);
  for (const [key, value] of [...present, ...Object.entries(added)].sort(([a], [b]) => (a < b ? -1 : 1)))
    all[key] = value;
  return all;
}

function emptyInput(): SecretsError {
  return new SecretsError("SECRETS_DATA_EMPTY", "Cannot merge into SealedSecret: the input Secret has no data", {
    original:
      "secret.data is empty in input Secret, assuming this is an error and aborting. " +
      "To work with empty data, --allow-empty-data can be used",
    hints: ["if that is meant, give --allow-empty-data"],
  });
}

function scopeMismatch(name: string, current: Scope, wanted: Scope): SecretsError {
  const text = `the SealedSecret is ${current}, the new items would be ${wanted}`;
  return new SecretsError("SECRETS_SCOPE_MISMATCH", `Cannot merge into SealedSecret "${name}": its scope is another`, {
    original: text,
    details: [text],
    hints: ["leave out --scope to use the target's scope, or seal the whole Secret again with the new one"],
  });
}
