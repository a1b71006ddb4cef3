import { sourceFamily } from "../../controller/gitrepository/set-up.ts";
import { kustomizationFamily } from "../../controller/kustomization/set-up.ts";
import { sealedSecretFamily } from "../../controller/sealedsecret/set-up.ts";
import { carryOutRestore, planRestore } from "../../src/keys/index.ts";
import type { KubeClient } from "../../src/kube/index.ts";
import { maskedSecret } from "../../src/objects/index.ts";
import { printJson, printSigs } from "../../src/yaml/index.ts";
import { defineCommand, flag } from "../define-command.ts";
import { EXIT } from "../exit-codes.ts";
import { readTextFile } from "../files-adapter.ts";
import type { Io } from "../io.ts";
import { openBackup, readIdentities } from "../keys/open-backup.ts";
import { note, warn, write } from "../output.ts";
import { CONTROLLER_NAMESPACE, startWholeCluster, type WholeCluster } from "../sandbox/whole-cluster.ts";
import { bringIn } from "./bring-in.ts";
import { collect, tidy } from "./collect.ts";
import { PreviewError } from "./errors.ts";
import { withScratch } from "./scratch-adapter.ts";
import { takeSnapshot } from "./snapshot-adapter.ts";

export const previewCommand = defineCommand({
  name: "preview",
  summary: "Show what a cluster would hold, without a cluster: the real controller works on a repository in a sandbox",
  positionals: { usage: "DIR|GIT-URL", min: 1, max: 1 },
  examples: [
    { what: "This folder, as it is now, committed or not", command: "sealkit preview ." },
    {
      what: "One path of it, with the key that opens its SOPS files",
      command: "sealkit preview . --path clusters/prod --age-key-file keys.txt",
    },
    { what: "With the sealing keys of a backup", command: "sealkit preview . --sealing-keys keys.age -i identity.txt" },
    { what: "A repository elsewhere", command: "sealkit preview https://example.com/fleet.git --branch main" },
  ],
  description:
    "Values of Secrets read [redacted, N bytes] unless --show-values is given. When the controller cannot bring the\n" +
    "repository in, its error is shown and the exit status is 1. Nothing leaves this machine but the fetch of a GIT-URL.",
  flags: {
    path: flag.text({ placeholder: "PATH", default: "./", help: "Path in the repository to build" }),
    branch: flag.text({ placeholder: "NAME", default: "main", help: "Branch of a GIT-URL" }),
    ageKeyFile: flag.texts({ placeholder: "FILE", help: "age identities that open SOPS files; may be repeated" }),
    sealingKeys: flag.text({ placeholder: "FILE", help: "Backup of sealing keys, encrypted or plain" }),
    identity: flag.texts({ short: "i", placeholder: "FILE", help: "age identity that opens that backup" }),
    createNamespace: flag.texts({ placeholder: "NAME", help: "A namespace that is there already; may be repeated" }),
    showValues: flag.toggle({ help: "Print the values of Secrets" }),
    output: flag.choice(["yaml", "json", "name"], { short: "o", default: "yaml", help: "Form of the result" }),
    timeout: flag.duration({ default: "60s", placeholder: "DURATION", help: "How long each step may take" }),
  },
  run: ({ flags, args, io }) =>
    withScratch(async (scratch) => {
      const target = args[0] ?? "";
      const ageKeys = await Promise.all(flags.ageKeyFile.map((path) => readTextFile(io, path)));
      for (const path of flags.ageKeyFile) await readIdentities(io, path);
      const backup =
        flags.sealingKeys === undefined
          ? undefined
          : await openBackup(io, flags.sealingKeys, {
              identityFiles: flags.identity,
              remedy: `sealkit preview ${target} --sealing-keys ${flags.sealingKeys} -i IDENTITY`,
            });
      const snapshot = isUrl(target)
        ? undefined
        : await takeSnapshot(target, { cwd: io.cwd, scratch, path: io.env["PATH"] });
      let cluster: WholeCluster | undefined;
      try {
        cluster = await startWholeCluster({
          settings: SMALL_KEYS,
          families: [
            sealedSecretFamily(SMALL_KEYS),
            sourceFamily({ storagePath: `${scratch}/artifacts`, tempFolder: scratch }),
            kustomizationFamily(),
          ],
        });
        const { client } = cluster;
        await makeNamespaces(client, flags.createNamespace);
        if (backup !== undefined) {
          const plan = await planRestore(client, backup.secrets, { namespace: CONTROLLER_NAMESPACE });
          await carryOutRestore(client, plan);
        }
        const limits = { timeoutMs: flags.timeout, signal: io.signal };
        const url = snapshot?.url ?? target;
        await bringIn(client, {
          url,
          path: flags.path,
          branch: snapshot === undefined ? flags.branch : "main",
          login: snapshot?.login,
          ageKeys,
          ...limits,
        });
        const { objects, unopened, warnings } = await collect(client, limits);
        for (const warning of warnings) await warn(io, warning);
        await show(objects, flags, io);
        await tellUnopened(unopened, backup !== undefined, io);
        return EXIT.ok;
      } finally {
        await cluster?.close();
        await snapshot?.close();
      }
    }),
});

/** The sandbox's own key seals nothing: it need not be large. */
const SMALL_KEYS = { keySizeBits: 2048 } as const;

function isUrl(target: string): boolean {
  return /^(https?|ssh):\/\//.test(target);
}

async function makeNamespaces(client: KubeClient, names: readonly string[]): Promise<void> {
  const resource = await client.resourceFor("v1", "Namespace");
  if (resource === undefined) return;
  for (const name of names) {
    const there = await client.get(resource, { name });
    if (there === undefined) await client.create(resource, { apiVersion: "v1", kind: "Namespace", metadata: { name } });
  }
}

type Objects = Awaited<ReturnType<typeof collect>>["objects"];

async function show(
  objects: Objects,
  { output, showValues }: { readonly output: "yaml" | "json" | "name"; readonly showValues: boolean },
  io: Io,
): Promise<void> {
  const shown = objects.map((object) => tidy(showValues ? object : maskedSecret(object)));
  if (shown.length === 0) await note(io, "The repository brings no objects");
  if (output === "name") {
    const name = ({ kind, metadata }: Objects[number]) =>
      `${kind.toLowerCase()}/${metadata.namespace === undefined ? "" : `${metadata.namespace}/`}${metadata.name}\n`;
    await write(io.stdout, shown.map(name).join(""));
  } else if (output === "json") {
    const list = { apiVersion: "v1", kind: "List", items: shown };
    await write(io.stdout, `${printJson(list, { indent: "  ", escapeHtml: false })}\n`);
  } else {
    await write(io.stdout, shown.map((object) => `---\n${printSigs(object)}`).join(""));
  }
}

async function tellUnopened(unopened: readonly string[], hadKeys: boolean, io: Io): Promise<void> {
  if (unopened.length === 0) return;
  if (!hadKeys) {
    await warn(io, `${unopened.length} SealedSecrets stay closed: name the cluster's keys with --sealing-keys FILE`);
    return;
  }
  throw new PreviewError("PREVIEW_FAILED", `Cannot open ${unopened.length} SealedSecrets with the keys of the backup`, {
    details: unopened.slice(0, 20),
  });
}
