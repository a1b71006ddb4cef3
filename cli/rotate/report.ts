import { printJson, printSigs } from "../../src/yaml/index.ts";
import type { Io } from "../io.ts";
import { count } from "../keys/backup.ts";
import { note, table, write } from "../output.ts";
import type { FileOutcome } from "./rotation.ts";
import type { RotationResult } from "./run-rotation.ts";

/** More lines than this nobody reads in a table; the other forms have them all. */
const SHOWN = 50;

/** What was done and what was not: the files on standard output, a line of summary on standard error. */
export async function printReport(io: Io, result: RotationResult, form: "table" | "json" | "yaml"): Promise<void> {
  await write(io.stdout, form === "table" ? tableText(result) : dataText(result, form));
  const { files, from, fingerprint, written, spentMs, commit } = result;
  if (fingerprint !== undefined) await note(io, `Sealing for ${fingerprint}, ${from}`);
  const of = (state: FileOutcome["state"]) => files.filter((file) => file.state === state);
  const rotated = of("rotated");
  const items = rotated.reduce((sum, file) => sum + file.items, 0);
  const sops = rotated.filter(({ kind }) => kind === "SOPS file").length;
  const parts = [
    `${count(items, "item")} in ${count(rotated.length - sops, "file")} of SealedSecrets`,
    `${count(sops, "SOPS file")}`,
  ];
  const before = of("done before").length;
  const rest = [
    `${of("current").length} on the newest key already`,
    ...(before === 0 ? [] : [`${before} done by an earlier run`]),
    `${of("failed").length} failed`,
  ];
  const first = written
    ? `Rotated ${parts.join(" and ")} in ${(spentMs / 1000).toFixed(1)} s`
    : `Would rotate ${parts.join(" and ")}; nothing was written`;
  await note(io, `${first}; ${rest.join("; ")}.`);
  const submodules = result.skipped.filter(({ why }) => why === "submodule").length;
  if (submodules > 0) await note(io, `Left out: ${count(submodules, "submodule")}; rotate each by itself`);
  const absent = result.skipped.filter(({ why }) => why === "not checked out").length;
  if (absent > 0) await note(io, `Left out: ${count(absent, "file")} that a sparse checkout leaves in the repository`);
  if (commit !== undefined)
    await note(io, `Committed as ${commit.hash}${commit.branch === undefined ? "" : ` on ${commit.branch}`}`);
  if (form === "table" && of("failed").length > SHOWN)
    await note(io, "more failed than are shown: -o json has them all");
}

function tableText({ files }: RotationResult): string {
  const rows = files.filter(({ state }) => state === "rotated").map((file) => [file.path, whatOf(file)]);
  const failures = files.flatMap(({ path, problems }) =>
    problems.map(({ line, object, why }) => [line === undefined ? path : `${path}:${line}`, object ?? "file", why]),
  );
  const parts = [
    ...(rows.length === 0 ? [] : [table(["FILE", "ROTATED"], rows)]),
    ...(failures.length === 0 ? [] : [table(["WHERE", "WHAT", "WHY IT STAYS AS IT IS"], failures.slice(0, SHOWN))]),
  ];
  return parts.join("\n");
}

/** Whom a rule adds is somebody to look at: they can read the file from now on. */
function whatOf({ kind, items, added, removed }: FileOutcome): string {
  if (kind === "SealedSecrets") return count(items, "item");
  const changes = [...added.map((name) => `added ${name}`), ...removed.map((name) => `removed ${name}`)];
  return [kind, ...changes].join(", ");
}

function dataText(
  { repository, fingerprint, from, written, files, skipped, commit }: RotationResult,
  form: "json" | "yaml",
) {
  const report = {
    repository,
    sealedFor: fingerprint ?? "",
    from: from ?? "",
    written,
    commit: commit?.hash ?? "",
    files: files.map(({ path, kind, state, items, current, added, removed, problems }) => ({
      path,
      kind,
      state,
      items,
      current,
      added: [...added],
      removed: [...removed],
      problems: problems.map(({ line, object, why }) => ({ line: line ?? 0, object: object ?? "", why })),
    })),
    skipped: skipped.map(({ path, why }) => ({ path, why })),
  };
  return form === "json" ? `${printJson(report, { indent: "  ", escapeHtml: false })}\n` : printSigs(report);
}
