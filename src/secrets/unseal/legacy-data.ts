import { decodeBase64Go } from "../../bytes/base64.ts";
import { decodeUtf8 } from "../../bytes/utf8.ts";
import { type Keyring, SealedError } from "../../sealed/index.ts";
import { SecretsError } from "../errors.ts";
import { decodeSecret } from "../read/decode-secret.ts";
import type { SealedSecretView, SecretTemplate } from "../sealed-secret.ts";
import { nameOf } from "../secret.ts";
import { type OpenedItems, unsealFailed } from "./open-items.ts";

export interface LegacyOptions {
  readonly first?: string | undefined;
  readonly acceptLegacyData?: boolean | undefined;
}

/**
 * Opens `spec.data` of versions before 0.6: one sealed blob that holds the whole Secret as JSON. Labels, type and values
 * come out of the blob.
 *
 * @throws {SecretsError} `SECRETS_LEGACY_DATA`, `SECRETS_UNSEAL_FAILED`
 */
export async function openLegacy(
  view: SealedSecretView,
  { keyring, label }: { readonly keyring: Keyring; readonly label: Uint8Array },
  { first, acceptLegacyData = false }: LegacyOptions,
): Promise<OpenedItems & { readonly template: SecretTemplate }> {
  const what = `Cannot unseal SealedSecret "${nameOf(view.metadata)}"`;
  if (!acceptLegacyData) {
    throw new SecretsError("SECRETS_LEGACY_DATA", `${what}: it uses the deprecated field spec.data`, {
      original: "using deprecated 'data' field, use 'encryptedData' or flip the feature flag",
      hints: ["seal the Secret again: newer versions write spec.encryptedData"],
    });
  }
  if (view.encryptedData.size > 0) {
    throw new SecretsError("SECRETS_LEGACY_DATA", `${what}: it has both spec.encryptedData and spec.data`, {
      original: "cannot use the field 'encryptedData' and the deprecated field 'data' at the same time",
      hints: ["remove spec.data"],
    });
  }
  const fail = (original: string, tried: readonly string[] = []) =>
    unsealFailed(view, [{ item: "spec.data", original, tried }]);
  const decoded = decodeBase64Go(view.legacyData ?? "");
  if (decoded.bytes === undefined) throw fail(`illegal base64 data at input byte ${decoded.illegalAt}`);
  try {
    const { clearText, openedBy } = await keyring.open(decoded.bytes, label, { first });
    const { data, metadata, type, immutable } = decodeSecret(parse(clearText.reveal()), { scalarsAsText: false });
    const template = { metadata, type, immutable, data: undefined };
    return { data, template, openedBy: new Map([["spec.data", openedBy]]) };
  } catch (error) {
    if (error instanceof SealedError) throw fail(error.original, error.tried);
    throw error;
  }
}

/** JSON that does not parse is passed on as nothing: the parser's own message would quote clear text. */
function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decodeUtf8(bytes) ?? "");
  } catch {
    return undefined;
  }
}
