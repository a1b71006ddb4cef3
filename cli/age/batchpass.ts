import {
  AgeError,
  type Identity,
  passphraseIdentity,
  passphraseRecipient,
  pluginRefused,
  type Recipient,
} from "../../src/age/index.ts";
import type { Io } from "../io.ts";
import { Failure } from "./failure.ts";
import { readDescriptor } from "./input-adapter.ts";

/** The plugin that comes with age, for passphrases without a person: it needs no program here. */
export const BATCHPASS = "batchpass";

const DEFAULT_LOG_N = 18;
const MAX_LOG_N = 22;
const SCRYPT = "scrypt";
const MAX_PASSPHRASE_BYTES = 1024 * 1024;

/** Encrypts with the passphrase in the environment, as `age -e -j batchpass` does. */
function batchpassRecipient(io: Io): Recipient {
  return {
    name: "passphrase",
    async wrap(fileKey) {
      const passphrase = await environmentPassphrase(io);
      const logN = workFactor(io, "AGE_PASSPHRASE_WORK_FACTOR", DEFAULT_LOG_N);
      if (passphrase === "") throw refused("failed to create scrypt recipient: passphrase can't be empty");
      return await passphraseRecipient(passphrase, { logN }).wrap(fileKey);
    },
  };
}

/** Decrypts with it, as `age -d -j batchpass` does. */
export function batchpassIdentity(io: Io): Identity {
  return {
    name: "passphrase",
    needsSomebody: true,
    asRecipient: () => batchpassRecipient(io),
    async unwrap(stanzas) {
      const passphrase = await environmentPassphrase(io);
      const maxLogN = workFactor(io, "AGE_PASSPHRASE_MAX_WORK_FACTOR", MAX_LOG_N);
      if (stanzas.length !== 1 || stanzas[0]?.type !== SCRYPT) throw refused("file is not passphrase-encrypted");
      const fileKey = await unwrapped(passphraseIdentity(passphrase, { maxLogN }), stanzas);
      if (fileKey === undefined) throw refused("incorrect passphrase");
      return fileKey;
    },
  };
}

async function unwrapped(identity: Identity, stanzas: Parameters<Identity["unwrap"]>[0]) {
  try {
    return await identity.unwrap(stanzas);
  } catch (error) {
    throw error instanceof AgeError ? refused(error.original) : error;
  }
}

async function environmentPassphrase(io: Io): Promise<string> {
  const [passphrase, descriptor] = [io.env["AGE_PASSPHRASE"] ?? "", io.env["AGE_PASSPHRASE_FD"] ?? ""];
  if (passphrase !== "" && descriptor !== "") {
    throw refused("AGE_PASSPHRASE and AGE_PASSPHRASE_FD are mutually exclusive");
  }
  if (passphrase !== "") return passphrase;
  if (descriptor === "") throw refused("either AGE_PASSPHRASE or AGE_PASSPHRASE_FD must be set");
  const number = wholeNumber("AGE_PASSPHRASE_FD", descriptor);
  if (number < 0) throw refused(`failed to open file descriptor ${number}`);
  try {
    const text = await readDescriptor(number, MAX_PASSPHRASE_BYTES);
    if (text === undefined) throw refused(`passphrase from fd ${number} is too long`);
    return new TextDecoder().decode(text).replace(/[\r\n]+$/, "");
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw refused(`failed to read passphrase from fd ${number}: ${error.message}`);
  }
}

function workFactor(io: Io, variable: string, otherwise: number): number {
  const text = io.env[variable] ?? "";
  if (text === "") return otherwise;
  const logN = wholeNumber(variable, text);
  if (logN < 1 || logN > 30) throw refused(`${variable} must be between 1 and 30`);
  return logN;
}

function wholeNumber(variable: string, text: string): number {
  if (/^[+-]?\d{1,9}$/.test(text)) return Number(text);
  throw refused(`invalid ${variable}: strconv.Atoi: parsing ${JSON.stringify(text.slice(0, 100))}: invalid syntax`);
}

function refused(reason: string): AgeError {
  return pluginRefused(BATCHPASS, reason);
}
