import packageJson from "../../package.json" with { type: "json" };
import { defineCommand, flag } from "../define-command.ts";
import { EXIT } from "../exit-codes.ts";
import { write } from "../output.ts";

export const versionCommand = defineCommand({
  name: "version",
  summary: "Print the version of sealkit",
  examples: [{ what: "The version alone", command: "sealkit version" }],
  flags: {
    output: flag.choice(["text", "json"], { short: "o", default: "text", help: "Form of the answer" }),
  },
  async run({ flags, io }) {
    const { name, version } = packageJson;
    await write(io.stdout, flags.output === "json" ? `${JSON.stringify({ name, version })}\n` : `${name} ${version}\n`);
    return EXIT.ok;
  },
});
