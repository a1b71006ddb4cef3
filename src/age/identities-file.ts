import { AgeError, type AgeErrorContext } from "./errors.ts";
import { hybridIdentity } from "./hybrid.ts";
import { LIMITS } from "./limits.ts";
import { pluginIdentity } from "./plugin/plugin-identity.ts";
import type { Plugins } from "./plugin/plugins.ts";
import type { Identity } from "./recipient.ts";
import { sshIdentity } from "./ssh/identity.ts";
import { x25519Identity } from "./x25519.ts";

export interface IdentityOptions {
  /** Runs the plugins of identities `AGE-PLUGIN-NAME-1…`. Without it such identities are refused. */
  readonly plugins?: Plugins | undefined;
}

/**
 * One identity: `AGE-SECRET-KEY-1…`, `AGE-SECRET-KEY-PQ-1…`, `AGE-PLUGIN-NAME-1…`.
 *
 * @throws {AgeError} `AGE_IDENTITY_MALFORMED`, `AGE_IDENTITY_UNSUPPORTED`; never with the text.
 */
export function parseIdentity(text: string, { plugins }: IdentityOptions = {}): Identity {
  if (text.startsWith("AGE-PLUGIN-")) {
    if (plugins === undefined) throw unsupportedIdentity(["plugin identities (AGE-PLUGIN-…)"]);
    return pluginIdentity(text, plugins);
  }
  if (text.startsWith("AGE-SECRET-KEY-PQ-1")) return hybridIdentity(text);
  if (text.startsWith("AGE-SECRET-KEY-1")) return x25519Identity(text);
  throw new AgeError("AGE_IDENTITY_MALFORMED", "Cannot read age identity: it is of no known type", {
    original: "unknown identity type",
    hints: ["an identity is one word that starts with AGE-SECRET-KEY-1"],
  });
}

export interface IdentitiesFileOptions extends IdentityOptions {
  /** Asks for the passphrase of an SSH key, when a file is for this key, and once. Without it such keys are refused. */
  readonly sshPassphrase?: () => Promise<string>;
}

/**
 * The identities of a key file: one private key of SSH, or one identity per line, where empty lines and lines that begin
 * with `#` do not count.
 *
 * @throws {AgeError} `AGE_IDENTITIES_FILE` with the line's number, never its text; `AGE_IDENTITY_MALFORMED`,
 *   `AGE_IDENTITY_UNSUPPORTED`, `AGE_IDENTITY_LOCKED`.
 */
export function parseIdentitiesFile(text: string, { sshPassphrase, plugins }: IdentitiesFileOptions = {}): Identity[] {
  if (text.length > LIMITS.identitiesFileBytes) throw fileError("identity file is too long");
  if (text.trimStart().startsWith("-----BEGIN")) return [sshIdentity(text, sshPassphrase)];
  const identities: Identity[] = [];
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.replace(/\r$/, "");
    if (line === "" || line.startsWith("#")) continue;
    identities.push(identityOfLine(line, index + 1, plugins));
  }
  if (identities.length === 0) throw fileError("no identities found");
  return identities;
}

function identityOfLine(line: string, number: number, plugins: Plugins | undefined): Identity {
  if (line.startsWith("age1")) {
    throw fileError(`error at line ${number}: apparent recipient found in identities file`, {
      hints: ["to decrypt, the secret key is needed: a line that starts with AGE-SECRET-KEY-1"],
    });
  }
  try {
    return parseIdentity(line, { plugins });
  } catch (error) {
    if (!(error instanceof AgeError)) throw error;
    if (error.code === "AGE_IDENTITY_UNSUPPORTED") throw unsupportedIdentity([...error.details, `line ${number}`]);
    throw fileError(`error at line ${number}: ${error.original}`);
  }
}

function unsupportedIdentity(details: readonly string[]): AgeError {
  return new AgeError("AGE_IDENTITY_UNSUPPORTED", "Cannot use age identity: its type is not supported here", {
    original: `identity type is not supported by sealkit: ${details.join(", ")}`,
    details,
    hints: ["use an X25519 identity: sealkit age-keygen -o key.txt"],
  });
}

function fileError(original: string, more: Omit<AgeErrorContext, "original"> = {}): AgeError {
  const context = { ...more, details: [original], original };
  return new AgeError("AGE_IDENTITIES_FILE", "Cannot read age identity file", context);
}
