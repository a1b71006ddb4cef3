import { defineCommand, flag } from "../define-command.ts";
import { CliError } from "../errors.ts";
import { EXIT } from "../exit-codes.ts";
import { replaceFile } from "../files-adapter.ts";
import { note, table, write } from "../output.ts";
import { inForm, reportFlag } from "./form.ts";
import { combineFiles } from "./open-backup.ts";

export const combineCommand = defineCommand({
  name: "keys combine",
  summary: "Put the shares of an age identity together",
  positionals: { usage: "FILE...", min: 1, max: 255 },
  examples: [
    {
      what: "Into a file of mode 0600",
      command: "sealkit keys combine -o identity.txt share-1-of-5.txt share-4-of-5.txt share-5-of-5.txt",
    },
  ],
  description:
    "Prints the identity. To open a backup it need not be written anywhere: sealkit keys restore takes the shares themselves\n" +
    "with --share. A wrong share among more than it takes is found and left out.",
  flags: {
    output: flag.text({ short: "o", placeholder: "FILE", help: "File to write, mode 0600; without it stdout" }),
    report: reportFlag("Print the public key on stdout, in this form; with -o only"),
  },
  async run({ flags, args, io }) {
    if (flags.report !== undefined && flags.output === undefined) {
      throw new CliError("CLI_BAD_FLAG", "Cannot report on the identity: the identity itself goes to stdout", {
        hints: ["name a file for it: -o identity.txt"],
      });
    }
    const { recipient, identity } = await combineFiles(io, args);
    const text = `# public key: ${recipient}\n${identity.revealText()}\n`;
    if (flags.output === undefined) await write(io.stdout, text);
    else {
      await replaceFile(io, flags.output, text, { mode: 0o600, onlyNew: true, clearsLeftovers: true });
      const report = { recipient, file: flags.output, shares: args.length };
      const row = [recipient, flags.output];
      if (flags.report !== undefined) {
        await write(
          io.stdout,
          inForm(flags.report, report, () => table(["AGE RECIPIENT", "FILE"], [row])),
        );
      }
      await note(io, `Public key: ${recipient}`);
    }
    return EXIT.ok;
  },
});
