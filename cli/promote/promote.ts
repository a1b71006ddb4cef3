import { certificateFlags } from "../certificates/own-flags.ts";
import { defineCommand, flag } from "../define-command.ts";
import { CliError } from "../errors.ts";
import { EXIT } from "../exit-codes.ts";
import { openingFlags } from "../opening/flags.ts";
import { runPromotion } from "./run-promotion.ts";

export const promoteCommand = defineCommand({
  name: "promote",
  summary: "Carry encrypted files from one environment to another, for its keys",
  positionals: { usage: "[NAME]...", max: 10_000 },
  examples: [
    {
      what: "One SealedSecret, with the keys of a backup, for another cluster",
      command:
        "sealkit promote --from dev --to prod db --backup dev.age -i id.txt --cert prod.crt --cert-fingerprint SHA256:…",
    },
    {
      what: "SOPS files: who may open them says .sops.yaml of the target",
      command: "sealkit promote --from envs/dev --to envs/prod --dry-run",
    },
  ],
  description:
    "A NAME is that of an object, or a path below --from; without one everything encrypted there is meant. Clear text is in\n" +
    "memory only. Names and scopes stay, and no scope gets wider; a strict scope is bound to the new --namespace. SOPS files\n" +
    "get the recipients of the matching creation rule of the target, and are refused when none matches. Either everything\n" +
    "is promoted or nothing. The section promote of .sealkit/policy.yaml can forbid directions.",
  flags: {
    from: flag.text({ placeholder: "DIR", required: true, help: "Folder of the environment to take from" }),
    to: flag.text({ placeholder: "DIR", required: true, help: "Folder of the environment to bring to" }),
    namespace: flag.text({ short: "n", placeholder: "NAME", help: "Namespace of the objects in the target" }),
    via: flag.text({
      placeholder: "CONTEXT|FILE",
      help: "Where the private keys of the source are: the cluster of a context or of a kubeconfig, or a backup",
      group: "Keys",
    }),
    cert: flag.text({ placeholder: "FILE|URL", help: "Certificate of the target; else its controller is asked" }),
    yes: flag.toggle({ short: "y", help: "Do not ask" }),
    dryRun: flag.toggle({ help: "Open everything, show the plan, and change nothing" }),
    undo: flag.toggle({ help: "Undo a run that was broken off, and do nothing else" }),
    output: flag.choice(["table", "json", "yaml"], { short: "o", default: "table", help: "Form of the plan" }),
    ...openingFlags,
    ...certificateFlags,
  },
  async run({ flags, args, io }) {
    const { from, to } = flags;
    if (from === undefined || to === undefined) throw badFlags("--from and --to are needed");
    if (flags.undo && flags.dryRun) throw badFlags("--undo and --dry-run exclude each other");
    if (flags.namespace !== undefined && !/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(flags.namespace)) {
      throw badFlags("--namespace is no name of a namespace");
    }
    return (await runPromotion(io, { ...flags, from, to, names: args })) ? EXIT.ok : EXIT.failed;
  },
});

function badFlags(state: string): CliError {
  return new CliError("CLI_BAD_FLAG", `Cannot run sealkit promote: ${state}`, { hints: ["sealkit promote --help"] });
}
