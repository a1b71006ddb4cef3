// Runs the bundle of a thread, with what was compiled for it so far, and writes what V8 has compiled when the thread ends.
// Started by tools/compile-code.cjs instead of the bundle's own launcher.
const { existsSync, readFileSync, renameSync, writeFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const { dirname } = require("node:path");
const { Script } = require("node:vm");
const { threadId, workerData } = require("node:worker_threads");

const { bundle, code } = workerData;
const known = existsSync(code) ? { cachedData: readFileSync(code) } : {};
const script = new Script(readFileSync(bundle, "latin1"), { filename: bundle, ...known });
process.once("exit", () => {
  // Several threads end at the same time.
  writeFileSync(`${code}.${threadId}`, script.createCachedData());
  renameSync(`${code}.${threadId}`, code);
});
script.runInThisContext()({}, createRequire(bundle), {}, bundle, dirname(bundle));
