import type { CommandEntry, CommandGroup } from "./command.ts";

/** Every command, in the order of the overview. Only `load` reaches the code of a command. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: "seal",
    group: "Seal",
    summary: "Turn a Secret into something that is safe to commit",
    load: async () => (await import("./seal/seal.ts")).sealCommand,
  },
  {
    name: "set",
    group: "Seal",
    summary: "Give single items of a SealedSecret new values, in place",
    load: async () => (await import("./set/set.ts")).setCommand,
  },
  {
    name: "edit",
    group: "Seal",
    summary: "Edit the items of a SealedSecret in your editor",
    load: async () => (await import("./edit/edit.ts")).editCommand,
  },
  {
    name: "unseal",
    group: "Seal",
    summary: "Open SealedSecrets with private keys, without a controller",
    load: async () => (await import("./unseal/unseal.ts")).unsealCommand,
  },
  {
    name: "inspect",
    group: "Seal",
    summary: "Tell what can be known of sealed items, without a cluster",
    load: async () => (await import("./inspect/inspect.ts")).inspectCommand,
  },
  {
    name: "cert",
    group: "Seal",
    summary: "Fetch the certificate that Secrets are sealed with, or look at one",
    load: async () => (await import("./cert/cert.ts")).certCommand,
  },
  {
    name: "kubeseal",
    group: "Seal",
    summary: "Do what kubeseal does, with its flags, outputs and exit codes",
    load: async () => (await import("./kubeseal/kubeseal.ts")).kubesealCommand,
  },
  {
    name: "age",
    group: "Encrypt",
    summary: "Encrypt and decrypt files, as age does",
    load: async () => (await import("./age/age.ts")).ageCommand,
  },
  {
    name: "age-keygen",
    group: "Encrypt",
    summary: "Make age keys, as age-keygen does",
    load: async () => (await import("./age-keygen/age-keygen.ts")).ageKeygenCommand,
  },
  {
    name: "age-inspect",
    group: "Encrypt",
    summary: "Show what an age file is, as age-inspect does",
    load: async () => (await import("./age-inspect/age-inspect.ts")).ageInspectCommand,
  },
  {
    name: "sops",
    group: "Encrypt",
    summary: "Encrypt single values of files, as SOPS does",
    load: async () => (await import("./sops/sops.ts")).sopsCommand,
  },
  {
    name: "git",
    group: "Encrypt",
    summary: "Let git show and merge encrypted files without clear text",
    load: async () => (await import("./git/git.ts")).gitCommand,
  },
  {
    name: "controller",
    group: "Sync",
    summary: "Unseal SealedSecrets and sync repositories in a cluster",
    load: async () => (await import("./controller/controller.ts")).controllerCommand,
  },
  {
    name: "keys",
    group: "Keys",
    summary: "List, renew, back up and restore the sealing keys",
    load: async () => (await import("./keys/keys.ts")).keysCommand,
  },
  {
    name: "rotate",
    group: "Keys",
    summary: "Bring everything encrypted in a repository to the newest keys",
    load: async () => (await import("./rotate/rotate.ts")).rotateCommand,
  },
  {
    name: "promote",
    group: "Keys",
    summary: "Carry encrypted files from one environment to another, for its keys",
    load: async () => (await import("./promote/promote.ts")).promoteCommand,
  },
  {
    name: "convert",
    group: "Seal",
    summary: "Turn SealedSecrets into SOPS files, or the other way round",
    load: async () => (await import("./convert/convert.ts")).convertCommand,
  },
  {
    name: "drill",
    group: "Keys",
    summary: "Rehearse a recovery: restore a backup, sync a repository, compare with the cluster",
    load: async () => (await import("./drill/drill.ts")).drillCommand,
  },
  {
    name: "audit",
    group: "Keys",
    summary: "Find clear text, weak keys and wrong recipients in a repository",
    load: async () => (await import("./audit/audit.ts")).auditCommand,
  },
  {
    name: "guard",
    group: "Keys",
    summary: "Refuse clear-text Secrets in what is committed or pushed",
    load: async () => (await import("./guard/guard.ts")).guardCommand,
  },
  {
    name: "demo",
    group: "Try it out",
    summary: "Watch a Secret from Git into a cluster, its key renewed, the cluster lost and restored",
    load: async () => (await import("./demo/demo.ts")).demoCommand,
  },
  {
    name: "preview",
    group: "Try it out",
    summary: "Show what a cluster would hold, without a cluster",
    load: async () => (await import("./preview/preview.ts")).previewCommand,
  },
  {
    name: "sandbox",
    group: "Try it out",
    summary: "Start a Kubernetes API on this machine, in memory, for trying things out",
    load: async () => (await import("./sandbox/sandbox.ts")).sandboxCommand,
  },
  {
    name: "version",
    group: "More",
    summary: "Print the version of sealkit",
    load: async () => (await import("./version/version.ts")).versionCommand,
  },
  {
    name: "completion",
    group: "More",
    summary: "Print the script that completes commands in bash, zsh or fish",
    load: async () => (await import("./completion/completion.ts")).completionCommand,
  },
];

/** Headings of the overview, in order: what a person wants to do. */
export const GROUPS: readonly CommandGroup[] = ["Seal", "Encrypt", "Sync", "Keys", "Try it out", "More"];
