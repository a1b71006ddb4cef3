import { join, relative, resolve } from "node:path";
import type { FoundFile } from "../../src/files/index.ts";
import { type FoundPlace, findPlace } from "../../src/files/place-adapter.ts";
import { isAgeFile, listSealingKeys, type Promoted, promoteFile } from "../../src/keys/index.ts";
import type { KubeObject } from "../../src/objects/index.ts";
import { directionOf, POLICY_PATH, PolicyError, parsePolicy } from "../../src/policy/index.ts";
import { type EncryptedFile, findEncrypted, workTreeFiles } from "../../src/repository/index.ts";
import { printJson, printSigs } from "../../src/yaml/index.ts";
import { type CertificateFlagValues, ownCertificates } from "../certificates/own-flags.ts";
import { CliError } from "../errors.ts";
import { isRegularFile, readFile } from "../files-adapter.ts";
import type { Io } from "../io.ts";
import { count } from "../keys/backup.ts";
import { withCluster } from "../keys/place.ts";
import { endEarlierRun, replaceTogether } from "../many-files/earlier-run.ts";
import { makeFolderOf, readIfThere } from "../many-files/new-file-adapter.ts";
import { replacedFiles } from "../many-files/replaced-files-adapter.ts";
import type { OpeningFlagValues } from "../opening/flags.ts";
import { loadMeans } from "../opening/load-means.ts";
import { RepositoryRules } from "../opening/repository-rules-adapter.ts";
import { note, table, write } from "../output.ts";
import { withProgress } from "../progress.ts";
import { agreed } from "../sops/call/agreed.ts";
import { Answers } from "../sops/call/prompt.ts";

export interface PromotionOptions extends OpeningFlagValues, CertificateFlagValues {
  readonly from: string;
  readonly to: string;
  readonly names: readonly string[];
  readonly namespace: string | undefined;
  readonly via: string | undefined;
  readonly cert: string | undefined;
  readonly yes: boolean;
  readonly dryRun: boolean;
  readonly undo: boolean;
  readonly output: "table" | "json" | "yaml";
}

/** A file of the plan. */
interface Planned {
  /** Relative to both folders. */
  readonly path: string;
  readonly target: string;
  readonly promoted: Promoted;
  /** The target's file as it was when it was looked at; undefined when there is none. */
  readonly seen: FoundFile | undefined;
}

/**
 * Carries files from one folder to another: all of them or none. Returns false when the person did not agree.
 *
 * @throws {KeysError} `KEYS_PROMOTE_REFUSED`; {PolicyError}; {CliError}; {FilesError}; what opening the keys throws.
 */
export async function runPromotion(io: Io, options: PromotionOptions): Promise<boolean> {
  const { dryRun, undo } = options;
  const [from, to] = [resolve(io.cwd, options.from), resolve(io.cwd, options.to)];
  if (`${from}/`.startsWith(`${to}/`) || `${to}/`.startsWith(`${from}/`)) {
    throw refused(options, "one folder is inside the other");
  }
  const place = await findPlace(to);
  const replaced = replacedFiles(place);
  if (await endEarlierRun(io, replaced, { isDryRun: dryRun, undo })) return true;
  const chosen = await chosenFiles(io, from, options);
  await checkPolicy(io, chosen, { from, to, place, options });
  const plan = await makePlan(io, chosen, { to, place, options });
  await write(io.stdout, planText(plan, options.output));
  if (dryRun) {
    await note(io, `Would promote ${count(plan.length, "file")}; nothing was written`);
    return true;
  }
  if (!options.yes && !(await agrees(io))) {
    await note(io, "Nothing was changed.");
    return false;
  }
  const paths = plan.map(({ target }) => replaced.pathOf(target));
  const replacement = await replaced.begin("promote", paths);
  await replaceTogether(io, replacement, async () => {
    for (const [at, { target, promoted, seen }] of plan.entries()) {
      io.signal.throwIfAborted();
      if (seen === undefined) await makeFolderOf(target);
      await replacement.stage(paths[at] ?? "", promoted.content, seen === undefined ? {} : { seen });
    }
    return { result: undefined, isRefused: false };
  });
  await note(io, `Promoted ${count(plan.length, "file")} to ${options.to}`);
  return true;
}

/** The encrypted files that were named; all below the folder when none was. */
async function chosenFiles(io: Io, from: string, options: PromotionOptions): Promise<readonly EncryptedFile[]> {
  const { files, skipped } = await workTreeFiles(from, { env: io.env, signal: io.signal }).then((all) => ({
    files: all.files(),
    skipped: all.skipped,
  }));
  const wanted = new Set(options.names);
  const missing = new Set(wanted);
  const chosen: EncryptedFile[] = [];
  for await (const file of files) {
    const found = findEncrypted(file);
    if (found === undefined) continue;
    const names = namesOf(found);
    const named = names.filter((name) => wanted.has(name));
    if (wanted.has(file.path)) named.push(file.path, ...names);
    if (wanted.size > 0 && named.length === 0) continue;
    const unnamed = names.filter((name) => !named.includes(name));
    if (wanted.size > 0 && unnamed.length > 0) {
      throw refused(options, `"${file.path}" holds "${unnamed[0]}" too, which was not named`);
    }
    for (const name of [...named, file.path]) missing.delete(name);
    chosen.push(found);
  }
  const [first] = missing;
  if (first !== undefined) throw refused(options, `nothing encrypted there is called "${first}"`);
  const unread = skipped.find(({ why }) => why === "no permission" || why === "too large");
  if (unread !== undefined && wanted.size === 0)
    throw refused(options, `"${unread.path}" cannot be read: ${unread.why}`);
  if (chosen.length === 0) throw refused(options, "there is nothing encrypted there");
  return chosen;
}

/** What the objects of a file are called, as far as that is readable. */
function namesOf({ sealed, sops }: EncryptedFile): string[] {
  const names = sealed.map(({ view }) => view.metadata.name ?? "");
  for (const document of sops?.locked?.documents ?? []) {
    const metadata = document.items.find((item) => item.kind === "entry" && item.key === "metadata");
    const fields = metadata?.kind === "entry" ? metadata.value : undefined;
    if (typeof fields !== "object" || fields === null || fields.kind !== "branch") continue;
    const name = fields.items.find((item) => item.kind === "entry" && item.key === "name");
    if (name?.kind === "entry" && typeof name.value === "string" && !name.value.startsWith("ENC["))
      names.push(name.value);
  }
  return names.filter((name) => name !== "");
}

interface PlanContext {
  readonly to: string;
  readonly place: FoundPlace;
  readonly options: PromotionOptions;
}

/** @throws {PolicyError} `POLICY_FORBIDS`, or when a policy cannot be read. */
async function checkPolicy(
  io: Io,
  chosen: readonly EncryptedFile[],
  { from, to, place, options }: PlanContext & { readonly from: string },
): Promise<void> {
  const topOf = ({ isWorkTree, base }: FoundPlace) => (isWorkTree ? base : io.cwd);
  const [fromTop, toTop] = [topOf(await findPlace(from)), topOf(place)];
  for (const top of new Set([fromTop, toTop])) {
    const path = join(top, POLICY_PATH);
    const bytes = await readFile(io, path).catch((error: unknown) => {
      if (error instanceof CliError && error.code === "CLI_FILE_MISSING") return undefined;
      throw error;
    });
    if (bytes === undefined) continue;
    const shown = relative(io.cwd, path);
    const { promote } = parsePolicy(bytes, shown);
    for (const { file } of chosen) {
      const [source, target] = [relative(fromTop, `${from}/${file.path}`), relative(toTop, `${to}/${file.path}`)];
      const decided = directionOf(promote, source, target);
      if (decided?.allow !== false) continue;
      throw new PolicyError(
        "POLICY_FORBIDS",
        `Cannot promote from ${options.from} to ${options.to}: the policy forbids it`,
        {
          details: [`"${source}" to "${target}": ${shown}, line ${decided.line}`],
        },
      );
    }
  }
}

async function makePlan(io: Io, chosen: readonly EncryptedFile[], { to, place, options }: PlanContext) {
  const needsCertificate = chosen.some(({ sealed }) => sealed.length > 0);
  const certificate = needsCertificate ? await pinnedCertificate(io, options) : undefined;
  const source = await sourceOf(io, options);
  const means = await loadMeans({ ...options, backup: source.backup }, io, {
    command: "promote --from DIR --to DIR",
    secrets: source.secrets,
  });
  const rules = new RepositoryRules(io, place.isWorkTree ? place.base : io.cwd);
  const planOne = async (found: EncryptedFile): Promise<Planned> => {
    io.signal.throwIfAborted();
    const { path } = found.file;
    const target = `${to}/${path}`;
    const there = readIfThere(path, target);
    const existing = there === undefined ? undefined : findEncrypted({ path, bytes: there.bytes, branches: [] });
    if (there !== undefined && existing === undefined) {
      throw refused(options, `"${relative(io.cwd, target)}" is there already, and it is not encrypted`);
    }
    const rule = found.sops === undefined ? undefined : await rules.creationRule(target);
    const indents = found.sops === undefined ? undefined : (await rules.ruleFor(target)).indents;
    const promoted = await promoteFile(found, {
      sealed: means.sealed,
      sops: means.sops,
      certificate,
      rule: rule === undefined ? undefined : { groups: rule.keyGroups(), shamirThreshold: rule.shamirThreshold },
      indents,
      namespace: options.namespace,
      existing,
      now: io.now(),
    });
    return { path, target, promoted, seen: there?.seen };
  };
  return await withProgress(io, "Opening", async (onStep) => {
    const plan: Planned[] = [];
    for (const found of chosen) {
      plan.push(await planOne(found));
      onStep(plan.length, chosen.length);
    }
    return plan;
  });
}

/** The certificate of the target, whose key somebody has compared. */
async function pinnedCertificate(io: Io, options: PromotionOptions) {
  if (options.certFingerprint.length === 0) {
    throw new CliError("CLI_BAD_FLAG", "Cannot promote SealedSecrets: the key of the target is not pinned", {
      details: ["who answers in place of the target could read everything that is promoted"],
      hints: ["--cert-fingerprint SHA256:…, as sealkit keys list -o wide prints it on the target's cluster"],
    });
  }
  const certs = options.cert === undefined ? [] : [options.cert];
  const [obtained] = await ownCertificates(certs, options, io);
  return obtained?.certificate;
}

interface Source {
  readonly secrets: readonly KubeObject[];
  readonly backup: readonly string[];
}

/** Where the private keys of the source are: a file of that name comes before a context. */
async function sourceOf(io: Io, options: PromotionOptions): Promise<Source> {
  const { via, backup } = options;
  if (via === undefined) return { secrets: [], backup };
  const bytes = (await isRegularFile(io, via)) ? await readFile(io, via) : undefined;
  if (bytes !== undefined && !isKubeconfig(bytes)) return { secrets: [], backup: [...backup, via] };
  const cluster = bytes === undefined ? { context: via } : { kubeconfig: via, context: undefined };
  return await withCluster({ ...options, ...cluster }, io, async (client) => {
    const place = { namespace: options.controllerNamespace, prefix: options.keyPrefix };
    return { secrets: (await listSealingKeys(client, place)).map(({ secret }) => secret), backup };
  });
}

const CONTEXTS = /^(?:contexts|current-context) *:|"(?:contexts|current-context)" *:/m;

/** Only a kubeconfig has contexts. What of it cannot be read is told by who reads it. */
function isKubeconfig(bytes: Uint8Array): boolean {
  return !isAgeFile(bytes) && CONTEXTS.test(new TextDecoder().decode(bytes));
}

async function agrees(io: Io): Promise<boolean> {
  if (io.stdin.isTTY !== true) {
    throw new CliError("CLI_BAD_FLAG", "Cannot promote: nobody is there to agree to the plan", {
      hints: ["without a terminal: --yes"],
    });
  }
  const answers = new Answers(io);
  try {
    return await agreed(io, answers, "Promote these? (y/n):");
  } finally {
    await answers.close();
  }
}

function planText(plan: readonly Planned[], form: PromotionOptions["output"]): string {
  const entries = plan.map(({ path, promoted: { kind, objects }, seen }) => {
    return { action: seen === undefined ? "create" : "replace", path, kind, objects: [...objects] };
  });
  if (form === "json") return `${printJson(entries, { indent: "  ", escapeHtml: false })}\n`;
  if (form === "yaml") return printSigs(entries);
  const rows = entries.map(({ action, path, kind, objects }) => [
    action,
    path,
    objects.length === 0 ? kind : objects.join(", "),
  ]);
  return table(["ACTION", "FILE", "WHAT"], rows);
}

function refused({ from, to }: PromotionOptions, state: string): CliError {
  return new CliError("CLI_BAD_INPUT", `Cannot promote from ${from} to ${to}: ${state}`, {
    details: ["nothing was written"],
  });
}
