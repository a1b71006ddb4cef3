/** How Go's strconv writes a float64: the letters are those of `FormatFloat`. */
export type FloatForm = "e" | "E" | "f" | "g" | "G" | "b" | "x" | "X";

/** Decimal digits of a number: 0.d1d2d3… × 10^point. */
interface Digits {
  readonly digits: string;
  readonly point: number;
}

/**
 * Go's `strconv.FormatFloat(value, form, precision, 64)`. Precision -1 is the shortest text that reads back as the same
 * number; any other is rounded from the exact value, half to even.
 */
export function formatFloat(value: number, form: FloatForm, precision: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const size = Math.abs(value);
  if (form === "g" && precision < 0 && size < 1e6 && Number.isInteger(size)) return sign + String(size);
  switch (form) {
    case "b":
      return sign + binaryForm(size);
    case "x":
      return sign + hexForm(size, precision);
    case "X":
      return sign + hexForm(size, precision).toUpperCase();
    case "f":
      return sign + fixedForm(precision < 0 ? shortest(size) : rounded(size, precision, "places"), precision);
    case "e":
    case "E": {
      const digits = precision < 0 ? shortest(size) : rounded(size, precision + 1, "digits");
      return sign + exponentForm(digits, precision < 0 ? digits.digits.length - 1 : precision, form);
    }
    default:
      return sign + generalForm(size, form, precision);
  }
}

function generalForm(size: number, form: "g" | "G", precision: number): string {
  const wanted = precision === 0 ? 1 : precision;
  const digits = wanted < 0 ? shortest(size) : rounded(size, wanted, "digits");
  const written = digits.digits.replace(/0+$/, "");
  const significant = Math.max(written.length, 1);
  const trimmed: Digits = { digits: written, point: size === 0 ? 1 : digits.point };
  let limit = wanted < 0 ? 6 : wanted;
  if (wanted >= 0 && limit > significant && significant >= digits.point) limit = significant;
  const exponent = trimmed.point - 1;
  if (exponent < -4 || exponent >= limit) {
    return exponentForm(trimmed, significant - 1, form === "g" ? "e" : "E");
  }
  return fixedForm(trimmed, Math.max(significant - trimmed.point, 0));
}

function fixedForm({ digits, point }: Digits, precision: number): string {
  const whole = point > 0 ? digits.slice(0, point).padEnd(point, "0") : "0";
  const places = precision < 0 ? Math.max(digits.length - point, 0) : precision;
  if (places === 0) return whole;
  const fraction = point >= 0 ? digits.slice(point) : "0".repeat(Math.min(-point, places)) + digits;
  return `${whole}.${fraction.slice(0, places).padEnd(places, "0")}`;
}

function exponentForm({ digits, point }: Digits, places: number, letter: "e" | "E"): string {
  const exponent = digits === "" || /^0*$/.test(digits) ? 0 : point - 1;
  const first = digits[0] ?? "0";
  const rest = digits.slice(1, places + 1).padEnd(places, "0");
  const size = String(Math.abs(exponent)).padStart(2, "0");
  return `${first}${places > 0 ? `.${rest}` : ""}${letter}${exponent < 0 ? "-" : "+"}${size}`;
}

/** The fewest digits that read back as the number. */
function shortest(size: number): Digits {
  if (size === 0) return { digits: "0", point: 1 };
  const [mantissa = "", exponent = "0"] = size.toExponential().split("e");
  return { digits: mantissa.replace(".", ""), point: Number(exponent) + 1 };
}

/** The exact value, rounded half to even to so many digits, or to so many places after the decimal point. */
function rounded(size: number, count: number, unit: "digits" | "places"): Digits {
  if (size === 0) return { digits: "0".repeat(unit === "digits" ? count : count + 1), point: 1 };
  const { digits, point } = exact(size);
  const keep = unit === "digits" ? count : point + count;
  if (keep >= digits.length) return { digits, point };
  if (keep < 0) return { digits: "", point: -count };
  const kept = digits.slice(0, keep);
  const half = `5${"0".repeat(digits.length - keep - 1)}`;
  const rest = digits.slice(keep);
  const odd = keep > 0 && Number(kept.at(-1)) % 2 === 1;
  const up = rest > half || (rest === half && odd);
  if (!up) return { digits: kept, point };
  const raised = (BigInt(kept === "" ? "0" : kept) + 1n).toString().padStart(keep, "0");
  return raised.length > keep ? { digits: raised, point: point + 1 } : { digits: raised, point };
}

function exact(size: number): Digits {
  const { mantissa, exponent } = parts(size);
  if (exponent >= 0) {
    const digits = (mantissa << BigInt(exponent)).toString();
    return { digits, point: digits.length };
  }
  const digits = (mantissa * 5n ** BigInt(-exponent)).toString();
  return { digits, point: digits.length + exponent };
}

/** The number as mantissa × 2^exponent, as IEEE 754 stores it. */
function parts(size: number): { mantissa: bigint; exponent: number } {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, size);
  const bits = view.getBigUint64(0);
  const stored = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & ((1n << 52n) - 1n);
  return stored === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction | (1n << 52n), exponent: stored - 1075 };
}

function binaryForm(size: number): string {
  const { mantissa, exponent } = parts(size);
  return `${mantissa}p${exponent < 0 ? "-" : "+"}${Math.abs(exponent)}`;
}

function hexForm(size: number, precision: number): string {
  let { mantissa, exponent } = parts(size);
  if (mantissa === 0n) return `0x0${precision > 0 ? `.${"0".repeat(precision)}` : ""}p+00`;
  while (mantissa < 1n << 52n) {
    mantissa <<= 1n;
    exponent--;
  }
  let places = 13;
  if (precision >= 0 && precision < 13) {
    const dropped = BigInt(4 * (13 - precision));
    const half = 1n << (dropped - 1n);
    const rest = mantissa & ((1n << dropped) - 1n);
    mantissa >>= dropped;
    if (rest > half || (rest === half && (mantissa & 1n) === 1n)) mantissa++;
    mantissa <<= dropped;
    if (mantissa >= 1n << 53n) {
      mantissa >>= 1n;
      exponent++;
    }
    places = precision;
  }
  const power = exponent + 52;
  const hex = mantissa.toString(16).slice(1);
  const fraction = precision < 0 ? hex.replace(/0+$/, "") : hex.slice(0, places).padEnd(precision, "0");
  const size2 = String(Math.abs(power)).padStart(2, "0");
  return `0x1${fraction === "" ? "" : `.${fraction}`}p${power < 0 ? "-" : "+"}${size2}`;
}
