// What every bench needs: whole processes timed in turn, medians, ratios, and a table for people.
import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { peersFolder } from "../tools/peers.mjs";

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");

/** Our command line as a program: Node and the built bundle. */
export const sealkit = [process.execPath, join(root, "dist/bin/sealkit.cjs")];

export const peer = (name) => join(peersFolder(), name);

/** Runs `work` with a fresh folder that is removed afterwards. */
export async function inFolder(work) {
  const folder = mkdtempSync(join(tmpdir(), "sealkit-bench-"));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Runs a program with files as its streams and resolves with its wall time in milliseconds. Throws when it fails: a
 * time of something that did not work is worth nothing.
 */
export async function timed(command, { input, output, env, cwd } = {}) {
  const stdin = input === undefined ? "ignore" : openSync(input, "r");
  const stdout = output === undefined ? "ignore" : openSync(output, "w");
  const started = process.hrtime.bigint();
  const child = spawn(command[0], command.slice(1), {
    stdio: [stdin, stdout, "pipe"],
    env: env ?? process.env,
    cwd,
  });
  const errors = [];
  child.stderr.on("data", (chunk) => errors.push(chunk));
  const code = await new Promise((done, failed) => {
    child.once("error", failed);
    child.once("close", done);
  });
  const ms = Number(process.hrtime.bigint() - started) / 1e6;
  for (const stream of [stdin, stdout]) if (typeof stream === "number") closeSync(stream);
  if (code !== 0) throw new Error(`${command.join(" ")} ended with ${code}\n${Buffer.concat(errors)}`);
  return ms;
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Milliseconds of processor time of all programs that ended so far; 0 where the system does not tell. */
export function processorTime() {
  try {
    const fields = readFileSync("/proc/self/stat", "utf8")
      .replace(/^.*\) /, "")
      .split(" ");
    return (Number(fields[13]) + Number(fields[14])) * 10;
  } catch {
    return 0;
  }
}

/**
 * Runs every contender once to warm the disk cache, then in turn `rounds` times, so that whatever else the machine does
 * meets all of them. Resolves with the median wall time and the mean processor time of each, in milliseconds: the first
 * is what a person waits, the second is what a busy machine does not blur.
 */
export async function inTurn(rounds, contenders) {
  const names = Object.keys(contenders);
  const times = Object.fromEntries(names.map((name) => [name, []]));
  const processor = Object.fromEntries(names.map((name) => [name, 0]));
  for (const run of Object.values(contenders)) await run();
  for (let round = 0; round < rounds; round++) {
    // Now forward, now backward: nobody always follows the same one, and has the memory or the disk that it left.
    const order = Object.entries(contenders);
    for (const [name, run] of round % 2 === 0 ? order : order.reverse()) {
      const before = processorTime();
      times[name].push(await run());
      processor[name] += (processorTime() - before) / rounds;
    }
  }
  return Object.fromEntries(names.map((name) => [name, { ms: median(times[name]), cpu: processor[name] }]));
}

/**
 * One line of the result: what was measured, ours and theirs in the same unit, and the ratio that counts with its goal
 * (`limit`: the ratio must not be larger).
 */
export function line(what, { ours, theirs, unit, rival, limit, note, cpu }) {
  return { what, ours, theirs, unit, rival, ratio: ours / theirs, limit, note, cpu };
}

/** A line of two contenders of `inTurn`; `times` stretches the rival's to as many calls as ours stands for. */
export function compare(what, ours, theirs, { rival, limit, note, times = 1 }) {
  const cpu = theirs.cpu > 0 ? ours.cpu / (theirs.cpu * times) : undefined;
  return line(what, { ours: ours.ms, theirs: theirs.ms * times, unit: "ms", rival, limit, note, cpu });
}

const figure = (value) => (value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2));

/** Prints the lines as a Markdown table. */
export function table(lines) {
  const rows = lines.map(({ what, ours, theirs, unit, rival, ratio, limit, note, cpu }) => [
    what,
    `${figure(ours)} ${unit}`,
    `${figure(theirs)} ${unit} (${rival})`,
    ratio.toFixed(3),
    cpu === undefined ? "" : cpu.toFixed(3),
    limit === undefined ? "" : `≤ ${limit}: ${ratio <= limit ? "met" : "missed"}`,
    note ?? "",
  ]);
  const head = ["what", "sealkit", "rival", "ratio", "ratio of processor time", "goal", "note"];
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
