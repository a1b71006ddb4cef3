import { defineGroup } from "../define-command.ts";

export const keysCommand = defineGroup({
  name: "keys",
  summary: "Look after the keys that sealed Secrets are opened with",
  commands: {
    list: {
      summary: "Show the keys of a cluster and what needs them",
      load: async () => (await import("./list.ts")).listCommand,
    },
    renew: {
      summary: "Add a new sealing key; the old ones go on opening",
      load: async () => (await import("./renew.ts")).renewCommand,
    },
    import: {
      summary: "Add a sealing key of your own to those of a cluster",
      load: async () => (await import("./import.ts")).importCommand,
    },
    retire: {
      summary: "Take a sealing key out of use that nothing needs any more",
      load: async () => (await import("./retire.ts")).retireCommand,
    },
    compromise: {
      summary: "Take a key out of use that somebody else may have, and list what they could read",
      load: async () => (await import("./compromise.ts")).compromiseCommand,
    },
    backup: {
      summary: "Write all keys of a cluster into one file, encrypted with age",
      load: async () => (await import("./backup.ts")).backupCommand,
    },
    split: {
      summary: "Make an age identity that exists only as shares",
      load: async () => (await import("./split.ts")).splitCommand,
    },
    combine: {
      summary: "Put the shares of an age identity together",
      load: async () => (await import("./combine.ts")).combineCommand,
    },
    verify: {
      summary: "Prove that a backup opens everything in repositories and cluster",
      load: async () => (await import("./verify.ts")).verifyCommand,
    },
    restore: {
      summary: "Bring the keys of a backup into a cluster",
      load: async () => (await import("./restore.ts")).restoreCommand,
    },
  },
});
