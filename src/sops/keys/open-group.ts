import { fieldOf, type KeyGroup, type MasterKey } from "../metadata/metadata.ts";
import { inDecryptionOrder } from "./decryption-order.ts";
import { KeyServiceError } from "./key-service.ts";
import type { Keyring } from "./keyring.ts";

/** What became of one key of a group: each service's reason why it did not open it. */
export interface KeyAttempt {
  readonly key: MasterKey;
  readonly failures: readonly KeyServiceError[];
}

/** What a keyring makes of a group: its part of the data key, or why there is none. */
export interface OpenedGroup {
  readonly keys: KeyGroup;
  readonly part: Uint8Array | undefined;
  /** The key that gave the part. */
  readonly opener: MasterKey | undefined;
  /** The keys that were tried in vain, in the order of trial. */
  readonly attempts: readonly KeyAttempt[];
}

/** How many groups it takes, and how many could be opened. */
export interface Counts {
  readonly needed: number;
  readonly opened: number;
}

/** Tries the keys of a group until one gives the group's part of the data key. */
export async function openGroup(keys: KeyGroup, keyring: Keyring): Promise<OpenedGroup> {
  const attempts: KeyAttempt[] = [];
  for (const key of inDecryptionOrder(keys, keyring.decryptionOrder)) {
    const opened = await openKey(key, keyring);
    if (opened instanceof Uint8Array) return { keys, part: opened, opener: key, attempts };
    attempts.push({ key, failures: opened });
  }
  return { keys, part: undefined, opener: undefined, attempts };
}

/** The part in one key, or the reasons of all services that were asked. */
async function openKey(key: MasterKey, keyring: Keyring): Promise<Uint8Array | KeyServiceError[]> {
  const failures: KeyServiceError[] = [];
  for (const service of keyring.servicesFor(key.type)) {
    try {
      return await keyring.parts.part(key, () => service.decrypt(key));
    } catch (error) {
      if (!(error instanceof KeyServiceError)) throw error;
      failures.push(error);
    }
  }
  return failures;
}

/** The reasons of the age keys of a closed group anew, after identities were asked for in vain. */
export async function withNewReasons(group: OpenedGroup, keyring: Keyring): Promise<OpenedGroup> {
  const attempts: KeyAttempt[] = [];
  for (const attempt of group.attempts) {
    const again = attempt.key.type === "age" ? await openKey(attempt.key, keyring) : attempt.failures;
    attempts.push(again instanceof Uint8Array ? attempt : { key: attempt.key, failures: again });
  }
  return { ...group, attempts };
}

/** Asks for identities of the recipients of a group that is still closed. Returns whether there are new ones. */
export async function askForIdentities({ keys }: OpenedGroup, keyring: Keyring): Promise<boolean> {
  for (const key of keys) {
    if (key.type === "age" && (await keyring.askFor(fieldOf(key, "recipient")))) return true;
  }
  return false;
}
