import { networkProblem } from "../../controller/http/addresses.ts";
import {
  defaultSealedSecretSettings as defaults,
  MOST_WORKERS,
  type SealedSecretSettings,
} from "../../controller/settings.ts";
import type { FlagTable } from "../definition.ts";
import { type FlagDefinition, type FlagValues, flag } from "../flag.ts";
import { goDuration, goInteger } from "./go-values.ts";
import { checkedPrefix, listOf, parsePairs, parseRfc1123 } from "./values.ts";

const group = "SealedSecret";

/** The flags of the original controller, with its names and defaults. */
export const sealedSecretFlags = {
  keyPrefix: flag.text({
    group,
    default: defaults.keyPrefix,
    placeholder: "NAME",
    help: "Prefix of the names of key Secrets",
  }),
  keySize: goInteger({
    group,
    default: defaults.keySizeBits,
    min: 2048,
    max: 16_384,
    placeholder: "BITS",
    help: "Size of new keys",
  }),
  keyTtl: goDuration({ group, default: "87600h", placeholder: "SPAN", help: "Validity of new certificates" }),
  myCn: flag.text({ group, default: "", placeholder: "NAME", help: "Common name in new certificates" }),
  noGenerateKey: flag.toggle({
    group,
    help: "Make no key by itself, neither the first nor later ones: wait for one that is restored or brought along",
  }),
  keyRenewPeriod: goDuration({
    group,
    default: "720h",
    placeholder: "SPAN",
    help: "Make a new key this often; 0 never",
  }),
  rotatePeriod: optionalDuration({ hidden: true, help: "Old name of --key-renew-period" }),
  keyOrderPriority: flag.text({
    group,
    default: defaults.keyOrder,
    placeholder: "ORDER",
    help: "What makes a key the newest: CertNotBefore or SecretCreationTimestamp",
  }),
  keyCutoffTime: flag.text({
    group,
    default: "",
    placeholder: "TIME",
    help: 'Renew at start when the newest key is older, e.g. "Mon, 02 Jan 2006 15:04:05 -0700"',
  }),
  privatekeyLabels: pairs({ help: "Labels of new key Secrets, k=v,k=v" }),
  privatekeyAnnotations: pairs({ help: "Annotations of new key Secrets, k=v,k=v" }),
  acceptDeprecatedV1Data: flag.toggle({ group, default: true, help: "Open the single blob of versions before 0.6" }),
  rateLimit: goInteger({
    group,
    default: defaults.ratePerSecond,
    min: 1,
    placeholder: "N",
    help: "Verify and rotate requests a second, per caller",
  }),
  rateLimitBurst: goInteger({ group, default: defaults.rateBurst, placeholder: "N", help: "Such requests at once" }),
  trustedProxies: {
    ...flag.text({
      group,
      default: "",
      placeholder: "NETWORKS",
      help: "Believe X-Forwarded-For of these, a comma list; else all behind one address share a limit, too",
    }),
    check: (text: string) =>
      listOf(text)
        .map(networkProblem)
        .find((problem) => problem !== undefined),
  },
  updateStatus: flag.toggle({ group, default: true, help: "Write the status of SealedSecrets" }),
  skipRecreate: flag.toggle({ group, help: "Do not make Secrets anew that somebody deletes" }),
  watchForSecrets: flag.toggle({ group, hidden: true, help: "Accepted; keys are always followed" }),
  oldGcBehavior: flag.toggle({
    group,
    help: "Delete Secrets ourselves instead of leaving it to the garbage collector",
  }),
  revertChanges: flag.toggle({ group, help: "Set back what others change in the Secrets of SealedSecrets" }),
  maxUnsealRetries: optionalNumber({ min: 0, help: "Give up after this many failures in a row (default: never)" }),
  metricsOmitSecretLabels: flag.toggle({ group, help: "Keep no metric per SealedSecret" }),
  unsealWorkers: optionalNumber({
    min: 1,
    max: MOST_WORKERS,
    help: "Private-key operations at the same time (default: one for each core, 2 to 4; at most 256)",
  }),
} satisfies FlagTable;

/** @throws {CliError} `CLI_BAD_FLAG` for values that cannot be used. */
export function sealedSecretSettings(
  flags: FlagValues<typeof sealedSecretFlags>,
  labelSelector: string | undefined,
): SealedSecretSettings {
  return {
    keyPrefix: checkedPrefix(flags.keyPrefix),
    keySizeBits: flags.keySize,
    keyTtlMs: flags.keyTtl,
    commonName: flags.myCn,
    generateKeys: !flags.noGenerateKey,
    keyRenewPeriodMs: flags.rotatePeriod ?? flags.keyRenewPeriod,
    keyOrder: flags.keyOrderPriority === "SecretCreationTimestamp" ? "SecretCreationTimestamp" : "CertNotBefore",
    keyCutoffMs: flags.keyCutoffTime === "" ? undefined : parseRfc1123(flags.keyCutoffTime, "--key-cutoff-time"),
    privateKeyLabels: flags.privatekeyLabels,
    privateKeyAnnotations: flags.privatekeyAnnotations,
    acceptDeprecatedV1Data: flags.acceptDeprecatedV1Data,
    updateStatus: flags.updateStatus,
    skipRecreate: flags.skipRecreate,
    oldGcBehavior: flags.oldGcBehavior,
    revertChanges: flags.revertChanges,
    maxUnsealRetries: flags.maxUnsealRetries,
    metricsOmitSecretLabels: flags.metricsOmitSecretLabels,
    ratePerSecond: flags.rateLimit,
    rateBurst: flags.rateLimitBurst,
    trustedProxies: listOf(flags.trustedProxies),
    unsealWorkers: flags.unsealWorkers,
    labelSelector,
  };
}

function optionalNumber(options: {
  readonly help: string;
  readonly min: number;
  readonly max?: number;
}): FlagDefinition<number | undefined> {
  const { help } = options;
  const { kind, check, read } = goInteger({ default: options.min, ...options });
  return {
    group,
    help,
    kind,
    check,
    placeholder: "N",
    read: (texts) => (texts === undefined ? undefined : read(texts)),
  };
}

function optionalDuration(of: { readonly help: string; readonly hidden: boolean }): FlagDefinition<number | undefined> {
  const { kind, check, read } = goDuration({ default: "0", help: of.help });
  return { ...of, kind, check, read: (texts) => (texts === undefined ? undefined : read(texts)) };
}

function pairs({ help }: { readonly help: string }): FlagDefinition<Readonly<Record<string, string>>> {
  return {
    group,
    help,
    kind: "string",
    placeholder: "PAIRS",
    check: (text) => (parsePairs(text) === undefined ? "it is not of the form k=v,k=v" : undefined),
    read: (texts) => parsePairs(texts?.at(-1) ?? "") ?? {},
  };
}
