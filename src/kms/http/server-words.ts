const MAX_CHARACTERS = 400;

/**
 * What a server said about a failure, fit to be shown: cut, without control characters but line breaks and tabs, and
 * without what it was sent. A server that repeats a token or a data key in its answer must not get it into a log.
 *
 * @param secrets Texts that were sent: tokens, passwords, data keys in the form that went over the wire.
 */
export function serverWords(text: string, secrets: readonly string[]): string {
  // Controls that turn the direction of text count as control characters too. They go first: one in the middle of a
  // secret would hide it.
  let shown = text.replace(/[^\P{C}\n\t]/gu, "");
  for (const secret of secrets) {
    // Short texts are part of ordinary words; real tokens are longer.
    if (secret.length >= 4) shown = shown.replaceAll(secret, "[redacted]");
  }
  return shown.length > MAX_CHARACTERS ? `${shown.slice(0, MAX_CHARACTERS)}…` : shown;
}
