import { decodeSecret, type Secret, SecretsError } from "../../src/secrets/index.ts";
import type { YamlValue } from "../../src/yaml/index.ts";
import { isBlank } from "./blank.ts";
import type { Context } from "./context.ts";
import { KubesealError } from "./errors.ts";
import { type InputDocument, readInput } from "./input.ts";
import { isObject } from "./sealed-secret.ts";

/**
 * The documents of the input, each read as a Secret whatever its kind. One that cannot be read as a Secret ends it before
 * anything is sealed.
 *
 * @throws {KubesealError} `KUBESEAL_NO_SECRETS`, `KUBESEAL_STRICT`; {SecretsError} `SECRETS_SECRET_MALFORMED`
 */
export async function readSecrets(context: Context): Promise<readonly Secret[]> {
  const { documents: all, warnings } = readInput(await context.readInput(), { isText });
  const documents = all.filter(({ value }) => !isBlank(value));
  if (documents.length === 0) {
    throw new KubesealError("KUBESEAL_NO_SECRETS", "no secrets found. Ensure the input is valid and UTF-8 encoded", {
      details: warnings,
    });
  }
  await context.doubt([...warnings, ...documents.flatMap(strangeKind)]);
  return documents.map(readSecret);
}

function sortedFields(value: YamlValue): YamlValue {
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function readSecret({ value, number, isJson }: InputDocument): Secret {
  try {
    // The original's reader sorts the fields of YAML; those of JSON stay as they stand.
    return decodeSecret(isJson ? value : sortedFields(value));
  } catch (cause) {
    if (!(cause instanceof SecretsError)) throw cause;
    const { details, hints, original } = cause;
    // Of JSON the original tells the error without the frame of its YAML reader.
    const message = isJson ? original.replace("error unmarshaling JSON: while decoding JSON: ", "") : original;
    throw new KubesealError("KUBESEAL_BAD_INPUT", message, {
      details: [`in document ${number} of the input`, ...details.filter((line) => !message.endsWith(line))],
      hints,
      cause,
    });
  }
}

/** Every kind is sealed as if it were a Secret; hardly ever is that meant. */
function strangeKind({ value, number }: InputDocument): readonly string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  const kind = value["kind"];
  if (typeof kind !== "string" || kind === "Secret") return [];
  return [`document ${number} is of kind ${kind}, not Secret: it is read as if it were one`];
}

const TEXT_FIELDS = ["type", "metadata.name", "metadata.namespace", "metadata.generatename"];
const TEXT_MAPS = ["stringdata", "metadata.labels", "metadata.annotations"];

/** Fields that are strings in a Secret: YAML's numbers and booleans become text there. */
function isText(path: readonly string[]): boolean {
  const folded = path.join(".").toLowerCase();
  return TEXT_FIELDS.includes(folded) || TEXT_MAPS.includes(path.slice(0, -1).join(".").toLowerCase());
}
