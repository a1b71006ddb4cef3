import { randomBytes } from "node:crypto";
import packageJson from "../../package.json" with { type: "json" };
import {
  type Backup,
  backupDigest,
  type DrilledBackup,
  type DrilledRepository,
  type DrillReport,
  drillPassed,
  isAgeFile,
  isKeySecret,
  RUN_KEY_BYTES,
  sealingKeysOf,
  type WantedInput,
} from "../../src/keys/index.ts";
import { defineCommand, flag } from "../define-command.ts";
import { CliError } from "../errors.ts";
import { EXIT } from "../exit-codes.ts";
import type { Io } from "../io.ts";
import { count } from "../keys/backup.ts";
import { backupFlags, openedBy } from "../keys/backup-flags.ts";
import { readBackupPlace } from "../keys/backup-place.ts";
import { recordText } from "../keys/backup-provenance.ts";
import { openBackupBytes } from "../keys/open-backup.ts";
import { keyPlace, placeFlags, withCluster } from "../keys/place.ts";
import { note, warn, write } from "../output.ts";
import { withProgress } from "../progress.ts";
import { askedKeyServices } from "./key-services.ts";
import { compareWithLive, readLive } from "./live.ts";
import { rehearse } from "./rehearse.ts";
import { REPORT_FORMS, reportText } from "./report-text.ts";
import { openSource, type RepositorySource } from "./repository.ts";
import { OTHER_SOURCES } from "./stand-in-source.ts";

const SOURCE_FOLDER = /^(([A-Za-z]+)\/[a-z0-9.-]+\/[a-z0-9.-]+)=(.+)$/;

export const drillCommand = defineCommand({
  name: "drill",
  summary: "Rehearse the day on which the cluster is gone: restore a backup and sync a repository, in memory",
  positionals: { usage: "BACKUP", min: 1, max: 1 },
  examples: [
    {
      what: "Does everything in the repository come back?",
      command: "sealkit drill -i identity.txt keys.age --repo . --path clusters/prod",
    },
    {
      what: "And is every Secret as it is in the cluster now?",
      command: "sealkit drill -i identity.txt keys.age --repo . --path clusters/prod --compare",
    },
    {
      what: "A report to keep, from the shares of an identity",
      command: "sealkit drill --share a.txt --share b.txt keys.age --repo . -o markdown > drill.md",
    },
  ],
  description:
    "Starts an empty cluster in memory, restores the backup into it, starts our controllers and lets them sync what is\n" +
    "committed in the repository. With --compare, every Secret that results is compared with the one of the live cluster;\n" +
    "only digests under a key of this run are kept, and nothing is written to disk. Exit status 1 when something does not\n" +
    "come back, or is not as it is in the live cluster. GitRepositories that name a --repo by the URL of its remote get it\n" +
    "from here; nothing is fetched.",
  flags: {
    ...backupFlags,
    repo: flag.texts({
      placeholder: "FOLDER",
      help: "Repository to sync; more of them answer for sources that name them; default: this folder",
    }),
    sourceFolder: flag.texts({
      placeholder: "KIND/NAMESPACE/NAME=FOLDER",
      help: "Folder that is what a source gives which is no GitRepository; may be repeated",
    }),
    path: flag.texts({
      placeholder: "PATH",
      help: "Path in it that the cluster syncs; may be repeated; default: all of it",
    }),
    createNamespace: flag.texts({ placeholder: "NAME", help: "A namespace that is there already; may be repeated" }),
    askKeyServices: flag.toggle({
      help: "Ask AWS KMS, Vault and the like with your own rights, where the backup has no key for a file",
    }),
    compare: flag.toggle({ help: "Compare every Secret with the live cluster" }),
    timeout: flag.duration({ default: "5m", placeholder: "DURATION", help: "How long the sync may take" }),
    output: flag.choice(REPORT_FORMS, { short: "o", default: "table", help: "Form of the report" }),
    ...placeFlags,
  },
  async run({ flags, args, io }) {
    const started = io.now();
    const file = args[0] ?? "";
    const { namespace, prefix } = keyPlace(flags);
    const bytes = await readBackupPlace(io, file, flags);
    const backup = await openBackupBytes(io, bytes, {
      path: file,
      ...openedBy(flags),
      prefix,
      remedy: `sealkit drill -i IDENTITY ${file} --repo ${flags.repo[0] ?? "."}`,
    });
    const folders = flags.repo.length === 0 ? ["."] : flags.repo;
    const sources = await Promise.all(folders.map((folder) => openSource(folder, io)));
    const stoodIn = await openSourceFolders(flags.sourceFolder, io);
    const paths = pathsIn(sources[0]?.below ?? "", flags.path);
    const runKey = randomBytes(RUN_KEY_BYTES);
    // First, so that whoever lacks a right there is told so before anything else.
    const live = flags.compare
      ? await withCluster(flags, io, (client) =>
          readLive(client, { namespace, controllerName: flags.controllerName, prefix, runKey }),
        )
      : undefined;
    const { rehearsed, secrets, askedFor } = await withProgress(io, "Rehearsing", (onStep) =>
      rehearse(backup, sources, {
        paths,
        namespaces: flags.createNamespace,
        folders: stoodIn,
        prefix,
        keyServices: flags.askKeyServices ? askedKeyServices(io) : undefined,
        runKey,
        timeoutMs: flags.timeout,
        signal: io.signal,
        onStep,
      }),
    );
    // A report that lists a folder says that it took part.
    const unused = [...stoodIn.keys()].filter((place) => !askedFor.has(place));
    for (const place of unused) {
      await warn(io, `the folder for ${place} took no part: no Kustomization syncs from a source of that name`);
      stoodIn.delete(place);
    }
    const heldKeys = sealingKeysOf(backup.secrets, prefix).flatMap(({ fingerprint }) => fingerprint ?? []);
    const comparison = live === undefined ? undefined : compareWithLive(secrets, live, heldKeys);
    runKey.fill(0);
    const report: DrillReport = {
      result: drillPassed({ rehearsal: rehearsed, comparison }) ? "passed" : "failed",
      started: `${new Date(started).toISOString().slice(0, 19)}Z`,
      durationMs: io.now() - started,
      by: `sealkit ${packageJson.version}`,
      backup: {
        ...describeBackup(backup, { file, bytes, prefix }),
        expected: flags.expectDigest !== undefined,
        record: live === undefined ? undefined : recordText(live.recorded, backupDigest(bytes)),
      },
      repositories: await Promise.all(
        [...sources, ...stoodIn.values()].map((source, at) => describeSource(source, at === 0 ? paths : [])),
      ),
      rehearsal: rehearsed,
      comparison,
    };
    await write(io.stdout, reportText(report, flags.output));
    await tell(report, io);
    return report.result === "passed" ? EXIT.ok : EXIT.failed;
  },
});

/** @throws {CliError} `CLI_BAD_FLAG` */
async function openSourceFolders(words: readonly string[], io: Io): Promise<Map<string, RepositorySource>> {
  const folders = new Map<string, RepositorySource>();
  for (const word of words) {
    const [, place = "", kind = "", folder = ""] = SOURCE_FOLDER.exec(word) ?? [];
    if (!OTHER_SOURCES.some((known) => known === kind)) {
      throw new CliError("CLI_BAD_FLAG", `Cannot use "${word}" for --source-folder: it names no source and folder`, {
        details: [`wanted: KIND/NAMESPACE/NAME=FOLDER, the kind being one of ${OTHER_SOURCES.join(", ")}`],
        hints: ["sealkit drill --help"],
      });
    }
    folders.set(place, await openSource(folder, io));
  }
  return folders;
}

/** The paths to sync, from the root of the repository; they are given from the folder that was named. */
function pathsIn(below: string, paths: readonly string[]): readonly string[] {
  if (paths.length === 0) return [below === "" ? "./" : `./${below}`];
  return below === "" ? paths : paths.map((path) => `./${below}/${path}`);
}

async function describeSource(source: RepositorySource, paths: readonly string[]): Promise<DrilledRepository> {
  const { tree, leftOut } = await source.tree(undefined);
  return { folder: source.folder, commit: source.commit, paths, files: tree.paths().length, leftOut };
}

function describeBackup(
  { manifest, secrets, sealedSecrets }: Backup,
  { file, bytes, prefix }: { readonly file: string; readonly bytes: Uint8Array; readonly prefix: string },
): Omit<DrilledBackup, "expected" | "record"> {
  const keys = secrets.filter((secret) => isKeySecret(secret, prefix)).length;
  return {
    file,
    sha256: backupDigest(bytes).replace("sha256:", ""),
    encrypted: isAgeFile(bytes),
    manifest,
    sealingKeys: keys,
    otherSecrets: secrets.length - keys,
    sealedSecrets: sealedSecrets.length,
  };
}

const nameOf = ({ kind, namespace, name }: WantedInput) => `${kind} ${namespace}/${name}`;

async function tell({ result, rehearsal, comparison, backup }: DrillReport, io: Io): Promise<void> {
  if (!backup.encrypted) await note(io, "The backup is not encrypted: whoever can read the file has the keys");
  if (comparison === undefined) await note(io, "No live cluster was looked at: --compare does that");
  const { notRehearsed, wanted } = rehearsal;
  if (notRehearsed.length > 0)
    await note(io, `Not rehearsed: ${count(notRehearsed.length, "object")}, which the report names`);
  if (wanted.length > 0) {
    await note(
      io,
      `Needed, and neither in Git nor in the backup: ${count(new Set(wanted.map(nameOf)).size, "Secret or ConfigMap", "Secrets and ConfigMaps")}`,
    );
  }
  const took = rehearsal.problems.length === 0 ? "Everything came back" : "Not everything came back";
  await note(io, result === "passed" ? `Drill passed. ${took}` : `Drill failed. ${took}`);
}
