import { GoError } from "../../value/go-error.ts";
import {
  GoInt,
  type GoMethod,
  GoObject,
  type GoObjectType,
  type GoValue,
  type NamedType,
} from "../../value/go-value.ts";
import { int, int64, isObjectOf } from "../../value/make.ts";
import { formatDuration, roundDuration } from "./duration.ts";
import { formatInstant, printInstant, RFC3339_NANO } from "./format.ts";
import {
  addNanoseconds,
  civilOf,
  compareInstants,
  difference,
  type Instant,
  instantOfCivil,
  weekdayOf,
  yearDayOf,
  ZERO_SECONDS,
} from "./instant.ts";
import { DAYS, MONTHS } from "./layout.ts";
import { UTC, type Zone } from "./zone.ts";

/** Go's `time.Duration`: nanoseconds. */
const DURATION: NamedType<GoInt> = {
  name: "time.Duration",
  text: ({ value }) => formatDuration(value),
  methods: new Map<string, GoMethod<GoInt>>([
    ["String", { params: [], call: ({ value }) => formatDuration(value) }],
    ["Nanoseconds", { params: [], call: ({ value }) => int64(value) }],
    ["Microseconds", { params: [], call: ({ value }) => int64(value / 1_000n) }],
    ["Milliseconds", { params: [], call: ({ value }) => int64(value / 1_000_000n) }],
    ["Seconds", { params: [], call: ({ value }) => inUnits(value, 1_000_000_000n) }],
    ["Minutes", { params: [], call: ({ value }) => inUnits(value, 60_000_000_000n) }],
    ["Hours", { params: [], call: ({ value }) => inUnits(value, 3_600_000_000_000n) }],
    [
      "Abs",
      { params: [], call: ({ value }) => duration(value === MOST_NEGATIVE ? ~value : value < 0n ? -value : value) },
    ],
    [
      "Round",
      { params: ["time.Duration"], call: ({ value }, [step]) => duration(roundDuration(value, bigintOf(step))) },
    ],
    [
      "Truncate",
      {
        params: ["time.Duration"],
        call: ({ value }, [step]) => duration(bigintOf(step) <= 0n ? value : value - (value % bigintOf(step))),
      },
    ],
  ]),
};

const MOST_NEGATIVE = -(1n << 63n);

/** A Go `time.Duration` of nanoseconds. */
function duration(nanoseconds: bigint): GoInt {
  return new GoInt("int64", BigInt(nanoseconds), DURATION);
}

const MONTH: NamedType<GoInt> = named("time.Month", ({ value }) => MONTHS[Number(value) - 1] ?? `%!Month(${value})`);
const WEEKDAY: NamedType<GoInt> = named("time.Weekday", ({ value }) => DAYS[Number(value)] ?? `%!Weekday(${value})`);

function named(name: string, text: (value: GoInt) => string): NamedType<GoInt> {
  return { name, text, methods: new Map([["String", { params: [], call: text }]]) };
}

/** Go's `*time.Location`. */
const LOCATION: GoObjectType<Zone> = {
  name: "*time.Location",
  kind: "ptr",
  text: ({ name }) => name,
  methods: new Map([["String", { params: [], call: ({ name }) => name }]]),
};

/** Go's `time.Time`. */
export const TIME: GoObjectType<Instant> = {
  name: "time.Time",
  kind: "struct",
  text: printInstant,
  json: jsonOf,
  equal: (a, b) => compareInstants(a, b) === 0 && a.zone === b.zone,
  methods: timeMethods(),
};

/** A Go `time.Time`. */
export function time(instant: Instant): GoObject<Instant> {
  return new GoObject(TIME, instant);
}

/** The zero `time.Time`. */
export function zeroTime(): GoObject<Instant> {
  return time({ seconds: ZERO_SECONDS, nanoseconds: 0, zone: UTC });
}

/** The instant of an argument that the evaluator has checked to be a `time.Time`. */
export function instantOf(value: GoValue | undefined): Instant {
  if (value !== undefined && isObjectOf(value, TIME)) return value.state;
  throw new TypeError('"value" expected a time.Time, got another type');
}

function bigintOf(value: GoValue | undefined): bigint {
  if (value instanceof GoInt) return value.value;
  throw new TypeError('"value" expected an integer, got another type');
}

function stringOf(value: GoValue | undefined): string {
  if (typeof value === "string") return value;
  throw new TypeError('"value" expected a string, got another type');
}

/** As Go counts it: whole units, and the rest in floating point. */
function inUnits(nanoseconds: bigint, unit: bigint): number {
  return Number(nanoseconds / unit) + Number(nanoseconds % unit) / Number(unit);
}

function jsonOf(instant: Instant): GoValue {
  const { year } = civilOf(instant);
  if (year < 0 || year > 9999) throw new GoError("Time.MarshalJSON: year outside of range [0,9999]");
  return formatInstant(instant, RFC3339_NANO);
}

type TimeMethod = GoMethod<Instant>;

function timeMethods(): ReadonlyMap<string, TimeMethod> {
  const plain = (call: (instant: Instant) => GoValue): TimeMethod => ({ params: [], call });
  const withTime = (call: (instant: Instant, other: Instant) => GoValue): TimeMethod => ({
    params: ["time.Time"],
    call: (instant, [other]) => call(instant, instantOf(other)),
  });
  const field = (name: "year" | "day" | "hour" | "minute" | "second") =>
    plain((instant) => int(civilOf(instant)[name]));
  const nanosecondsSince1970 = ({ seconds, nanoseconds }: Instant) => seconds * 1_000_000_000n + BigInt(nanoseconds);
  return new Map<string, TimeMethod>([
    ["String", plain(printInstant)],
    ["Format", { params: ["string"], call: (instant, [layout]) => formatInstant(instant, stringOf(layout)) }],
    ["Unix", plain(({ seconds }) => int64(seconds))],
    ["UnixMilli", plain((instant) => int64(floorDiv(nanosecondsSince1970(instant), 1_000_000n)))],
    ["UnixMicro", plain((instant) => int64(floorDiv(nanosecondsSince1970(instant), 1_000n)))],
    ["UnixNano", plain((instant) => int64(nanosecondsSince1970(instant)))],
    ["Year", field("year")],
    ["Month", plain((instant) => new GoInt("int", BigInt(civilOf(instant).month), MONTH))],
    ["Day", field("day")],
    ["Hour", field("hour")],
    ["Minute", field("minute")],
    ["Second", field("second")],
    ["Nanosecond", plain(({ nanoseconds }) => int(nanoseconds))],
    ["Weekday", plain((instant) => new GoInt("int", BigInt(weekdayOf(civilOf(instant))), WEEKDAY))],
    ["YearDay", plain((instant) => int(yearDayOf(civilOf(instant))))],
    ["IsZero", plain(({ seconds, nanoseconds }) => seconds === ZERO_SECONDS && nanoseconds === 0)],
    ["IsDST", plain(isSummerTime)],
    ["UTC", plain((instant) => time({ ...instant, zone: UTC }))],
    ["Location", plain(({ zone }) => new GoObject(LOCATION, zone))],
    ["Before", withTime((instant, other) => compareInstants(instant, other) < 0)],
    ["After", withTime((instant, other) => compareInstants(instant, other) > 0)],
    ["Equal", withTime((instant, other) => compareInstants(instant, other) === 0)],
    ["Compare", withTime((instant, other) => int(compareInstants(instant, other)))],
    ["Sub", withTime((instant, other) => duration(difference(instant, other)))],
    ["Add", { params: ["time.Duration"], call: (instant, [by]) => time(addNanoseconds(instant, bigintOf(by))) }],
    ["AddDate", { params: ["int", "int", "int"], call: addDate }],
    [
      "Truncate",
      { params: ["time.Duration"], call: (instant, [step]) => time(toStep(instant, bigintOf(step), "down")) },
    ],
    ["Round", { params: ["time.Duration"], call: (instant, [step]) => time(toStep(instant, bigintOf(step), "near")) }],
  ]);
}

function addDate(instant: Instant, [years, months, days]: readonly GoValue[]): GoValue {
  const { year, month, day, hour, minute, second } = civilOf(instant);
  const moved = {
    year: year + Number(bigintOf(years)),
    month: month + Number(bigintOf(months)),
    day: day + Number(bigintOf(days)),
  };
  return time(instantOfCivil({ ...moved, hour, minute, second }, instant.nanoseconds, instant.zone));
}

/** To a multiple of `step` since the zero time; without the monotonic reading. */
function toStep({ seconds, nanoseconds, zone }: Instant, step: bigint, how: "down" | "near"): Instant {
  const plain = { seconds, nanoseconds, zone };
  if (step <= 0n) return plain;
  const over = floorMod((seconds - ZERO_SECONDS) * 1_000_000_000n + BigInt(nanoseconds), step);
  const goesUp = how === "near" && over * 2n >= step;
  return addNanoseconds(plain, goesUp ? step - over : -over);
}

/** Whether the zone is ahead of the smaller of its offsets in January and July of that year. */
function isSummerTime(instant: Instant): boolean {
  const { year, offset } = civilOf(instant);
  const at = (month: number) =>
    instant.zone.at(instantOfCivil({ year, month, day: 1, hour: 0, minute: 0, second: 0 }, 0, UTC).seconds).seconds;
  return offset.seconds > Math.min(at(1), at(7));
}

function floorDiv(value: bigint, by: bigint): bigint {
  return (value - floorMod(value, by)) / by;
}

function floorMod(value: bigint, by: bigint): bigint {
  return ((value % by) + by) % by;
}
