import { ToolkitError } from "../../src/errors.ts";
import {
  describePlace,
  type ItemReport,
  inspectItems,
  inspectWithKeys,
  type SealedInFile,
  sealedInFile,
} from "../../src/secrets/index.ts";
import type { SealingCertificate } from "../../src/x509/index.ts";
import { printJson, YamlError } from "../../src/yaml/index.ts";
import { CliError } from "../errors.ts";
import { EXIT } from "../exit-codes.ts";
import { readFile } from "../files-adapter.ts";
import type { Io } from "../io.ts";
import { count } from "../keys/backup.ts";
import { shortFingerprint } from "../keys/list.ts";
import type { Controller } from "../kubeseal/controller.ts";
import { note, table, write } from "../output.ts";
import type { LoadedKeys } from "../private-keys/load.ts";
import { withProgress } from "../progress.ts";
import type { Neighbours } from "../sealed-file/neighbours.ts";
import { neighboursOf } from "../sealed-file/neighbours.ts";
import { classify, looksLikeTemplate, mayHoldSecrets } from "./classify.ts";
import { sourceFiles } from "./sources.ts";

/** How many places are tried for one SealedSecret that does not open. */
const MAX_PLACES = 100;

export interface CheckRun {
  /** The certificates that everything should be sealed for, one of them; none: any. */
  readonly certificates: readonly SealingCertificate[];
  /** With keys it is seen what opens; without, only what hints claim. */
  readonly keys: LoadedKeys | undefined;
  /** Asked about every object, when given. */
  readonly controller: Pick<Controller, "verify"> | undefined;
  /** Whether warnings fail too. */
  readonly strict: boolean;
  readonly format: "table" | "json";
}

/** Something that somebody should look at. */
export interface Finding {
  readonly level: "error" | "warning";
  readonly file: string;
  readonly object: string;
  readonly item: string;
  readonly problem: string;
}

interface CheckedFile {
  readonly path: string;
  readonly sealed: readonly SealedInFile[];
}

interface Tally {
  readonly findings: Finding[];
  /** Fingerprint to the number of items whose hints claim it. */
  readonly claims: Map<string, number>;
  unknown: number;
  items: number;
  opened: number;
}

/**
 * Looks through folders for what should not be committed or will not open. Nothing is changed.
 *
 * @returns the exit code: 1 when there is an error, or with `strict` a warning.
 */
export async function checkFolders(words: readonly string[], run: CheckRun, io: Io): Promise<number> {
  const { files } = await sourceFiles(words, io);
  const tally: Tally = { findings: [], claims: new Map(), unknown: 0, items: 0, opened: 0 };
  const checked: CheckedFile[] = [];
  for (const { path } of files) {
    const bytes = await readFile(io, path).catch((cause: unknown) => unreadable(cause, path, tally.findings));
    const sealed = bytes === undefined ? [] : lookInto(bytes, path, tally.findings);
    if (sealed.length > 0) checked.push({ path, sealed });
  }
  const inputs = checked.map(({ path, sealed }) => ({ source: path, sealed, others: 0 }));
  const neighbours = neighboursOf(inputs, { names: [], namespaces: [] });
  const all = checked.flatMap(({ path, sealed }) => sealed.map((one) => ({ path, one })));
  await withProgress(io, "Checking", async (onStep) => {
    for (const [at, { path, one }] of all.entries()) {
      io.signal.throwIfAborted();
      await checkObject(one, { path, run, neighbours, tally });
      onStep(at + 1, all.length);
    }
  });
  await show(tally.findings, run.format, io);
  await note(io, summary(tally, { objects: all.length, files: checked.length, run }));
  const isBad = tally.findings.some(({ level }) => level === "error" || run.strict);
  return isBad ? EXIT.failed : EXIT.ok;
}

function unreadable(cause: unknown, path: string, findings: Finding[]): undefined {
  if (!(cause instanceof CliError)) throw cause;
  findings.push({ level: "error", file: path, object: "", item: "", problem: cause.message });
}

/** The SealedSecrets of a file; what is wrong with the file as such is noted. */
function lookInto(bytes: Uint8Array, path: string, findings: Finding[]): readonly SealedInFile[] {
  if (!mayHoldSecrets(bytes)) return [];
  try {
    for (const { kind, name } of classify(bytes, path)) {
      if (kind !== "secret") continue;
      findings.push({ level: "error", file: path, object: name, item: "", problem: "a Secret in the clear" });
    }
    return sealedInFile(bytes, path);
  } catch (cause) {
    if (!(cause instanceof ToolkitError)) throw cause;
    const isTemplate = cause instanceof YamlError && looksLikeTemplate(bytes);
    const place = cause instanceof YamlError ? placeText(cause) : [cause.message, ...cause.details].join(", ");
    const problem = isTemplate ? "not looked at: it is a template, no manifest" : `it cannot be read: ${place}`;
    findings.push({ level: isTemplate ? "warning" : "error", file: path, object: "", item: "", problem });
    return [];
  }
}

function placeText({ at, problem }: YamlError): string {
  return `line ${at.line}, column ${at.column}: ${problem}`;
}

interface ObjectContext {
  readonly path: string;
  readonly run: CheckRun;
  readonly neighbours: Neighbours;
  readonly tally: Tally;
}

async function checkObject(
  { view, object }: SealedInFile,
  { path, run, neighbours, tally }: ObjectContext,
): Promise<void> {
  const { keys, controller } = run;
  const { name = "", namespace = "" } = view.metadata;
  const place = { file: path, object: namespace === "" ? name : `${namespace}/${name}` };
  const reports =
    keys === undefined
      ? inspectItems(view)
      : await inspectWithKeys(view, { keyring: keys.keyring, ...neighbours, maxPlaces: MAX_PLACES });
  for (const report of reports) {
    tally.items++;
    if (report.opening?.kind === "opens") tally.opened++;
    if (report.claims === undefined) tally.unknown++;
    else tally.claims.set(report.claims, (tally.claims.get(report.claims) ?? 0) + 1);
    const found = problemOf(report, run);
    if (found !== undefined) tally.findings.push({ ...found, ...place, item: report.item });
  }
  if (controller === undefined || reports.some(({ defect }) => defect !== undefined)) return;
  if (await controller.verify(printJson(object, { sortKeys: true }))) return;
  tally.findings.push({ level: "error", ...place, item: "", problem: "the controller does not open it" });
}

/** Words for what hints say are those of a claim: nothing authenticates them. */
function problemOf(
  { defect, opening, claims, bits }: ItemReport,
  { certificates }: CheckRun,
): Pick<Finding, "level" | "problem"> | undefined {
  if (defect !== undefined) return { level: "error", problem: `damaged: ${defect}` };
  if (opening?.kind === "elsewhere")
    return { level: "error", problem: `sealed for ${describePlace(opening.sealedFor)}` };
  if (opening?.kind === "closed") return { level: "error", problem: "no key opens it" };
  const actual = opening?.key;
  if (actual !== undefined && claims !== undefined && actual !== claims) {
    const problem = `its hint claims ${shortFingerprint(claims)}, but ${shortFingerprint(actual)} opens it`;
    return { level: "warning", problem };
  }
  if (certificates.length === 0) return undefined;
  const key = actual ?? claims;
  const isWanted = certificates.some((one) => (key === undefined ? one.bits === bits : one.fingerprint === key));
  if (isWanted) return undefined;
  if (key === undefined)
    return { level: "warning", problem: `sealed for a key of ${bits} bits, the certificate has others` };
  const verb = actual === undefined ? "claims" : "is sealed for";
  return { level: "warning", problem: `${verb} ${shortFingerprint(key)}, not the certificate given` };
}

async function show(findings: readonly Finding[], format: "table" | "json", io: Io): Promise<void> {
  if (format === "json") await write(io.stdout, `${printJson(findings, { indent: "  ", escapeHtml: false })}\n`);
  else if (findings.length > 0) {
    const rows = findings.map(({ level, file, object, item, problem }) => [level, file, object, item, problem]);
    await write(io.stdout, table(["LEVEL", "FILE", "OBJECT", "ITEM", "PROBLEM"], rows));
  }
}

function summary(
  { findings, claims, unknown, items, opened }: Tally,
  { objects, files, run }: { readonly objects: number; readonly files: number; readonly run: CheckRun },
): string {
  const parts = [`Checked ${count(objects, "SealedSecret")} with ${count(items, "item")} in ${count(files, "file")}`];
  if (run.keys !== undefined) parts.push(`${opened} open`);
  const claimed = [...claims].map(([key, number]) => `${shortFingerprint(key)} for ${number}`);
  if (items > 0)
    parts.push(
      [
        `hints claim ${claimed.length === 0 ? "nothing" : claimed.join(", ")}`,
        ...(unknown > 0 ? [`unknown ${unknown}`] : []),
      ].join(", "),
    );
  const of = (level: Finding["level"]) => findings.filter((finding) => finding.level === level).length;
  parts.push(`${count(of("error"), "error")}, ${count(of("warning"), "warning")}`);
  return parts.join("; ");
}
