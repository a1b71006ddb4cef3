/** The parts of RFC 3339 as Go's layout writes them, each with what may stand there. */
const PARTS: readonly (readonly [
  layout: string,
  form: RegExp,
  range?: readonly [name: string, min: number, max: number],
])[] = [
  ["2006", /^\d{4}/],
  ["-", /^-/],
  ["01", /^\d\d/, ["month", 1, 12]],
  ["-", /^-/],
  ["02", /^\d\d/],
  ["T", /^T/],
  ["15", /^\d\d/, ["hour", 0, 23]],
  [":", /^:/],
  ["04", /^\d\d/, ["minute", 0, 59]],
  [":", /^:/],
  ["05", /^\d\d(?:[.,]\d+)?/, ["second", 0, 59.999_999_999]],
  ["Z07:00", /^(?:Z|[+-]\d\d:\d\d)/],
];

/** Go's word on a text that is no RFC 3339 time, or undefined when it is one. */
export function goTimeProblem(text: string): string | undefined {
  const quoted = JSON.stringify(text);
  let rest = text;
  for (const [layout, form, range] of PARTS) {
    const [found] = form.exec(rest) ?? [];
    if (found === undefined) {
      return `parsing time ${quoted} as "2006-01-02T15:04:05Z07:00": cannot parse ${JSON.stringify(rest)} as "${layout}"`;
    }
    if (range !== undefined && (Number(found) < range[1] || Number(found) > range[2])) {
      return `parsing time ${quoted}: ${range[0]} out of range`;
    }
    rest = rest.slice(found.length);
  }
  if (rest !== "") return `parsing time ${quoted}: extra text: ${JSON.stringify(rest)}`;
  const [year = 0, month = 0, day = 0] = text.slice(0, 10).split("-").map(Number);
  const days = new Date(Date.UTC(year, month, 0)).getUTCDate();
  return day < 1 || day > days ? `parsing time ${quoted}: day out of range` : undefined;
}

/** The same moment in UTC and whole seconds, as Kubernetes prints it. */
export function inUtc(time: string): string {
  return `${new Date(time.replace(/[.,]\d+/, "")).toISOString().slice(0, 19)}Z`;
}
