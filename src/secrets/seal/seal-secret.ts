import { encodeBase64 } from "../../bytes/base64.ts";
import type { KubeObject, ObjectMeta } from "../../objects/index.ts";
import { type Scope, scopeLabel, sealItem } from "../../sealed/index.ts";
import { SecretsError } from "../errors.ts";
import { type LooseMeta, orderedMeta, stringMap } from "../fields.ts";
import { scopeAnnotations, scopeOf, withScope } from "../scope.ts";
import { SEALED_SECRET_API_VERSION, SEALED_SECRET_KIND } from "../sealed-secret.ts";
import type { Secret } from "../secret.ts";
import { HINTS_ANNOTATION, hintsOf, hintsText } from "./hints.ts";

export interface SealOptions {
  /** SubjectPublicKeyInfo (DER) of the sealing certificate: `readCertificate(pem).spki`. */
  readonly spki: Uint8Array;
  /** Replaces the scope that the Secret's annotations select; `strict` and undefined leave them alone. */
  readonly scope?: Scope | undefined;
  /** Replaces the Secret's name. */
  readonly name?: string | undefined;
  /** The namespace that was asked for: a Secret that names another is refused. */
  readonly namespace?: string | undefined;
  /** The namespace for a Secret without one when none was asked for: that of the kubeconfig context, or `default`. */
  readonly defaultNamespace?: string | undefined;
  readonly allowEmptyData?: boolean | undefined;
  /** Fingerprint of the certificate's key: the object gets hints that name it. Without it there are none. */
  readonly hintFor?: string | undefined;
}

/** Annotations that hold a copy of the whole object, clear text included. */
const LAST_APPLIED = [
  "kubectl.kubernetes.io/last-applied-configuration",
  "kubecfg.ksonnet.io/last-applied-configuration",
];

/**
 * The SealedSecret of a Secret: each value sealed on its own, everything else of the Secret in `spec.template`.
 *
 * @throws {SecretsError} `SECRETS_DATA_EMPTY`, `SECRETS_NAME_MISSING`, `SECRETS_NAMESPACE_MISSING`,
 *   `SECRETS_NAMESPACE_MISMATCH`
 */
export async function sealSecret(secret: Secret, options: SealOptions): Promise<KubeObject> {
  if (secret.data.size === 0 && options.allowEmptyData !== true) throw emptyData(secret);
  const asked = options.scope ?? "strict";
  const own = secret.metadata.annotations;
  const annotations = asked === "strict" ? own : withScope(own, asked);
  const scope = scopeOf(annotations);
  const name = options.name === undefined || options.name === "" ? secret.metadata.name : options.name;
  if (name === undefined || name === "") {
    throw new SecretsError("SECRETS_NAME_MISSING", "Cannot seal Secret: it has no name", {
      original: "missing metadata.name in input Secret",
      hints: ["add metadata.name, or give --name NAME"],
    });
  }
  const namespace = namespaceOf(secret.metadata, scope, options);
  const label = scopeLabel(scope, namespace ?? "", name);
  const encryptedData = await sealItems(secret, options.spki, label);
  return sealedSecretObject({
    metadata: { name, namespace, annotations: ownAnnotations(scope, encryptedData, options.hintFor) },
    template: {
      ...secret,
      metadata: { ...secret.metadata, name, namespace, annotations: kept(annotations, options.hintFor !== undefined) },
    },
    encryptedData,
  });
}

/** The annotations of the SealedSecret itself, which the Secret does not get. */
function ownAnnotations(
  scope: Scope,
  items: Readonly<Record<string, string>>,
  hintFor: string | undefined,
): Record<string, string> | undefined {
  const hints = hintFor === undefined ? undefined : hintsText(hintsOf(items, hintFor));
  if (hints === undefined) return scopeAnnotations(scope);
  return stringMap([...Object.entries(scopeAnnotations(scope) ?? {}), [HINTS_ANNOTATION, hints]]);
}

interface Parts {
  readonly metadata: LooseMeta;
  readonly template: {
    readonly metadata: LooseMeta;
    readonly type: string | undefined;
    readonly immutable: boolean | undefined;
    /** Sources of templates, taken over as they are. */
    readonly templates?: Readonly<Record<string, unknown>> | undefined;
  };
  readonly encryptedData: Readonly<Record<string, string>>;
}

/** The object in the order of fields in which kubeseal prints JSON. */
export function sealedSecretObject({ metadata, template, encryptedData }: Parts): KubeObject {
  const { type, immutable, templates } = template;
  return {
    kind: SEALED_SECRET_KIND,
    apiVersion: SEALED_SECRET_API_VERSION,
    metadata: orderedMeta(metadata),
    spec: {
      template: {
        metadata: orderedMeta({ ...template.metadata, ownerReferences: undefined }),
        ...(type === undefined || type === "" ? {} : { type }),
        ...(immutable === undefined ? {} : { immutable }),
        ...(templates === undefined ? {} : { data: templates }),
      },
      encryptedData,
    },
  };
}

/** Every value sealed under one label, as base64, sorted by key. */
export async function sealItems(
  { data }: Pick<Secret, "data">,
  spki: Uint8Array,
  label: Uint8Array,
): Promise<Record<string, string>> {
  const keys = [...data.keys()].sort();
  const items = await Promise.all(
    keys.map(async (key) => {
      const value = data.get(key);
      const sealed = await sealItem(spki, value?.reveal() ?? new Uint8Array(0), label);
      return [key, encodeBase64(sealed)] as const;
    }),
  );
  return stringMap(items);
}

function namespaceOf(metadata: ObjectMeta, scope: Scope, options: SealOptions): string | undefined {
  const own = metadata.namespace;
  if (scope === "cluster-wide") return own;
  const { namespace: asked, defaultNamespace } = options;
  if (own !== undefined && own !== "") {
    if (asked === undefined || asked === "" || asked === own) return own;
    throw new SecretsError("SECRETS_NAMESPACE_MISMATCH", "Cannot seal Secret: it names another namespace", {
      original: `namespace mismatch: input secret is in namespace "${own}" but "${asked}" was specified`,
      details: [`the Secret says "${own}", asked for was "${asked}"`],
      hints: [`leave out --namespace, or change metadata.namespace to "${asked}"`],
    });
  }
  const namespace = asked === undefined || asked === "" ? defaultNamespace : asked;
  if (namespace !== undefined && namespace !== "") return namespace;
  throw new SecretsError("SECRETS_NAMESPACE_MISSING", "Cannot seal Secret: it has no namespace", {
    original: "secret must declare a namespace",
    hints: ["add metadata.namespace, or give --namespace NAMESPACE"],
  });
}

/** Hints that got into the Secret say nothing of the new items; kubeseal, which knows none, keeps what it is given. */
function kept(annotations: Readonly<Record<string, string>> | undefined, dropHints: boolean): Record<string, string> {
  const dropped = dropHints ? [...LAST_APPLIED, HINTS_ANNOTATION] : LAST_APPLIED;
  return stringMap(Object.entries(annotations ?? {}).filter(([key]) => !dropped.includes(key)));
}

function emptyData({ metadata }: Secret): SecretsError {
  return new SecretsError("SECRETS_DATA_EMPTY", "Cannot seal Secret: it has no data", {
    original:
      "secret.data is empty in input Secret, assuming this is an error and aborting. " +
      "To work with empty data, --allow-empty-data can be used",
    details: metadata.name === undefined ? [] : [`Secret "${metadata.name}"`],
    hints: ["if that is meant, give --allow-empty-data", "a List has to be split: one document for each Secret"],
  });
}
