import { defineGroup } from "../define-command.ts";

export const gitCommand = defineGroup({
  name: "git",
  summary: "Let git show and merge encrypted files without clear text",
  commands: {
    install: {
      summary: "Set up the differences and the merge driver of SOPS files",
      load: async () => (await import("./install.ts")).gitInstallCommand,
    },
  },
});
