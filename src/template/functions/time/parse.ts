import { type Civil, daysIn, daysOfDate, type Instant, instantOfCivil, isLeap, secondsOfCivil } from "./instant.ts";
import { DAYS, type Element, MONTHS, nextChunk, type Offset } from "./layout.ts";
import { GoTimeError, quoted } from "./quote.ts";
import { fixedZone, UTC, type Zone } from "./zone.ts";

/** What is known so far; -1 means not seen. */
interface Parts {
  year: number;
  month: number;
  day: number;
  yearDay: number;
  hour: number;
  minute: number;
  second: number;
  nanoseconds: number;
  half: "am" | "pm" | undefined;
  zone: Zone | undefined;
  offset: number | undefined;
  abbreviation: string;
}

/** The element does not fit the text. */
const BAD = Symbol("bad");
type Bad = typeof BAD;

/** How one element ends: what is left of the text, and which part is out of its range, if one is. */
type Step = { readonly rest: string; readonly outOfRange?: string | undefined } | Bad;

/**
 * The time that a text in a Go layout names; without an offset or zone it is one of `local`.
 *
 * @throws {GoTimeError} with Go's text.
 */
export function parseInstant(layout: string, text: string, local: Zone): Instant {
  const parts: Parts = {
    year: 0,
    month: -1,
    day: -1,
    yearDay: -1,
    hour: 0,
    minute: 0,
    second: 0,
    nanoseconds: 0,
    half: undefined,
    zone: undefined,
    offset: undefined,
    abbreviation: "",
  };
  const failed = (element: string, at: string, message = "") =>
    new GoTimeError(
      message === ""
        ? `parsing time ${quoted(text)} as ${quoted(layout)}: cannot parse ${quoted(at)} as ${quoted(element)}`
        : `parsing time ${quoted(text)}${message}`,
    );
  let value = text;
  let rest = layout;
  for (;;) {
    const chunk = nextChunk(rest);
    const prefix = chunk?.prefix ?? rest;
    const skipped = skip(value, prefix);
    if (!skipped.fits) throw failed(prefix, skipped.rest);
    value = skipped.rest;
    if (chunk === undefined) {
      if (value !== "") throw failed("", value, `: extra text: ${quoted(value)}`);
      break;
    }
    rest = chunk.rest;
    const step = read(chunk.element, value, parts, { digits: chunk.digits, trimmed: chunk.trimmed, next: rest });
    if (step === BAD) throw failed(chunk.text, value);
    if (step.outOfRange !== undefined) throw failed(chunk.text, value, `: ${step.outOfRange} out of range`);
    value = step.rest;
  }
  if (parts.half === "pm" && parts.hour < 12) parts.hour += 12;
  else if (parts.half === "am" && parts.hour === 12) parts.hour = 0;
  const wrong = settleDate(parts);
  if (wrong !== undefined) throw failed("", value, `: ${wrong}`);
  return inZone(parts, local);
}

/** Takes literal text off; runs of blanks are as good as one. `rest` is where it stopped. */
function skip(value: string, prefix: string): { readonly fits: boolean; readonly rest: string } {
  let at = 0;
  for (let index = 0; index < prefix.length; ) {
    if (prefix[index] === " ") {
      if (at < value.length && value[at] !== " ") return { fits: false, rest: value.slice(at) };
      while (prefix[index] === " ") index++;
      while (value[at] === " ") at++;
    } else {
      if (value[at] !== prefix[index]) return { fits: false, rest: value.slice(at) };
      index++;
      at++;
    }
  }
  return { fits: true, rest: value.slice(at) };
}

function read(
  element: Element,
  value: string,
  parts: Parts,
  { digits, trimmed, next }: { readonly digits: number; readonly trimmed: boolean; readonly next: string },
): Step {
  switch (element) {
    case "06": {
      const year = /^(?:\d\d|[+-]\d)/.exec(value);
      if (year === null) return BAD;
      parts.year = Number(year[0]) + (Number(year[0]) >= 69 ? 1900 : 2000);
      return { rest: value.slice(2) };
    }
    case "2006":
      if (!/^\d{4}/.test(value)) return BAD;
      parts.year = Number(value.slice(0, 4));
      return { rest: value.slice(4) };
    case "Jan":
    case "January":
      return name(value, element === "Jan" ? MONTHS.map(short) : MONTHS, (index) => {
        parts.month = index + 1;
      });
    case "Mon":
    case "Monday":
      return name(value, element === "Mon" ? DAYS.map(short) : DAYS, () => undefined);
    case "1":
    case "01":
      return number(value, element === "01", { name: "month", from: 1, below: 13 }, (month) => {
        parts.month = month;
      });
    case "2":
    case "_2":
    case "02":
      return number(element === "_2" ? value.replace(/^ /, "") : value, element === "02", undefined, (day) => {
        parts.day = day;
      });
    case "__2":
    case "002": {
      const text = element === "__2" ? value.replace(/^ {1,2}/, "") : value;
      const [day] = (element === "002" ? /^\d{3}/ : /^\d{1,3}/).exec(text) ?? [];
      if (day === undefined) return BAD;
      parts.yearDay = Number(day);
      return { rest: text.slice(day.length) };
    }
    case "15":
      return number(value, false, { name: "hour", from: 0, below: 24 }, (hour) => {
        parts.hour = hour;
      });
    case "3":
    case "03":
      return number(value, element === "03", { name: "hour", from: 0, below: 13 }, (hour) => {
        parts.hour = hour;
      });
    case "4":
    case "04":
      return number(value, element === "04", { name: "minute", from: 0, below: 60 }, (minute) => {
        parts.minute = minute;
      });
    case "5":
    case "05":
      return second(value, element === "05", next, parts);
    case "PM":
    case "pm": {
      const half = value.slice(0, 2);
      if (half !== (element === "PM" ? half.toUpperCase() : half.toLowerCase())) return BAD;
      if (!/^[ap]m$/i.test(half)) return BAD;
      parts.half = half.toLowerCase() === "pm" ? "pm" : "am";
      return { rest: value.slice(2) };
    }
    case "MST":
      return abbreviation(value, parts);
    case "fraction":
      return trimmed ? anyFraction(value, parts) : fraction(value, digits, parts);
    default:
      return offset(element, value, parts);
  }
}

function short(name: string): string {
  return name.slice(0, 3);
}

function name(value: string, names: readonly string[], take: (index: number) => void): Step {
  const lower = value.toLowerCase();
  const index = names.findIndex((candidate) => lower.startsWith(candidate.toLowerCase()));
  if (index < 0) return BAD;
  take(index);
  return { rest: value.slice(names[index]?.length) };
}

interface Range {
  readonly name: string;
  readonly from: number;
  readonly below: number;
}

/** One or two digits, or exactly two. */
function number(value: string, fixed: boolean, range: Range | undefined, take: (number: number) => void): Step {
  const [digits] = (fixed ? /^\d\d/ : /^\d\d?/).exec(value) ?? [];
  if (digits === undefined) return BAD;
  const found = Number(digits);
  take(found);
  const isOut = range !== undefined && (found < range.from || found >= range.below);
  return { rest: value.slice(digits.length), outOfRange: isOut ? range.name : undefined };
}

/** Seconds may have a fraction that the layout does not show. */
function second(value: string, fixed: boolean, next: string, parts: Parts): Step {
  const step = number(value, fixed, { name: "second", from: 0, below: 60 }, (found) => {
    parts.second = found;
  });
  if (step === BAD || step.outOfRange !== undefined) return step;
  if (!/^[.,]\d/.test(step.rest) || nextChunk(next)?.element === "fraction") return step;
  return anyFraction(step.rest, parts);
}

/** A fraction with as many digits as there are; it may be absent. */
function anyFraction(value: string, parts: Parts): Step {
  const [found] = /^[.,]\d+/.exec(value) ?? [];
  return found === undefined ? { rest: value } : fraction(value, found.length - 1, parts);
}

function fraction(value: string, digits: number, parts: Parts): Step {
  const text = value.slice(0, 1 + digits);
  if (text.length < 1 + digits || !/^[.,]/.test(text)) return BAD;
  const shown = text.slice(1, 10);
  if (!/^[+-]?\d+$/.test(shown)) return BAD;
  const nanoseconds = Number(shown) * 10 ** (9 - shown.length);
  if (nanoseconds < 0) return { rest: value, outOfRange: "fractional second" };
  parts.nanoseconds = nanoseconds;
  return { rest: value.slice(1 + digits) };
}

const OFFSETS: Readonly<Record<string, RegExp>> = {
  "07": /^(.)(\d\d)/su,
  "0700": /^(.)(\d\d)(\d\d)/su,
  "07:00": /^(.)(\d\d):(\d\d)/su,
  "070000": /^(.)(\d\d)(\d\d)(\d\d)/su,
  "07:00:00": /^(.)(\d\d):(\d\d):(\d\d)/su,
};

function offset(element: Offset, value: string, parts: Parts): Step {
  if (element.startsWith("Z") && value.startsWith("Z")) {
    parts.zone = UTC;
    return { rest: value.slice(1) };
  }
  const found = OFFSETS[element.slice(1)]?.exec(value);
  if (found === null || found === undefined) return BAD;
  const [whole, sign, hours = 0, minutes = 0, seconds = 0] = found;
  const rest = value.slice(whole.length);
  if (Number(seconds) > 60) return { rest, outOfRange: "time zone offset second" };
  if (Number(minutes) > 60) return { rest, outOfRange: "time zone offset minute" };
  if (Number(hours) > 24) return { rest, outOfRange: "time zone offset hour" };
  if (sign !== "+" && sign !== "-") return BAD;
  const size = (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds);
  parts.offset = sign === "-" ? -size : size;
  return { rest };
}

function abbreviation(value: string, parts: Parts): Step {
  if (value.startsWith("UTC")) {
    parts.zone = UTC;
    return { rest: value.slice(3) };
  }
  const length = abbreviationLength(value);
  if (length === 0) return BAD;
  parts.abbreviation = value.slice(0, length);
  return { rest: value.slice(length) };
}

/** How much of the text can be an abbreviation: `CET`, `ChST`, `WITA`, `AMST`, `GMT+3`, `-03`. */
function abbreviationLength(value: string): number {
  if (value.length < 3) return 0;
  if (value.startsWith("ChST") || value.startsWith("MeST")) return 4;
  if (value.startsWith("GMT")) return 3 + signedHours(value.slice(3));
  if (/^[+-]/.test(value)) return signedHours(value);
  const [letters = ""] = /^[A-Z]{0,6}/.exec(value) ?? [];
  if (letters.length === 3) return 3;
  if (letters.length === 4) return letters.endsWith("T") || letters === "WITA" ? 4 : 0;
  return letters.length === 5 && letters.endsWith("T") ? 5 : 0;
}

function signedHours(value: string): number {
  const [whole = "", digits = ""] = /^[+-](\d+)/.exec(value) ?? [];
  return digits !== "" && digits.length < 19 && Number(digits) <= 23 ? whole.length : 0;
}

/** Completes month and day; says what is wrong with them. */
function settleDate(parts: Parts): string | undefined {
  if (parts.yearDay >= 0) {
    const { year, yearDay } = parts;
    if (yearDay < 1 || yearDay > (isLeap(year) ? 366 : 365)) return "day-of-year out of range";
    const first = daysOfDate(year, 1, 1);
    let month = 1;
    while (daysOfDate(year, month + 1, 1) - first < yearDay) month++;
    const day = yearDay - (daysOfDate(year, month, 1) - first);
    if (parts.month >= 0 && parts.month !== month) return "day-of-year does not match month";
    if (parts.day >= 0 && parts.day !== day) return "day-of-year does not match day";
    parts.month = month;
    parts.day = day;
  } else {
    if (parts.month < 0) parts.month = 1;
    if (parts.day < 0) parts.day = 1;
  }
  return parts.day < 1 || parts.day > daysIn(parts.year, parts.month) ? "day out of range" : undefined;
}

function inZone(parts: Parts, local: Zone): Instant {
  const civil: Civil = parts;
  const { nanoseconds, abbreviation: called } = parts;
  if (parts.zone !== undefined) return { seconds: secondsOfCivil(civil), nanoseconds, zone: parts.zone };
  if (parts.offset !== undefined) {
    const seconds = secondsOfCivil(civil) - BigInt(parts.offset);
    const there = local.at(seconds);
    const isLocal = there.seconds === parts.offset && (called === "" || called === there.abbreviation);
    return { seconds, nanoseconds, zone: isLocal ? local : fixedZone(called, parts.offset) };
  }
  if (called === "") return instantOfCivil(civil, nanoseconds, local);
  const seconds = secondsOfCivil(civil);
  const known = local.named(called, seconds);
  if (known !== undefined) return { seconds: seconds - BigInt(known), nanoseconds, zone: local };
  const hours = called.startsWith("GMT") ? Number(called.slice(3)) : 0;
  return { seconds: seconds - BigInt(hours * 3600), nanoseconds, zone: fixedZone(called, hours * 3600) };
}
