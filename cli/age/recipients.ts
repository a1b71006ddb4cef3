import { AgeError, parseRecipient, parseRecipientsFile, type Recipient } from "../../src/age/index.ts";
import type { Io } from "../io.ts";
import { Failure, warn } from "./failure.ts";
import { fileIdentities, namedPlugin } from "./identities.ts";
import { openInput, readAll } from "./input-adapter.ts";
import { terminalPlugins } from "./plugins.ts";
import type { StdinUse } from "./stdin-use.ts";

/** No recipients file is longer. */
const MAX_BYTES = 16 * 1024 * 1024;

/** Everyone who was named by -r, -R and (with an explicit -e) -i. */
export async function gatherRecipients(
  io: Io,
  {
    words,
    files,
    identities,
  }: {
    words: readonly string[];
    files: readonly string[];
    /** What -i and -j named, in order. */
    identities: readonly (readonly [flag: string, text: string])[];
  },
  stdin: StdinUse,
): Promise<Recipient[]> {
  const plugins = terminalPlugins(io);
  const recipients: Recipient[] = [];
  for (const [index, word] of words.entries()) {
    if (words.indexOf(word) < index) await warn("age", io, `duplicate recipient "${word}"`);
    recipients.push(parseRecipient(word, { plugins }));
  }
  for (const [index, path] of files.entries()) {
    if (files.indexOf(path) < index) await warn("age", io, `duplicate recipient file "${path}"`);
    recipients.push(...(await recipientsOf(io, path, stdin)));
  }
  const seen: string[] = [];
  for (const [flag, text] of identities) {
    if (flag === "j") {
      const recipient = namedPlugin(io, text).asRecipient?.();
      if (recipient !== undefined) recipients.push(recipient);
      continue;
    }
    if (seen.includes(text)) await warn("age", io, `duplicate identity file "${text}"`);
    seen.push(text);
    for (const { recipients: own } of await fileIdentities(io, text, stdin)) recipients.push(...(await own()));
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
      return parseRecipientsFile(new TextDecoder().decode(bytes), {
        onUnsupportedSshKey,
        plugins: terminalPlugins(io),
      });
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
