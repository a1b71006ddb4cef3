import { SecretsError } from "../errors.ts";
import type { SealedSecretView } from "../sealed-secret.ts";
import { nameOf } from "../secret.ts";

/** `spec.template.data` of a SealedSecret. */
export interface TemplateSources {
  /** Item → source. */
  readonly templates: ReadonlyMap<string, string>;
  /** Items with `null`: templates see them, the Secret does not get them. */
  readonly removed: ReadonlySet<string>;
}

/** @throws {SecretsError} `SECRETS_TEMPLATE_MALFORMED` for a source that is neither text nor null. */
export function templateSources({ metadata, template }: SealedSecretView): TemplateSources {
  const templates = new Map<string, string>();
  const removed = new Set<string>();
  const fields = template.data ?? {};
  for (const item of Object.keys(fields).sort()) {
    const source = fields[item];
    if (source === null) removed.add(item);
    else if (typeof source === "string") templates.set(item, source);
    else throw malformed(nameOf(metadata), item, source);
  }
  return { templates, removed };
}

function malformed(name: string, item: string, source: unknown): SecretsError {
  const kind = Array.isArray(source) ? "array" : typeof source === "boolean" ? "bool" : goKind(source);
  return new SecretsError("SECRETS_TEMPLATE_MALFORMED", `Cannot unseal SealedSecret "${name}": a template is no text`, {
    original: `json: cannot unmarshal ${kind} into Go struct field SecretTemplateSpec.spec.template.data of type string`,
    details: [`spec.template.data["${item}"] is of type ${kind}`],
    hints: ["put the template in quotes, or behind a | in YAML"],
  });
}

function goKind(source: unknown): string {
  return typeof source === "bigint" ? "number" : typeof source;
}
