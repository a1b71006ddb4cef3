import type { ClearText } from "../../src/clear-text.ts";
import { clearBytesOf, type SealedSecretView } from "../../src/secrets/index.ts";
import { CliError } from "../errors.ts";

/** More than this the API server takes in no Secret: it would be found out long after the commit. */
const MAX_SECRET_BYTES = 1024 * 1024;

/** Refuses changes that would make a Secret larger than a cluster takes. @throws {CliError} `CLI_BAD_INPUT` */
export function checkSealedSize(
  { encryptedData }: SealedSecretView,
  { set, unset }: { readonly set: ReadonlyMap<string, ClearText>; readonly unset: readonly string[] },
): void {
  const kept = [...encryptedData].filter(([key]) => !set.has(key) && !unset.includes(key));
  const sizes = [
    ...kept.map(([, item]) => clearBytesOf(item) ?? 0),
    ...[...set.values()].map((value) => value.byteLength),
  ];
  checkSecretBytes(
    sizes.reduce((sum, size) => sum + size, 0),
    [],
  );
}

/** @throws {CliError} `CLI_BAD_INPUT` for values of more bytes than a cluster takes. */
export function checkSecretBytes(bytes: number, place: readonly string[]): void {
  if (bytes <= MAX_SECRET_BYTES) return;
  throw new CliError("CLI_BAD_INPUT", "Cannot seal Secret: it is larger than a cluster takes", {
    details: [...place, `its values have ${bytes} bytes, and at most ${MAX_SECRET_BYTES} are allowed`],
    hints: ["spread the values over several Secrets"],
  });
}
