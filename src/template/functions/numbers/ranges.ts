import { defineFunction } from "../../value/function.ts";
import { type GoFunction, GoSlice } from "../../value/go-value.ts";
import type { Host } from "../../value/host.ts";
import { wrap } from "../../value/integer.ts";
import { int } from "../../value/make.ts";

/** Runs of integers. */
export const rangeFunctions: readonly GoFunction[] = [
  defineFunction({
    name: "until",
    params: ["int"],
    call: ([count], host) => intSlice({ start: 0n, stop: count.value, step: count.value < 0n ? -1n : 1n }, host),
  }),
  defineFunction({
    name: "untilStep",
    params: ["int", "int", "int"],
    call: ([start, stop, step], host) => intSlice({ start: start.value, stop: stop.value, step: step.value }, host),
  }),
  defineFunction({
    name: "seq",
    params: [],
    variadic: "int",
    call: (numbers, host) => {
      const range = sequence(numbers.map((number) => number.value));
      return range === undefined ? "" : integersOf(range, host).join(" ");
    },
  }),
];

/** From `start`, before `stop`. */
interface IntRange {
  readonly start: bigint;
  readonly stop: bigint;
  readonly step: bigint;
}

/** Like the command of this name: `seq LAST`, `seq FIRST LAST`, `seq FIRST STEP LAST`, with LAST included. */
function sequence(numbers: readonly bigint[]): IntRange | undefined {
  if (numbers.length === 0 || numbers.length > 3) return undefined;
  const end = numbers.at(-1) ?? 0n;
  const start = numbers.length === 1 ? 1n : (numbers[0] ?? 1n);
  const direction = end < start ? -1n : 1n;
  const step = numbers.length === 3 ? (numbers[1] ?? 1n) : direction;
  if (step > 0n && direction < 0n) return undefined;
  return { start, stop: wrap("int", end + direction), step };
}

function intSlice(range: IntRange, host: Host): GoSlice {
  return new GoSlice("int", integersOf(range, host).map(int));
}

/** What one integer of a list takes. */
const INT_BYTES = 32;

function integersOf({ start, stop, step }: IntRange, host: Host): bigint[] {
  const distance = stop - start;
  if (step === 0n || distance < 0n !== step < 0n || distance === 0n) return [];
  const count = (distance + step - (step < 0n ? -1n : 1n)) / step;
  // A last step over the end of the range of int begins anew at the other end, and never ends.
  const last = start + count * step;
  host.spend(wrap("int", last) === last ? Number(count) * INT_BYTES : Number.POSITIVE_INFINITY);
  return Array.from({ length: Number(count) }, (_, at) => start + BigInt(at) * step);
}
