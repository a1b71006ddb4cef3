import { join } from "node:path";
import { findPlace } from "../../src/files/place-adapter.ts";
import {
  type AgeFileLeft,
  type AgeFiles,
  type AgeRenewal,
  beginAgeRenewal,
  endAgeRenewal,
  filesNaming,
  findAgeSecret,
  identitiesOf,
  identitySources,
  KeysError,
  type RenewInRepositoryOptions,
  renewalIn,
  renewInRepository,
  unopenedWithout,
} from "../../src/keys/index.ts";
import type { KubeClient } from "../../src/kube/index.ts";
import { workTreeFiles } from "../../src/repository/index.ts";
import { loadKeyring } from "../../src/sops/index.ts";
import { EXIT } from "../exit-codes.ts";
import type { Io } from "../io.ts";
import { RepositoryRules } from "../opening/repository-rules-adapter.ts";
import { note, table, warn, write } from "../output.ts";
import { withProgress } from "../progress.ts";
import { keyServicesForMany } from "../sops/keys/key-services.ts";
import { count } from "./backup.ts";
import { type Form, inForm } from "./form.ts";
import { filesWithBranches } from "./needs.ts";
import { changePlace, endBrokenOff, foldersAt, type NamedFolder } from "./repositories.ts";
import { refuseUnread, tellUnread, type UnreadFile, unreadIn } from "./unread.ts";

const LABEL = "keys renew --age";
/** As many files as a message names. */
const SHOWN = 20;

export interface RenewAgeFlags {
  readonly secret: string | undefined;
  readonly repo: readonly string[];
  readonly retireOld: boolean;
  readonly allBranches: boolean;
  readonly ignoreUnread: boolean;
  readonly dryRun: boolean;
  readonly output: Form;
}

/**
 * A new age identity beside the old ones, in the decryption Secret, the rules and the files; or, with `retireOld`, the end
 * of the old ones, when every file opens with the new one alone.
 */
export async function renewAge(client: KubeClient, flags: RenewAgeFlags, io: Io): Promise<number> {
  for (const folder of foldersAt(io, flags.repo)) {
    await endBrokenOff(io, folder, flags.dryRun);
    // Whatever has no files to change is told before the Secret is changed.
    await files(io, folder.full);
  }
  const secret = await findAgeSecret(client, flags.secret);
  return flags.retireOld ? await retireOld(client, secret, flags, io) : await addNew(client, secret, flags, io);
}

type AgeSecret = Awaited<ReturnType<typeof findAgeSecret>>;

async function addNew(client: KubeClient, secret: AgeSecret, flags: RenewAgeFlags, io: Io): Promise<number> {
  const { namespace = "", name = "" } = secret.metadata;
  const underWay = await renewalIn(secret);
  if (flags.dryRun) {
    const recipients = (await identitiesOf(secret)).flatMap(({ recipient }) => recipient ?? []);
    const old = new Set(underWay?.old ?? recipients);
    await note(
      io,
      underWay === undefined
        ? `Would put a new age identity into Secret ${namespace}/${name}, beside ${count(old.size, "other")}`
        : `Would go on with the renewal to ${underWay.recipient} in Secret ${namespace}/${name}`,
    );
    const repositories: PlannedFolder[] = [];
    for (const { shown: folder, full } of foldersAt(io, flags.repo)) {
      const { rules, encrypted } = await filesNaming(await files(io, full), old);
      repositories.push({ folder, rules, changed: [...rules, ...encrypted] });
    }
    const plan = {
      type: "age",
      namespace,
      name,
      recipient: underWay?.recipient,
      old: [...old],
      repositories,
      dryRun: true,
    };
    const rows = repositories.flatMap(({ folder, changed }) => changed.map((path) => ["change", `${folder}/${path}`]));
    await write(
      io.stdout,
      inForm(flags.output, plan, () => (rows.length === 0 ? "" : table(["ACTION", "FILE"], rows))),
    );
    return EXIT.ok;
  }
  const renewal = await beginAgeRenewal(client, secret);
  const old = new Set(renewal.old);
  const keyring = loadKeyring(identitySources(renewal.secret), { services: keyServicesForMany(io) });
  const reports: FolderReport[] = [];
  for (const folder of foldersAt(io, flags.repo)) {
    const found = await filesNaming(await files(io, folder.full), old);
    const change = { added: renewal.recipient, old, isRemoved: false, keyring };
    const { changed, left } = await renewFolder(folder, found, change, io);
    reports.push(reportOf(folder.shown, found, changed, left));
  }
  await write(io.stdout, resultText(renewal, reports, flags.output));
  const left = reports.flatMap((report) => report.left.map((one) => ({ ...one, folder: report.folder })));
  for (const { folder, path, why } of left.slice(0, SHOWN)) await note(io, `Left ${folder}/${path}: ${why}`);
  for (const { folder, changed } of reports) {
    await note(io, `Changed ${count(changed.length, "file")} of ${folder}: commit and push`);
  }
  if (flags.repo.length === 0) await note(io, "No rules and files were changed: name repositories with --repo");
  await note(io, "Back up the keys again: sealkit keys backup");
  if (renewal.old.length > 0) {
    const repos = flags.repo.map((folder) => ` --repo ${folder}`).join("");
    const next = `sealkit keys renew --age --retire-old --secret ${namespace}/${name}${repos}`;
    await note(io, `The old identities stay until everything is synced; then: ${next}`);
  }
  return left.length === 0 ? EXIT.ok : EXIT.failed;
}

async function retireOld(client: KubeClient, secret: AgeSecret, flags: RenewAgeFlags, io: Io): Promise<number> {
  const { namespace = "", name = "" } = secret.metadata;
  const renewal = await renewalIn(secret);
  if (renewal === undefined) {
    throw new KeysError(
      "KEYS_AGE_SECRET",
      `Cannot retire age identities of ${namespace}/${name}: none is being renewed`,
      {
        hints: [`begin with: sealkit keys renew --age --secret ${namespace}/${name} --repo .`],
      },
    );
  }
  if (flags.repo.length === 0) {
    throw new KeysError("KEYS_AGE_NEEDED", `Cannot retire age identities of ${namespace}/${name}: nothing proves it`, {
      details: ["no repository was named, so no file was opened with the new identity"],
      hints: ["name every repository that the cluster syncs from: --repo FOLDER"],
    });
  }
  const old = new Set(renewal.old);
  const keyring = loadKeyring(identitySources(renewal.secret, renewal.entry), { services: new Map() });
  const folders = foldersAt(io, flags.repo);
  const unopened: AgeFileLeft[] = [];
  const unread: UnreadFile[] = [];
  for (const folder of folders) {
    // Those too that a broken off call has changed already.
    const concerned = new Set([...old, renewal.recipient]);
    for (const state of await filesWithBranches(io, folder.shown, flags.allBranches)) {
      const found = await withProgress(io, `Opening ${folder.shown}`, (onStep) =>
        unopenedWithout(state, concerned, keyring, onStep),
      );
      unopened.push(...found.left.map(({ path, why }) => ({ path: `${folder.shown}/${path}`, why })));
      unread.push(...unreadIn(state, folder.shown), ...found.unread.map((one) => ({ ...one, where: folder.shown })));
    }
  }
  if (unopened.length > 0) throw stillNeeded(renewal, unopened);
  if (flags.ignoreUnread) await tellUnread(io, unread);
  else refuseUnread(`retire age identities of ${namespace}/${name}`, unread);
  if (!flags.allBranches)
    await note(io, "Only the files on disk were opened: --all-branches opens those of branches too");
  if (flags.dryRun) {
    await write(io.stdout, resultText(renewal, [], flags.output));
    await note(io, `Every file opens with ${renewal.recipient} alone: the old identities could be retired`);
    return EXIT.ok;
  }
  const withServices = loadKeyring(identitySources(renewal.secret, renewal.entry), {
    services: keyServicesForMany(io),
  });
  const reports: FolderReport[] = [];
  for (const folder of folders) {
    const found = await filesNaming(await files(io, folder.full), old);
    const change = { added: renewal.recipient, old, isRemoved: true, keyring: withServices };
    const { changed, left } = await renewFolder(folder, found, change, io);
    reports.push(reportOf(folder.shown, found, changed, left));
    if (left.length > 0) throw stillNeeded(renewal, left);
    await note(io, `Changed ${count(changed.length, "file")} of ${folder.shown}: commit and push`);
  }
  await endAgeRenewal(client, renewal);
  await write(io.stdout, resultText(renewal, reports, flags.output));
  await note(
    io,
    `Took ${count(renewal.oldEntries.length, "old entry", "old entries")} out of Secret ${namespace}/${name}`,
  );
  await warn(io, "what the history of the repositories holds for the old identities opens with a backup of them only");
  return EXIT.ok;
}

interface PlannedFolder {
  readonly folder: string;
  readonly rules: readonly string[];
  readonly changed: readonly string[];
}

interface FolderReport {
  readonly folder: string;
  readonly rules: readonly string[];
  readonly changed: readonly string[];
  readonly left: readonly AgeFileLeft[];
}

function reportOf(folder: string, { rules }: AgeFiles, changed: readonly string[], left: readonly AgeFileLeft[]) {
  return { folder, rules: rules.filter((path) => changed.includes(path)), changed, left };
}

function resultText(renewal: AgeRenewal, reports: readonly FolderReport[], form: Form): string {
  const { namespace, name, entry, recipient, old } = renewal;
  const report = {
    type: "age",
    namespace,
    name,
    entry,
    recipient,
    old: [...old],
    repositories: reports.map(({ folder, rules, changed, left }) => ({
      folder,
      rules: [...rules],
      changed: [...changed],
      left: left.map((one) => ({ ...one })),
    })),
  };
  const row = [`${namespace}/${name}`, entry, recipient];
  return inForm(form, report, () => table(["SECRET", "ENTRY", "AGE RECIPIENT"], [row]));
}

function stillNeeded({ namespace, name, recipient }: AgeRenewal, left: readonly AgeFileLeft[]): KeysError {
  const state = `${count(left.length, "file")} ${left.length === 1 ? "does" : "do"} not open with the new one alone`;
  return new KeysError("KEYS_AGE_NEEDED", `Cannot retire age identities of ${namespace}/${name}: ${state}`, {
    details: [
      `the new one is ${recipient}`,
      ...left.slice(0, SHOWN).map(({ path, why }) => `${path}: ${why}`),
      ...(left.length > SHOWN ? [`and ${left.length - SHOWN} more`] : []),
    ],
    hints: [`bring them onto it first: sealkit keys renew --age --secret ${namespace}/${name} --repo FOLDER`],
  });
}

type RecipientsIn = Pick<RenewInRepositoryOptions, "added" | "old" | "isRemoved" | "keyring">;

/** The files of a folder with other recipients, printed as its configuration wants them. */
async function renewFolder({ shown, full }: NamedFolder, found: AgeFiles, change: RecipientsIn, io: Io) {
  const { isWorkTree, base } = await findPlace(full);
  const rules = new RepositoryRules(io, isWorkTree ? base : full);
  const indentsOf = async (path: string) => (await rules.ruleFor(join(full, path))).indents;
  const place = { ...(await changePlace(full, LABEL)), now: io.now(), indentsOf };
  return await withProgress(io, `Encrypting in ${shown}`, async (onStep) =>
    renewInRepository(await files(io, full), found, { ...place, ...change, onStep }),
  );
}

async function files(io: Io, full: string) {
  return await workTreeFiles(full, { env: io.env, signal: io.signal });
}
