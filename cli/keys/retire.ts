import { checkNotNeeded, keyCalled, listSealingKeys, setAside } from "../../src/keys/index.ts";
import { defineCommand, flag } from "../define-command.ts";
import { EXIT } from "../exit-codes.ts";
import { note, table, write } from "../output.ts";
import { formFlag, inForm } from "./form.ts";
import { findNeeds, needsByPlace, openersOf, tellNotLookedAt } from "./needs.ts";
import { keyPlace, placeFlags, withCluster } from "./place.ts";
import { ignoreUnreadFlag, refuseUnread } from "./unread.ts";

export const retireCommand = defineCommand({
  name: "keys retire",
  summary: "Take a sealing key out of use that nothing needs any more",
  positionals: { usage: "KEY", min: 1, max: 1 },
  examples: [
    {
      what: "By the name of its Secret, looking at the repository too",
      command: "sealkit keys retire sealed-secrets-keyx7k2p --repo . --all-branches",
    },
    {
      what: "By its fingerprint, only to see whether it could go",
      command: "sealkit keys retire SHA256:9fA1 --dry-run",
    },
  ],
  description:
    "Refuses while a SealedSecret of the cluster or of a --repo needs the key, and names it, or while a file there cannot be\n" +
    "read that may need it; the newest key never goes. Of a repository the files on disk count, and with --all-branches what\n" +
    "is committed in any branch. The key's Secret stays, with the label value retired, so that it can be brought back. The\n" +
    "original controller passes it over after its next start.",
  flags: {
    repo: flag.texts({ placeholder: "FOLDER", help: "Repository to look at too; may be repeated" }),
    allBranches: flag.toggle({ help: "Look at what is committed in all branches of the repositories, too" }),
    ignoreUnread: ignoreUnreadFlag,
    dryRun: flag.toggle({ help: "Only say whether it could go" }),
    output: formFlag("Form of the result"),
    ...placeFlags,
  },
  run: ({ flags, args, io }) =>
    withCluster(flags, io, async (client) => {
      const keys = await listSealingKeys(client, keyPlace(flags));
      const key = keyCalled(args[0] ?? "", keys);
      const found = await findNeeds(io, keys, {
        client,
        folders: flags.repo,
        branches: flags.allBranches,
        openers: openersOf(keys),
        isUnreadRefused: !flags.ignoreUnread,
      });
      const needs = needsByPlace(found).map(({ need }) => need);
      checkNotNeeded(key, needs);
      if (!flags.ignoreUnread) refuseUnread(`retire key ${key.name}`, found.unread);
      const isAside = key.status === "retired" || key.status === "compromised";
      const unopened = needs.reduce((sum, need) => sum + need.unopened, 0);
      if (unopened > 0) await note(io, `${unopened} SealedSecrets are opened by no key at all, so neither by this one`);
      await tellNotLookedAt(io, found);
      const { name, namespace, fingerprint } = key;
      const status = flags.dryRun || isAside ? key.status : "retired";
      const result = { type: "sealing", name, namespace, fingerprint, status, dryRun: flags.dryRun };
      const row = [name, status, fingerprint ?? ""];
      // A key that somebody else may have stays marked as such.
      if (!flags.dryRun && !isAside) await setAside(client, key, "retired");
      await write(
        io.stdout,
        inForm(flags.output, result, () => table(["NAME", "STATUS", "FINGERPRINT"], [row])),
      );
      if (isAside) await note(io, `${key.name} is out of use already: it is ${key.status}, and stays so`);
      else if (flags.dryRun) await note(io, `Nothing needs ${key.name}: it could be retired`);
      else await note(io, `Retired ${key.name}; its Secret stays, with the label value retired`);
      return EXIT.ok;
    }),
});
