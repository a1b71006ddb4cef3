import { resolve } from "node:path";
import { systemClock } from "../../src/kube/index.ts";
import { certificateFlags } from "../certificates/own-flags.ts";
import { defineCommand, flag } from "../define-command.ts";
import { CliError } from "../errors.ts";
import { EXIT } from "../exit-codes.ts";
import { openingFlags } from "../opening/flags.ts";
import { loadMeans } from "../opening/load-means.ts";
import { note } from "../output.ts";
import { printReport } from "./report.ts";
import type { FileOutcome } from "./rotation.ts";
import { runRotation } from "./run-rotation.ts";
import { type RotationTarget, rotationTarget } from "./target.ts";

export const rotateCommand = defineCommand({
  name: "rotate",
  summary: "Bring everything encrypted in a repository to the newest keys",
  positionals: { usage: "", max: 0 },
  examples: [
    { what: "See what would be done", command: "sealkit rotate --repo . --backup keys.age -i identity.txt --dry-run" },
    { what: "With the keys of a backup", command: "sealkit rotate --repo . --backup keys.age -i identity.txt" },
    {
      what: "As a commit on a new branch, which is pushed",
      command: "sealkit rotate --backup keys.age -i identity.txt --branch rotate-keys --push origin",
    },
    { what: "Through the controller, which alone has the keys", command: "sealkit rotate --repo . --via-controller" },
  ],
  description:
    "SealedSecrets are sealed anew item by item for the newest key: scope, template, comments and layout stay, and so do\n" +
    "items that are on that key already. SOPS files get a new data key, and the recipients of the matching rule of\n" +
    ".sops.yaml. A file with anything in it that does not open stays as it is and is reported, with exit status 1; run\n" +
    "again, it does the rest.",
  flags: {
    repo: flag.text({ placeholder: "DIR", default: ".", help: "Folder of the repository" }),
    viaController: flag.toggle({ help: "Have the controller seal SealedSecrets anew, without any private key here" }),
    cert: flag.text({ placeholder: "FILE|URL", help: "Certificate to seal for, in place of that of the newest key" }),
    hints: flag.toggle({
      help: "Note in each SealedSecret which key its items are for; a later run then leaves them alone",
    }),
    again: flag.toggle({ help: "Also SOPS files that a run of the last day which did not do everything has done" }),
    dryRun: flag.toggle({ help: "Open everything, say what would be done, and change nothing" }),
    undo: flag.toggle({ help: "Undo a run that was broken off, and do nothing else" }),
    commit: flag.toggle({ help: "Commit exactly the changed files", group: "Git" }),
    message: flag.text({
      short: "m",
      placeholder: "TEXT",
      default: "Rotate encrypted files to the newest keys",
      help: "Message of the commit",
      group: "Git",
    }),
    branch: flag.text({
      placeholder: "NAME",
      help: "Commit onto this new branch; checkout, index and files stay as they are",
      group: "Git",
    }),
    push: flag.text({ placeholder: "REMOTE", help: "Push the branch afterwards", group: "Git" }),
    output: flag.choice(["table", "json", "yaml"], { short: "o", default: "table", help: "Form of the report" }),
    ...openingFlags,
    ...certificateFlags,
  },
  async run({ flags, io }) {
    if (flags.undo && flags.dryRun) throw badFlags("--undo and --dry-run exclude each other");
    if (flags.viaController && flags.cert !== undefined) {
      throw badFlags("--via-controller and --cert exclude each other: a controller seals with its own newest key");
    }
    const isCommitted = flags.commit || flags.branch !== undefined;
    if (flags.push !== undefined && !isCommitted) throw badFlags("--push wants --commit or --branch NAME");
    const { message, branch, push } = flags;
    const commit = isCommitted ? { message, branch, push } : undefined;
    const folder = resolve(io.cwd, flags.repo);
    const means = await loadMeans(flags, io, { command: "rotate --repo DIR" });
    const target: RotationTarget = await rotationTarget(flags, means, io, systemClock);
    try {
      const result = await runRotation(io, { ...flags, commit, folder, means, target, shown: flags.repo });
      if (result === undefined) return EXIT.ok;
      await printReport(io, result, flags.output);
      const wantsKeys = target.reseal === undefined && result.files.some(isLeftSealed);
      if (wantsKeys) await note(io, "SealedSecrets want keys: --backup FILE -i IDENTITY, -k FILE, or --via-controller");
      return result.files.some(({ state }) => state === "failed") ? EXIT.failed : EXIT.ok;
    } finally {
      await target.close();
    }
  },
});

function isLeftSealed({ kind, state }: FileOutcome): boolean {
  return kind === "SealedSecrets" && state === "failed";
}

function badFlags(state: string): CliError {
  return new CliError("CLI_BAD_FLAG", `Cannot run sealkit rotate: ${state}`, { hints: ["sealkit rotate --help"] });
}
