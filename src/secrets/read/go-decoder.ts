import { decodeBase64Go } from "../../bytes/base64.ts";
import { ClearText } from "../../clear-text.ts";
import { SecretsError } from "../errors.ts";
import { goTypeName, isFields } from "../fields.ts";
import { goTimeProblem, inUtc } from "./go-time.ts";

/** A place in an object: the field as Go's errors name it, and for people. */
export interface GoPlace {
  /** `ObjectMeta.metadata.labels` */
  readonly go: string;
  /** `metadata.labels.app` */
  readonly path: string;
}

/**
 * Reads fields of known types out of parsed JSON as Go's decoder does, with its errors.
 *
 * @throws {SecretsError} `SECRETS_SECRET_MALFORMED` with the field's path and without its value.
 */
export class GoDecoder {
  readonly #scalarsAsText: boolean;

  constructor(scalarsAsText: boolean) {
    this.#scalarsAsText = scalarsAsText;
  }

  /** Entries of a map or struct; none when it is absent or null. */
  entries(value: unknown, place: GoPlace, goType: string): [string, unknown][] {
    if (value === undefined || value === null) return [];
    if (!isFields(value)) throw this.wrongType(value, place, goType);
    return Object.entries(value);
  }

  list(value: unknown, place: GoPlace, goType: string): readonly unknown[] | undefined {
    if (value === undefined || value === null) return undefined;
    if (!Array.isArray(value)) throw this.wrongType(value, place, goType);
    return value;
  }

  text(value: unknown, place: GoPlace, goType = "string"): string | undefined {
    if (value === undefined || value === null) return undefined;
    if (typeof value === "string") return value;
    if (this.#scalarsAsText && typeof value === "boolean") return String(value);
    if (this.#scalarsAsText && typeof value === "bigint") return String(value);
    if (this.#scalarsAsText && typeof value === "number") return goFloatText(value);
    throw this.wrongType(value, place, goType);
  }

  /** A string field that is never made out of something else. */
  exactText(value: unknown, place: GoPlace): string | undefined {
    if (value === undefined || value === null || typeof value === "string") return value ?? undefined;
    throw this.wrongType(value, place, "string");
  }

  bool(value: unknown, place: GoPlace): boolean | undefined {
    if (value === undefined || value === null || typeof value === "boolean") return value ?? undefined;
    throw this.wrongType(value, place, "bool");
  }

  integer(value: unknown, place: GoPlace): number | undefined {
    if (value === undefined || value === null) return undefined;
    if (typeof value !== "number" && typeof value !== "bigint") throw this.wrongType(value, place, "int64");
    const number = Number(value);
    if (!Number.isSafeInteger(number)) throw this.#malformed(wrongNumber(number, place, "int64"), place);
    return number;
  }

  /** A time, in UTC. */
  time(value: unknown, place: GoPlace): string | undefined {
    if (value === undefined || value === null) return undefined;
    if (typeof value !== "string") throw this.wrongType(value, place, "string");
    const problem = goTimeProblem(value);
    if (problem !== undefined) throw this.#malformed(problem, place);
    return inUtc(value);
  }

  /** Base64 text, or a list of bytes. */
  bytes(value: unknown, place: GoPlace): ClearText {
    if (value === undefined || value === null) return new ClearText(new Uint8Array(0));
    if (Array.isArray(value)) return new ClearText(Uint8Array.from(value, (entry) => this.#byte(entry, place)));
    if (typeof value !== "string") throw this.wrongType(value, place, "[]uint8");
    const decoded = decodeBase64Go(value);
    if (decoded.bytes !== undefined) return new ClearText(decoded.bytes);
    throw this.#malformed(`illegal base64 data at input byte ${decoded.illegalAt}`, place, [
      "put clear text under stringData, or encode it: base64 -w0 < FILE",
    ]);
  }

  wrongType(value: unknown, place: GoPlace, goType: string): SecretsError {
    return this.#malformed(
      `json: cannot unmarshal ${goTypeName(value)} into Go struct field ${place.go} of type ${goType}`,
      place,
    );
  }

  #byte(value: unknown, place: GoPlace): number {
    if (value === null) return 0;
    if (typeof value !== "number" && typeof value !== "bigint") throw this.wrongType(value, place, "uint8");
    const number = Number(value);
    if (Number.isInteger(number) && number >= 0 && number <= 255) return number;
    // Go would print the number; it may be a part of the secret.
    throw this.#malformed(`json: cannot unmarshal number into Go struct field ${place.go} of type uint8`, place);
  }

  #malformed(reason: string, { path }: GoPlace, hints: readonly string[] = []): SecretsError {
    return new SecretsError("SECRETS_SECRET_MALFORMED", "Cannot read Secret: a field has not the form that it needs", {
      original: `error unmarshaling JSON: while decoding JSON: ${reason}`,
      details: [...(path === "" ? [] : [`field ${path}`]), reason],
      hints,
    });
  }
}

function wrongNumber(value: number, { go }: GoPlace, goType: string): string {
  return `json: cannot unmarshal number ${value} into Go struct field ${go} of type ${goType}`;
}

/** A number as the Go tools turn it into text: integers in full, others with 32-bit precision and `%g`'s exponents. */
function goFloatText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  if (Number.isSafeInteger(value)) return Object.is(value, -0) ? "-0" : String(value);
  const digits = shortestFloat32(value);
  const [mantissa = "", power = "0"] = digits.split("e");
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 6) {
    return `${mantissa}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  return String(Number(digits));
}

/** The shortest decimal, in scientific notation, that reads back as the same 32-bit float. */
function shortestFloat32(value: number): string {
  const single = Math.fround(value);
  for (let digits = 0; digits < 9; digits++) {
    const text = single.toExponential(digits);
    if (Math.fround(Number(text)) === single) return text;
  }
  return single.toExponential(9);
}
