import { defineFunction, type FunctionTable, functionTable } from "../../value/function.ts";
import { GoError } from "../../value/go-error.ts";
import { GoInt, type GoValue } from "../../value/go-value.ts";
import type { Host } from "../../value/host.ts";
import { isObjectOf } from "../../value/make.ts";
import { formatDuration, parseDuration, roundDuration } from "./duration.ts";
import { formatInstant } from "./format.ts";
import { addNanoseconds, difference, type Instant } from "./instant.ts";
import { parseInstant } from "./parse.ts";
import { GoTimeError } from "./quote.ts";
import { instantOf, TIME, time, zeroTime } from "./types.ts";
import { loadZone, localZone, UTC, type Zone } from "./zone.ts";

const SECOND = 1_000_000_000n;
const DATE = "2006-01-02";

/** Sprig's functions of dates and durations. */
export function dateFunctions(): FunctionTable {
  const inZone = (name: string) =>
    defineFunction({
      name,
      params: ["string", "interface {}", "string"],
      call: ([layout, date, zone], host) => shown(layout, date, zoneNamed(zone, host), host),
    });
  const modified = (name: string) =>
    defineFunction({
      name,
      params: ["string", "time.Time"],
      call: ([by, date]) => {
        const nanoseconds = orUndefined(() => parseDuration(by));
        return nanoseconds === undefined ? date : time(addNanoseconds(instantOf(date), nanoseconds));
      },
    });
  const mustModified = (name: string) =>
    defineFunction({
      name,
      params: ["string", "time.Time"],
      call: ([by, date]) =>
        time(
          addNanoseconds(
            instantOf(date),
            orGoError(() => parseDuration(by)),
          ),
        ),
    });
  return functionTable(
    inZone("dateInZone"),
    inZone("date_in_zone"),
    modified("dateModify"),
    modified("date_modify"),
    mustModified("mustDateModify"),
    mustModified("must_date_modify"),
    defineFunction({ name: "now", params: [], call: (_, host) => time(now(host)) }),
    defineFunction({
      name: "date",
      params: ["string", "interface {}"],
      call: ([layout, date], host) => shown(layout, date, local(host), host),
    }),
    defineFunction({
      name: "htmlDate",
      params: ["interface {}"],
      call: ([date], host) => shown(DATE, date, local(host), host),
    }),
    defineFunction({
      name: "htmlDateInZone",
      params: ["interface {}", "string"],
      call: ([date, zone], host) => shown(DATE, date, zoneNamed(zone, host), host),
    }),
    defineFunction({
      name: "ago",
      params: ["interface {}"],
      call: ([date], host) => {
        const present = now(host);
        return formatDuration(roundDuration(difference(present, dateOf(date, host, ["int", "int64"])), SECOND));
      },
    }),
    defineFunction({
      name: "duration",
      params: ["interface {}"],
      call: ([seconds]) => formatDuration(BigInt.asIntN(64, secondsOf(seconds) * SECOND)),
    }),
    defineFunction({
      name: "durationRound",
      params: ["interface {}"],
      call: ([duration], host) => roughly(durationOf(duration, host)),
    }),
    defineFunction({
      name: "toDate",
      params: ["string", "string"],
      call: ([layout, text], host) => {
        const instant = orUndefined(() => parseInstant(layout, text, local(host)));
        return instant === undefined ? zeroTime() : time(instant);
      },
    }),
    defineFunction({
      name: "mustToDate",
      params: ["string", "string"],
      call: ([layout, text], host) => time(orGoError(() => parseInstant(layout, text, local(host)))),
    }),
    defineFunction({
      name: "unixEpoch",
      params: ["time.Time"],
      call: ([date]) => instantOf(date).seconds.toString(),
    }),
  );
}

const started = new WeakMap<Host, bigint>();

/** Go's clock also reads how long the process runs; here that is how long the template does. */
function now(host: Host): Instant {
  const nanoseconds = host.nowNanoseconds();
  const first = started.get(host) ?? nanoseconds;
  started.set(host, first);
  const over = ((nanoseconds % SECOND) + SECOND) % SECOND;
  return {
    seconds: (nanoseconds - over) / SECOND,
    nanoseconds: Number(over),
    zone: local(host),
    monotonic: nanoseconds - first,
  };
}

function local(host: Host): Zone {
  return localZone(host.timeZone ?? "UTC");
}

/** An unknown zone is UTC, as in Sprig. */
function zoneNamed(name: string, host: Host): Zone {
  return name === "Local" ? local(host) : (loadZone(name) ?? UTC);
}

function shown(layout: string, date: GoValue, zone: Zone, host: Host): string {
  host.spend(layout.length);
  return formatInstant({ ...dateOf(date, host, ["int", "int32", "int64"]), zone }, layout);
}

/** A time, or seconds since 1970 as one of these integers; everything else is now. */
function dateOf(date: GoValue, host: Host, kinds: readonly string[]): Instant {
  if (isObjectOf(date, TIME)) return date.state;
  if (date instanceof GoInt && kinds.includes(date.type)) {
    return { seconds: date.value, nanoseconds: 0, zone: local(host) };
  }
  return now(host);
}

/** Of an int64, or of a text of digits: what is out of range is cut to it, other text is 0. */
function secondsOf(value: GoValue): bigint {
  if (value instanceof GoInt && value.type === "int64") return value.value;
  if (typeof value !== "string" || !/^[+-]?\d{1,1000}$/.test(value)) return 0n;
  const number = BigInt(value.replace(/^\+/, ""));
  const most = (1n << 63n) - 1n;
  if (number > most) return most;
  return number < -most - 1n ? -most - 1n : number;
}

function durationOf(value: GoValue, host: Host): bigint {
  if (typeof value === "string") return orUndefined(() => parseDuration(value)) ?? 0n;
  if (value instanceof GoInt && value.type === "int64") return value.value;
  return isObjectOf(value, TIME) ? difference(now(host), value.state) : 0n;
}

const UNITS: readonly (readonly [name: string, seconds: bigint])[] = [
  ["y", 365n * 86_400n],
  ["mo", 30n * 86_400n],
  ["d", 86_400n],
  ["h", 3_600n],
  ["m", 60n],
  ["s", 1n],
];

/** The largest unit of which there is more than one: `2y`, `5mo`; without sign. */
function roughly(nanoseconds: bigint): string {
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  for (const [name, seconds] of UNITS) if (size > seconds * SECOND) return `${size / (seconds * SECOND)}${name}`;
  return "0s";
}

function orUndefined<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof GoTimeError) return undefined;
    throw error;
  }
}

function orGoError<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof GoTimeError) throw new GoError(error.message);
    throw error;
  }
}
