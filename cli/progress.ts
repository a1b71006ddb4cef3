import type { Io } from "./io.ts";
import { write } from "./output.ts";

const SHOW_AFTER_MS = 1000;
const REDRAW_MS = 100;
const PLAIN_EVERY_MS = 10_000;
const BAR = 20;

/**
 * Runs long work and shows how far it is: one line that moves when stderr is a terminal, a plain line every ten seconds
 * elsewhere; nothing for work that is done within a second.
 */
export async function withProgress<Result>(
  io: Io,
  what: string,
  work: (onStep: (done: number, all: number) => void) => Promise<Result>,
): Promise<Result> {
  const started = io.now();
  const isTerminal = io.stderr.isTTY === true;
  let shown = started + (isTerminal ? SHOW_AFTER_MS - REDRAW_MS : 0);
  let drew = false;
  const onStep = (done: number, all: number) => {
    const now = io.now();
    if (now - shown < (isTerminal ? REDRAW_MS : PLAIN_EVERY_MS)) return;
    shown = now;
    drew = true;
    const line = progressLine(what, { done, all, spentMs: now - started });
    void write(io.stderr, isTerminal ? `\r\u001b[K${line}` : `${line}\n`);
  };
  try {
    return await work(onStep);
  } finally {
    if (drew && isTerminal) await write(io.stderr, "\r\u001b[K");
  }
}

/** `Opening  ████░░░░  1204/2000 · 410/s · 2 s left` */
function progressLine(
  what: string,
  { done, all, spentMs }: { readonly done: number; readonly all: number; readonly spentMs: number },
): string {
  const full = all === 0 ? BAR : Math.round((done / all) * BAR);
  const rate = spentMs === 0 ? 0 : (done / spentMs) * 1000;
  const left = rate === 0 ? "" : ` · ${Math.ceil((all - done) / rate)} s left`;
  return `${what}  ${"█".repeat(full)}${"░".repeat(BAR - full)}  ${done}/${all} · ${Math.round(rate)}/s${left}`;
}
