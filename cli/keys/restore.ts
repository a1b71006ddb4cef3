import {
  carryOutRestore,
  KeysError,
  listSealingKeys,
  planRestore,
  type RestorePlan,
  type RestoreStep,
  recordedBackup,
  sealingKeysOf,
  waitUntilSynced,
} from "../../src/keys/index.ts";
import { systemClock } from "../../src/kube/index.ts";
import type { KubeObject } from "../../src/objects/index.ts";
import { defineCommand, flag } from "../define-command.ts";
import { EXIT } from "../exit-codes.ts";
import type { Io } from "../io.ts";
import { note, table, warn, write } from "../output.ts";
import { withProgress } from "../progress.ts";
import { count } from "./backup.ts";
import { backupFlags, openedBy } from "./backup-flags.ts";
import { provenance, recordText } from "./backup-provenance.ts";
import { type Form, formFlag, inForm } from "./form.ts";
import { shortFingerprint } from "./list.ts";
import { openBackup } from "./open-backup.ts";
import { keyPlace, placeFlags, withCluster } from "./place.ts";
import { waitForKey } from "./wait.ts";

export const restoreCommand = defineCommand({
  name: "keys restore",
  summary: "Bring the keys of a backup into a cluster",
  positionals: { usage: "FILE", min: 1, max: 1 },
  examples: [
    { what: "What would happen", command: "sealkit keys restore -i identity.txt keys.age --dry-run" },
    {
      what: "Do it, and wait until the controller uses the right key",
      command: "sealkit keys restore -i identity.txt keys.age --wait",
    },
    { what: "A plain backup made with kubectl", command: "sealkit keys restore main.key" },
  ],
  description:
    "Only ever adds: nothing in the cluster is deleted or replaced, a retired key stays retired. Doing it twice changes\n" +
    "nothing; two at once do no harm. A Secret that holds other values in the cluster is left as it is and reported, with\n" +
    "exit status 1. A key that the cluster has and the backup lacks is kept and reported: the backup is stale then.",
  flags: {
    ...backupFlags,
    dryRun: flag.toggle({ help: "Print the plan and change nothing" }),
    wait: flag.toggle({ help: "Wait until the controller uses the newest key and all SealedSecrets are synced" }),
    timeout: flag.duration({ default: "60s", placeholder: "DURATION", help: "How long to wait" }),
    output: formFlag("Form of the plan"),
    ...placeFlags,
  },
  async run({ flags, args, io }) {
    const path = args[0] ?? "";
    const { namespace, prefix } = keyPlace(flags);
    const backup = await openBackup(io, path, {
      ...openedBy(flags),
      prefix,
      remedy: `sealkit keys restore -i IDENTITY ${path}`,
    });
    const { secrets, sealedSecrets, digest } = backup;
    return await withCluster(flags, io, async (client) => {
      const plan = await planRestore(client, secrets, { namespace, prefix, sealedSecrets });
      await write(io.stdout, planText(plan, flags.output));
      await note(io, provenance(backup, digest));
      const record = recordText(await recordedBackup(client, namespace), digest);
      if (record !== undefined) await note(io, record);
      await tellTimes(secrets, prefix, io);
      await tellOwnKeys(plan, io);
      if (flags.dryRun) return EXIT.ok;
      const done = await withProgress(io, "Restoring", (onStep) => {
        let count = 0;
        return carryOutRestore(client, plan, () => onStep(++count, plan.steps.length), { namespace, prefix });
      });
      await note(io, summary(done));
      const later = plan.steps.filter(({ action }) => action === "later").length;
      if (later > 0) await note(io, `${count(later, "SealedSecret")} left: install the controller, then restore again`);
      refuseConflicts(done);
      if (!flags.wait) return EXIT.ok;
      // Of keys of one second the moment decides at which the cluster took their Secrets: the plan cannot know it.
      const [newest] = await listSealingKeys(client, { namespace, prefix });
      if (newest?.status === "newest" && newest.fingerprint !== undefined) {
        await waitForKey(io, flags, newest.fingerprint);
        await note(io, `The controller seals with ${shortFingerprint(newest.fingerprint)} now`);
      }
      const synced = await withProgress(io, "Waiting for SealedSecrets", (onLook) =>
        waitUntilSynced(client, {
          timeoutMs: flags.timeout,
          clock: systemClock,
          signal: io.signal,
          controller: { namespace, name: flags.controllerName },
          onLook,
        }),
      );
      await note(io, `Synced: ${count(synced, "SealedSecret")}`);
      return EXIT.ok;
    });
  },
});

function planText({ namespaces, steps, notInBackup }: RestorePlan, form: Form): string {
  const entries = [
    ...namespaces.map((name) => ({ action: "create", what: "namespace", namespace: "", name, why: "it is not there" })),
    ...steps.map(({ action, what, namespace, name, fingerprint, why }) => ({
      action,
      what,
      namespace,
      name,
      fingerprint,
      why,
    })),
    ...notInBackup.map(({ namespace, name, fingerprint }) => ({
      action: "keep",
      what: "sealing key",
      namespace,
      name,
      fingerprint,
      why: "it is not in the backup",
    })),
  ];
  const rows = entries.map(({ action, what, namespace, name, why }) => [action, what, namespace, name, why]);
  return inForm(form, entries, () => table(["ACTION", "WHAT", "NAMESPACE", "NAME", "WHY"], rows));
}

/** What a controller made before the keys came back stays: something may be sealed for it already. */
async function tellOwnKeys({ notInBackup }: RestorePlan, io: Io): Promise<void> {
  for (const { name, fingerprint = "", status } of notInBackup) {
    const sealing = status === "newest" ? "; new Secrets are sealed with it unless a key of the backup is newer" : "";
    await note(io, `The cluster has a key that is not in the backup, and keeps it: ${name} ${fingerprint}${sealing}`);
  }
  if (notInBackup.length > 0) await warn(io, "the backup is stale: afterwards back up again with sealkit keys backup");
}

/** Clocks of clusters differ a little; a certificate from further ahead says that one is wrong. */
const SKEW_MS = 5 * 60_000;

async function tellTimes(secrets: readonly KubeObject[], prefix: string, io: Io): Promise<void> {
  for (const { name, notBefore = 0 } of sealingKeysOf(secrets, prefix)) {
    if (notBefore <= io.now() + SKEW_MS) continue;
    const begin = `${new Date(notBefore).toISOString().slice(0, 19)}Z`;
    await warn(
      io,
      `the certificate of ${name} begins in the future, ${begin}: look at the clocks; it counts as the newest`,
    );
  }
}

function summary(steps: readonly RestoreStep[]): string {
  const written = steps.filter(({ action }) => ["create", "rename", "complete"].includes(action));
  const sealed = written.filter(({ what }) => what === "SealedSecret").length;
  const kept = steps.filter(({ action }) => action === "keep").length;
  const more = sealed === 0 ? "" : ` and ${count(sealed, "SealedSecret")}`;
  return `Restored ${count(written.length - sealed, "Secret")}${more}; ${kept} were there already`;
}

function refuseConflicts(steps: readonly RestoreStep[]): void {
  const conflicts = steps.filter(({ action }) => action === "conflict");
  if (conflicts.length === 0) return;
  throw new KeysError(
    "KEYS_RESTORE_CONFLICT",
    `Cannot restore ${count(conflicts.length, "Secret")}: the cluster holds other values`,
    {
      details: conflicts.map(({ namespace, name, why }) => `${namespace}/${name}: ${why}`),
      hints: [
        "all others were restored; to take a value of the backup, delete the Secret in the cluster and restore again",
      ],
    },
  );
}
