import { ClearText } from "../../src/clear-text.ts";
import {
  type AllowList,
  awsKms,
  azureKeyVault,
  azureKeyVaultWith,
  fixedVaultSettings,
  gcpKms,
  gcpKmsWith,
  huaweiKms,
  type KmsPorts,
  readAwsCredentials,
  serversOf,
  vaultTransitWith,
} from "../../src/kms/index.ts";
import { openPgpKeyService } from "../../src/pgp/index.ts";
import type { DecryptionKeys } from "../../src/secrets/index.ts";
import {
  type IdentitySource,
  type KeyService,
  KeyServiceError,
  type KeyServices,
  type KeyType,
} from "../../src/sops/index.ts";

/** What of the machine and its settings may take part in decrypting. */
export interface DecryptionMachine {
  /** The network and nothing else of the machine: no environment but proxies, no files, no programs. */
  readonly sealedOff: KmsPorts;
  /** The machine with the credentials that the pod has; undefined unless a flag allows it. */
  readonly ambient?: KmsPorts | undefined;
  /** Services that are made already, with credentials of whoever started this process. */
  readonly services?: KeyServices | undefined;
  /** Services that the ServiceAccount of an object logs in to; they go before what the pod itself has. */
  readonly workload?: KeyServices | undefined;
  /** Vault servers that tokens may be sent to, besides those that a decryption Secret names itself. */
  readonly vaultAddresses: readonly string[];
}

/** The same machine for one pass: what files make it ask ends with the pass, however many keys and slow servers they name. */
export function machineUntil(
  { sealedOff, ambient, ...rest }: DecryptionMachine,
  signal: AbortSignal,
): DecryptionMachine {
  return {
    sealedOff: { ...sealedOff, signal },
    ambient: ambient === undefined ? undefined : { ...ambient, signal },
    ...rest,
  };
}

/** The entries of a decryption Secret by what they are. Source: Flux's names; the last one is ours. */
const AGE_KEYS = ".agekey";
const PGP_KEYS = ".asc";
const AWS = "sops.aws-kms";
const AZURE = "sops.azure-kv";
const GCP = "sops.gcp-kms";
const VAULT_TOKEN = "sops.vault-token";
const VAULT_ADDRESSES = "sops.vault-addresses";

/** What a decryption Secret may hold, for messages. */
export const KNOWN_ENTRIES = `*${AGE_KEYS}, *${PGP_KEYS}, ${AWS}, ${AZURE}, ${GCP}, ${VAULT_TOKEN}`;

type Entries = ReadonlyMap<string, Uint8Array>;

/**
 * The keys in the entries of a Secret, called `where` in errors: age identities, PGP keys, credentials of key services.
 * Nothing else of this machine takes part unless it is allowed to. `only: "age"` passes over all but age identities.
 *
 * @throws {KeyServiceError} `KEY_SERVICE_BAD_SETTINGS` for credentials that cannot be read.
 */
export function keysInEntries(
  entries: Entries,
  where: string,
  machine: DecryptionMachine,
  { only }: { readonly only?: "age" } = {},
): DecryptionKeys {
  const identities = identitiesIn(entries, where);
  if (only === "age")
    return machine.workload === undefined ? { identities } : { identities, services: machine.workload };
  const services = new Map<KeyType, KeyService>([...ambientServices(machine), ...(machine.workload ?? [])]);
  const armored = [...entries].filter(([name]) => name.endsWith(PGP_KEYS)).map(([, bytes]) => bytes);
  if (armored.length > 0)
    services.set(
      "pgp",
      openPgpKeyService(async () => armored),
    );
  const aws = entries.get(AWS);
  if (aws !== undefined) services.set("kms", awsKms(machine.sealedOff, { credentials: readAwsCredentials(utf8(aws)) }));
  const gcp = entries.get(GCP);
  if (gcp !== undefined) services.set("gcp_kms", gcpKmsWith(machine.sealedOff, new ClearText(gcp)));
  const azure = entries.get(AZURE);
  if (azure !== undefined) services.set("azure_kv", azureKeyVaultWith(machine.sealedOff, new ClearText(azure)));
  const token = entries.get(VAULT_TOKEN);
  if (token !== undefined) services.set("hc_vault", vaultWith(token, entries, machine));
  return { identities, services };
}

/** Whether a Secret has any entry that decrypts. */
export function hasKeys(entries: Entries): boolean {
  return [...entries.keys()].some(
    (name) => name.endsWith(AGE_KEYS) || name.endsWith(PGP_KEYS) || [AWS, AZURE, GCP, VAULT_TOKEN].includes(name),
  );
}

function identitiesIn(entries: Entries, where: string): readonly IdentitySource[] {
  return [...entries]
    .filter(([name]) => name.endsWith(AGE_KEYS))
    .map(([name, bytes]) => ({ where: `${where}, entry "${name}"`, identities: new ClearText(bytes) }));
}

function ambientServices({ ambient, services }: DecryptionMachine): readonly (readonly [KeyType, KeyService])[] {
  const given = [...(services ?? [])];
  if (ambient === undefined) return given;
  return [
    ...given,
    ["kms", awsKms(ambient)],
    ["gcp_kms", gcpKms(ambient)],
    ["azure_kv", azureKeyVault(ambient)],
    ["hckms", huaweiKms(ambient)],
  ];
}

/**
 * Vault with the token of a Secret. Which server it is asked of stands in the file, and who writes files need not be who
 * holds the token: so it goes only to servers that the Secret or the controller's flags name.
 */
function vaultWith(token: Uint8Array, entries: Entries, { sealedOff, vaultAddresses }: DecryptionMachine): KeyService {
  const own = utf8(entries.get(VAULT_ADDRESSES) ?? new Uint8Array())
    .split(/[\s,]+/)
    .filter((address) => address !== "");
  const settings = fixedVaultSettings({
    allowed: allowedServers([...vaultAddresses, ...own]),
    allowHint: (address) =>
      `allow it, if you trust it: an entry ${VAULT_ADDRESSES} beside ${VAULT_TOKEN} with ${address}, or --sops-vault-address ${address}`,
  });
  const text = utf8(token).trim();
  return vaultTransitWith(sealedOff, settings, async () => (text === "" ? undefined : ClearText.fromText(text)));
}

function allowedServers(addresses: readonly string[]): AllowList {
  try {
    return serversOf(addresses);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new KeyServiceError("KEY_SERVICE_BAD_SETTINGS", `Cannot use ${VAULT_ADDRESSES}: ${error.message}`, {
      original: error.message,
      hints: ["https://vault.example.com:8200, one on a line"],
    });
  }
}

function utf8(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
