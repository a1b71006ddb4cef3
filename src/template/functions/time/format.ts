import { civilOf, type Instant, weekdayOf, yearDayOf } from "./instant.ts";
import { type Chunk, DAYS, MONTHS, nextChunk, type Offset } from "./layout.ts";
import type { ZoneOffset } from "./zone.ts";

/** A time in a Go layout such as `2006-01-02T15:04:05Z07:00`. */
export function formatInstant(instant: Instant, layout: string): string {
  const fields = { ...civilOf(instant), nanoseconds: instant.nanoseconds };
  let out = "";
  let rest = layout;
  for (;;) {
    const chunk = nextChunk(rest);
    if (chunk === undefined) return out + rest;
    out += chunk.prefix + written(chunk, fields);
    rest = chunk.rest;
  }
}

/** What `fmt` prints of a time: with the reading of the monotonic clock, if there is one. */
export function printInstant(instant: Instant): string {
  const text = formatInstant(instant, "2006-01-02 15:04:05.999999999 -0700 MST");
  const { monotonic } = instant;
  if (monotonic === undefined) return text;
  const size = monotonic < 0n ? -monotonic : monotonic;
  const fraction = (size % 1_000_000_000n).toString().padStart(9, "0");
  return `${text} m=${monotonic < 0n ? "-" : "+"}${size / 1_000_000_000n}.${fraction}`;
}

export const RFC3339_NANO = "2006-01-02T15:04:05.999999999Z07:00";

type Fields = ReturnType<typeof civilOf> & { readonly nanoseconds: number };

function written(chunk: Chunk, fields: Fields): string {
  const { element } = chunk;
  const { year, month, day, hour, minute, second, offset } = fields;
  switch (element) {
    case "06":
      return padded(Math.abs(year) % 100, 2);
    case "2006":
      return year < 0 ? `-${padded(-year, 4)}` : padded(year, 4);
    case "Jan":
      return monthName(month).slice(0, 3);
    case "January":
      return monthName(month);
    case "1":
      return String(month);
    case "01":
      return padded(month, 2);
    case "Mon":
      return dayName(fields).slice(0, 3);
    case "Monday":
      return dayName(fields);
    case "2":
      return String(day);
    case "_2":
      return String(day).padStart(2);
    case "02":
      return padded(day, 2);
    case "__2":
      return String(yearDayOf(fields)).padStart(3);
    case "002":
      return padded(yearDayOf(fields), 3);
    case "15":
      return padded(hour, 2);
    case "3":
      return String(hour % 12 || 12);
    case "03":
      return padded(hour % 12 || 12, 2);
    case "4":
      return String(minute);
    case "04":
      return padded(minute, 2);
    case "5":
      return String(second);
    case "05":
      return padded(second, 2);
    case "PM":
      return hour >= 12 ? "PM" : "AM";
    case "pm":
      return hour >= 12 ? "pm" : "am";
    case "MST":
      return zoneName(offset);
    case "fraction":
      return fraction(chunk, fields.nanoseconds);
    default:
      return offsetText(element, offset.seconds);
  }
}

function padded(value: number, width: number): string {
  return String(value).padStart(width, "0");
}

function monthName(month: number): string {
  return MONTHS[month - 1] ?? "";
}

function dayName(fields: Fields): string {
  return DAYS[weekdayOf(fields)] ?? "";
}

function zoneName({ abbreviation, seconds }: ZoneOffset): string {
  if (abbreviation !== "") return abbreviation;
  const minutes = Math.trunc(seconds / 60);
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${padded(Math.floor(size / 60), 2)}${padded(size % 60, 2)}`;
}

function fraction({ text, digits, trimmed }: Chunk, nanoseconds: number): string {
  const shown = padded(nanoseconds, 9).slice(0, digits).padEnd(digits, "0");
  if (!trimmed) return `${text.charAt(0)}${shown}`;
  const short = shown.replace(/0+$/, "");
  return short === "" ? "" : `${text.charAt(0)}${short}`;
}

function offsetText(element: Offset, seconds: number): string {
  if (seconds === 0 && element.startsWith("Z")) return "Z";
  const minutes = Math.trunc(Math.abs(seconds) / 60);
  const sign = Math.trunc(seconds / 60) < 0 ? "-" : "+";
  const colon = element.includes(":") ? ":" : "";
  const hours = sign + padded(Math.floor(minutes / 60), 2);
  const form = element.slice(1).replaceAll(":", "");
  if (form === "07") return hours;
  const short = hours + colon + padded(minutes % 60, 2);
  return form === "0700" ? short : short + colon + padded(Math.abs(seconds) % 60, 2);
}
