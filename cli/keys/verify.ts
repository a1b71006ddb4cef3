import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import {
  openingHere,
  openingMeans,
  recordedBackup,
  type Unopened,
  type Verified,
  verifyCluster,
  verifyRepository,
} from "../../src/keys/index.ts";
import { branchFiles, filesAtHand, type RepositoryFiles, type SkippedFile } from "../../src/repository/index.ts";
import { defineCommand, flag } from "../define-command.ts";
import { EXIT } from "../exit-codes.ts";
import type { Io } from "../io.ts";
import { note, printable, table, write } from "../output.ts";
import { withProgress } from "../progress.ts";
import { repositoryThreads } from "../repository-threads/threads-adapter.ts";
import { count } from "./backup.ts";
import { backupFlags, openedBy } from "./backup-flags.ts";
import { recordText } from "./backup-provenance.ts";
import { type Form, formFlag, inForm } from "./form.ts";
import { openBackup } from "./open-backup.ts";
import { keyPlace, placeFlags, withCluster } from "./place.ts";

/** More lines than this nobody reads in a table; the other forms have them all. */
const SHOWN = 50;

export const verifyCommand = defineCommand({
  name: "keys verify",
  summary: "Prove that a backup opens everything in repositories and cluster",
  positionals: { usage: "BACKUP", min: 1, max: 1 },
  examples: [
    { what: "A repository as it is on disk", command: "sealkit keys verify -i identity.txt keys.age --repo ." },
    {
      what: "All its branches, and the cluster",
      command: "sealkit keys verify -i identity.txt keys.age --repo . --all-branches --cluster",
    },
  ],
  description:
    "Opens every item of every SealedSecret and every value of every SOPS file with nothing but the backup, prints none of\n" +
    "them, and lists what does not open, and why. Exit status 1 when anything does not. Without --repo it looks at the\n" +
    "current folder, unless --cluster is given alone.",
  flags: {
    ...backupFlags,
    repo: flag.texts({ placeholder: "FOLDER", help: "Repository to look at; may be repeated" }),
    allBranches: flag.toggle({ help: "What is committed in all branches, in place of the files on disk" }),
    cluster: flag.toggle({ help: "Look at the SealedSecrets of the cluster too" }),
    output: formFlag("Form of the report"),
    ...placeFlags,
  },
  async run({ flags, args, io }) {
    const path = args[0] ?? "";
    const { namespace, prefix } = keyPlace(flags);
    const backup = await openBackup(io, path, {
      ...openedBy(flags),
      prefix,
      remedy: `sealkit keys verify -i IDENTITY ${path}`,
    });
    const means = openingMeans(backup, { prefix, parallel: availableParallelism() });
    const folders = flags.repo.length > 0 ? flags.repo : flags.cluster ? [] : ["."];
    const results: Verified[] = [];
    const threads = repositoryThreads(means.material);
    try {
      const open = threads.opening(openingHere(means));
      for (const folder of folders) {
        const files = await filesOf(folder, flags.allBranches, io);
        results.push(
          await withProgress(io, `Opening ${folder}`, (onStep) => verifyRepository(folder, files, open, onStep)),
        );
      }
    } finally {
      await threads.close();
    }
    if (flags.cluster) {
      const place = { namespace, prefix };
      const verify = () =>
        withCluster(flags, io, async (client) => {
          const record = recordText(await recordedBackup(client, namespace), backup.digest);
          if (record !== undefined) await note(io, record);
          return await withProgress(io, "Opening the cluster", (onStep) => verifyCluster(client, place, means, onStep));
        });
      results.push(await verify());
    }
    await write(io.stdout, reportText(results, flags.output));
    await tell(results, io);
    return results.every(isProven) ? EXIT.ok : EXIT.failed;
  },
});

/** Whether everything that could be looked at opens, and nothing was there that could not. */
function isProven({ unopened, missingKeys, skipped }: Verified): boolean {
  return unopened.length === 0 && missingKeys.length === 0 && !skipped.some(isUnproven);
}

/** Links lead to files that are looked at anyway, or out of the repository; submodules are repositories of their own. */
function isUnproven({ why }: SkippedFile): boolean {
  return why !== "symbolic link" && why !== "submodule";
}

async function filesOf(folder: string, allBranches: boolean, io: Io): Promise<RepositoryFiles> {
  const options = { env: io.env, signal: io.signal };
  const full = resolve(io.cwd, folder);
  return allBranches ? await branchFiles(full, options) : await filesAtHand(full, options);
}

function reportText(results: readonly Verified[], form: Form): string {
  const report = results.map(
    ({ place, sealedSecrets, sopsFiles, values, usedKeys, unopened, missingKeys, skipped }) => ({
      place,
      sealedSecrets,
      sopsFiles,
      values,
      usedKeys: [...usedKeys].sort(),
      missingKeys,
      unopened: unopened.map((entry) => ({ ...entry, branches: [...entry.branches], items: [...entry.items] })),
      skipped: skipped.map(({ path, why }) => ({ path, why })),
    }),
  );
  return inForm(form, report, () => tableText(results));
}

function tableText(results: readonly Verified[]): string {
  const totals = results.map(({ place, sealedSecrets, sopsFiles, values, unopened }) => [
    place,
    String(sealedSecrets),
    String(sopsFiles),
    String(values),
    String(unopened.length),
  ]);
  const text = table(["PLACE", "SEALEDSECRETS", "SOPS FILES", "VALUES OPENED", "NOT OPENED"], totals);
  const rows = results.flatMap(({ place, unopened }) =>
    unopened.map((entry) => [whereOf(place, entry), whatOf(entry), entry.why]),
  );
  if (rows.length === 0) return text;
  return `${text}\n${table(
    ["WHERE", "WHAT", "WHY"],
    rows.slice(0, SHOWN).map((row) => row.map(printable)),
  )}`;
}

function whereOf(place: string, { path, line, branches }: Unopened): string {
  if (path === undefined) return place;
  const at = line === undefined ? path : `${path}:${line}`;
  return branches.length === 0 ? at : `${at} (${branches.slice(0, 3).join(", ")}${branches.length > 3 ? ", …" : ""})`;
}

function whatOf({ what, object, items }: Unopened): string {
  if (object === undefined) return what;
  return items.length === 0 ? object : `${object}, ${count(items.length, "item")}`;
}

async function tell(results: readonly Verified[], io: Io): Promise<void> {
  const unopened = results.reduce((sum, result) => sum + result.unopened.length, 0);
  if (unopened > SHOWN) await note(io, `${unopened - SHOWN} more are left out here: -o json has them all`);
  const skipped = results.flatMap((result) => result.skipped);
  const unread = skipped.filter(isUnproven);
  for (const { path, why } of unread.slice(0, SHOWN)) {
    await note(io, `Could not look at "${printable(path)}": ${why}`);
  }
  const submodules = skipped.filter(({ why }) => why === "submodule").length;
  if (submodules > 0) await note(io, `Left out: ${count(submodules, "submodule")}; name each with a --repo of its own`);
  for (const { missingKeys } of results) {
    for (const key of missingKeys)
      await note(io, `The cluster has a key that is not in the backup: ${key}; back up again`);
  }
  const values = results.reduce((sum, result) => sum + result.values, 0);
  if (unopened > 0) {
    const what = unopened === 1 ? "1 place does" : `${unopened} places do`;
    await note(io, `Not proven: ${what} not open from this backup alone`);
  }
  if (unread.length > 0) await note(io, `Not proven: ${count(unread.length, "file")} could not be looked at`);
  if (results.every(isProven)) await note(io, `The backup opens all ${count(values, "value")}`);
}
