import { quoteGo } from "../src/bytes/go-quote.ts";
import type { Clock } from "../src/kube/index.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";

export type Fields = Readonly<Record<string, string | number | boolean | undefined>>;

/** What the controller writes about itself. Nothing secret is ever given to it. */
export interface Log {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
  /** The same log with more fields in every line. */
  with(fields: Fields): Log;
}

export interface LogOptions {
  readonly clock: Clock;
  readonly level: LogLevel;
  readonly format: "text" | "json";
  /** Takes one line with its line feed. */
  readonly write: (line: string, level: LogLevel) => void;
}

const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/**
 * Lines in the form of Go's slog, so that existing log pipelines go on reading them: `time=... level=INFO msg="..."
 * key=value`, or one JSON object per line.
 */
export function createLog(options: LogOptions, bound: Fields = {}): Log {
  const at =
    (level: LogLevel) =>
    (message: string, fields: Fields = {}) => {
      if (RANK[level] < RANK[options.level]) return;
      const time = new Date(options.clock.now()).toISOString();
      const all: Fields = { time, level: level.toUpperCase(), msg: message, ...bound, ...fields };
      const line = options.format === "json" ? JSON.stringify(all) : textLine(all);
      options.write(`${line}\n`, level);
    };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    with: (fields) => createLog(options, { ...bound, ...fields }),
  };
}

/** A log that nobody reads. */
export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  with: () => silentLog,
};

function textLine(fields: Fields): string {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${quoted(String(value))}`)
    .join(" ");
}

/**
 * A value of a text line: in quotes when it would not read back as one word. A backslash alone is no reason.
 *
 * Source: the text handler of Go's log/slog.
 */
function quoted(value: string): string {
  const isPlain = /^[\p{L}\p{M}\p{N}\p{P}\p{S}]+$/u.test(value) && !/["=]/.test(value);
  return isPlain ? value : quoteGo(value);
}
