import { resolve } from "node:path";
import packageJson from "../../package.json" with { type: "json" };
import { parseRecipient, parseRecipientsFile, type Recipient } from "../../src/age/index.ts";
import type { ToolkitError } from "../../src/errors.ts";
import {
  type BackupManifest,
  backupDigest,
  backupText,
  clusterName,
  collectSecrets,
  encryptBackup,
  sealedInCluster,
} from "../../src/keys/index.ts";
import { findEncrypted, workTreeFiles } from "../../src/repository/index.ts";
import { defineCommand, flag } from "../define-command.ts";
import { CliError } from "../errors.ts";
import { EXIT } from "../exit-codes.ts";
import { readTextFile } from "../files-adapter.ts";
import type { Io } from "../io.ts";
import { note, table, warn, write } from "../output.ts";
import { isRemotePlace, writeBackup } from "./backup-place.ts";
import { inForm, reportFlag } from "./form.ts";
import { inFile } from "./open-backup.ts";
import { keyPlace, placeFlags, withCluster } from "./place.ts";

export const backupCommand = defineCommand({
  name: "keys backup",
  summary: "Write all keys of a cluster into one file, encrypted with age",
  examples: [
    { what: "For one recipient", command: "sealkit keys backup -r age1… -o keys.age" },
    { what: "For everyone of a file", command: "sealkit keys backup -R recipients.txt -o keys.age" },
    { what: "Into a bucket", command: "sealkit keys backup -r age1… -o s3://backups/prod/keys.age" },
    {
      what: "With one more Secret",
      command: "sealkit keys backup -r age1… -o keys.age --include flux-system/deploy-key",
    },
  ],
  description:
    "In it: the sealing keys, the Secrets that Kustomizations decrypt with, Secrets with the label sealkit.dev/backup,\n" +
    "and those of --include; and, as ciphertext, the SealedSecrets that neither a tool that syncs from Git nor a --repo\n" +
    "brings back. The clear text is a List of Secrets, so that it is of use without sealkit too:\n" +
    "age -d -i IDENTITY keys.age | kubectl apply -f -",
  flags: {
    recipient: flag.texts({ short: "r", placeholder: "RECIPIENT", help: "Who can open the backup; may be repeated" }),
    recipientsFile: flag.texts({ short: "R", placeholder: "FILE", help: "File of recipients, one a line" }),
    output: flag.text({
      short: "o",
      placeholder: "PLACE",
      help: "File (mode 0600), s3://BUCKET/KEY or oci://REGISTRY/REPOSITORY:TAG; without it stdout",
    }),
    registryConfig: flag.text({ placeholder: "FILE", help: "Logins of registries, as docker login writes them" }),
    report: reportFlag("Print what is in it on stdout, in this form; with -o only"),
    plaintextIUnderstand: flag.toggle({ help: "Do not encrypt; only into a file, mode 0600" }),
    include: flag.texts({ placeholder: "NAMESPACE/NAME", help: "One more Secret; may be repeated" }),
    repo: flag.texts({ placeholder: "FOLDER", help: "Repository that brings SealedSecrets back; may be repeated" }),
    sealedSecrets: flag.choice(["unmanaged", "all", "none"], {
      default: "unmanaged",
      help: "Which SealedSecrets of the cluster go in, as ciphertext",
    }),
    ...placeFlags,
  },
  async run({ flags, io }) {
    if (flags.report !== undefined && flags.output === undefined) {
      throw new CliError("CLI_BAD_FLAG", "Cannot report on the backup: the backup itself goes to stdout", {
        hints: ["name a place for it: -o keys.age"],
      });
    }
    const recipients = flags.plaintextIUnderstand
      ? checkPlaintext(flags)
      : await gatherRecipients(flags.recipient, flags.recipientsFile, io);
    return await withCluster(flags, io, async (client) => {
      const place = keyPlace(flags);
      const secrets = await collectSecrets(client, { ...place, include: flags.include });
      const known = await namesIn(flags.repo, io);
      const { manifest, clearText } = backupText(secrets, {
        now: io.now(),
        prefix: place.prefix,
        writtenBy: `sealkit ${packageJson.version}`,
        ...(await clusterName(client, { namespace: place.namespace, name: flags.controllerName })),
        sealedSecrets: await sealedInCluster(client, { hold: flags.sealedSecrets, known }),
      });
      const file = flags.plaintextIUnderstand ? clearText.reveal() : await encryptBackup(clearText, recipients);
      if (flags.output === undefined) await write(io.stdout, file);
      else await writeBackup(io, flags.output, file, flags);
      if (flags.plaintextIUnderstand) {
        await warn(io, `"${flags.output ?? ""}" is not encrypted: whoever reads it opens everything`);
      }
      const { output: kept } = flags;
      const report = {
        place: kept,
        digest: backupDigest(file),
        recipients: recipients.map(({ name }) => name),
        ...manifest,
      };
      if (flags.report !== undefined)
        await write(
          io.stdout,
          inForm(flags.report, report, () => manifestTable(manifest)),
        );
      const others =
        manifest.otherSecrets.length === 0 ? "" : ` and ${count(manifest.otherSecrets.length, "other Secret")}`;
      const to = flags.plaintextIUnderstand ? "nobody in particular" : count(recipients.length, "recipient");
      const held = manifest.sealedSecrets?.held ?? 0;
      if (held > 0)
        await note(io, `In it as ciphertext: ${count(held, "SealedSecret")} that no repository brings back`);
      await note(io, `Backed up ${count(manifest.sealingKeys.length, "sealing key")}${others} for ${to}`);
      await note(io, `It is ${backupDigest(file)}: noted elsewhere, --expect-digest tells it from any other`);
      return EXIT.ok;
    });
  },
});

/** What a backup holds, a row for each Secret. */
function manifestTable({ sealingKeys, otherSecrets }: BackupManifest): string {
  return table(
    ["WHAT", "NAMESPACE", "NAME", "FINGERPRINT"],
    [
      ...sealingKeys.map(({ namespace, name, fingerprint }) => ["sealing key", namespace, name, fingerprint]),
      ...otherSecrets.map(({ namespace, name }) => ["secret", namespace, name]),
    ],
  );
}

/** The SealedSecrets of repositories, as `namespace/name`. */
async function namesIn(folders: readonly string[], io: Io): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  for (const folder of folders) {
    const { files } = await workTreeFiles(resolve(io.cwd, folder), { env: io.env, signal: io.signal });
    for await (const file of files()) {
      for (const { object } of findEncrypted(file)?.sealed ?? []) {
        names.add(`${object.metadata.namespace ?? ""}/${object.metadata.name ?? ""}`);
      }
    }
  }
  return names;
}

/** `1 key`, `2 keys` */
export function count(number: number, word: string, many = `${word}s`): string {
  return `${number} ${number === 1 ? word : many}`;
}

/** Nobody encrypts to nobody by accident. */
function checkPlaintext(flags: BackupFlags): Recipient[] {
  const problem =
    flags.recipient.length + flags.recipientsFile.length > 0
      ? "recipients were named too"
      : flags.output === undefined || isRemotePlace(flags.output)
        ? "it goes into a file on this machine only"
        : undefined;
  if (problem === undefined) return [];
  throw new CliError("CLI_BAD_FLAG", `Cannot write a backup that is not encrypted: ${problem}`, {
    hints: ["sealkit keys backup -r RECIPIENT -o PLACE"],
  });
}

interface BackupFlags {
  readonly recipient: readonly string[];
  readonly recipientsFile: readonly string[];
  readonly output: string | undefined;
}

function waysToRecipients({ hints }: ToolkitError): readonly string[] {
  return hints.length > 0 ? hints : ["one recipient a line, as this writes one: sealkit age-keygen -y identity.txt"];
}

async function gatherRecipients(words: readonly string[], files: readonly string[], io: Io): Promise<Recipient[]> {
  const recipients = words.map((text) => parseRecipient(text));
  for (const path of files) {
    const text = await readTextFile(io, path);
    recipients.push(...(await inFile(path, () => parseRecipientsFile(text), waysToRecipients)));
  }
  if (recipients.length > 0) return recipients;
  throw new CliError("CLI_BAD_FLAG", "Cannot back up: nobody was named who could open the backup", {
    hints: [
      "make an identity, keep it somewhere safe: sealkit age-keygen -o identity.txt",
      "then: sealkit keys backup -r RECIPIENT -o keys.age",
    ],
  });
}
