import { spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { peer } from "../../helpers/peers.ts";

/** A headless Chromium that is told what to do over the DevTools protocol, through pipes. */
export interface Browser {
  /** A command of the protocol to the page. */
  send(method: string, params?: object): Promise<Record<string, unknown>>;
  /** What an expression in the page comes to, awaited. */
  evaluate<T>(expression: string): Promise<T>;
  close(): Promise<void>;
}

interface Message {
  readonly id?: number;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

/** Starts a browser that has one empty page. Every command has to be answered within 20 seconds. */
export async function startBrowser(folder: string): Promise<Browser> {
  const quiet = ["--no-first-run", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"];
  const args = ["--headless", "--no-sandbox", ...quiet, `--user-data-dir=${folder}/profile`, "--remote-debugging-pipe"];
  const browser = spawn(peer("chromium"), [...args, "about:blank"], {
    stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
    env: { ...process.env, HOME: folder },
    // A group of its own, so that the helpers of the browser end with it.
    detached: true,
  });
  const ended = new Promise<void>((done) => browser.once("exit", () => done()));
  const [, , , orders, reports] = browser.stdio as unknown as [null, null, null, Writable, Readable];
  // Broken when the browser ends first; the commands that wait then say so.
  orders.on("error", () => undefined);
  const waiting = new Map<number, (message: Message) => void>();
  let rest = "";
  reports.setEncoding("utf8").on("data", (piece: string) => {
    const messages = `${rest}${piece}`.split("\0");
    rest = messages.pop() ?? "";
    for (const text of messages) {
      const message: Message = JSON.parse(text);
      if (message.id !== undefined) waiting.get(message.id)?.(message);
    }
  });
  let last = 0;
  const command = (method: string, params: object, sessionId?: unknown) =>
    new Promise<Record<string, unknown>>((resolve, reject) => {
      const id = ++last;
      const timer = setTimeout(() => reject(new Error(`${method}: no answer`)), 20_000);
      waiting.set(id, ({ result, error }) => {
        clearTimeout(timer);
        if (error === undefined) resolve(result ?? {});
        else reject(new Error(`${method}: ${error.message}`));
      });
      orders.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
  const close = async () => {
    if (browser.pid !== undefined && browser.exitCode === null) process.kill(-browser.pid, "SIGKILL");
    await ended;
  };
  try {
    const { targetId } = await command("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await command("Target.attachToTarget", { targetId, flatten: true });
    const send = (method: string, params: object = {}) => command(method, params, sessionId);
    const evaluate = async <T>(expression: string) => {
      const given = await send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
      if (given.exceptionDetails !== undefined) throw new Error(JSON.stringify(given.exceptionDetails));
      return (given.result as { value: T }).value;
    };
    return { send, evaluate, close };
  } catch (error) {
    await close();
    throw error;
  }
}
