import { ClearText } from "../../clear-text.ts";
import { type Format, storeOf } from "../format.ts";
import type { IdentitySource } from "../keys/identity-source.ts";
import { type Keyring, loadKeyring } from "../keys/keyring.ts";
import type { Metadata } from "../metadata/metadata.ts";
import { refuseOtherFormat } from "../preserve/keeping-layout.ts";
import type { Branch } from "../values/value.ts";
import { extract, type PathStep, printExtracted } from "./extract.ts";
import { type OpenOptions, openFile } from "./open-file.ts";

export interface DecryptOptions extends OpenOptions {
  /** The format of the result; that of the file when absent. */
  readonly outputFormat?: Format | undefined;
  /** Give only the value at this path of the first document: a text as it is, all else in the result's format. */
  readonly extract?: readonly PathStep[] | undefined;
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
  const outputFormat = options.outputFormat ?? format;
  const output = storeOf(outputFormat);
  const bytes = typeof input === "string" ? Buffer.from(input) : input;
  if (options.preserve === true && options.extract === undefined) refuseOtherFormat(format, outputFormat, options.file);
  const { documents, metadata, preserved } = await openFile(bytes, format, keyring, options);
  if (options.extract === undefined) {
    if (preserved !== undefined) return { clearText: preserved, metadata };
    return { clearText: clearTextOf(output.emitPlain(documents, options)), metadata };
  }
  const [document = { kind: "branch", items: [] } satisfies Branch] = documents;
  const printed = printExtracted(extract(document, options.extract), outputFormat, options);
  return { clearText: clearTextOf(printed), metadata };
}

function clearTextOf(printed: string | Uint8Array): ClearText {
  return typeof printed === "string" ? ClearText.fromText(printed) : new ClearText(printed);
}
