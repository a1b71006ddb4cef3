import { setTimeout as wait } from "node:timers/promises";
import { threadId } from "node:worker_threads";
import { SopsError } from "../../src/sops/errors.ts";
import { Moved } from "../../src/threads/index.ts";
import { serveThread } from "../../src/threads/serve-thread-adapter.ts";

let secret = "";
const held = new Int32Array(new SharedArrayBuffer(4));

/** Jobs that do to their thread what a mistake could. */
export const jobs = {
  double: (value: number) => value * 2,
  who: () => threadId,
  /** Blocks the thread, which then hears nothing. */
  hold: (ms: number) => Atomics.wait(held, 0, 0, ms),
  later: async (value: string) => {
    await wait(1);
    return value;
  },
  bytes: (bytes: Uint8Array<ArrayBuffer>) =>
    new Moved(
      bytes.map((byte) => byte ^ 255),
      [bytes.buffer],
    ),
  count: (counter: SharedArrayBuffer) => Atomics.add(new Int32Array(counter), 0, 1),
  secret: () => secret,
  surroundings: () => ({ env: Object.keys(process.env), argv: process.argv.slice(2) }),
  refuse: () => {
    throw new SopsError("SOPS_BAD_VALUE", 'Cannot read "a.yaml": no', {
      file: "a.yaml",
      details: ["in line 3"],
      hints: ["look at it"],
      cause: new Error("canary-cause"),
    });
  },
  stumble: () => {
    throw new RangeError("not expected");
  },
  unanswerable: () => () => 1,
  exit: () => process.exit(3),
  stray: async () => {
    setImmediate(() => {
      throw new Error("canary-stray");
    });
    await wait(10_000);
  },
  fill: () => {
    const all: string[][] = [];
    for (;;) all.push("x".repeat(1000).split(""));
  },
};

serveThread(jobs, {
  setUp: (value: { readonly secret: string }) => {
    if (value.secret === "bad") throw new SopsError("SOPS_BAD_VALUE", "Cannot begin: a bad secret");
    secret = value.secret;
  },
});
