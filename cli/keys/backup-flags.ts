import { parseBackupDigest } from "../../src/keys/index.ts";
import { flag } from "../define-command.ts";
import type { OpenBackupOptions } from "./open-backup.ts";

/** Flags of every command that opens a backup. */
export const backupFlags = {
  identity: flag.texts({
    short: "i",
    placeholder: "FILE",
    help: "age identity that opens the backup; may be repeated",
  }),
  registryConfig: flag.text({ placeholder: "FILE", help: "Logins of registries, for a backup in oci://…" }),
  expectDigest: {
    ...flag.text({
      placeholder: "sha256:HEX",
      help: "Take this backup and no other: the digest that keys backup told",
    }),
    check: (text: string) =>
      parseBackupDigest(text) === undefined ? "it is no SHA-256: sha256: and 64 hexadecimal digits" : undefined,
  },
  share: flag.texts({ placeholder: "FILE", help: "Share of the identity that opens it; as many as it takes" }),
};

interface BackupFlagValues {
  readonly identity: readonly string[];
  readonly registryConfig: string | undefined;
  readonly expectDigest: string | undefined;
  readonly share: readonly string[];
}

/** How a backup is opened by what the flags say. */
export function openedBy(flags: BackupFlagValues): Omit<OpenBackupOptions, "prefix" | "remedy"> {
  const { identity, registryConfig, expectDigest, share } = flags;
  return { identityFiles: identity, shareFiles: share, registryConfig, expectDigest };
}
