import type { Zone, ZoneOffset } from "./zone.ts";

/** A Go `time.Time`: an instant and the zone that it is shown in. */
export interface Instant {
  /** Seconds since 1970 UTC, 64 bits. */
  readonly seconds: bigint;
  /** 0 to 999,999,999. */
  readonly nanoseconds: number;
  readonly zone: Zone;
  /** Nanoseconds since the process started, of an instant that came from the clock. */
  readonly monotonic?: bigint | undefined;
}

/** The fields of a date and time of day, as a clock on the wall shows them. */
export interface Civil {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

const DAY = 86_400n;
const SECOND = 1_000_000_000n;

/** 1 January of the year 1: what Go calls the zero time. */
export const ZERO_SECONDS = -62_135_596_800n;

/** The calendar fields of an instant in its zone. */
export function civilOf(instant: Instant): Civil & { readonly offset: ZoneOffset } {
  const offset = instant.zone.at(instant.seconds);
  const local = instant.seconds + BigInt(offset.seconds);
  const days = floorDiv(local, DAY);
  const time = Number(local - days * DAY);
  const date = dateOfDays(Number(days));
  return { ...date, hour: Math.floor(time / 3600), minute: Math.floor(time / 60) % 60, second: time % 60, offset };
}

/** Days since 1970 → date, for any year (proleptic Gregorian). */
function dateOfDays(days: number): Pick<Civil, "year" | "month" | "day"> {
  // Years that begin in March: the leap day is the last of its year.
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * fromMarch + 2) / 5) + 1;
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}

/** Days from 1970 to a date; months and days may overflow, as in Go's `time.Date`. */
export function daysOfDate(year: number, month: number, day: number): number {
  const carried = year + Math.floor((month - 1) / 12);
  const inYear = ((((month - 1) % 12) + 12) % 12) + 1;
  const shifted = inYear <= 2 ? carried - 1 : carried;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (inYear + (inYear > 2 ? -3 : 9)) + 2) / 5);
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468 + day - 1;
}

/** Seconds since 1970 of a date and time, read as UTC. */
export function secondsOfCivil({ year, month, day, hour, minute, second }: Civil): bigint {
  return BigInt(daysOfDate(year, month, day)) * DAY + BigInt(hour * 3600 + minute * 60 + second);
}

/** The instant at which a clock in `zone` shows these fields; in a gap or an overlap, Go's choice. */
export function instantOfCivil(civil: Civil, nanoseconds: number, zone: Zone): Instant {
  const local = secondsOfCivil(civil);
  // The offset is first looked up as if the local time were UTC, then at the instant that this gives.
  const first = zone.at(local).seconds;
  const offset = first === 0 ? 0 : zone.at(local - BigInt(first)).seconds;
  const seconds = local - BigInt(offset);
  return { seconds, nanoseconds, zone };
}

/** An instant later by a number of nanoseconds. */
export function addNanoseconds(instant: Instant, nanoseconds: bigint): Instant {
  const total = BigInt(instant.nanoseconds) + nanoseconds;
  const carried = floorDiv(total, SECOND);
  return {
    seconds: BigInt.asIntN(64, instant.seconds + carried),
    nanoseconds: Number(total - carried * SECOND),
    zone: instant.zone,
    ...(instant.monotonic === undefined ? {} : { monotonic: instant.monotonic + nanoseconds }),
  };
}

/** Nanoseconds from `b` to `a`, held within 64 bits as Go holds them. */
export function difference(a: Instant, b: Instant): bigint {
  const nanoseconds = (a.seconds - b.seconds) * SECOND + BigInt(a.nanoseconds - b.nanoseconds);
  const most = (1n << 63n) - 1n;
  if (nanoseconds > most) return most;
  return nanoseconds < -most - 1n ? -most - 1n : nanoseconds;
}

/** -1, 0 or 1. */
export function compareInstants(a: Instant, b: Instant): number {
  if (a.seconds !== b.seconds) return a.seconds < b.seconds ? -1 : 1;
  return Math.sign(a.nanoseconds - b.nanoseconds);
}

/** 0 is Sunday. */
export function weekdayOf({ year, month, day }: Civil): number {
  return (((daysOfDate(year, month, day) + 4) % 7) + 7) % 7;
}

/** 1 to 366. */
export function yearDayOf({ year, month, day }: Civil): number {
  return daysOfDate(year, month, day) - daysOfDate(year, 1, 1) + 1;
}

export function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** Of a month from 1 to 12. */
export function daysIn(year: number, month: number): number {
  return daysOfDate(year, month + 1, 1) - daysOfDate(year, month, 1);
}

function floorDiv(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by < 0n ? quotient - 1n : quotient;
}
