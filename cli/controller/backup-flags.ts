import type { BackupSettings, BackupStore } from "../../controller/backup/settings.ts";
import { parseReference } from "../../src/oci/index.ts";
import type { FlagTable } from "../definition.ts";
import { CliError } from "../errors.ts";
import { readTextFile } from "../files-adapter.ts";
import { type FlagValues, flag } from "../flag.ts";
import type { Io } from "../io.ts";
import { writeBackup } from "../keys/backup-place.ts";
import { goDuration } from "./go-values.ts";

const group = "Backup";
const MAX_RECIPIENTS_BYTES = 1024 * 1024;

/** By these the controller backs its keys up by itself; without the first nothing of it happens. */
export const backupFlags = {
  backupTo: flag.text({
    group,
    default: "",
    placeholder: "PLACE",
    help: "Back the keys up to a file, s3://BUCKET/KEY, oci://REGISTRY/REPOSITORY:TAG or secret:NAMESPACE/NAME",
  }),
  backupRecipientsFile: flag.text({
    group,
    default: "",
    placeholder: "FILE",
    help: "Who can open the backups: age recipients, one a line; read anew each time",
  }),
  backupSchedule: goDuration({
    group,
    default: "24h",
    placeholder: "SPAN",
    help: "A backup this often, besides one after each change of the keys; 0: only then",
  }),
} satisfies FlagTable;

/** @throws {CliError} `CLI_BAD_FLAG`; {OciError} `OCI_BAD_REFERENCE` */
export function backupSettings(flags: FlagValues<typeof backupFlags>, io: Io): BackupSettings | undefined {
  const { backupTo: place, backupRecipientsFile: file, backupSchedule: scheduleMs } = flags;
  if (place === "" && file === "") return undefined;
  if (place === "" || file === "") {
    const [given, missing] =
      place === "" ? ["--backup-recipients-file", "--backup-to"] : ["--backup-to", "--backup-recipients-file"];
    throw new CliError("CLI_BAD_FLAG", `Cannot use ${given} without ${missing}`, {
      hints: ["sealkit controller --help"],
    });
  }
  const isDigest = place.startsWith("oci://") && parseReference(place).digest !== undefined;
  if (isDigest || /^secret:(?![a-z0-9.-]+\/[a-z0-9.-]+$)/.test(place)) {
    throw new CliError("CLI_BAD_FLAG", `Cannot back up to "${place}": the controller does not write there`, {
      hints: ["name a file, s3://BUCKET/KEY, oci://REGISTRY/REPOSITORY:TAG or secret:NAMESPACE/NAME"],
    });
  }
  const readRecipients = () => readTextFile(io, file, { maxBytes: MAX_RECIPIENTS_BYTES });
  return place.startsWith("secret:")
    ? { readRecipients, scheduleMs, toSecret: place.slice("secret:".length) }
    : { readRecipients, scheduleMs, store: outsideStore(io, place) };
}

/** A volume, a bucket or a registry. */
function outsideStore(io: Io, place: string): BackupStore {
  return { place, shortcoming: undefined, write: (content) => writeBackup(io, place, content, {}) };
}
