import { ZONE_ABBREVIATIONS } from "./zone-abbreviations.ts";

/** Seconds east of UTC, and what that time is called there. */
export interface ZoneOffset {
  readonly seconds: number;
  readonly abbreviation: string;
}

/** A Go `*time.Location`. */
export interface Zone {
  /** `UTC`, `Local`, `Europe/Berlin`, or the abbreviation of a fixed offset. */
  readonly name: string;
  /** The offset at an instant, in seconds since 1970 UTC. */
  at(unixSeconds: bigint): ZoneOffset;
  /** The offset that goes by this abbreviation: the one in force at that local time if several do. */
  named(abbreviation: string, localSeconds: bigint): number | undefined;
}

export const UTC: Zone = fixedZone("UTC", 0);

/** A zone that never changes, as `time.FixedZone` makes it. */
export function fixedZone(name: string, seconds: number): Zone {
  return {
    name,
    at: () => ({ seconds, abbreviation: name }),
    named: (abbreviation) => (abbreviation === name ? seconds : undefined),
  };
}

/** The zone of the process under the name that Go gives it. */
export function localZone(name: string): Zone {
  const zone = loadZone(name) ?? UTC;
  return { name: "Local", at: (seconds) => zone.at(seconds), named: (short, seconds) => zone.named(short, seconds) };
}

const loaded = new Map<string, Zone>();

/** A zone of the IANA database by its exact name; undefined for a name that is none, or that this Node does not know. */
export function loadZone(name: string): Zone | undefined {
  if (name === "" || name === "UTC") return UTC;
  const abbreviations = zones().get(name);
  if (abbreviations === undefined) return undefined;
  let zone = loaded.get(name);
  if (zone === undefined) {
    const format = offsetFormat(name);
    if (format === undefined) return undefined;
    zone = zoneOf(name, abbreviations, format);
    loaded.set(name, zone);
  }
  return zone;
}

/** Undefined for a zone that is younger than Node's data. */
function offsetFormat(timeZone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat("en-US", {
      timeZone,
      timeZoneName: "longOffset",
      hourCycle: "h23",
      year: "numeric",
    });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

type Abbreviations = ReadonlyMap<number, string>;

let table: ReadonlyMap<string, Abbreviations> | undefined;

/** Zone → seconds east → abbreviation; the zones of one line share their map. */
function zones(): ReadonlyMap<string, Abbreviations> {
  if (table !== undefined) return table;
  const found = new Map<string, Abbreviations>();
  for (const line of ZONE_ABBREVIATIONS.trim().split("\n")) {
    const colon = line.indexOf(":");
    const abbreviations = new Map<number, string>();
    for (const [, name = "", minutes = "0"] of line.slice(0, colon).matchAll(/([A-Za-z]+)(-?\d+)/g)) {
      abbreviations.set(Number(minutes) * 60, name);
    }
    for (const name of line.slice(colon + 2).split(" ")) found.set(name, abbreviations);
  }
  table = found;
  return found;
}

/** What a `Date` can hold, in seconds on both sides of 1970. */
const DATE_SECONDS = 8_640_000_000_000n;

function zoneOf(name: string, abbreviations: Abbreviations, format: Intl.DateTimeFormat): Zone {
  let last: { readonly at: bigint; readonly offset: ZoneOffset } | undefined;
  const at = (unixSeconds: bigint): ZoneOffset => {
    if (last?.at === unixSeconds) return last.offset;
    const bounded = bound(unixSeconds);
    const part = format.formatToParts(new Date(Number(bounded) * 1000)).find(({ type }) => type === "timeZoneName");
    const seconds = secondsOf(part?.value ?? "GMT");
    const offset = { seconds, abbreviation: abbreviations.get(seconds) ?? numeric(seconds) };
    last = { at: unixSeconds, offset };
    return offset;
  };
  return {
    name,
    at,
    named: (abbreviation, localSeconds) => {
      const offsets = [...abbreviations].filter(([, short]) => short === abbreviation).map(([seconds]) => seconds);
      return offsets.find((seconds) => at(localSeconds - BigInt(seconds)).abbreviation === abbreviation) ?? offsets[0];
    },
  };
}

function bound(unixSeconds: bigint): bigint {
  if (unixSeconds > DATE_SECONDS) return DATE_SECONDS;
  return unixSeconds < -DATE_SECONDS ? -DATE_SECONDS : unixSeconds;
}

/** `GMT`, `GMT+05:30`, `GMT-00:44:30`. */
function secondsOf(text: string): number {
  const [, sign, hours = 0, minutes = 0, seconds = 0] = /^GMT([+-])(\d+):(\d+)(?::(\d+))?/.exec(text) ?? [];
  const size = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  return sign === "-" ? -size : size;
}

/** What the database calls a time that has no letters: `+03`, `+0530`; the sun's own time at that place is `LMT`. */
function numeric(seconds: number): string {
  if (seconds % 900 !== 0) return "LMT";
  const minutes = Math.floor(Math.abs(seconds) / 60);
  const two = (value: number) => String(value).padStart(2, "0");
  const rest = minutes % 60 === 0 ? "" : two(minutes % 60);
  return `${seconds < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}${rest}`;
}
