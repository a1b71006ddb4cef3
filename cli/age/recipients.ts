import { AgeError, parseRecipient, parseRecipientsFile, type Recipient } from "../../src/age/index.ts";
import type { Io } from "../io.ts";
import { Failure, warn } from "./failure.ts";
import { fileIdentities } from "./identities.ts";
import { openInput, readAll } from "./input-adapter.ts";
import type { StdinUse } from "./stdin-use.ts";

/** No recipients file is longer. */
const MAX_BYTES = 16 * 1024 * 1024;

/** Everyone who was named by -r, -R and (with an explicit -e) -i. */
export async function gatherRecipients(
  io: Io,
  {
    words,
    files,
    identityFiles,
  }: { words: readonly string[]; files: readonly string[]; identityFiles: readonly string[] },
  stdin: StdinUse,
): Promise<Recipient[]> {
  const recipients: Recipient[] = [];
  for (const [index, word] of words.entries()) {
    if (words.indexOf(word) < index) await warn("age", io, `duplicate recipient "${word}"`);
    recipients.push(parseRecipient(word));
  }
  for (const [index, path] of files.entries()) {
    if (files.indexOf(path) < index) await warn("age", io, `duplicate recipient file "${path}"`);
    recipients.push(...(await recipientsOf(io, path, stdin)));
  }
  for (const [index, path] of identityFiles.entries()) {
    if (identityFiles.indexOf(path) < index) await warn("age", io, `duplicate identity file "${path}"`);
    const identities = await fileIdentities(io, path, stdin);
    for (const { recipients: own } of identities) recipients.push(...(await own()));
  }
  return recipients;
}

async function recipientsOf(io: Io, path: string, stdin: StdinUse): Promise<Recipient[]> {
  const failed = (reason: string) => `failed to parse recipient file "${path}": ${reason}`;
  if (path === "-" && !stdin.claim()) throw new Failure(failed("standard input is used for multiple purposes"));
  const input = await openInput(io, path, (reason) => failed(`failed to open recipient file: ${reason}`));
  try {
    const bytes = await readAll(input, MAX_BYTES);
    if (bytes === undefined) throw new Failure("failed to read recipients file: too long");
    const ignored: string[] = [];
    const onUnsupportedSshKey = (type: string, line: number) =>
      ignored.push(`recipients file "${path}": ignoring unsupported SSH key of type "${type}" at line ${line}`);
    try {
      return parseRecipientsFile(new TextDecoder().decode(bytes), { onUnsupportedSshKey });
    } finally {
      for (const warning of ignored) await warn("age", io, warning);
    }
  } catch (error) {
    if (error instanceof Failure)
      throw new Failure(failed(`"${path}": failed to read recipients file: ${error.message}`));
    if (!(error instanceof AgeError) || error.code !== "AGE_RECIPIENTS_FILE") throw error;
    throw new Failure(failed(`"${path}": ${error.original}`), ...error.hints);
  }
}
