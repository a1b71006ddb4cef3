import { type Leak, MAX_FIELDS } from "./leak.ts";
import { isLiteral } from "./literal.ts";
import { listIn, type MappingTree, mappingIn, type Tree, textIn } from "./tree.ts";

const VALUES_FILE = /(^|[/._-])values([._-][^/]*)?\.(ya?ml|json)$|(^|\/)values\/[^/]*\.ya?ml$/i;

/** Whether a name is that of a file of Helm values. */
export function isValuesFile(path: string): boolean {
  return VALUES_FILE.test(path);
}

/** Literals under keys that name credentials, in a file of Helm values. */
export function valuesLeaks(document: Tree): readonly Leak[] {
  return leaksIn(document, undefined);
}

/** The same in what charts get through an object: a HelmRelease, an Argo CD Application. */
export function embeddedValuesLeaks(document: Tree): readonly Leak[] {
  const kind = textIn(document, "kind");
  const name = textIn(document, "metadata", "name");
  if (kind === "HelmRelease") return leaksIn(mappingIn(document, "spec", "values"), `HelmRelease ${name}`);
  if (kind !== "Application") return [];
  const spec = mappingIn(document, "spec");
  const sources = [mappingIn(spec, "source"), ...listIn(spec, "sources")];
  return sources.flatMap((source) => leaksIn(mappingIn(source, "helm", "valuesObject"), `Application ${name}`));
}

interface Found {
  readonly name: string;
  readonly line: number;
}

function leaksIn(tree: Tree | undefined, object: string | undefined): readonly Leak[] {
  if (tree === undefined) return [];
  const found: Found[] = [];
  const waiting: { readonly tree: Tree; readonly path: string; readonly key: string }[] = [{ tree, path: "", key: "" }];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    const { path, key } = at;
    if (at.tree.kind === "list") {
      for (const [index, item] of at.tree.items.entries()) {
        waiting.push({ tree: item, path: `${path}[${index}]`, key });
      }
    } else if (at.tree.kind === "mapping") {
      if (isSealed(at.tree)) continue;
      for (const [name, value] of at.tree.fields) {
        waiting.push({ tree: value, path: path === "" ? name : `${path}.${name}`, key: keyOf(at.tree, name) });
      }
    } else if (isCredential(key, at.tree)) found.push({ name: path, line: at.tree.line });
  }
  found.sort((a, b) => a.line - b.line);
  // One finding for each place: each is looked at, and allowed, by itself.
  return found
    .slice(0, MAX_FIELDS)
    .map(({ name, line }) => ({ rule: "clear-value" as const, line, object, fields: [name] }));
}

/** Objects that are encrypted, or that another rule judges. */
function isSealed({ fields }: MappingTree): boolean {
  const kind = fields.get("kind");
  return fields.has("sops") || (kind?.kind === "text" && (kind.text === "Secret" || kind.text === "SealedSecret"));
}

/** `value` beside a `name`, as the variables of a container are written, counts under that name. */
function keyOf({ fields }: MappingTree, name: string): string {
  const called = fields.get("name");
  return name === "value" && called?.kind === "text" ? called.text : name;
}

const PASSWORDS = new Set(["password", "passwd", "pwd", "passphrase", "passcode"]);
const OTHERS = new Set(["token", "secret", "credentials", "credential", "apikey", "secretkey", "privatekey", "dsn"]);
/** What a word `key` is part of, where it is a credential. */
const KEYS = new Set([
  "api",
  "access",
  "secret",
  "private",
  "encryption",
  "signing",
  "auth",
  "account",
  "master",
  "license",
]);
/** With one of these a key says where a credential is, not what it is. */
const POINTERS = new Set(
  "existing pull image tls ca cert certificate use create from external generate auto mount config ref name path file url host random enabled public header issuer format type ttl lookup".split(
    " ",
  ),
);
const URL_WITH_PASSWORD = /^[a-z][a-z0-9+.-]{1,30}:\/\/[^/\s:@]*:([^/\s@]+)@/i;
const HASH = /^(\$2[abxy]?\$|\$[156y]\$|\$argon2|\$apr1\$|\$pbkdf2|\{(SSHA|SHA|SHA256|CRYPT)\}|pbkdf2|sha256:)/i;
/** `my-app-db`, `kube-system.token`: more a name than a value. */
const NAME = /^[a-z]+([-._/][a-z0-9]{1,15})*$/i;
const MIN_LENGTH = 4;
const MAX_WORDS = 4;

function isCredential(key: string, { kind, text }: { readonly kind: string; readonly text: string }): boolean {
  const inUrl = kind === "text" ? URL_WITH_PASSWORD.exec(text.trim())?.[1] : undefined;
  if (inUrl !== undefined && isLiteral(inUrl)) return true;
  const means = meaningOf(key);
  if (means === undefined) return false;
  if (kind !== "text") return means === "password" && /^[0-9]{4,}$/.test(text);
  const value = text.trim();
  if (value.length < MIN_LENGTH || value.startsWith("/") || HASH.test(value) || !isLiteral(value)) return false;
  if (value.split(/\s+/).length > MAX_WORDS || /^(true|false|yes|no|on|off|auto|random)$/i.test(value)) return false;
  return means === "password" || !NAME.test(value);
}

/** What the last words of a key say: `adminPassword`, `AWS_SECRET_ACCESS_KEY`, `api-key`. */
function meaningOf(key: string): "password" | "other" | undefined {
  const words = key
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "");
  const last = words.at(-1) ?? "";
  const before = words.at(-2) ?? "";
  if (words.some((word) => POINTERS.has(word))) return undefined;
  if (PASSWORDS.has(last) || last.endsWith("password")) return "password";
  if (OTHERS.has(last) || (last === "key" && KEYS.has(before))) return "other";
  return last === "string" && before === "connection" ? "other" : undefined;
}
