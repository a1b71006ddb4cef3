import { splitNewIdentity } from "../../src/keys/index.ts";
import { defineCommand, flag } from "../define-command.ts";
import { EXIT } from "../exit-codes.ts";
import { makeFolders, refuseExisting, replaceFile } from "../files-adapter.ts";
import { note, table, write } from "../output.ts";
import { inForm, reportFlag } from "./form.ts";

const MAX_SHARES = 255;

export const splitCommand = defineCommand({
  name: "keys split",
  summary: "Make an age identity that exists only as shares",
  examples: [
    {
      what: "Five shares, any three of which open backups",
      command: "sealkit keys split --shares 5 --threshold 3 -o shares > recipient.txt",
    },
    { what: "A backup that they open", command: "sealkit keys backup -R recipient.txt -o keys.age" },
  ],
  description:
    "Writes one file for each holder, mode 0600, and prints the recipient. The identity itself is written nowhere and is\n" +
    "forgotten. Any --threshold of the shares open what is encrypted to the recipient; fewer say nothing of it.",
  flags: {
    shares: flag.number({ short: "n", default: 5, min: 2, max: MAX_SHARES, placeholder: "N", help: "How many shares" }),
    threshold: flag.number({
      short: "k",
      default: 3,
      min: 2,
      max: MAX_SHARES,
      placeholder: "K",
      help: "How many of them it takes",
    }),
    output: flag.text({ short: "o", placeholder: "FOLDER", required: true, help: "Where the share files go" }),
    report: reportFlag("Print recipient and files in this form, in place of the recipient alone"),
  },
  async run({ flags, io }) {
    const { shares, threshold, output } = flags;
    const { recipient, shareFiles } = splitNewIdentity({ shares, threshold });
    await makeFolders(io, output ?? ".");
    const files = shareFiles.map((text, at) => ({ path: `${output}/share-${at + 1}-of-${shares}.txt`, text }));
    // Before any is written: shares of two sets beside each other are of no use to anybody.
    for (const { path } of files) await refuseExisting(io, path);
    for (const { path, text } of files)
      await replaceFile(io, path, text, { mode: 0o600, onlyNew: true, clearsLeftovers: true });
    const report = { recipient, threshold, shares: files.map(({ path }, at) => ({ index: at + 1, file: path })) };
    const asTable = () =>
      table(
        ["SHARE", "FILE"],
        files.map(({ path }, at) => [`${at + 1} of ${shares}`, path]),
      );
    await write(io.stdout, flags.report === undefined ? `${recipient}\n` : inForm(flags.report, report, asTable));
    await note(io, `Wrote ${shares} shares to ${output}, any ${threshold} of which open what is encrypted to it`);
    await note(io, "Hand each to another person, and keep none of them here");
    return EXIT.ok;
  },
});
