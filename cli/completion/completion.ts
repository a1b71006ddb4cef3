import { defineCommand } from "../define-command.ts";
import { CliError } from "../errors.ts";
import { EXIT } from "../exit-codes.ts";
import { write } from "../output.ts";
import { SCRIPTS } from "./scripts.ts";

export const completionCommand = defineCommand({
  name: "completion",
  summary: "Print the script that completes commands, flags and their choices in your shell",
  positionals: { usage: "bash|zsh|fish", min: 1, max: 1 },
  examples: [
    { what: "bash, this session", command: "source <(sealkit completion bash)" },
    { what: "zsh, from now on", command: "sealkit completion zsh > ~/.zfunc/_sealkit" },
    { what: "fish, from now on", command: "sealkit completion fish > ~/.config/fish/completions/sealkit.fish" },
  ],
  flags: {},
  completeArgument: () => [...SCRIPTS.keys()],
  async run({ args, io }) {
    const script = SCRIPTS.get(args[0] ?? "");
    if (script === undefined) {
      throw new CliError("CLI_BAD_FLAG", `Cannot print completion for "${args[0]}": it is none of bash, zsh, fish`);
    }
    await write(io.stdout, script);
    return EXIT.ok;
  },
});
