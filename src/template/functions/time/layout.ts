/** An element of a layout that stands for a part of the time. */
export type Element =
  | "Jan"
  | "January"
  | "1"
  | "01"
  | "Mon"
  | "Monday"
  | "2"
  | "_2"
  | "02"
  | "__2"
  | "002"
  | "15"
  | "3"
  | "03"
  | "4"
  | "04"
  | "5"
  | "05"
  | "2006"
  | "06"
  | "PM"
  | "pm"
  | "MST"
  | Offset
  | "fraction";

/** Offsets from UTC; those that start with `Z` print `Z` for UTC itself. */
export type Offset = `${"Z" | "-"}${"07" | "0700" | "07:00" | "070000" | "07:00:00"}`;

export interface Chunk {
  /** Literal text before the element. */
  readonly prefix: string;
  readonly element: Element;
  /** How the element is written in the layout. */
  readonly text: string;
  /** Of a fraction: how many digits, and whether zeros at the end are left out. */
  readonly digits: number;
  readonly trimmed: boolean;
  /** The layout behind the element. */
  readonly rest: string;
}

/** Longer forms first: the first that fits is taken. */
const PLAIN: readonly Element[] = [
  ...(["January", "Jan", "Monday", "Mon", "MST"] as const),
  ...(["01", "02", "03", "04", "05", "06", "002", "15", "1", "2006", "2"] as const),
  ...(["__2", "_2", "3", "4", "5", "PM", "pm"] as const),
  ...(["-070000", "-07:00:00", "-0700", "-07:00", "-07"] as const),
  ...(["Z070000", "Z07:00:00", "Z0700", "Z07:00", "Z07"] as const),
];

const BY_FIRST: ReadonlyMap<string, readonly Element[]> = (() => {
  const map = new Map<string, Element[]>();
  for (const element of PLAIN) {
    const first = element.charAt(0);
    const others = map.get(first);
    if (others === undefined) map.set(first, [element]);
    else others.push(element);
  }
  return map;
})();

/** The next element of a layout; undefined when there is none. */
export function nextChunk(layout: string): Chunk | undefined {
  for (let at = 0; at < layout.length; at++) {
    const found = elementAt(layout, at);
    if (found === undefined) continue;
    const { element, text, skipped = 0, digits = 0, trimmed = false } = found;
    const start = at + skipped;
    return {
      prefix: layout.slice(0, start),
      element,
      text,
      digits,
      trimmed,
      rest: layout.slice(start + text.length),
    };
  }
  return undefined;
}

interface Found {
  readonly element: Element;
  readonly text: string;
  /** Characters before the element that were looked at and are literal. */
  readonly skipped?: number;
  readonly digits?: number;
  readonly trimmed?: boolean;
}

function elementAt(layout: string, at: number): Found | undefined {
  const first = layout.charAt(at);
  if (first === "." || first === ",") return fractionAt(layout, at);
  // An underscore before a year is only an underscore.
  if (layout.startsWith("_2006", at)) return { element: "2006", text: "2006", skipped: 1 };
  for (const element of BY_FIRST.get(first) ?? []) {
    if (!layout.startsWith(element, at)) continue;
    const isShortName = element === "Jan" || element === "Mon";
    if (isShortName && /[a-z]/.test(layout.charAt(at + 3))) continue;
    return { element, text: element };
  }
  return undefined;
}

/** `.000` or `,999`: a run of one digit that no other digit follows. */
function fractionAt(layout: string, at: number): Found | undefined {
  const digit = layout.charAt(at + 1);
  if (digit !== "0" && digit !== "9") return undefined;
  let end = at + 1;
  while (layout.charAt(end) === digit) end++;
  if (/[0-9]/.test(layout.charAt(end))) return undefined;
  return { element: "fraction", text: layout.slice(at, end), digits: end - at - 1, trimmed: digit === "9" };
}

export const MONTHS: readonly string[] = [
  ...["January", "February", "March", "April", "May", "June", "July"],
  ...["August", "September", "October", "November", "December"],
];
export const DAYS: readonly string[] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
