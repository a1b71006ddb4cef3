import { basename, resolve } from "node:path";
import {
  checkRecipients,
  compareKeys,
  completeKeys,
  type KeyChanges,
  type KeyGroup,
  masterKeyName,
  readLocked,
  recoverDataKey,
  ruleFor,
  withKeys,
} from "../../../src/sops/index.ts";
import { isDirectory } from "../../files-adapter.ts";
import type { Io } from "../../io.ts";
import { onOneLine, paint, write } from "../../output.ts";
import { agreed } from "../call/agreed.ts";
import type { SopsCall } from "../call/call.ts";
import { ending, SOPS_EXIT, SopsFailure } from "../call/failure.ts";
import { absentFile, readNamed, type Source, writeTarget } from "../call/files-adapter.ts";
import type { SopsFlags } from "../call/flags.ts";
import { indentFor } from "../call/indent.ts";
import { doubts as doubtsOf } from "../call/log.ts";
import { logLine } from "../call/log-line.ts";
import { Answers } from "../call/prompt.ts";
import { type FoundConfig, findConfig, pathForRules } from "../config/config-adapter.ts";
import { commandKeyring } from "../keys/keyring.ts";

/** `sealkit sops updatekeys`: gives files the keys of their creation rule. Returns the exit code. */
export async function runUpdateKeys(io: Io, flags: SopsFlags, useLocalKeys: boolean): Promise<number> {
  const doubts = doubtsOf(io, flags.has("strict"));
  const config = await findConfig(io, flags.text("config"), doubts);
  if (config === undefined) throw noConfig();
  const keyring = await commandKeyring(io, flags, doubts, useLocalKeys, "as in the file");
  const [path, ...others] = flags.args;
  if (path === undefined) throw new SopsFailure(SOPS_EXIT.noFile, "Error: no file specified");
  const answers = new Answers(io);
  const call: Call = { io, flags, doubts, config, answers, keyring };
  try {
    return others.length === 0 ? await updateOne(call, path) : await updateAll(call, flags.args);
  } finally {
    await answers.close();
  }
}

interface Call extends SopsCall {
  readonly answers: Answers;
}

/** Goes on after a file that fails. */
async function updateAll(call: Call, paths: readonly string[]): Promise<number> {
  const { io } = call;
  let failed = 0;
  for (const path of paths) {
    const code = await ending("change", io, async () => {
      try {
        return await updateOne(call, path);
      } catch (error) {
        if (!(error instanceof SopsFailure)) throw error;
        await write(io.stderr, logLine(io, "error", error.message));
        return error.exit;
      }
    });
    if (code !== 0) failed++;
  }
  if (failed === 0) return 0;
  throw new SopsFailure(SOPS_EXIT.generic, `failed updating ${failed} key(s)`);
}

async function updateOne(call: Call, path: string): Promise<number> {
  const { io, flags, answers } = call;
  const absent = await absentFile(io, path);
  if (absent !== undefined) {
    throw new SopsFailure(SOPS_EXIT.generic, `stat ${absent}: no such file or directory`);
  }
  if (await isDirectory(io, path)) throw new SopsFailure(SOPS_EXIT.generic, "can't operate on a directory");
  const source = await readNamed(io, flags, path);
  const shown = resolve(io.cwd, path);
  await log(io, `Syncing keys for file ${shown}`);
  const plan = await planKeys(call, source);
  if (plan.changes.isUpToDate) {
    await log(io, `File ${shown} already up to date`);
    return 0;
  }
  await write(io.stdout, inColour(io, describeChanges(plan.changes)));
  if (!flags.has("yes") && !(await agreed(io, answers))) {
    await log(io, `File ${shown} left unchanged`);
    return 0;
  }
  await writeTarget(io, path, Buffer.from(await plan.apply()), { isClear: false });
  await log(io, `File ${shown} synced with new keys`);
  return 0;
}

/** What `updatekeys` would do to a file. */
export interface KeysPlan {
  readonly changes: KeyChanges;
  /** The file with its new keys. Only this takes the data key. @throws {SopsError} */
  apply(): Promise<string>;
}

/** Compares a file with its creation rule. @throws {SopsFailure | SopsError} */
export async function planKeys(call: SopsCall, source: Source): Promise<KeysPlan> {
  const { io, flags, config, keyring } = call;
  const { inputFormat: format, path = "" } = source;
  if (config === undefined) throw noConfig();
  const groups = await completeKeys(wantedGroups(io, config, path), keyring);
  await checkRecipients(
    groups.flat().flatMap((key) => (key.type === "age" ? [masterKeyName(key)] : [])),
    keyring,
  );
  const options = {
    file: path,
    format,
    keyring,
    now: io.now(),
    indent: indentFor(flags, config, format),
    isLenient: !flags.has("strict"),
  };
  const locked = readLocked(source.bytes, format, options);
  return {
    changes: compareKeys(locked.metadata, groups),
    apply: async () => await withKeys(locked, await recoverDataKey(locked.metadata, keyring, options), groups, options),
  };
}

function noConfig(): SopsFailure {
  return new SopsFailure(
    SOPS_EXIT.generic,
    "config file not found\nhint: the keys come from a .sops.yaml, here or above; --config FILE before the command names another",
  );
}

/** @throws {SopsFailure} when no rule says what keys the file should have, or they cannot be used. */
function wantedGroups(io: Io, config: FoundConfig, path: string): readonly KeyGroup[] {
  if (config.creationRules === undefined) {
    const state = `The config file ${basename(config.path)} does not contain any creation rule`;
    throw new SopsFailure(SOPS_EXIT.generic, state);
  }
  const rule = ruleFor(config.creationRules, pathForRules(io, config, path), config.path);
  return rule.keyGroups();
}

/** The changes as the original shows them. Recipients are public. */
export function describeChanges({ groups, shamirThreshold: { before, after } }: KeyChanges): string {
  const changed = [`+++ shamir_threshold: ${after}`, `--- shamir_threshold: ${before}`];
  const same = after === 0 ? [] : [`shamir_threshold: ${after}`];
  const threshold = before === after ? same : changed;
  const lines = ["The following changes will be made to the file's groups:", ...threshold, ...groupLines(groups)];
  return `${lines.join("\n")}\n`;
}

/** Who comes in green, who goes in red, where there are colours. */
export function inColour(io: Io, changes: string): string {
  const painted = (line: string) => {
    if (line.startsWith("+++ ")) return paint(io, io.stdout, "green", line);
    return line.startsWith("--- ") ? paint(io, io.stdout, "red", line) : line;
  };
  return changes.split("\n").map(painted).join("\n");
}

/** Each group with the keys that stay, come and go. Recipients are public. */
export function groupLines(groups: KeyChanges["groups"]): readonly string[] {
  return groups.flatMap(({ kept, added, removed }, index) => [
    `Group ${index + 1}`,
    ...kept.map((name) => `    ${onOneLine(name)}`),
    ...added.map((name) => `+++ ${onOneLine(name)}`),
    ...removed.map((name) => `--- ${onOneLine(name)}`),
  ]);
}

/** A line as Go's own log writes it. */
async function log(io: Io, message: string): Promise<void> {
  const now = new Date(io.now());
  const two = (value: number) => String(value).padStart(2, "0");
  const day = [now.getFullYear(), two(now.getMonth() + 1), two(now.getDate())].join("/");
  const time = [now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join(":");
  await write(io.stderr, `${day} ${time} ${message}\n`);
}
