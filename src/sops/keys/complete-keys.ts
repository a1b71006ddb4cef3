import { SopsError } from "../errors.ts";
import type { KeyGroup, MasterKey } from "../metadata/metadata.ts";
import { KeyServiceError } from "./key-service.ts";
import type { Keyring } from "./keyring.ts";
import { masterKeyName, SERVICE_NAMES } from "./master-key-name.ts";

/**
 * Keys with what their texts left out, such as the version of an Azure key, so that they can be compared with those of a
 * file.
 *
 * @throws {SopsError} `SOPS_KEY_NOT_USED` when a service cannot say.
 */
export async function completeKeys(groups: readonly KeyGroup[], keyring: Keyring): Promise<KeyGroup[]> {
  return await Promise.all(groups.map((group) => Promise.all(group.map((key) => completed(key, keyring)))));
}

async function completed(key: MasterKey, keyring: Keyring): Promise<MasterKey> {
  let failure: KeyServiceError | undefined;
  for (const service of keyring.servicesFor(key.type)) {
    try {
      return (await service.complete?.(key)) ?? key;
    } catch (error) {
      if (!(error instanceof KeyServiceError)) throw error;
      failure ??= error;
    }
  }
  if (failure === undefined) return key;
  const name = `${SERVICE_NAMES[key.type]} key ${masterKeyName(key)}`;
  throw new SopsError("SOPS_KEY_NOT_USED", `Cannot use ${name}: ${failure.message}`, {
    details: failure.details,
    hints: failure.hints,
    cause: failure,
    upstream: failure.original,
  });
}
