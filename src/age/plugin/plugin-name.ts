import { decodeBech32, encodeBech32 } from "../../bytes/bech32.ts";
import { quoteGo } from "../../bytes/go-quote.ts";
import { AgeError } from "../errors.ts";

const RECIPIENT_PREFIX = "age1";
const IDENTITY_PREFIX = "age-plugin-";

/** A name becomes a part of a program's name, so nothing that a path is made of may be in it. */
function isPluginName(name: string): boolean {
  return /^[A-Za-z0-9+._-]{1,100}$/.test(name);
}

/** Whether a text is a recipient of some plugin by its form: `age1NAME1…`. */
export function isPluginRecipient(text: string): boolean {
  return text.startsWith(RECIPIENT_PREFIX) && text.lastIndexOf("1") > RECIPIENT_PREFIX.length - 1;
}

/**
 * The plugin that a recipient `age1NAME1…` belongs to.
 *
 * @throws {AgeError} `AGE_RECIPIENT_MALFORMED`
 */
export function pluginOfRecipient(text: string): string {
  const decoded = decodeBech32(text);
  if ("problem" in decoded) throw malformedRecipient(`invalid recipient encoding: ${decoded.problem}`);
  const name = decoded.prefix.slice(RECIPIENT_PREFIX.length);
  if (!decoded.prefix.startsWith(RECIPIENT_PREFIX) || !isPluginName(name)) {
    throw malformedRecipient(`invalid plugin name: ${quoteGo(name)}`);
  }
  return name;
}

/**
 * The plugin that an identity `AGE-PLUGIN-NAME-1…` belongs to.
 *
 * @throws {AgeError} `AGE_IDENTITY_MALFORMED`, without the text.
 */
export function pluginOfIdentity(text: string): string {
  const decoded = decodeBech32(text);
  if ("problem" in decoded) throw malformedIdentity(`invalid identity encoding: ${decoded.problem}`);
  const name = decoded.prefix.slice(IDENTITY_PREFIX.length, -1);
  if (!decoded.prefix.startsWith(IDENTITY_PREFIX) || !decoded.prefix.endsWith("-") || !isPluginName(name)) {
    throw malformedIdentity("invalid plugin name in identity");
  }
  return name;
}

/**
 * The identity of a plugin that needs no data of its own, as `age -j NAME` means it.
 *
 * @throws {AgeError} `AGE_IDENTITY_MALFORMED` when no plugin can be called so.
 */
export function identityWithoutData(name: string): string {
  if (!isPluginName(name)) throw malformedIdentity(`invalid plugin name: ${quoteGo(name.slice(0, 100))}`);
  return encodeBech32(`${IDENTITY_PREFIX}${name.toLowerCase()}-`, new Uint8Array(0)).toUpperCase();
}

function malformedRecipient(original: string): AgeError {
  return new AgeError("AGE_RECIPIENT_MALFORMED", "Cannot read plugin recipient: it is malformed", {
    original,
    details: [original],
    hints: ["copy it again; a plugin's recipient is one word that starts with age1NAME1"],
  });
}

function malformedIdentity(original: string): AgeError {
  return new AgeError("AGE_IDENTITY_MALFORMED", "Cannot read plugin identity: it is malformed", {
    original,
    details: [original],
    hints: ["copy it again; a plugin's identity is one word that starts with AGE-PLUGIN-NAME-1"],
  });
}
