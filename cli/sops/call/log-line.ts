import type { Io } from "../../io.ts";

/** One line of the original's log without a terminal. `part` is the part of the original that speaks. */
export function logLine(io: Io, level: "info" | "warning" | "error" | "fatal", message: string, part = "CMD"): string {
  const time = `${new Date(io.now()).toISOString().slice(0, 19)}Z`;
  return `[${part}]\t time="${time}" level=${level} msg=${JSON.stringify(message)}\n`;
}
