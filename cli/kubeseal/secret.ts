import { decodeSecret, type Secret, SecretsError } from "../../src/secrets/index.ts";
import type { Context } from "./context.ts";
import { KubesealError } from "./errors.ts";
import { type InputDocument, readInput } from "./input.ts";

/**
 * The documents of the input, each read as a Secret whatever its kind, one after the other: an error in the third
 * shows only when two have been used. May be gone through more than once.
 *
 * @throws {KubesealError} `KUBESEAL_NO_SECRETS`, `KUBESEAL_STRICT`; {SecretsError} `SECRETS_SECRET_MALFORMED`
 */
export async function readSecrets(context: Context): Promise<Iterable<Secret>> {
  const { documents, warnings } = readInput(await context.readInput(), { isText });
  if (documents.length === 0) {
    throw new KubesealError("KUBESEAL_NO_SECRETS", "no secrets found. Ensure the input is valid and UTF-8 encoded", {
      details: warnings,
    });
  }
  await context.doubt([...warnings, ...documents.flatMap(strangeKind)]);
  return { [Symbol.iterator]: () => eachSecret(documents) };
}

function* eachSecret(documents: readonly InputDocument[]): IterableIterator<Secret> {
  for (const document of documents) yield readSecret(document);
}

function readSecret({ value, number, isJson }: InputDocument): Secret {
  try {
    return decodeSecret(value);
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

const TEXT_FIELDS = ["kind", "apiversion", "type", "metadata.name", "metadata.namespace", "metadata.generatename"];
const TEXT_MAPS = ["stringdata", "metadata.labels", "metadata.annotations"];

/** Fields that are strings in a Secret: YAML's numbers and booleans become text there. */
function isText(path: readonly string[]): boolean {
  const folded = path.join(".").toLowerCase();
  return TEXT_FIELDS.includes(folded) || TEXT_MAPS.includes(path.slice(0, -1).join(".").toLowerCase());
}
