import { quoteGo } from "../../bytes/go-quote.ts";
import { AgeError } from "../errors.ts";
import type { Recipient } from "../recipient.ts";
import { wrapForEd25519 } from "./ed25519.ts";
import {
  formatSshPublicKey,
  MIN_RSA_BITS,
  parseAuthorizedKey,
  rsaBits,
  type SshPublicKey,
  type SshPublicKeyResult,
} from "./public-key.ts";
import { wrapForRsa } from "./rsa.ts";

/**
 * The recipient behind a public key of SSH: `ssh-ed25519 AAAA… comment`, `ssh-rsa AAAA… comment`.
 *
 * @throws {AgeError} `AGE_RECIPIENT_MALFORMED`
 */
export function sshRecipient(text: string): Recipient {
  const key = parseAuthorizedKey(text);
  const problem = problemOf(key);
  if (problem !== undefined || !("type" in key)) {
    throw new AgeError("AGE_RECIPIENT_MALFORMED", "Cannot read SSH recipient: it is no key that age can encrypt to", {
      original: `malformed SSH recipient: ${quoteGo(text)}: ${problem}`,
      details: [`${problem}`],
      hints: ["use the line of an ssh-ed25519 key, or of an ssh-rsa key of 2048 bits or more (~/.ssh/id_ed25519.pub)"],
    });
  }
  return {
    name: formatSshPublicKey(key),
    async wrap(fileKey) {
      const stanza = key.type === "ssh-rsa" ? await wrapForRsa(key, fileKey) : await wrapForEd25519(key, fileKey);
      return { stanzas: [stanza], labels: [] };
    },
  };
}

/** Whether nothing may be encrypted to this key any more. */
export function isTooSmall(key: SshPublicKey): boolean {
  return key.type === "ssh-rsa" && rsaBits(key) < MIN_RSA_BITS;
}

function problemOf(key: SshPublicKeyResult): string | undefined {
  if ("problem" in key) return key.problem;
  if ("unsupported" in key) return `unknown SSH recipient type: ${quoteGo(key.unsupported.slice(0, 100))}`;
  return isTooSmall(key) ? "RSA key size is too small" : undefined;
}
