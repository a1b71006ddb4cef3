import { prefixProblem } from "../../src/keys/index.ts";
import { CliError } from "../errors.ts";

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
 * @throws {CliError} `CLI_BAD_FLAG` for any other form.
 */
export function parseRfc1123(text: string, flagName: string): number {
  const match = RFC1123.exec(text);
  const month = MONTHS.indexOf(match?.[2] ?? "") + 1;
  const [, day, , year, clock, sign, hours, minutes] = match ?? [];
  const time = Date.parse(`${year}-${String(month).padStart(2, "0")}-${day}T${clock}${sign}${hours}:${minutes}`);
  if (match === null || Number.isNaN(time)) {
    throw new CliError("CLI_BAD_FLAG", `Cannot use "${text}" for ${flagName}: it is no time of that form`, {
      details: ["wanted is the form of RFC 1123 with a numeric zone: Mon, 02 Jan 2006 15:04:05 -0700"],
      hints: [`${flagName} "$(date -R)"`],
    });
  }
  return time;
}

/**
 * A prefix of key Secrets as it was given. Checked apart from the flag, because a value of the environment that is wrong
 * must not be passed over here: the controller would make keys under another name.
 *
 * @throws {CliError} `CLI_BAD_FLAG` when the API could not make a name of it.
 */
export function checkedPrefix(prefix: string): string {
  const problem = prefixProblem(prefix);
  if (problem === undefined) return prefix;
  throw new CliError("CLI_BAD_FLAG", `Cannot use "${prefix}" for --key-prefix: ${problem}`);
}

/** The words of a comma list. */
export function listOf(text: string): string[] {
  return text
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
}
