import { Worker } from "node:worker_threads";
import type { PrivateKeyWork } from "./key-lanes.ts";

/** Threads that do private-key operations, for any number of keys. */
export interface RsaThreads {
  /** Hands a key to all threads. `pkcs8`: PrivateKeyInfo, DER. */
  workWith(pkcs8: Uint8Array): PrivateKeyWork;
  close(): Promise<void>;
}

/**
 * What a thread runs. A text, not a file of its own: the program is bundled into one file, and a thread must not load all
 * of that to decrypt 32 bytes.
 */
const PROGRAM = `
const { parentPort } = require("node:worker_threads");
const { constants, createPrivateKey, privateDecrypt } = require("node:crypto");
const keys = new Map();
const padding = constants.RSA_PKCS1_OAEP_PADDING;
const read = (pkcs8) => {
  try {
    return createPrivateKey({ key: Buffer.from(pkcs8), format: "der", type: "pkcs8" });
  } catch {
    return undefined;
  }
};
const open = ({ key, wrapped, label }) => {
  const privateKey = keys.get(key);
  if (privateKey === undefined) return "unusable";
  try {
    const plain = privateDecrypt({ key: privateKey, padding, oaepHash: "sha256", oaepLabel: label }, wrapped);
    return new Uint8Array(plain);
  } catch {
    return undefined;
  }
};
parentPort.on("message", (message) => {
  if (message.kind === "key") {
    keys.set(message.key, read(message.pkcs8));
    message.pkcs8.fill(0);
  } else if (message.kind === "drop") keys.delete(message.key);
  else parentPort.postMessage({ opened: open(message) });
});
`;

/** A thread needs little more than its keys; what V8 takes without being asked is tens of megabytes. */
const LIMITS = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2, codeRangeSizeMb: 8 };

interface Job {
  readonly key: number;
  readonly wrapped: Uint8Array;
  readonly label: Uint8Array;
  readonly done: (opened: Uint8Array | "unusable" | undefined) => void;
  readonly failed: (error: Error) => void;
}

/**
 * Starts `count` threads. The thread pool behind WebCrypto has four threads that file and name look-ups share; these are
 * beside it, and as many as are wanted. A thread that dies is replaced, and the operation it was at fails.
 */
export function startRsaThreads(count: number): RsaThreads {
  const keys = new Map<number, Uint8Array>();
  const all = new Set<Worker>();
  const idle: Worker[] = [];
  const busy = new Map<Worker, Job>();
  const waiting: Job[] = [];
  let serial = 0;
  let isClosed = false;

  const give = (worker: Worker, key: number, pkcs8: Uint8Array) => {
    const copy = new Uint8Array(pkcs8);
    worker.postMessage({ kind: "key", key, pkcs8: copy }, [copy.buffer]);
  };

  const next = () => {
    while (waiting.length > 0) {
      const worker = idle.pop() ?? (all.size < count ? start() : undefined);
      const job = worker === undefined ? undefined : waiting.shift();
      if (worker === undefined || job === undefined) return;
      busy.set(worker, job);
      worker.postMessage({ kind: "open", key: job.key, wrapped: job.wrapped, label: job.label });
    }
  };

  const start = (): Worker => {
    const worker = new Worker(PROGRAM, { eval: true, env: {}, execArgv: [], resourceLimits: LIMITS, name: "unseal" });
    worker.unref();
    all.add(worker);
    for (const [key, pkcs8] of keys) give(worker, key, pkcs8);
    worker.on("message", ({ opened }: { readonly opened: Uint8Array | "unusable" | undefined }) => {
      const job = busy.get(worker);
      busy.delete(worker);
      idle.push(worker);
      job?.done(opened);
      next();
    });
    // Without a listener the error would end the process; that the thread ends follows anyway.
    worker.on("error", () => undefined);
    worker.on("exit", () => {
      const job = busy.get(worker);
      busy.delete(worker);
      all.delete(worker);
      const at = idle.indexOf(worker);
      if (at >= 0) idle.splice(at, 1);
      job?.failed(new Error("a thread for private-key operations ended"));
      if (!isClosed) next();
    });
    return worker;
  };

  return {
    workWith(pkcs8) {
      const key = serial++;
      keys.set(key, pkcs8);
      for (const worker of all) give(worker, key, pkcs8);
      return {
        decrypt: (wrapped, label) =>
          new Promise((done, failed) => {
            if (isClosed) return failed(new Error("the threads for private-key operations are closed"));
            waiting.push({ key, wrapped: new Uint8Array(wrapped), label: new Uint8Array(label), done, failed });
            next();
          }),
        forget: () => {
          keys.delete(key);
          for (const worker of all) worker.postMessage({ kind: "drop", key });
        },
      };
    },
    async close() {
      isClosed = true;
      for (const { failed } of waiting.splice(0))
        failed(new Error("the threads for private-key operations are closed"));
      await Promise.all([...all].map((worker) => worker.terminate()));
    },
  };
}
