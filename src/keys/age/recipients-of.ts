import type { EncryptedFile } from "../../repository/index.ts";
import { fieldOf } from "../../sops/index.ts";

/** The age recipients that a SOPS file names, in all its groups; none of one whose metadata cannot be read. */
export function ageRecipientsOf(found: EncryptedFile | undefined): readonly string[] {
  const groups = found?.sops?.locked?.metadata.keyGroups ?? [];
  return groups.flat().flatMap((key) => (key.type === "age" ? [fieldOf(key, "recipient")] : []));
}
