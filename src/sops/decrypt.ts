import { ClearText } from "../clear-text.ts";
import { type Keyring, loadKeyring } from "./data-key.ts";
import { type Format, storeOf } from "./format.ts";
import type { IdentitySource } from "./identity-source.ts";
import type { Metadata } from "./metadata.ts";
import { type OpenOptions, openFile } from "./open-file.ts";

export interface DecryptOptions extends OpenOptions {
  /** The format of the result; that of the file when absent. */
  readonly outputFormat?: Format | undefined;
}

export interface Decrypted {
  readonly clearText: ClearText;
  readonly metadata: Metadata;
}

/**
 * Decrypts a SOPS file and checks its MAC.
 *
 * The result is laid out as the original prints it: comments kept, quoting, anchors and blank lines not.
 *
 * @throws {SopsError} with file, path of the value, recipients of the file and the identities that were tried.
 *
 * @example
 * const keys = [{ where: "keys.txt", identities: ClearText.fromText(await readFile("keys.txt", "utf8")) }];
 * const { clearText } = await decrypt(file, "yaml", keys, { file: "db.yaml" });
 */
export async function decrypt(
  input: Uint8Array | string,
  format: Format,
  identities: readonly IdentitySource[] | Keyring,
  options: DecryptOptions = {},
): Promise<Decrypted> {
  const keyring = "sources" in identities ? identities : loadKeyring(identities);
  const output = storeOf(options.outputFormat ?? format, options.file);
  const bytes = typeof input === "string" ? Buffer.from(input) : input;
  const { documents, metadata } = await openFile(bytes, format, keyring, options);
  return { clearText: ClearText.fromText(output.emitPlain(documents, options)), metadata };
}
