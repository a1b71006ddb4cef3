import { certificateFlags } from "../certificates/own-flags.ts";
import { defineCommand, flag } from "../define-command.ts";
import { CliError } from "../errors.ts";
import { EXIT } from "../exit-codes.ts";
import { openingFlags } from "../opening/flags.ts";
import { runConversion } from "./run-conversion.ts";

export const convertCommand = defineCommand({
  name: "convert",
  summary: "Turn SealedSecrets into SOPS files, or the other way round",
  positionals: { usage: "FILE|DIR", min: 1, max: 1 },
  examples: [
    {
      what: "A SealedSecret for Flux, for the recipients of .sops.yaml",
      command: "sealkit convert --to sops db.yaml --backup keys.age -i identity.txt > db.sops.yaml",
    },
    {
      what: "Every SOPS file of Secrets below a folder, for the controller",
      command: "sealkit convert --to sealed apps --in-place --cert cert.pem",
    },
  ],
  description:
    "Scope, labels, annotations, type and immutable stay; comments and layout do not. What else has no place in the other\n" +
    "form is refused by name, unless --allow-loss is given. Clear text is in memory only. One FILE is printed unless it is\n" +
    "converted --in-place; of a folder either everything is converted or nothing.",
  flags: {
    to: flag.choice(["sops", "sealed"], { required: true, help: "The form that is wanted" }),
    inPlace: flag.toggle({ help: "Write results over the files" }),
    age: flag.texts({
      placeholder: "RECIPIENT",
      help: "Encrypt SOPS files to this recipient, in place of the rules of .sops.yaml; may be repeated",
    }),
    allowLoss: flag.toggle({ help: "Go without what has no place in the other form" }),
    dryRun: flag.toggle({ help: "Convert in memory, say what would be done, and change nothing" }),
    undo: flag.toggle({ help: "Undo a run that was broken off, and do nothing else" }),
    cert: flag.text({ placeholder: "FILE|URL", help: "Certificate to seal for; else the controller is asked" }),
    output: flag.choice(["table", "json", "yaml"], { short: "o", default: "table", help: "Form of the report" }),
    ...openingFlags,
    ...certificateFlags,
  },
  async run({ flags, args, io }) {
    const { to } = flags;
    if (to === undefined) throw badFlags("--to is needed");
    if (flags.undo && flags.dryRun) throw badFlags("--undo and --dry-run exclude each other");
    if (to === "sealed" && flags.age.length > 0) throw badFlags("--age is for --to sops");
    if (to === "sops" && flags.cert !== undefined) throw badFlags("--cert is for --to sealed");
    return (await runConversion(io, { ...flags, to, word: args[0] ?? "" })) ? EXIT.ok : EXIT.failed;
  },
});

function badFlags(state: string): CliError {
  return new CliError("CLI_BAD_FLAG", `Cannot run sealkit convert: ${state}`, { hints: ["sealkit convert --help"] });
}
