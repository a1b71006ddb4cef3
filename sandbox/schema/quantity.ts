/** Powers of 1024 by suffix, and of 1000. */
const BINARY: readonly string[] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const DECIMAL: readonly string[] = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];

const NANO = 1_000_000_000n;
const FORM = /^([+-]?)(\d*)(?:\.(\d*))?(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]|[eE][+-]?\d{1,3})?$/;
/** Longer numbers are refused before they are computed with. */
const MAX_DIGITS = 60;

/**
 * The one way to write a quantity: `1000m` is `1`, `0.5` is `500m`, `1024Ki` is `1Mi`. Undefined for what is none.
 *
 * Source: Kubernetes API reference, "Quantity".
 */
export function canonicalQuantity(value: unknown): string | undefined {
  if (typeof value !== "string" || value.length > MAX_DIGITS) return undefined;
  const match = FORM.exec(value);
  if (match === null) return undefined;
  const [, sign = "", whole = "", fraction = "", suffix = ""] = match;
  if (whole === "" && fraction === "") return undefined;
  const magnitude = nanos(whole, fraction, suffix);
  const text = write(magnitude, suffix);
  return sign === "-" && text !== "0" ? `-${text}` : text;
}

/** The number in billionths, rounded up: nothing smaller can be said. */
function nanos(whole: string, fraction: string, suffix: string): bigint {
  const digits = BigInt(`${whole}${fraction}` || "0") * NANO;
  const divisor = 10n ** BigInt(fraction.length);
  const power = BINARY.indexOf(suffix);
  if (power > 0) return ceil(digits * 1024n ** BigInt(power), divisor);
  const exponent =
    /^[eE]/.test(suffix) && suffix.length > 1 ? Number(suffix.slice(1)) : (DECIMAL.indexOf(suffix) - 3) * 3;
  return exponent >= 0
    ? ceil(digits * 10n ** BigInt(exponent), divisor)
    : ceil(digits, divisor * 10n ** BigInt(-exponent));
}

const ceil = (value: bigint, divisor: bigint) => (value + divisor - 1n) / divisor;

function write(magnitude: bigint, suffix: string): string {
  if (magnitude === 0n) return "0";
  if (BINARY.indexOf(suffix) > 0 && magnitude % NANO === 0n && magnitude / NANO >= 1024n) {
    let value = magnitude / NANO;
    let power = 0;
    while (value % 1024n === 0n && power < BINARY.length - 1) {
      value /= 1024n;
      power += 1;
    }
    return `${value}${BINARY[power]}`;
  }
  let value = magnitude;
  let power = 0;
  while (value % 1000n === 0n && power < DECIMAL.length - 1) {
    value /= 1000n;
    power += 1;
  }
  if (/^[eE]/.test(suffix) && suffix.length > 1) return power === 3 ? `${value}` : `${value}e${(power - 3) * 3}`;
  return `${value}${DECIMAL[power]}`;
}
