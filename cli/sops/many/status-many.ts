import { relative } from "node:path";
import { inParallel } from "../../../src/parallel.ts";
import type { Io } from "../../io.ts";
import { readTarget } from "../../many-files/read-adapter.ts";
import { note, table, write } from "../../output.ts";
import { withProgress } from "../../progress.ts";
import { SOPS_EXIT, SopsFailure } from "../call/failure.ts";
import type { SopsFlags } from "../call/flags.ts";
import { doubts as doubtsOf } from "../call/log.ts";
import { findConfig } from "../config/config-adapter.ts";
import { sourceOf } from "./make-one.ts";
import { findTargets } from "./targets-adapter.ts";
import { isEncrypted, isToEncrypt } from "./work.ts";

const PARALLEL = 8;

interface Status {
  readonly file: string;
  readonly encrypted: boolean;
}

/**
 * `sealkit sops filestatus -r FOLDER…`: the encrypted files, and the clear ones that a creation rule wants encrypted. Needs
 * no key. With `--check` the exit code is 1 when there is one of the latter.
 */
export async function runStatusMany(io: Io, flags: SopsFlags): Promise<number> {
  if (flags.args.length === 0) throw new SopsFailure(SOPS_EXIT.noFile, "Error: no file specified");
  const { place, paths, root } = await findTargets(io, flags.args);
  const doubts = doubtsOf(io, flags.has("strict"));
  const config =
    (await findConfig(io, flags.text("config"), doubts)) ?? (await findConfig({ ...io, cwd: root }, "", doubts));
  const found: Status[] = [];
  let done = 0;
  await withProgress(io, "Looking", async (onStep) => {
    await inParallel(paths, PARALLEL, async (path) => {
      io.signal.throwIfAborted();
      const absolute = `${place.base}/${path}`;
      const file = relative(io.cwd, absolute);
      const source = sourceOf(flags, file, readTarget(file, absolute).bytes);
      const encrypted = isEncrypted(source);
      const isWanted = config?.creationRules !== undefined && isToEncrypt({ io, config }, source);
      if (encrypted || isWanted) found.push({ file, encrypted });
      onStep(++done, paths.length);
    });
  });
  found.sort((left, right) => (left.file < right.file ? -1 : 1));
  const clear = found.filter(({ encrypted }) => !encrypted).length;
  if (flags.text("format") === "json") await write(io.stdout, `${JSON.stringify(found, undefined, 2)}\n`);
  else if (found.length > 0) {
    const rows = found.map(({ file, encrypted }) => [encrypted ? "encrypted" : "clear", file]);
    await write(io.stdout, table(["STATUS", "FILE"], rows));
  }
  await note(io, `${found.length - clear} encrypted; ${clear} in clear that a creation rule wants encrypted.`);
  return flags.has("check") && clear > 0 ? SOPS_EXIT.generic : 0;
}
