import { createLog, type Log } from "../../controller/log.ts";
import { leadLost, startControllers } from "../../controller/start.ts";
import packageJson from "../../package.json" with { type: "json" };
import {
  createKubeClient,
  type KubeClient,
  KubeError,
  loadClusterConfig,
  serviceAccountNamespace,
  systemClock,
} from "../../src/kube/index.ts";
import { type DefinedCommand, defineCommand, flag } from "../define-command.ts";
import { CliError } from "../errors.ts";
import { EXIT } from "../exit-codes.ts";
import type { Io } from "../io.ts";
import { write } from "../output.ts";
import { backupFlags, backupSettings } from "./backup-flags.ts";
import { environmentWords } from "./environment.ts";
import { DEFAULT_FAMILIES, FAMILY_NAMES, type FamilyName, isFamilyName, loadFamilies } from "./families.ts";
import { goDuration, goInteger, goNumber } from "./go-values.ts";
import { isCalledController, usageAnswer } from "./own-name.ts";
import { sealedSecretFlags, sealedSecretSettings } from "./sealed-secret-flags.ts";
import { onRenewSignal, processIdentity } from "./signals-adapter.ts";
import { kustomizationSettings, sourceSettings, syncFlags } from "./sync-flags.ts";
import { listOf } from "./values.ts";

const cluster = "Cluster";
const serving = "Serving";
const logging = "Logging";

const flags = {
  controllers: {
    ...flag.text({
      default: DEFAULT_FAMILIES.join(","),
      placeholder: "NAMES",
      help: `Kinds to run, of ${FAMILY_NAMES.join(", ")}`,
    }),
    check: (text: string) => {
      const unknown = listOf(text).find((name) => !isFamilyName(name));
      return unknown === undefined ? undefined : `there is no controller "${unknown}", only ${FAMILY_NAMES.join(", ")}`;
    },
  },
  version: flag.toggle({ help: "Print the version and end" }),

  kubeconfig: flag.text({
    group: cluster,
    placeholder: "FILE",
    help: "Kubeconfig; default KUBECONFIG, ~/.kube/config, or the pod's account",
  }),
  context: flag.text({ group: cluster, placeholder: "NAME", help: "Context of the kubeconfig" }),
  ownNamespace: flag.text({
    group: cluster,
    placeholder: "NAME",
    help: "Namespace of keys and leases; default POD_NAMESPACE or that of the pod",
  }),
  allNamespaces: flag.toggle({ group: cluster, default: true, help: "Look at all namespaces, not only our own" }),
  additionalNamespaces: flag.text({
    group: cluster,
    default: "",
    placeholder: "NAMES",
    help: "Look at our own namespace and these only",
  }),
  labelSelector: flag.text({
    group: cluster,
    default: "",
    placeholder: "SELECTOR",
    help: "Look at SealedSecrets with these labels only",
  }),
  kubeclientQps: goNumber({
    group: cluster,
    default: 0,
    placeholder: "N",
    help: "Requests to the API a second; 0 or less: no limit",
  }),
  kubeclientBurst: goInteger({ group: cluster, default: 10, placeholder: "N", help: "Requests to the API at once" }),
  leaderElect: flag.toggle({
    group: cluster,
    help: "Work only while holding a Lease, so that several processes can stand by",
  }),
  leaderElectionName: flag.text({
    group: cluster,
    default: "sealkit-controller",
    placeholder: "NAME",
    help: "Name of that Lease",
  }),

  listenAddr: flag.text({
    group: serving,
    default: ":8080",
    placeholder: "ADDR",
    help: "Address of certificate, verify, rotate and probes",
  }),
  listenMetricsAddr: flag.text({ group: serving, default: ":8081", placeholder: "ADDR", help: "Address of /metrics" }),
  readTimeout: goDuration({
    group: serving,
    default: "2m",
    placeholder: "SPAN",
    help: "Longest time for reading a request",
  }),
  writeTimeout: goDuration({
    group: serving,
    default: "2m",
    placeholder: "SPAN",
    help: "Longest time for writing an answer",
  }),

  shutdownDelay: goDuration({
    group: serving,
    default: "0",
    placeholder: "SPAN",
    help: "After SIGTERM, answer requests for so long: until nobody is sent here any more",
  }),

  logLevel: flag.text({ group: logging, default: "INFO", placeholder: "LEVEL", help: "DEBUG, INFO, WARN or ERROR" }),
  logFormat: flag.text({ group: logging, default: "text", placeholder: "FORMAT", help: "text or json" }),
  logInfoStdout: flag.toggle({ group: logging, default: true, help: "Debug and info on stdout instead of stderr" }),

  ...sealedSecretFlags,
  ...backupFlags,
  ...syncFlags,
};

const definition = defineCommand({
  name: "controller",
  summary: "Unseal SealedSecrets and sync repositories in a cluster",
  description:
    "Every flag can also be set in the environment: --key-size as SEALED_SECRETS_KEY_SIZE; the command line wins.\nSIGTERM ends it in good order, SIGUSR1 makes a new sealing key.",
  examples: [
    { what: "In a pod, with the account that it runs as", command: "sealkit controller" },
    {
      what: "From your own machine, against the current context",
      command: "sealkit controller --own-namespace kube-system",
    },
    {
      what: "Only what syncs repositories, with the rights of each namespace's own account",
      command: "sealkit controller --controllers source,kustomization --default-service-account sealkit-applier",
    },
    {
      what: "Only the SealedSecrets of two namespaces",
      command: "sealkit controller --additional-namespaces apps,shop",
    },
  ],
  positionals: { usage: "", max: Number.MAX_SAFE_INTEGER },
  goFlags: true,
  flags,

  async run({ flags: given, io }) {
    if (given.version) {
      io.stdout.write(`controller version: ${packageJson.version}\n`);
      return EXIT.ok;
    }
    const log = logTo(io, given);
    const names = listOf(given.controllers).filter(isFamilyName);
    const isUnsealer = names.includes("sealedsecret");
    log.info(isUnsealer ? "Starting sealed-secrets controller" : "Starting controllers", {
      version: packageJson.version,
      controllers: names.join(","),
    });
    if (!["CertNotBefore", "SecretCreationTimestamp"].includes(given.keyOrderPriority)) {
      log.error("Invalid keyOrderPriority. Use CertNotBefore or SecretCreationTimestamp", {
        keyOrderPriority: given.keyOrderPriority,
      });
    }
    const labelSelector = given.labelSelector === "" ? undefined : given.labelSelector;
    const settings = { ...sealedSecretSettings(given, labelSelector), backup: backupSettings(given, io) };
    const config = await loadClusterConfig({
      env: io.env,
      cwd: io.cwd,
      kubeconfig: given.kubeconfig,
      context: given.context,
    });
    const client = createKubeClient(config, {
      userAgent: `sealkit-controller/${packageJson.version}`,
      qps: Number.isFinite(given.kubeclientQps) ? given.kubeclientQps : 0,
      burst: given.kubeclientBurst,
    });
    // An API that cannot be reached, or does not know us, is told at once instead of in a log that goes on for ever.
    await client.resourceFor("v1", "Secret");
    if (labelSelector !== undefined) await checkSelector(client, labelSelector);
    const namespace = given.ownNamespace ?? io.env["POD_NAMESPACE"] ?? serviceAccountNamespace() ?? "default";
    const additional = listOf(given.additionalNamespaces);
    const isLimited = additional.length > 0 || !given.allNamespaces;
    const namespaces = isLimited ? [...new Set([namespace, ...additional])] : undefined;
    await nameMissing(client, additional, log);
    const families = await loadFamilies([...new Set<FamilyName>(names)], {
      sealedsecret: async () => (await import("../../controller/sealedsecret/set-up.ts")).sealedSecretFamily(settings),
      source: async () =>
        (await import("../../controller/gitrepository/set-up.ts")).sourceFamily(sourceSettings(given)),
      kustomization: async () =>
        (await import("../../controller/kustomization/set-up.ts")).kustomizationFamily(
          kustomizationSettings(given, io.env),
        ),
    });

    const election = { name: given.leaderElectionName, identity: processIdentity(io.env) };
    const running = await startControllers({
      client,
      families,
      namespace,
      namespaces,
      log,
      clock: systemClock,
      listen: given.listenAddr,
      listenMetrics: given.listenMetricsAddr,
      readTimeoutMs: given.readTimeout,
      writeTimeoutMs: given.writeTimeout,
      election: given.leaderElect ? election : undefined,
      version: packageJson.version,
    });
    const stopListening = onRenewSignal(() => {
      running.renewKey().catch(() => log.error("Cannot make a sealing key"));
    });
    try {
      const stopped = await Promise.race([aborted(io.signal).then(() => true), running.lost.then(() => false)]);
      log.info("Shutting down");
      // Another may be at work already: passes are not waited for.
      if (stopped) await running.stop(undefined, { answerForMs: given.shutdownDelay });
      else await running.stop(0);
      if (!stopped) throw leadLost();
      return EXIT.ok;
    } finally {
      stopListening();
      await client.close();
    }
  },
});

const RENAMED = "Flag --rotate-period has been deprecated, please use key-renew-period instead\n";

/** Runs the controllers in a cluster until it is told to stop. */
export const controllerCommand: DefinedCommand = {
  ...definition,
  run: async (words, io) => {
    const all = [...environmentWords(flags, io.env), ...words];
    const answered = isCalledController(io) ? await usageAnswer(flags, all, io) : undefined;
    if (answered !== undefined) return answered;
    for (const _ of words.filter((word) => /^--rotate-period(=|$)/.test(word))) await write(io.stderr, RENAMED);
    return await definition.run(all, io);
  },
};

function logTo(io: Io, given: { logLevel: string; logFormat: string; logInfoStdout: boolean }): Log {
  const wanted = given.logLevel.toLowerCase();
  const level = wanted === "debug" || wanted === "warn" || wanted === "error" ? wanted : "info";
  return createLog({
    clock: systemClock,
    level,
    format: given.logFormat.toLowerCase() === "json" ? "json" : "text",
    write: (line, at) => {
      const isLow = at === "debug" || at === "info";
      (isLow && given.logInfoStdout ? io.stdout : io.stderr).write(line);
    },
  });
}

/**
 * Asks the API whether it understands the selector: otherwise the watches would fail for ever.
 *
 * @throws {CliError} `CLI_BAD_FLAG` when it does not.
 */
async function checkSelector(client: KubeClient, labelSelector: string): Promise<void> {
  const secrets = { group: "", version: "v1", plural: "secrets", kind: "Secret", namespaced: true };
  // Of a name that no object has: only the selector is of interest.
  const none = { namespace: "default", fieldSelector: "metadata.name=-", metadataOnly: true };
  await client.list(secrets, { ...none, labelSelector }).catch((error: unknown) => {
    if (!(error instanceof KubeError) || error.status !== 400) return;
    throw new CliError("CLI_BAD_FLAG", `Cannot use "${labelSelector}" for --label-selector: ${error.message}`);
  });
}

/** Says which namespaces are not there; they are watched all the same, because they may come. */
async function nameMissing(client: KubeClient, names: readonly string[], log: Log): Promise<void> {
  const resource = { group: "", version: "v1", plural: "namespaces", kind: "Namespace", namespaced: false };
  for (const name of names) {
    try {
      if ((await client.get(resource, { name })) === undefined)
        log.error("namespace doesn't exist", { namespace: name });
    } catch (error) {
      // Without the right to look, the watch itself will tell.
      if (!(error instanceof KubeError) || error.status !== 403) throw error;
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
