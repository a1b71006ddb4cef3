import { quoteGo } from "../bytes/go-quote.ts";
import { AgeError, type AgeErrorContext } from "./errors.ts";
import { hybridRecipient } from "./hybrid.ts";
import { LIMITS } from "./limits.ts";
import { isPluginRecipient } from "./plugin/plugin-name.ts";
import { pluginRecipient } from "./plugin/plugin-recipient.ts";
import type { Plugins } from "./plugin/plugins.ts";
import type { Recipient } from "./recipient.ts";
import { parseAuthorizedKey } from "./ssh/public-key.ts";
import { isTooSmall, sshRecipient } from "./ssh/recipient.ts";
import { hybridTagRecipient, tagRecipient } from "./tag.ts";
import { x25519Recipient } from "./x25519.ts";

/** Kinds of recipients that more than one word begins like, by how they begin. */
const PREFIXES: readonly (readonly [string, (text: string) => Recipient])[] = [
  ["age1pq1", hybridRecipient],
  ["age1tag1", tagRecipient],
  ["age1tagpq1", hybridTagRecipient],
  ["ssh-", sshRecipient],
];

/** Anywhere: a secret key with a quote or a blank before it is one too, and is not to be repeated. */
const SECRET_KEY = /AGE-(SECRET-KEY|PLUGIN)-/i;

export interface RecipientOptions {
  /** Runs the plugins of recipients `age1NAME1…`. Without it such recipients are refused. */
  readonly plugins?: Plugins | undefined;
}

/**
 * One recipient: `age1…` (X25519), `age1pq1…`, `age1tag1…`, `age1tagpq1…`, a plugin's `age1NAME1…`, or a public key of SSH:
 * `ssh-ed25519 …`, `ssh-rsa …`.
 *
 * @throws {AgeError} `AGE_RECIPIENT_MALFORMED`, `AGE_RECIPIENT_UNSUPPORTED`. A secret key given by mistake is not
 *   repeated in the error.
 */
export function parseRecipient(text: string, { plugins }: RecipientOptions = {}): Recipient {
  const read = PREFIXES.find(([begin]) => text.startsWith(begin))?.[1];
  if (read !== undefined) return read(text);
  if (isPluginRecipient(text)) {
    if (plugins === undefined) throw unsupportedRecipient("plugin recipients (age1name1…)");
    return pluginRecipient(text, plugins);
  }
  if (text.startsWith("age1")) return x25519Recipient(text);
  if (text.startsWith("github:")) {
    throw malformed('"github:" recipients were removed from the design', {
      hints: [
        "instead, use recipient files like",
        `    curl -O https://github.com/${text.slice(7)}.keys`,
        `    age -R ${text.slice(7)}.keys`,
      ],
    });
  }
  if (SECRET_KEY.test(text)) {
    throw malformed("unknown recipient type: it looks like a secret key", {
      hints: ["turn a secret key into its recipient: sealkit age-keygen -y KEYFILE"],
    });
  }
  throw malformed(`unknown recipient type: ${quoteGo(text)}`);
}

export interface RecipientsFileOptions extends RecipientOptions {
  /**
   * Told of public keys of SSH that files cannot be encrypted to (ECDSA, security keys, RSA below 2048 bits), which are
   * then passed over. Without it they are refused: the file would be encrypted to fewer people than are named.
   */
  readonly onUnsupportedSshKey?: (type: string, line: number) => void;
}

/**
 * The recipients of a file: one per line, empty lines and lines that begin with `#` do not count.
 *
 * @throws {AgeError} `AGE_RECIPIENTS_FILE` with the line's number and without its text (the file may be a key file by
 *   mistake); `AGE_RECIPIENT_UNSUPPORTED`.
 */
export function parseRecipientsFile(
  text: string,
  { onUnsupportedSshKey, plugins }: RecipientsFileOptions = {},
): Recipient[] {
  if (text.length > LIMITS.recipientsFileBytes) throw fileError("recipients file is too long");
  const recipients: Recipient[] = [];
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.replace(/\r$/, "");
    const number = index + 1;
    if (line === "" || line.startsWith("#")) continue;
    if (line.length > LIMITS.recipientLineBytes) throw fileError(`line ${number} is too long`);
    if (/^AGE-(SECRET-KEY|PLUGIN)-/.test(line)) {
      throw fileError(`error at line ${number}: apparent identity found in recipients file`, {
        hints: ["write the recipients of a key file: sealkit age-keygen -y KEYFILE"],
      });
    }
    const unsupported = unsupportedSshType(line);
    if (unsupported === undefined) recipients.push(recipientOfLine(line, number, plugins));
    else if (onUnsupportedSshKey !== undefined) onUnsupportedSshKey(unsupported, number);
    else throw unsupportedRecipient(`SSH keys of type ${unsupported}`, `line ${number}`);
  }
  if (recipients.length === 0) throw fileError("no recipients found");
  return recipients;
}

function unsupportedSshType(line: string): string | undefined {
  const key = parseAuthorizedKey(line);
  if ("unsupported" in key) return key.unsupported;
  return "type" in key && isTooSmall(key) ? key.type : undefined;
}

function recipientOfLine(line: string, number: number, plugins: Plugins | undefined): Recipient {
  try {
    return parseRecipient(line, { plugins });
  } catch (error) {
    if (!(error instanceof AgeError)) throw error;
    if (error.code === "AGE_RECIPIENT_UNSUPPORTED") throw unsupportedRecipient(...error.details, `line ${number}`);
    throw fileError(`malformed recipient at line ${number}`);
  }
}

function malformed(original: string, more: Omit<AgeErrorContext, "original"> = {}): AgeError {
  const context = { hints: ["a recipient is one word that starts with age1"], details: [original], ...more, original };
  return new AgeError("AGE_RECIPIENT_MALFORMED", "Cannot read age recipient: it is of no known type", context);
}

function unsupportedRecipient(...details: readonly string[]): AgeError {
  return new AgeError("AGE_RECIPIENT_UNSUPPORTED", "Cannot encrypt to age recipient: its type is not supported here", {
    original: `recipient type is not supported by sealkit: ${details.join(", ")}`,
    details,
    hints: ["use an X25519 recipient (age1…): sealkit age-keygen -o key.txt"],
  });
}

function fileError(original: string, more: Omit<AgeErrorContext, "original"> = {}): AgeError {
  const context = { ...more, details: [original], original };
  return new AgeError("AGE_RECIPIENTS_FILE", "Cannot read age recipients file", context);
}
