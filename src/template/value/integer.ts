/** The integer kinds of Go on a 64-bit machine. */
export const INT_KINDS = [
  "int",
  "int8",
  "int16",
  "int32",
  "int64",
  "uint",
  "uint8",
  "uint16",
  "uint32",
  "uint64",
  "uintptr",
] as const;

export type IntKind = (typeof INT_KINDS)[number];

/** The kind of that name, if it is one. */
export function intKind(name: string): IntKind | undefined {
  return INT_KINDS.find((kind) => kind === name);
}

/** Whether a kind has negative values. */
export function isSigned(kind: IntKind): boolean {
  return kind.charCodeAt(0) === 0x69;
}

/** How many bits a kind has. */
function bitsOf(kind: IntKind): number {
  const digits = kind.replace(/\D/g, "");
  return digits === "" ? 64 : Number(digits);
}

/** Brings a number into the range of a kind by dropping its upper bits, as Go's arithmetic does. */
export function wrap(kind: IntKind, value: bigint): bigint {
  if (kind === "int" || kind === "int64") return BigInt.asIntN(64, value);
  return isSigned(kind) ? BigInt.asIntN(bitsOf(kind), value) : BigInt.asUintN(bitsOf(kind), value);
}

/** Go's `int64(value)` of a float64: cut towards zero; outside the range, the smallest int64, as amd64 gives. */
export function truncated(value: number): bigint {
  const whole = Math.trunc(value);
  return whole >= -(2 ** 63) && whole < 2 ** 63 ? BigInt(whole) : -(2n ** 63n);
}
