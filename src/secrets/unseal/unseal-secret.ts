import type { ClearText } from "../../clear-text.ts";
import type { KubeObject, ObjectMeta, OwnerReference } from "../../objects/index.ts";
import { type Keyring, scopeLabel } from "../../sealed/index.ts";
import { type ItemProblem, SecretsError } from "../errors.ts";
import { orderedMeta } from "../fields.ts";
import { type TemplateSources, templateSources } from "../render/template-sources.ts";
import { safeText, type TemplateRenderer } from "../render/templates.ts";
import { isTrue, SKIP_OWNER_REFERENCES, scopeOf } from "../scope.ts";
import {
  SEALED_SECRET_API_VERSION,
  SEALED_SECRET_KIND,
  type SealedSecretView,
  viewSealedSecret,
} from "../sealed-secret.ts";
import { nameOf, type Secret } from "../secret.ts";
import { explainUnseal } from "./explain-unseal.ts";
import { openLegacy } from "./legacy-data.ts";
import { tryItems, unsealFailed } from "./open-items.ts";

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
  /** What renders `spec.template.data`; default: this thread. Strangers' templates belong into processes of their own. */
  readonly templates?: TemplateRenderer | undefined;
  /** Whether templates are rendered, and their errors reported, also when an item does not open. Default false. */
  readonly reportAll?: boolean | undefined;
}

export interface Unsealed {
  /** With owner reference, unless the template asks for none. */
  readonly secret: Secret;
  /** Item → fingerprint of the key that opened it. */
  readonly openedBy: ReadonlyMap<string, string>;
}

/**
 * The Secret of a SealedSecret: its items, and `spec.template.data` rendered with them. Where an item and a template have
 * the same name the item wins; a template that is null takes the item out. The scope is that of the object's own
 * annotations, never the template's.
 *
 * @throws {SecretsError} `SECRETS_UNSEAL_FAILED` with every item that failed; `SECRETS_TEMPLATE_FAILED` with every
 *   template that failed; `SECRETS_TEMPLATES_BUSY`, `SECRETS_TEMPLATE_MALFORMED`, `SECRETS_LEGACY_DATA`,
 *   `SECRETS_NOT_SEALED_SECRET`
 */
export async function unsealSecret(
  object: KubeObject,
  keyring: Keyring,
  options: UnsealOptions = {},
): Promise<Unsealed> {
  const view = viewSealedSecret(object);
  const sources = templateSources(view);
  const hasTemplates = view.legacyData === undefined && sources.templates.size > 0;
  if (hasTemplates && isBusy(view, sources, options)) throw busyError(view);
  const opened = await openContent(view, keyring, options);
  const { template, data, openedBy, problems } = opened;
  const locked = problems.length > 0 ? await lockedError(view, problems, { keyring, options }) : undefined;
  if (locked !== undefined && options.reportAll !== true) throw locked;
  const rendered = hasTemplates ? await renderedWith(view, sources, data, options) : new Map<string, ClearText>();
  if (rendered instanceof SecretsError) throw locked === undefined ? rendered : bothErrors(locked, rendered);
  if (locked !== undefined) throw locked;
  const metadata = secretMeta(view.metadata, template.metadata);
  const all = [...rendered, ...[...data].filter(([item]) => !sources.removed.has(item))];
  const values = new Map(all.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  return { secret: { metadata, type: template.type, immutable: template.immutable, data: values }, openedBy };
}

/**
 * Whether every item of a SealedSecret opens; templates are never looked at. Resolves to the keys that opened them.
 *
 * @throws {SecretsError} as `unsealSecret`, but for the codes of templates
 */
export async function verifySealed(
  object: KubeObject,
  keyring: Keyring,
  options: UnsealOptions = {},
): Promise<ReadonlyMap<string, string>> {
  const view = viewSealedSecret(object);
  const { openedBy, problems } = await openContent(view, keyring, options);
  if (problems.length > 0) throw await lockedError(view, problems, { keyring, options });
  return openedBy;
}

async function openContent(view: SealedSecretView, keyring: Keyring, options: UnsealOptions) {
  const { namespace = "", name = "" } = view.metadata;
  const label = scopeLabel(scopeOf(view.annotations), namespace, name);
  if (view.legacyData !== undefined) return { ...(await openLegacy(view, { keyring, label }, options)), problems: [] };
  return { ...(await tryItems(view, { keyring, label }, options)), template: view.template };
}

async function lockedError(
  view: SealedSecretView,
  problems: readonly ItemProblem[],
  { keyring, options }: { readonly keyring: Keyring; readonly options: UnsealOptions },
): Promise<SecretsError> {
  const error = unsealFailed(view, problems);
  return options.explain === true ? explainUnseal(error, view, keyring) : error;
}

/** Whoever has to come again for want of room has not used up private-key work that others wait for. */
function isBusy({ metadata }: SealedSecretView, { templates }: TemplateSources, options: UnsealOptions): boolean {
  return options.templates?.isFull?.({ namespace: metadata.namespace ?? "", templates }) === true;
}

function busyError({ metadata }: SealedSecretView): SecretsError {
  const state = "too many templates wait to be rendered";
  const message = `Cannot unseal SealedSecret "${nameOf(metadata)}": ${state}`;
  return new SecretsError("SECRETS_TEMPLATES_BUSY", message, { original: state });
}

/** Each template within bounds of its own: for people's own manifests on their own machine. */
const inThisThread: TemplateRenderer = {
  // Loaded when there are templates: most objects have none.
  render: async (job) => (await import("../render/this-thread-adapter.ts")).renderJobHere(job),
};

async function renderedWith(
  view: SealedSecretView,
  { templates }: TemplateSources,
  values: ReadonlyMap<string, ClearText>,
  options: UnsealOptions,
): Promise<ReadonlyMap<string, ClearText> | SecretsError> {
  const renderer = options.templates ?? inThisThread;
  const rendered = await renderer.render({ namespace: view.metadata.namespace ?? "", templates, values });
  if (rendered.kind === "rendered") return rendered.data;
  if (rendered.kind === "busy") return busyError(view);
  const original = safeText(rendered.problems);
  const message = `Cannot unseal SealedSecret "${nameOf(view.metadata)}": a template of spec.template.data fails`;
  return new SecretsError("SECRETS_TEMPLATE_FAILED", message, {
    original,
    details: original.split("\n"),
    templates: rendered.problems,
    hints: [
      "what the template says in full is shown by: sealkit kubeseal --recovery-unseal --recovery-private-key KEY",
    ],
  });
}

function bothErrors(locked: SecretsError, failed: SecretsError): SecretsError {
  return new SecretsError(locked.code, locked.message, {
    original: `${locked.original}\n${failed.original}`,
    details: [...locked.details, ...failed.details],
    hints: locked.hints,
    items: locked.items,
    templates: failed.templates,
  });
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
