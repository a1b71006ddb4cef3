import { resolve } from "node:path";
import {
  allKeys,
  checkNotNeeded,
  exposedValues,
  KeysError,
  keyCalled,
  listSealingKeys,
  type Need,
  type NeededFor,
  renewSealingKey,
  resealInCluster,
  resealInRepository,
  type SealingKeyInfo,
  setAside,
} from "../../src/keys/index.ts";
import type { KubeClient } from "../../src/kube/index.ts";
import { workTreeFiles } from "../../src/repository/index.ts";
import { Keyring } from "../../src/sealed/index.ts";
import { defineCommand, flag } from "../define-command.ts";
import { EXIT } from "../exit-codes.ts";
import type { Io } from "../io.ts";
import { note, warn, write } from "../output.ts";
import { withProgress } from "../progress.ts";
import { count } from "./backup.ts";
import { compromiseReport } from "./compromise-report.ts";
import { formFlag } from "./form.ts";
import { lifetimeFlag } from "./lifetime-flag.ts";
import { findNeeds, type Needs, needsByPlace, openersOf } from "./needs.ts";
import { keyPlace, type PlaceFlags, placeFlags, withCluster } from "./place.ts";
import { changePlace, endBrokenOff, foldersAt } from "./repositories.ts";
import { ignoreUnreadFlag, refuseUnread } from "./unread.ts";
import { waitForKey } from "./wait.ts";

/** What journals say of work that was broken off. */
const LABEL = "keys compromise";
/** As many places as a message names. */
const SHOWN = 20;

export const compromiseCommand = defineCommand({
  name: "keys compromise",
  summary: "Take a key out of use that somebody else may have, and list what they could read",
  positionals: { usage: "KEY", min: 1, max: 1 },
  examples: [
    {
      what: "What the key opens, and what would be done",
      command: "sealkit keys compromise sealed-secrets-keyx7k2p --repo . --dry-run",
    },
    {
      what: "What old commits hold too, which whoever has a clone can open",
      command: "sealkit keys compromise sealed-secrets-keyx7k2p --repo . --history --dry-run",
    },
    {
      what: "Do it: a new key, everything onto it, and the old one marked",
      command: "sealkit keys compromise sealed-secrets-keyx7k2p --repo .",
    },
  ],
  description:
    "Makes a new key first, unless there is a newer one, and waits until the controller seals with it. Lists every value\n" +
    "that the key opens, in the cluster, in the files of --repo, in all their branches, and with --history in every commit:\n" +
    "those have to be changed where they come from, because sealing them anew does not take them back from whoever read\n" +
    "them. Then brings what is in the cluster and in the files on disk onto the new key, and marks the key as compromised\n" +
    "only when nothing there needs it any more, and every file there could be read; branches are named, and changed by\n" +
    "nobody. What a tool syncs from Git is changed in its repository alone: commit, push, and run the command again when it\n" +
    "is synced. It may be broken off and run again at any point.",
  flags: {
    repo: flag.texts({ placeholder: "FOLDER", help: "Repository to change too; may be repeated" }),
    history: flag.toggle({ help: "List also what only the history of the repositories holds" }),
    managedToo: flag.toggle({ help: "Change in the cluster also what a tool syncs from Git" }),
    bits: flag.choice(["2048", "3072", "4096"], { default: "4096", help: "Size of the new key" }),
    ttl: lifetimeFlag,
    timeout: flag.duration({ default: "60s", placeholder: "DURATION", help: "How long to wait for the controller" }),
    ignoreUnread: ignoreUnreadFlag,
    dryRun: flag.toggle({ help: "List what the key opens, and change nothing" }),
    output: formFlag("Form of the list"),
    ...placeFlags,
  },
  run: ({ flags, args, io }) =>
    withCluster(flags, io, async (client) => {
      const word = args[0] ?? "";
      const before = await listSealingKeys(client, keyPlace(flags));
      const key = keyCalled(word, before);
      const { fingerprint } = key;
      if (fingerprint === undefined) throw unreadable(key);
      for (const folder of foldersAt(io, flags.repo)) await endBrokenOff(io, folder, flags.dryRun);
      const newest = flags.dryRun ? undefined : await newerKey(client, key, { before, flags, io });

      const keys = newest === undefined ? before : await listSealingKeys(client, keyPlace(flags));
      const openers = openersOf(keys);
      const where = { client, folders: flags.repo, openers };
      const found = await findNeeds(io, keys, { ...where, branches: "where there are", history: flags.history });
      const values = exposedValues(fingerprint, needsByPlace(found));
      await write(io.stdout, compromiseReport({ key, newest, values }, flags.output));
      if (values.length > 0) {
        await warn(
          io,
          `${count(values.length, "value")} to be changed at the origin: whoever has the key can read them`,
        );
      }
      for (const { object, item, at } of values.filter(({ item }) => item.endsWith(".agekey"))) {
        const file = at === undefined ? "" : `, ${at.path}:${at.line}`;
        await note(io, `${object} holds an age identity (${item}${file}): replace it too`);
      }
      await tellWhatWasLookedAt(io, found, flags.history);
      if (newest === undefined) {
        const isOldest = before.some((other) => isNewer(other, key));
        const renewal = isOldest ? "" : "make a new key, ";
        await note(io, `Would ${renewal}bring these onto the newest key and mark ${key.name} as compromised`);
        return EXIT.ok;
      }

      const keyring = new Keyring(allKeys(keys));
      const certificate = certificateOf(newest);
      const resealed = await withProgress(io, "Sealing in the cluster", (onStep) =>
        resealInCluster(client, { from: fingerprint, keyring, certificate, managedToo: flags.managedToo }, onStep),
      );
      const done = resealed.filter(({ left }) => left === undefined).length;
      if (done > 0) await note(io, `Sealed ${count(done, "SealedSecret")} of the cluster anew`);
      for (const { object, left } of resealed.filter(({ left }) => left !== undefined).slice(0, SHOWN)) {
        await note(io, `Left ${object} of the cluster: ${left ?? ""}`);
      }
      for (const { place, disk, isBare } of found.folders) {
        if (!isBare) await resealFolder(place, pathsNeeding(fingerprint, disk), { keyring, certificate, io });
      }

      const after = await findNeeds(io, keys, { ...where, branches: false, isTold: false });
      const still = needsByPlace(after).flatMap(({ need }) => need.byKey.get(fingerprint) ?? []);
      if (still.length > 0) throw stillNeeded(key, still, flags.repo.length > 0);
      if (!flags.ignoreUnread) refuseUnread(`mark key ${key.name} as compromised`, after.unread);
      const now = await listSealingKeys(client, keyPlace(flags));
      const live = keyCalled(key.name, now);
      checkNotNeeded(
        live,
        needsByPlace(after).map(({ need }) => need),
      );
      if (live.status === "compromised") await note(io, `${live.name} is marked as compromised already`);
      // The same key under another name opens the same values.
      for (const copy of now.filter((one) => one.fingerprint === fingerprint && one.status !== "compromised")) {
        await setAside(client, copy, "compromised");
        await note(io, `Marked ${copy.name} as compromised: nothing needs it any more`);
      }
      await note(io, "Back up the keys again: sealkit keys backup");
      await tellBranches(io, fingerprint, found);
      return EXIT.ok;
    }),
});

interface Renewal {
  readonly before: readonly SealingKeyInfo[];
  readonly flags: PlaceFlags & { readonly bits: string; readonly ttl: number; readonly timeout: number };
  readonly io: Io;
}

/** A key that is newer than the one that somebody has, served by the controller. */
async function newerKey(client: KubeClient, key: SealingKeyInfo, renewal: Renewal): Promise<SealingKeyInfo> {
  const { before, flags, io } = renewal;
  if (!before.some((other) => isNewer(other, key))) {
    const settings = { ...keyPlace(flags), now: io.now(), bits: Number(flags.bits), lifetimeMs: flags.ttl };
    const { name, fingerprint } = await renewSealingKey(client, settings);
    await note(io, `Made a new key: ${name} ${fingerprint}`);
  }
  const [newest] = await listSealingKeys(client, keyPlace(flags));
  if (newest === undefined || newest.fingerprint === key.fingerprint) throw unreadable(key);
  certificateOf(newest);
  await waitForKey(io, flags, newest.fingerprint ?? "");
  return newest;
}

function isNewer(other: SealingKeyInfo, key: SealingKeyInfo): boolean {
  return other.status === "newest" && other.fingerprint !== key.fingerprint;
}

/** What an attacker could read elsewhere is not to be taken for nothing because nobody looked. */
async function tellWhatWasLookedAt(io: Io, { folders }: Needs, isHistory: boolean): Promise<void> {
  if (folders.length === 0) await note(io, "Repositories were not looked at: name them with --repo");
  if (!isHistory && folders.some(({ isGit }) => isGit)) {
    await note(io, "Old commits were not looked at: --history lists what they hold, too");
  }
}

/** Other branches are somebody's work: they are named, not changed. */
async function tellBranches(io: Io, fingerprint: string, { folders }: Needs): Promise<void> {
  for (const { place, branches, checkedOut } of folders) {
    const needed = branches?.byKey.get(fingerprint) ?? [];
    const held = new Set(needed.flatMap((one) => one.place?.branches ?? []));
    const names = [...held].filter((name) => !checkedOut.has(name)).sort();
    if (names.length === 0) continue;
    const shown =
      names.length > SHOWN ? `${names.slice(0, SHOWN).join(", ")} and ${names.length - SHOWN} more` : names.join(", ");
    await note(io, `Other branches of ${place} hold values under this key: ${shown}`);
    // The controller does not read the key from now on; a backup has it.
    await note(
      io,
      `On each of them that is to be merged or deployed, with that backup: sealkit rotate --repo ${place} --backup BACKUP -i IDENTITY`,
    );
  }
}

function pathsNeeding(fingerprint: string, need: Need): ReadonlySet<string> {
  return new Set((need.byKey.get(fingerprint) ?? []).flatMap(({ place }) => (place === undefined ? [] : [place.path])));
}

interface Resealing {
  readonly keyring: Keyring;
  readonly certificate: ReturnType<typeof certificateOf>;
  readonly io: Io;
}

async function resealFolder(folder: string, paths: ReadonlySet<string>, { keyring, certificate, io }: Resealing) {
  const full = resolve(io.cwd, folder);
  const repository = await workTreeFiles(full, { env: io.env, signal: io.signal });
  const place = await changePlace(full, LABEL);
  const { changed, left, leftFiles } = await withProgress(io, `Sealing in ${folder}`, (onStep) =>
    resealInRepository(repository, paths, { keyring, certificate, ...place, onStep }),
  );
  if (changed.length > 0) await note(io, `Sealed ${count(changed.length, "file")} of ${folder} anew: commit and push`);
  for (const { path, why } of leftFiles.slice(0, SHOWN)) await note(io, `Left ${path} of ${folder}: ${why}`);
  for (const { object, at, why } of left.slice(0, SHOWN)) await note(io, `Left ${object} in ${at}: ${why}`);
}

/** What is sealed for a certificate of another key is lost, and the old ciphertext with it. */
function certificateOf({ pair, name, problem }: SealingKeyInfo) {
  if (pair !== undefined && problem === undefined) return pair.certificate;
  throw new KeysError("KEYS_SECRET_UNUSABLE", `Cannot seal with key ${name}: ${problem ?? "it is unreadable"}`, {
    hints: ["make a good one: sealkit keys renew", `then: sealkit keys retire ${name}`],
  });
}

function unreadable({ name, problem }: SealingKeyInfo): KeysError {
  return new KeysError("KEYS_SECRET_UNUSABLE", `Cannot tell what key ${name} opens: it is unreadable`, {
    details: problem === undefined ? [] : [problem],
    hints: ["restore it from a backup: sealkit keys restore -i IDENTITY BACKUP"],
  });
}

function stillNeeded(key: SealingKeyInfo, still: readonly NeededFor[], repo: boolean) {
  const state = `${still.length} SealedSecrets still need it`;
  return new KeysError("KEYS_NEEDED", `Cannot mark key ${key.name} as compromised: ${state}`, {
    details: [
      ...still.slice(0, SHOWN).map(({ object, place }) => {
        return `${object} in ${place === undefined ? "the cluster" : `${place.path}:${place.line}`}`;
      }),
      ...(still.length > SHOWN ? [`and ${still.length - SHOWN} more`] : []),
    ],
    hints: [
      repo
        ? "commit and push what was sealed anew, wait until the cluster has it, and run the command again"
        : "name the repository that they come from with --repo, or change them here with --managed-too",
    ],
  });
}
