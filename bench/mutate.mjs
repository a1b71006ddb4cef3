// Damaged SOPS and age files by the million: nothing may crash, hang, or be accepted that was forged.
//
//   node bench/mutate.mjs --count 1000000                  every parser, from number 0
//   node bench/mutate.mjs --parser yaml --from 250000      goes on where a run was ended
//
// Each input follows from seed, parser and number: what was found can be had again with --from N --count 1.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { root } from "./measure.mjs";
import { importTypeScript } from "./typescript.mjs";

/** Longer than this on one input is a hang. */
const HANG_MS = 1000;
/** No sign of life for so long: the worker is stopped, and the input is named. */
const DEAD_MS = 60_000;
const SAY_EVERY = 1000;

const IDENTITIES = ["key-a.txt", "key-b.txt"].map((name) => join(root, "fixtures/sops", name));

if (isMainThread) await main();
else await work(workerData);

async function main() {
  const { values } = parseArgs({
    options: {
      parser: { type: "string", multiple: true },
      seed: { type: "string", default: "20240613" },
      from: { type: "string", default: "0" },
      count: { type: "string", default: "1000000" },
    },
  });
  const all = ["yaml", "json", "dotenv", "ini", "binary", "age", "age-armor"];
  let isClean = true;
  for (const parser of values.parser ?? all) {
    const task = { parser, seed: Number(values.seed), from: Number(values.from), count: Number(values.count) };
    isClean = (await runTask(task)) && isClean;
  }
  process.exitCode = isClean ? 0 : 1;
}

/** Runs one parser in a thread of its own, so that one that hangs can be told of. */
async function runTask(task) {
  const at = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL(import.meta.url), { workerData: { ...task, at: at.buffer } });
  const started = performance.now();
  return await new Promise((done, failed) => {
    let timer;
    const alive = () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        console.log(`${task.parser} ${Atomics.load(at, 0)}: hangs`);
        void worker.terminate();
        done(false);
      }, DEAD_MS);
    };
    alive();
    worker.on("message", (message) => {
      alive();
      if (message.kind === "found") console.log(`${task.parser} ${message.at}: ${message.what}`);
      if (message.kind !== "done") return;
      clearTimeout(timer);
      const seconds = ((performance.now() - started) / 1000).toFixed(0);
      const { counts, slowest, found } = message;
      console.log(
        `${task.parser}: ${task.count} inputs from ${task.from} (seed ${task.seed}) in ${seconds} s: ${JSON.stringify(counts)}, slowest ${slowest.ms.toFixed(0)} ms at ${slowest.at}, ${found} found`,
      );
      done(found === 0);
    });
    worker.on("error", failed);
  });
}

async function work({ parser, seed, from, count, at }) {
  const place = new Int32Array(at);
  const { mutator } = await importTypeScript("test/helpers/mutations.ts");
  const { readFile } = await import("node:fs/promises");
  const texts = await Promise.all(IDENTITIES.map((path) => readFile(path, "utf8")));
  const keys = texts.map((text) => /AGE-SECRET-KEY-1\w+/.exec(text)[0]);
  const { judge } = await mutator(parser, seed, keys);
  const counts = {};
  let [found, slowest] = [0, { ms: 0, at: from }];
  for (let number = from; number < from + count; number++) {
    Atomics.store(place, 0, number);
    const { verdict, ms } = await measured(judge, number);
    if (ms > slowest.ms) slowest = { ms, at: number };
    counts[verdict.kind] = (counts[verdict.kind] ?? 0) + 1;
    const what = ms > HANG_MS ? `takes ${ms.toFixed(0)} ms` : verdict.what;
    if (what !== undefined) {
      found++;
      parentPort.postMessage({ kind: "found", at: number, what });
    }
    if (number % SAY_EVERY === 0) parentPort.postMessage({ kind: "alive" });
  }
  parentPort.postMessage({ kind: "done", counts, slowest, found });
}

/** In processor time, which a busy machine does not blur; one that waits for ever is found by its silence. */
async function measured(judge, number) {
  const before = process.cpuUsage();
  const verdict = await judge(number);
  return { verdict, ms: process.cpuUsage(before).user / 1000 };
}
