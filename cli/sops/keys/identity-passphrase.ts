import { AgeError } from "../../../src/age/index.ts";
import { Failure } from "../../age/failure.ts";
import { readPassphrase } from "../../age/terminal-adapter.ts";
import type { Io } from "../../io.ts";

/** Asks on the terminal for the passphrase of a private key of SSH. @throws {AgeError} `AGE_IDENTITY_LOCKED`. */
export async function askSshPassphrase(io: Io, path: string): Promise<string> {
  const shown = JSON.stringify(path);
  return await ask(io, `Enter passphrase for ${shown}:`, (reason) => {
    return `failed to obtain passphrase: could not read passphrase for ${shown}: ${reason}`;
  });
}

/** Asks on the terminal for the passphrase of an identity file. @throws {AgeError} `AGE_IDENTITY_LOCKED`. */
export async function askIdentityPassphrase(io: Io, where: string): Promise<string> {
  return await ask(io, `Enter passphrase for the identities of ${where}:`, (reason) => {
    return `could not read passphrase: ${reason}`;
  });
}

async function ask(io: Io, prompt: string, originalOf: (reason: string) => string): Promise<string> {
  try {
    return await readPassphrase(io, prompt);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const reason = error.message.replace("could not read passphrase: ", "");
    throw new AgeError("AGE_IDENTITY_LOCKED", "Cannot use age identity: its passphrase cannot be asked for", {
      original: originalOf(reason),
      details: [reason],
      hints: ["run it on a terminal, or use an identity without passphrase"],
    });
  }
}
