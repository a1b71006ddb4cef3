import {
  carryOutRestore,
  KeysError,
  listSealingKeys,
  planRestore,
  type RestorePlan,
  waitUntilServed,
} from "../../src/keys/index.ts";
import { systemClock } from "../../src/kube/index.ts";
import { printJson, printSigs } from "../../src/yaml/index.ts";
import { defineCommand, flag } from "../define-command.ts";
import { EXIT } from "../exit-codes.ts";
import { note, table, write } from "../output.ts";
import { count } from "./backup.ts";
import { shortFingerprint } from "./list.ts";
import { openBackup } from "./open-backup.ts";
import { certificateFetcher, keyPlace, placeFlags, withCluster } from "./place.ts";

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
    "nothing. A Secret that holds other values in the cluster is left as it is and reported, with exit status 1.",
  flags: {
    identity: flag.texts({
      short: "i",
      placeholder: "FILE",
      help: "age identity that opens the backup; may be repeated",
    }),
    share: flag.texts({ placeholder: "FILE", help: "Share of the identity that opens it; as many as it takes" }),
    dryRun: flag.toggle({ help: "Print the plan and change nothing" }),
    wait: flag.toggle({ help: "Wait until the controller hands out the newest key's certificate" }),
    timeout: flag.duration({ default: "60s", placeholder: "DURATION", help: "How long to wait" }),
    output: flag.choice(["table", "json", "yaml"], { short: "o", default: "table", help: "Form of the plan" }),
    ...placeFlags,
  },
  async run({ flags, args, io }) {
    const path = args[0] ?? "";
    const { namespace, prefix } = keyPlace(flags);
    const { secrets, sealedSecrets } = await openBackup(io, path, {
      identityFiles: flags.identity,
      shareFiles: flags.share,
      prefix,
      remedy: `sealkit keys restore -i IDENTITY ${path}`,
    });
    return await withCluster(flags, io, async (client) => {
      const plan = await planRestore(client, secrets, { namespace, prefix, sealedSecrets });
      await write(io.stdout, planText(plan, flags.output));
      if (flags.dryRun) return EXIT.ok;
      await carryOutRestore(client, plan);
      await note(io, summary(plan));
      const later = plan.steps.filter(({ action }) => action === "later").length;
      if (later > 0) await note(io, `${count(later, "SealedSecret")} left: install the controller, then restore again`);
      refuseConflicts(plan);
      if (!flags.wait) return EXIT.ok;
      // Of keys of one second the moment decides at which the cluster took their Secrets: the plan cannot know it.
      const [newest] = await listSealingKeys(client, { namespace, prefix });
      if (newest?.status === "newest" && newest.fingerprint !== undefined) {
        await waitUntilServed({
          fetchCertificate: certificateFetcher(flags, io),
          fingerprint: newest.fingerprint,
          timeoutMs: flags.timeout,
          clock: systemClock,
          signal: io.signal,
        });
        await note(io, `The controller seals with ${shortFingerprint(newest.fingerprint)} now`);
      }
      return EXIT.ok;
    });
  },
});

function planText({ namespaces, steps }: RestorePlan, form: "table" | "json" | "yaml"): string {
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
  ];
  if (form === "json") return `${printJson(entries, { indent: "  ", escapeHtml: false })}\n`;
  if (form === "yaml") return printSigs(entries);
  const rows = entries.map(({ action, what, namespace, name, why }) => [action, what, namespace, name, why]);
  return table(["ACTION", "WHAT", "NAMESPACE", "NAME", "WHY"], rows);
}

function summary({ steps }: RestorePlan): string {
  const written = steps.filter(({ action }) => ["create", "rename", "complete"].includes(action));
  const sealed = written.filter(({ what }) => what === "SealedSecret").length;
  const kept = steps.filter(({ action }) => action === "keep").length;
  const more = sealed === 0 ? "" : ` and ${count(sealed, "SealedSecret")}`;
  return `Restored ${count(written.length - sealed, "Secret")}${more}; ${kept} were there already`;
}

function refuseConflicts({ steps }: RestorePlan): void {
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
