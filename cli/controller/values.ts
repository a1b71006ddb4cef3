import { ControllerError } from "../../controller/errors.ts";

/** `k=v,k=v` as a record; undefined when a part has no key or no equals sign. */
export function parsePairs(text: string): Readonly<Record<string, string>> | undefined {
  const pairs = text.split(",").filter((pair) => pair.trim() !== "");
  const entries = pairs.map((pair) => {
    const equals = pair.indexOf("=");
    return [pair.slice(0, Math.max(equals, 0)).trim(), pair.slice(equals + 1).trim()] as const;
  });
  if (entries.some(([key]) => key === "")) return undefined;
  const record: Record<string, string> = Object.create(null);
  for (const [key, value] of entries) record[key] = value;
  return record;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const RFC1123 = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d:\d\d:\d\d) ([+-])(\d\d)(\d\d)$/;

/**
 * Milliseconds of a time as `date -R` prints it.
 *
 * @throws {ControllerError} `CONTROLLER_OPTIONS` for any other form.
 */
export function parseRfc1123(text: string, flagName: string): number {
  const match = RFC1123.exec(text);
  const month = MONTHS.indexOf(match?.[2] ?? "") + 1;
  const [, day, , year, clock, sign, hours, minutes] = match ?? [];
  const time = Date.parse(`${year}-${String(month).padStart(2, "0")}-${day}T${clock}${sign}${hours}:${minutes}`);
  if (match === null || Number.isNaN(time)) {
    throw new ControllerError(
      "CONTROLLER_OPTIONS",
      `Cannot use "${text}" for ${flagName}: it is no time of that form`,
      {
        details: ["wanted is the form of RFC 1123 with a numeric zone: Mon, 02 Jan 2006 15:04:05 -0700"],
        hints: [`${flagName} "$(date -R)"`],
      },
    );
  }
  return time;
}
