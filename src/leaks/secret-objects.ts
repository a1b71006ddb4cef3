import { type Leak, MAX_FIELDS } from "./leak.ts";
import { isLiteral, isLiteralBase64 } from "./literal.ts";
import { listIn, type MappingTree, mappingIn, type Tree, textIn } from "./tree.ts";

const ENCRYPTED = "ENC[AES256_GCM,";

/** What Secrets of a document, wherever in it they are, hold in clear. */
export function secretLeaks(document: Tree): readonly Leak[] {
  // SOPS keeps its metadata at the top of the document, whatever is below.
  const sops = mappingIn(document, "sops")?.fields;
  const isSops = sops?.has("mac") === true || sops?.has("lastmodified") === true;
  const found: Leak[] = [];
  for (const mapping of mappings(document)) {
    if (!isSecret(mapping)) continue;
    const clear = clearFields(mapping);
    if (clear.length === 0) continue;
    found.push({
      rule: isSops ? "unencrypted-field" : "clear-secret",
      line: clear[0]?.line ?? mapping.line,
      object: nameOf(mapping),
      fields: clear.map(({ name }) => name).slice(0, MAX_FIELDS),
    });
  }
  return found;
}

/** The literals that a kustomization makes a Secret of. */
export function generatorLeaks(document: Tree): readonly Leak[] {
  return listIn(document, "secretGenerator").flatMap((generator) => {
    const clear = listIn(generator, "literals").flatMap((literal) => {
      const equals = literal.kind === "text" ? literal.text.indexOf("=") : -1;
      if (literal.kind !== "text" || equals <= 0) return [];
      const value = literal.text.slice(equals + 1).replace(/^(['"])(.*)\1$/s, "$2");
      return isLiteral(value) ? [{ name: literal.text.slice(0, equals), line: literal.line }] : [];
    });
    if (clear.length === 0) return [];
    const name = textIn(generator, "name");
    return [
      {
        rule: "secret-generator" as const,
        line: clear[0]?.line ?? generator.line,
        object: name === "" ? "secretGenerator" : `secretGenerator ${name}`,
        fields: clear.map((field) => field.name).slice(0, MAX_FIELDS),
      },
    ];
  });
}

const USER_SECRETS = ["token", "password", "client-key-data"];
const PROVIDER_SECRETS = ["access-token", "refresh-token", "id-token", "client-secret"];

/** The credentials of the users of a kubeconfig. */
export function kubeconfigLeaks(document: Tree): readonly Leak[] {
  if (textIn(document, "kind") !== "Config") return [];
  return listIn(document, "users").flatMap((entry) => {
    const user = mappingIn(entry, "user");
    const provider = mappingIn(user, "auth-provider", "config");
    const clear = [...literalsOf(user, USER_SECRETS), ...literalsOf(provider, PROVIDER_SECRETS)];
    if (clear.length === 0) return [];
    return [
      {
        rule: "kubeconfig-credentials" as const,
        line: clear[0]?.line ?? entry.line,
        object: `user ${textIn(entry, "name")}`,
        fields: clear.map(({ name }) => name),
      },
    ];
  });
}

function literalsOf(mapping: MappingTree | undefined, names: readonly string[]): Field[] {
  return names.flatMap((name) => {
    const value = mapping?.fields.get(name);
    return value?.kind === "text" && isLiteral(value.text) ? [{ name, line: value.line }] : [];
  });
}

function isSecret(mapping: MappingTree): boolean {
  if (textIn(mapping, "kind") !== "Secret") return false;
  const version = mapping.fields.get("apiVersion");
  // A patch may leave it out; a Secret of another group is none of ours.
  return version === undefined || (version.kind === "text" && version.text === "v1");
}

interface Field {
  readonly name: string;
  readonly line: number;
}

function clearFields(secret: MappingTree): Field[] {
  return [
    ...clearIn(mappingIn(secret, "data"), isLiteralBase64),
    ...clearIn(mappingIn(secret, "stringData"), isLiteral),
  ];
}

function clearIn(values: MappingTree | undefined, isClear: (text: string) => boolean): Field[] {
  return [...(values?.fields ?? [])].flatMap(([name, value]) => {
    if (value.kind === "text" && value.text.startsWith(ENCRYPTED)) return [];
    const isValue = (value.kind === "text" && isClear(value.text)) || (value.kind === "plain" && isNumber(value.text));
    return isValue ? [{ name, line: value.line }] : [];
  });
}

/** A number where a text belongs is a value too: a PIN, a port; `true` and nothing are none. */
function isNumber(text: string): boolean {
  return /^[-+]?[0-9]/.test(text);
}

function nameOf(secret: MappingTree): string {
  const name = textIn(secret, "metadata", "name") || textIn(secret, "metadata", "generateName");
  const namespace = textIn(secret, "metadata", "namespace");
  return ["Secret", [namespace, name].filter((part) => part !== "").join("/")].filter((part) => part !== "").join(" ");
}

/** Every mapping of a document: Secrets stand in Lists, in values of charts, in templates of other objects. */
function* mappings(document: Tree): Generator<MappingTree> {
  const waiting: Tree[] = [document];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    if (at.kind === "mapping") yield at;
    const below = at.kind === "mapping" ? [...at.fields.values()] : at.kind === "list" ? at.items : [];
    for (let index = below.length - 1; index >= 0; index--) {
      const next = below[index];
      if (next !== undefined && (next.kind === "mapping" || next.kind === "list")) waiting.push(next);
    }
  }
}
