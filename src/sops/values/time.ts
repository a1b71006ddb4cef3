import { formatTimestamp, parseTimestamp, type Timestamp } from "../../yaml/index.ts";
import type { TimeValue } from "./value.ts";

const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:[.,]\d+)?(?:Z|[+-]\d{2}:\d{2})$/;

/** Reads RFC 3339 as Go does; undefined for anything else, impossible dates included. */
export function parseTime(text: string): TimeValue | undefined {
  const time = parseRfc3339(text);
  return time === undefined ? undefined : timeValue(time);
}

/** `source` is how the time stood in the file. */
export function timeValue(time: Timestamp, source?: string): TimeValue {
  return { kind: "time", text: formatTimestamp(time), source };
}

function parseRfc3339(text: string): Timestamp | undefined {
  return RFC3339.test(text) ? parseTimestamp(text) : undefined;
}

/** `lastmodified` as the MAC is bound to it: seconds only, a zero offset as `Z`. Undefined for what is not RFC 3339. */
export function normaliseLastModified(text: string): string | undefined {
  const time = parseRfc3339(text);
  return time === undefined ? undefined : formatTimestamp({ ...time, nanosecond: 0 });
}

/** Milliseconds since the epoch as `lastmodified` is written: UTC, whole seconds. */
export function lastModifiedAt(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19)}Z`;
}
