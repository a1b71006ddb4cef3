import type { KmsPorts } from "../../src/kms/ports.ts";
import { type FakeClock, fakeClock } from "./fakes/clock.ts";

export interface TestPorts extends KmsPorts {
  readonly clock: FakeClock;
  /** Which files were asked for, in order. */
  readonly read: string[];
}

/** Ports without a machine behind them: an environment and files as given, time that passes by itself. */
export function testPorts(
  given: {
    readonly fetch?: KmsPorts["fetch"];
    readonly env?: Readonly<Record<string, string>>;
    readonly files?: Readonly<Record<string, string | Uint8Array>>;
    readonly startMs?: number;
    readonly signal?: AbortSignal;
    /** Pauses end at once and time limits never fall due (default); false: turn `clock` by hand. */
    readonly hurry?: boolean;
  } = {},
): TestPorts {
  const clock = fakeClock(given.startMs ?? Date.now());
  const files = new Map(Object.entries(given.files ?? {}));
  const read: string[] = [];
  const fetch = given.fetch ?? globalThis.fetch;
  return {
    fetch,
    fetchWith: () => fetch,
    env: (name) => given.env?.[name] || undefined,
    async readFile(path) {
      read.push(path);
      const content = files.get(path);
      return typeof content === "string" ? new TextEncoder().encode(content) : content;
    },
    async listFiles(path) {
      const paths = [...files.keys()].filter((name) => name === path || name.startsWith(`${path}/`)).sort();
      if (paths.length > 1000) return "too-many";
      return paths.length === 0 && !path.endsWith("/empty") ? "missing" : paths;
    },
    home: "/home/tester",
    hostname: "workstation.example",
    now: () => new Date(clock.now()),
    timers: {
      random: clock.random,
      after(delayMs, run) {
        if (given.hurry === false) return clock.after(delayMs, run);
        if (delayMs >= LONGEST_PAUSE_MS) return () => undefined;
        clock.jump(delayMs);
        const soon = setImmediate(run);
        return () => clearImmediate(soon);
      },
    },
    ...(given.signal === undefined ? {} : { signal: given.signal }),
    clock,
    read,
  };
}

/** What is longer than any pause between tries is a time limit. */
const LONGEST_PAUSE_MS = 6_000;
