import { quoteGo } from "../../bytes/go-quote.ts";
import { ShamirError, splitSecret } from "../../shamir/index.ts";
import { SopsError } from "../errors.ts";
import { KEY_FIELDS, type KeyGroup, type MasterKey } from "../metadata/metadata.ts";
import type { FillRandom } from "../values/cipher.ts";
import { lastModifiedAt } from "../values/time.ts";
import { isSecretKey } from "./bad-key.ts";
import { fillFromSystem } from "./data-key.ts";
import { KeyServiceError } from "./key-service.ts";
import type { Keyring } from "./keyring.ts";
import { masterKeyName, SERVICE_NAMES } from "./master-key-name.ts";

/** Among whom a data key is shared. */
export interface Sharing {
  /** The keys of each group, at least one group; what they held before does not matter. */
  readonly groups: readonly KeyGroup[];
  /** How many groups it takes; 0 for all. It says nothing for one group. */
  readonly threshold: number;
  /** Whose services encrypt. */
  readonly keyring: Keyring;
  /** Milliseconds since the epoch, for the time of entries that have none. */
  readonly now: number;
  readonly fillRandom?: FillRandom | undefined;
  /** Whether the data key is one that a file has already: the original says it in other words then. */
  readonly isUpdate?: boolean | undefined;
}

/**
 * Encrypts a data key: one entry for each key. With several groups each gets a share of the data key.
 *
 * @throws {SopsError} `SOPS_NO_RECIPIENTS`, `SOPS_BAD_RECIPIENT`, `SOPS_BAD_THRESHOLD`, `SOPS_KEY_NOT_USED`.
 */
export async function wrapDataKey(dataKey: Uint8Array, sharing: Sharing): Promise<KeyGroup[]> {
  const { groups, threshold, fillRandom } = sharing;
  const failing = sharing.isUpdate === true ? "error updating one or more master keys" : "Could not generate data key";
  if (groups.length === 0 || groups.some((keys) => keys.length === 0)) {
    throw new SopsError("SOPS_NO_RECIPIENTS", "Cannot encrypt: there is no recipient to encrypt to", {
      details: groups.length > 1 ? [`in group ${groups.findIndex((keys) => keys.length === 0)}`] : [],
      hints: ["name one: --age age1…, or a creation rule in .sops.yaml"],
      upstream: `${failing}: [empty key group provided]`,
    });
  }
  const parts = groups.length === 1 ? [dataKey] : sharesOf(dataKey, groups.length, threshold, fillRandom);
  const failures: WrapFailure[] = [];
  const wrapped = await Promise.all(
    groups.map((keys, index) => {
      const part = parts[index] ?? new Uint8Array();
      return Promise.all(keys.map((key) => wrapFor(part, key, sharing, failures)));
    }),
  );
  if (failures.length > 0) throw notWrapped(failures, groups.flat(), failing);
  return wrapped;
}

/** The threshold as it is written into a file: for several groups never 0. */
export function writtenThreshold(groups: number, threshold: number): number {
  return threshold === 0 && groups > 1 ? groups : threshold;
}

function sharesOf(
  dataKey: Uint8Array,
  shares: number,
  threshold: number,
  fillRandom: FillRandom = fillFromSystem,
): Uint8Array[] {
  try {
    return splitSecret(dataKey, { shares, threshold: writtenThreshold(shares, threshold), fillRandom });
  } catch (error) {
    if (!(error instanceof ShamirError)) throw error;
    const state = `its data key cannot be shared so that ${threshold} of ${shares} key groups open it`;
    throw new SopsError("SOPS_BAD_THRESHOLD", `Cannot encrypt: ${state}`, {
      details: [error.original],
      hints: [`a shamir_threshold from 2 to ${shares}, or 0 for all groups`],
      cause: error,
      upstream: `Could not generate data key: [could not split data key into parts for Shamir: ${error.original}]`,
    });
  }
}

interface WrapFailure {
  readonly key: MasterKey;
  readonly error: KeyServiceError;
}

/** The key with the part in it: its services are asked one after the other until one encrypts. */
async function wrapFor(
  part: Uint8Array,
  key: MasterKey,
  { keyring, now }: Sharing,
  failures: WrapFailure[],
): Promise<MasterKey> {
  const ofKey: WrapFailure[] = [];
  for (const service of keyring.servicesFor(key.type)) {
    try {
      const whole = (await service.complete?.(key)) ?? key;
      return withFields(whole, { enc: await service.encrypt(whole, part), created_at: lastModifiedAt(now) });
    } catch (error) {
      if (!(error instanceof KeyServiceError)) throw error;
      ofKey.push({ key, error });
    }
  }
  failures.push(...(ofKey.length === 0 ? [{ key, error: nobody(key) }] : ofKey));
  return key;
}

/** A key that has its time already keeps it: it says when the key was given to the file. */
function withFields(
  { type, fields }: MasterKey,
  set: { readonly enc: string; readonly created_at: string },
): MasterKey {
  const changed = new Map(fields).set("enc", set.enc);
  const hasTime = KEY_FIELDS[type].some(({ name }) => name === "created_at");
  if (hasTime && (fields.get("created_at") ?? "") === "") changed.set("created_at", set.created_at);
  return { type, fields: changed };
}

function nobody({ type }: MasterKey): KeyServiceError {
  const state = `no key service here is for keys of ${SERVICE_NAMES[type]}`;
  return new KeyServiceError("KEY_SERVICE_ABSENT", `Cannot encrypt the data key: ${state}`, { original: state });
}

function notWrapped(failures: readonly WrapFailure[], keys: KeyGroup, failing: string): SopsError {
  // Services answer in any order; the error has the order of the keys.
  const inOrder = keys.flatMap((key) => failures.filter((failure) => failure.key === key));
  const [first] = inOrder;
  const reasons = inOrder.map(
    ({ key, error }) =>
      `failed to encrypt new data key with master key ${quoteGo(masterKeyName(key))}: ${error.original}`,
  );
  const upstream = `${failing}: [${reasons.join(" ")}]`;
  const isAge = inOrder.every(({ key, error }) => key.type === "age" && error.code === "KEY_SERVICE_BAD_KEY");
  const worst = inOrder.find(({ key }) => isSecretKey(masterKeyName(key))) ?? (isAge ? first : undefined);
  if (worst !== undefined) return badRecipient(masterKeyName(worst.key), worst.error);
  const which = inOrder.length === 1 ? "a key" : `${new Set(inOrder.map(({ key }) => key)).size} keys`;
  return new SopsError("SOPS_KEY_NOT_USED", `Cannot encrypt the data key: ${which} of ${keys.length} cannot be used`, {
    details: inOrder.flatMap(({ key, error }) => [
      `${SERVICE_NAMES[key.type]} ${masterKeyName(key)}: ${error.message}`,
      ...error.details.map((line) => `  ${line}`),
    ]),
    hints: [...new Set(inOrder.flatMap(({ error }) => error.hints))],
    cause: first?.error,
    upstream,
  });
}

/** A secret key that was given as a recipient by mistake is not shown. */
function badRecipient(recipient: string, cause: KeyServiceError): SopsError {
  const isSecret = isSecretKey(recipient);
  const shown = isSecret ? "a secret key" : JSON.stringify(recipient);
  const hints = isSecret ? ["the recipient that belongs to it: sealkit age-keygen -y FILE"] : cause.hints;
  return new SopsError("SOPS_BAD_RECIPIENT", `Cannot encrypt to ${shown}: it is no age recipient that can be used`, {
    details: isSecret ? [] : cause.details,
    hints,
    cause,
    upstream: isSecret ? "failed to parse input, unknown recipient type" : undefined,
  });
}
