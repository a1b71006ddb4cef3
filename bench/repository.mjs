// A whole repository of thousands of encrypted files: proven, rotated and audited by one command each. What nobody can
// avoid is one private-key operation for each sealed item; how near we come to these alone on all cores, and in how much memory.
// With keys of 4096 bits, which both controllers make unless they are told otherwise; with 2048 bits the operations take a fifth
// of the time, and everything else stands out.
import { execFileSync, spawn } from "node:child_process";
import { constants, createPublicKey, publicEncrypt, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { ITEMS, makeRepository } from "./make-repository.mjs";
import { line, processorTime, sealkit } from "./measure.mjs";

const GOAL_MEGABYTES = 300;
/** Four fifths of what private-key operations alone would reach. */
const LIMIT = 1 / 0.8;

/** `operations`: how many each thread does to tell what a core can, by the size of the key. */
export async function run(
  folder,
  { sealedSecrets = 5_000, sopsFiles = 2_000, operations = { 4096: 600, 2048: 2_000 } } = {},
) {
  const lines = [];
  for (const bits of Object.keys(operations)
    .map(Number)
    .sort((a, b) => b - a)) {
    const own = join(folder, `rsa-${bits}`);
    mkdirSync(own);
    lines.push(...(await runWith(own, { bits, sealedSecrets, sopsFiles, operations: operations[bits] })));
    rmSync(own, { recursive: true });
  }
  return lines;
}

async function runWith(folder, { bits, sealedSecrets, sopsFiles, operations }) {
  const { repository, backup, identityFile, keyPem } = await makeRepository(folder, { sealedSecrets, sopsFiles, bits });
  const items = sealedSecrets * ITEMS;
  const env = { ...process.env, SOPS_AGE_KEY_FILE: "" };
  const cores = availableParallelism();
  const git = (...words) => execFileSync("git", words, { cwd: repository, encoding: "utf8" });
  const opened = ["-i", identityFile];
  const rotate = ["rotate", "--repo", repository, "--backup", backup, ...opened, "-o", "json"];

  const lines = [];
  /** One command; `isOpening`: whether it opens every item. Before each the operations alone are measured anew. */
  const measure = async (what, words, { isOpening = true } = {}) => {
    const alone = await privateOperations(keyPem, { operations, threads: cores });
    const done = await measured([...sealkit, ...words], { cwd: repository, env });
    const rate = `${((items + sopsFiles) / (done.ms / 1000)).toFixed(0)} items/s`;
    const floor = items / alone.perSecond;
    const share = `${((100 * floor * 1000) / done.ms).toFixed(0)} % of ${alone.perSecond.toFixed(0)} operations/s`;
    console.error(`  RSA-${bits}, ${what}: ${done.ms.toFixed(0)} ms, ${rate}, ${share}, ${done.peak.toFixed(0)} MB`);
    if (isOpening) {
      lines.push(
        line(`repository, RSA-${bits}: ${what}, ${items} items and ${sopsFiles} SOPS files`, {
          ours: done.ms,
          theirs: floor * 1000,
          unit: "ms",
          rival: `private operations alone, ${cores} threads`,
          limit: LIMIT,
          note: `${rate}; ${share}`,
          cpu: done.cpu / (items * alone.cpuMs),
        }),
      );
    }
    lines.push(
      line(`repository, RSA-${bits}: ${what}, peak memory`, {
        ours: done.peak,
        theirs: GOAL_MEGABYTES,
        unit: "MB",
        rival: "goal",
        limit: 1,
        note: isOpening ? "" : `${(done.ms / 1000).toFixed(1)} s`,
      }),
    );
    return done.stdout;
  };

  const proven = JSON.parse(
    await measure("keys verify", ["keys", "verify", ...opened, backup, "--repo", ".", "-o", "json"]),
  );
  expectCounts(proven[0].values, items + 5 * sopsFiles, "values proven");
  const plan = JSON.parse(await measure("rotate --dry-run", [...rotate, "--dry-run"]));
  expectCounts(rotatedIn(plan), items, "items that would be rotated");
  expectCounts(git("status", "--porcelain").length, 0, "characters of git status after a dry run");
  const found = JSON.parse(
    await measure("audit --history", [
      ...["audit", "--repo", ".", "--history", "--backup", backup, ...opened],
      ...["--fail-on", "never", "-o", "json"],
    ]),
  );
  expectCounts(found.sealedSecrets, sealedSecrets, "SealedSecrets audited");
  expectCounts(found.sopsFiles, sopsFiles, "SOPS files audited");
  const rotated = JSON.parse(await measure("rotate", rotate));
  expectCounts(rotatedIn(rotated), items, "items rotated");
  expectCounts(rotated.files.filter(({ state }) => state !== "rotated").length, 0, "files that were left");
  const again = JSON.parse(
    await measure("keys verify, rotated", ["keys", "verify", ...opened, backup, "--repo", ".", "-o", "json"]),
  );
  expectCounts(again[0].values, items + 5 * sopsFiles, "values proven after the rotation");
  expectCounts(again[0].usedKeys.length, 1, "keys in use after the rotation");
  return lines;
}

function rotatedIn({ files }) {
  return files.reduce((sum, { items }) => sum + items, 0);
}

/** A time of something that did not work is worth nothing. */
function expectCounts(got, wanted, what) {
  if (got !== wanted) throw new Error(`${what}: ${got} in place of ${wanted}`);
}

/** What a thread runs: so many private-key operations, and nothing else. */
const OPERATIONS = `
const { parentPort, workerData } = require("node:worker_threads");
const { constants, createPrivateKey, privateDecrypt } = require("node:crypto");
const key = { key: createPrivateKey(workerData.pem), padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" };
parentPort.on("message", (count) => {
  for (let at = 0; at < count; at++) privateDecrypt(key, workerData.sealed);
  parentPort.postMessage("done");
});
`;

/** Private-key operations a second, all threads together, and milliseconds of processor time for each. */
async function privateOperations(pem, { operations, threads }) {
  const { RSA_PKCS1_OAEP_PADDING: padding } = constants;
  const sealed = publicEncrypt({ key: createPublicKey(pem), padding, oaepHash: "sha256" }, randomBytes(32));
  const workers = Array.from(
    { length: threads },
    () => new Worker(OPERATIONS, { eval: true, workerData: { pem, sealed } }),
  );
  const all = (count) =>
    Promise.all(
      workers.map(
        (worker) =>
          new Promise((done, failed) => {
            worker.once("error", failed).once("message", done);
            worker.postMessage(count);
          }),
      ),
    );
  await all(20);
  const [started, before] = [performance.now(), process.cpuUsage()];
  await all(operations);
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(before);
  await Promise.all(workers.map((worker) => worker.terminate()));
  return { perSecond: (operations * threads) / seconds, cpuMs: (user + system) / 1000 / (operations * threads) };
}

/** A program with its output, wall and processor time in milliseconds, and its most memory in millions of bytes. */
async function measured([program, ...args], options) {
  const before = processorTime();
  const started = performance.now();
  const child = spawn(program, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  const [stdout, stderr] = [[], []];
  child.stdout.on("data", (chunk) => stdout.push(chunk));
  child.stderr.on("data", (chunk) => stderr.push(chunk));
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, peakOf(child.pid));
  }, 20);
  const code = await new Promise((done, failed) => {
    child.once("error", failed);
    child.once("close", done);
  });
  clearInterval(timer);
  const ms = performance.now() - started;
  if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}\n${Buffer.concat(stderr)}`);
  return { ms, cpu: processorTime() - before, peak, stdout: Buffer.concat(stdout).toString() };
}

function peakOf(pid) {
  try {
    const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return (Number(kibibytes ?? 0) * 1024) / 1e6;
  } catch {
    // It ended between two looks.
    return 0;
  }
}
