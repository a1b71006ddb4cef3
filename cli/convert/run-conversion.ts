import { dirname, resolve } from "node:path";
import { ToolkitError } from "../../src/errors.ts";
import type { FoundFile } from "../../src/files/index.ts";
import { type FoundPlace, findPlace } from "../../src/files/place-adapter.ts";
import { type Converted, convertToSealed, convertToSops, mayHoldSecrets, type SopsKeys } from "../../src/keys/index.ts";
import { inParallel } from "../../src/parallel.ts";
import { type EncryptedFile, findEncrypted, workTreeFiles } from "../../src/repository/index.ts";
import { ageKey, decrypt, SopsError } from "../../src/sops/index.ts";
import { printJson, printSigs } from "../../src/yaml/index.ts";
import { type CertificateFlagValues, ownCertificates } from "../certificates/own-flags.ts";
import { CliError } from "../errors.ts";
import { isDirectory } from "../files-adapter.ts";
import type { Io } from "../io.ts";
import { count } from "../keys/backup.ts";
import { endEarlierRun, replaceTogether } from "../many-files/earlier-run.ts";
import { readTarget } from "../many-files/read-adapter.ts";
import { replacedFiles } from "../many-files/replaced-files-adapter.ts";
import { checkOpens } from "../opening/check-opens.ts";
import type { OpeningFlagValues } from "../opening/flags.ts";
import { type LoadedMeans, loadMeans } from "../opening/load-means.ts";
import { RepositoryRules } from "../opening/repository-rules-adapter.ts";
import { note, table, warn, write } from "../output.ts";
import { withProgress } from "../progress.ts";
import { errorText } from "../run.ts";

const PARALLEL = 8;
/** Errors and losses that are told one by one. */
const SHOWN = 20;

export interface ConversionOptions extends OpeningFlagValues, CertificateFlagValues {
  readonly to: "sops" | "sealed";
  /** The file or folder, as it was typed. */
  readonly word: string;
  readonly inPlace: boolean;
  readonly age: readonly string[];
  readonly allowLoss: boolean;
  readonly dryRun: boolean;
  readonly undo: boolean;
  readonly cert: string | undefined;
  readonly output: "table" | "json" | "yaml";
}

/** A file that is to be converted. */
interface Source {
  readonly path: string;
  readonly absolute: string;
}

interface Done {
  readonly path: string;
  readonly converted: Converted;
  /** Undefined when nobody here could open it. */
  readonly isProven: boolean;
}

/**
 * Converts a file or all files below a folder. Returns false when one could not be converted: then none was.
 *
 * @throws {CliError}; {FilesError}; {RepositoryError}; what opening the keys throws.
 */
export async function runConversion(io: Io, options: ConversionOptions): Promise<boolean> {
  const { word, inPlace, dryRun, undo } = options;
  const full = resolve(io.cwd, word);
  const isFolder = await isDirectory(io, word);
  const place = await findPlace(isFolder ? full : dirname(full));
  const replaced = replacedFiles(place);
  if (inPlace || undo) {
    if (await endEarlierRun(io, replaced, { isDryRun: dryRun, undo })) return true;
  } else if (isFolder && !dryRun) {
    throw new CliError("CLI_BAD_FLAG", `Cannot convert ${word}: it has to be said that files are written over`, {
      hints: [`sealkit convert --to ${options.to} --in-place ${word}`, "to see what would be done: --dry-run"],
    });
  }
  const sources = isFolder ? await sourcesBelow(io, full, options) : [{ path: word, absolute: full }];
  const means = await loadMeans(options, io, { command: `convert --to ${options.to} ${word}` });
  const convert = await converter(io, options, { means, place });
  const isWritten = inPlace && !dryRun;
  const paths = sources.map(({ absolute }) => replaced.pathOf(absolute));
  const replacement = isWritten && sources.length > 0 ? await replaced.begin("convert", paths) : undefined;
  const done: Done[] = [];
  const failures: { readonly path: string; readonly error: ToolkitError }[] = [];
  await replaceTogether(io, replacement, async () => {
    await withProgress(io, "Converting", (onStep) =>
      inParallel([...sources.entries()], PARALLEL, async ([at, source]) => {
        io.signal.throwIfAborted();
        try {
          const { found, seen } = read(source);
          const converted = await convert(found, source.absolute);
          await replacement?.stage(paths[at] ?? "", converted.content, { seen });
          done.push({ path: source.path, converted, isProven: await isProven(converted, means, source, options) });
        } catch (error) {
          if (!(error instanceof ToolkitError)) throw error;
          failures.push({ path: source.path, error });
        }
        onStep(done.length + failures.length, sources.length);
      }),
    );
    return { result: undefined, isRefused: failures.length > 0 };
  });
  for (const { path, error } of failures.sort(byPath).slice(0, SHOWN)) {
    await write(io.stderr, isFolder ? `${path}:\n${errorText(error, io)}` : errorText(error, io));
  }
  if (failures.length > 0) {
    if (isFolder)
      await note(io, `Nothing was written: ${failures.length} of ${sources.length} files cannot be converted`);
    return false;
  }
  await tell(io, done.sort(byPath), { ...options, isWritten, isFolder });
  return true;
}

async function sourcesBelow(io: Io, folder: string, { to }: ConversionOptions): Promise<readonly Source[]> {
  const repository = await workTreeFiles(folder, { env: io.env, signal: io.signal });
  const sources: Source[] = [];
  for await (const file of repository.files()) {
    const found = findEncrypted(file);
    const isWanted =
      found !== undefined &&
      (found.problem !== undefined || (to === "sops" ? found.sealed.length > 0 : mayHoldSecrets(found)));
    if (isWanted) sources.push({ path: file.path, absolute: `${folder}/${file.path}` });
  }
  return sources;
}

function read({ path, absolute }: Source): { readonly found: EncryptedFile; readonly seen: FoundFile } {
  const { bytes, seen } = readTarget(path, absolute);
  const found = findEncrypted({ path, bytes, branches: [] });
  if (found !== undefined) return { found, seen };
  throw new CliError("CLI_BAD_INPUT", `Cannot convert ${path}: there is nothing encrypted in it`);
}

type Convert = (found: EncryptedFile, absolute: string) => Promise<Converted>;

async function converter(
  io: Io,
  options: ConversionOptions,
  { means, place }: { readonly means: LoadedMeans; readonly place: FoundPlace },
): Promise<Convert> {
  const { allowLoss } = options;
  if (options.to === "sealed") {
    const certs = options.cert === undefined ? [] : [options.cert];
    const [obtained] = await ownCertificates(certs, options, io);
    if (obtained === undefined)
      throw new CliError("CLI_BAD_FLAG", "Cannot convert: there is no certificate to seal for");
    const { certificate } = obtained;
    if (means.hasSealingKeys) await checkOpens(means.sealed, certificate, io);
    return (found) => convertToSealed(found, { sops: means.sops, certificate, allowLoss });
  }
  const rules = new RepositoryRules(io, place.isWorkTree ? place.base : io.cwd);
  return async (found, absolute) => {
    const keys = await keysFor(found.file.path, absolute, rules, options);
    return await convertToSops(found, { sealed: means.sealed, sops: means.sops, keys, now: io.now(), allowLoss });
  };
}

async function keysFor(
  path: string,
  absolute: string,
  rules: RepositoryRules,
  { age }: ConversionOptions,
): Promise<SopsKeys> {
  const { indents } = await rules.ruleFor(absolute);
  if (age.length > 0) {
    return { groups: [age.map(ageKey)], shamirThreshold: 0, selector: undefined, macOnlyEncrypted: false, indents };
  }
  const rule = await rules.creationRule(absolute);
  if (rule === undefined) {
    throw new CliError("CLI_BAD_INPUT", `Cannot convert ${path}: no creation rule matches it`, {
      hints: ["name who may open it: --age age1…", "or add a rule to .sops.yaml whose path_regex matches"],
    });
  }
  const [selector] = [...rule.selectors()].map(([kind, pattern]) => ({ kind, pattern }));
  const { shamirThreshold, macOnlyEncrypted } = rule;
  return { groups: rule.keyGroups(), shamirThreshold, selector, macOnlyEncrypted, indents };
}

/** Opens a new SOPS file again, where an identity for it is at hand; sealed items were proven by their key before. */
async function isProven(
  { content }: Converted,
  { sops, sealed }: LoadedMeans,
  { path }: Source,
  { to }: ConversionOptions,
): Promise<boolean> {
  if (to === "sealed") return sealed.fingerprints.length > 0;
  try {
    await decrypt(content, content[0] === 0x7b ? "json" : "yaml", sops, { file: path });
    return true;
  } catch (error) {
    if (error instanceof SopsError && error.code === "SOPS_NO_DATA_KEY") return false;
    throw error;
  }
}

async function tell(
  io: Io,
  done: readonly Done[],
  { output, inPlace, dryRun, isWritten, isFolder, to }: ConversionOptions & { isWritten: boolean; isFolder: boolean },
): Promise<void> {
  const lost = done.flatMap(({ path, converted }) => converted.lost.map((what) => `${path}: lost: ${what}`));
  for (const line of lost.slice(0, SHOWN)) await warn(io, line);
  if (lost.length > SHOWN) await warn(io, `${lost.length - SHOWN} more are lost`);
  const unproven = done.filter((one) => !one.isProven).length;
  if (unproven > 0) await warn(io, `nobody here can open ${count(unproven, "result")}: see that their readers can`);
  const [first] = done;
  if (!isFolder && !inPlace && !dryRun && first !== undefined) {
    await write(io.stdout, first.converted.content);
    return;
  }
  const entries = done.map(({ path, converted: { objects } }) => ({ path, objects: [...objects] }));
  if (output === "json") await write(io.stdout, `${printJson(entries, { indent: "  ", escapeHtml: false })}\n`);
  else if (output === "yaml") await write(io.stdout, printSigs(entries));
  else if (entries.length > 0) {
    const rows = entries.map(({ path, objects }) => [path, objects.join(", ")]);
    await write(io.stdout, table(["FILE", to === "sops" ? "ENCRYPTED WITH SOPS" : "SEALED"], rows));
  }
  const files = count(done.length, "file");
  await note(io, isWritten ? `Converted ${files}` : `Would convert ${files}; nothing was written`);
}

function byPath(left: { readonly path: string }, right: { readonly path: string }): number {
  return left.path < right.path ? -1 : 1;
}
