import { ClearText } from "../../clear-text.ts";
import { field, isFields, mapFields } from "../fields.ts";
import type { Secret } from "../secret.ts";
import { decodeMetadata, ownMetadata } from "./decode-metadata.ts";
import { GoDecoder, type GoPlace } from "./go-decoder.ts";

export interface DecodeOptions {
  /**
   * Whether numbers and booleans become text where the field is a string, as the Go tools do when they read YAML (not
   * when they read JSON). Default true.
   */
  readonly scalarsAsText?: boolean;
}

/**
 * A Secret out of parsed YAML or JSON, read as kubeseal reads it: kind and apiVersion have to be text but are not looked
 * at, unknown fields are ignored, field names match in any case, `stringData` goes over `data`. Of several mistakes the
 * one in the field that comes first by name is told.
 *
 * @throws {SecretsError} `SECRETS_SECRET_MALFORMED` with the field's path and without its value.
 */
export function decodeSecret(value: unknown, { scalarsAsText = true }: DecodeOptions = {}): Secret {
  const root = new GoDecoder(scalarsAsText);
  if (!isFields(value)) throw root.wrongType(value, { go: "Secret", path: "" }, "v1.Secret");
  root.exactText(field(value, "apiVersion"), { go: "Secret.TypeMeta.apiVersion", path: "apiVersion" });
  const data = new Map<string, ClearText>();
  const own = at("data");
  for (const [key, entry] of mapFields(value, "data").flatMap((map) => root.entries(map, own, "map[string][]uint8"))) {
    data.set(key, root.bytes(entry, { ...own, path: `data.${key}` }));
  }
  const immutable = root.bool(field(value, "immutable"), at("immutable"));
  root.exactText(field(value, "kind"), { go: "Secret.TypeMeta.kind", path: "kind" });
  const given = mapFields(value, "metadata").map((part) => {
    if (part !== null && !isFields(part)) throw root.wrongType(part, at("metadata"), "v1.ObjectMeta");
    return part ?? {};
  });
  const metadata = ownMetadata(decodeMetadata(Object.assign({}, ...given), root));
  const texts = at("stringData");
  for (const [key, entry] of mapFields(value, "stringData").flatMap((map) =>
    root.entries(map, texts, "map[string]string"),
  )) {
    data.set(key, ClearText.fromText(root.text(entry, { ...texts, path: `stringData.${key}` }) ?? ""));
  }
  const type = root.text(field(value, "type"), at("type"), "v1.SecretType");
  return { metadata, type, immutable, data };
}

function at(name: string): GoPlace {
  return { go: `Secret.${name}`, path: name };
}
