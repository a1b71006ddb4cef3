/** A point in time as YAML and Go carry it: nanoseconds and the offset of the zone are kept. */
export interface Timestamp {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly nanosecond: number;
  /** Minutes east of UTC. */
  readonly offsetMinutes: number;
}

const DATE = /^(\d{4})-(\d{1,2})-(\d{1,2})$/;
const WITH_ZONE =
  /^(\d{4})-(\d{1,2})-(\d{1,2})[Tt](\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,](\d+))?(?:Z|([-+])(\d{2}):(\d{2}))$/;
const WITHOUT_ZONE = /^(\d{4})-(\d{1,2})-(\d{1,2}) +(\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,](\d+))?$/;

/**
 * The timestamp that a plain scalar is, or undefined: `2001-12-14`, `2001-12-14T21:59:43.1-05:00` (T or t),
 * `2001-12-14 21:59:43.1`. A date that does not exist is none.
 *
 * Source: the layouts that the Go YAML libraries try with time.Parse.
 */
export function parseTimestamp(text: string): Timestamp | undefined {
  if (text.length < 8 || text.charCodeAt(4) !== 45) return undefined;
  const match = DATE.exec(text) ?? WITH_ZONE.exec(text) ?? WITHOUT_ZONE.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour = "0", minute = "0", second = "0", fraction = "", sign, zoneHour, zoneMinute] = match;
  const zone = Number(zoneHour ?? 0) * 60 + Number(zoneMinute ?? 0);
  const found: Timestamp = {
    year: Number(year),
    month: Number(month),
    day: Number(day),
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
    nanosecond: Number(fraction.slice(0, 9).padEnd(9, "0")),
    offsetMinutes: sign === "-" ? -zone : zone,
  };
  return exists(found) && Number(zoneHour ?? 0) <= 24 && Number(zoneMinute ?? 0) <= 60 ? found : undefined;
}

function exists({ year, month, day, hour, minute, second }: Timestamp): boolean {
  if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59) return false;
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = month === 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
  return day <= days;
}

/** RFC 3339 with nanoseconds, as Go prints it: no zeros at the end of the fraction, `Z` for offset 0. */
export function formatTimestamp(time: Timestamp): string {
  const pad = (value: number, width = 2) => value.toString().padStart(width, "0");
  const fraction = pad(time.nanosecond, 9).replace(/0+$/, "");
  const date = `${pad(time.year, 4)}-${pad(time.month)}-${pad(time.day)}`;
  const clock = `${pad(time.hour)}:${pad(time.minute)}:${pad(time.second)}${fraction === "" ? "" : `.${fraction}`}`;
  const minutes = Math.abs(time.offsetMinutes);
  const zone =
    time.offsetMinutes === 0
      ? "Z"
      : `${time.offsetMinutes < 0 ? "-" : "+"}${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`;
  return `${date}T${clock}${zone}`;
}
