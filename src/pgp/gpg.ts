import {
  fieldOf,
  type KeyService,
  type KeyServiceError,
  type KeyServiceErrorCode,
  type MasterKey,
} from "../sops/index.ts";
import { readFingerprint } from "./fingerprint.ts";
import { badFingerprint, notInRing, pgpFailure, type Verb } from "./pgp-failure.ts";
import type { PgpPorts, ProgramEnd } from "./ports.ts";

/** The folder of the keys: `GNUPGHOME`, or else that of the user. */
export function gpgFolder({ env, home }: PgpPorts): string {
  return env("GNUPGHOME") ?? `${home}/.gnupg`;
}

/**
 * PGP by the `gpg` binary (`SOPS_GPG_EXEC` names another one) with the keys and the agent of `GNUPGHOME`. The recipient is
 * whoever the fingerprint says: no web of trust is asked.
 */
export function gpgKeyService(ports: PgpPorts): KeyService {
  return {
    name: "PGP",
    encrypt: (key, dataKey) => encryptWithGpg(ports, key, dataKey),
    decrypt: (key) => decryptWithGpg(ports, key),
  };
}

const COMMON = ["--batch", "--no-tty", "--status-fd", "3"] as const;

async function encryptWithGpg(ports: PgpPorts, key: MasterKey, dataKey: Uint8Array): Promise<string> {
  const fingerprint = fieldOf(key, "fp");
  const name = readFingerprint(fingerprint);
  if (name === undefined) throw badFingerprint(fingerprint, "encrypt");
  const recipients = [
    "--no-default-recipient",
    "--no-encrypt-to",
    "--trust-model",
    "always",
    "--recipient",
    fingerprint,
  ];
  const end = await runGpg(ports, [...COMMON, "--yes", "--armor", ...recipients, "--encrypt"], dataKey);
  if (end.kind === "ended" && end.code === 0 && end.stdout.length > 0) {
    return Buffer.from(end.stdout).toString("latin1").trim();
  }
  throw failed("encrypt", end, ports, notInRing(fingerprint));
}

async function decryptWithGpg(ports: PgpPorts, key: MasterKey): Promise<Uint8Array> {
  const end = await runGpg(ports, [...COMMON, "--decrypt"], Buffer.from(fieldOf(key, "enc")));
  if (end.kind === "ended" && end.code === 0 && end.stdout.length > 0) return new Uint8Array(end.stdout);
  const library = `could not load secring: open ${gpgFolder(ports)}/pubring.gpg: no such file or directory`;
  throw failed("decrypt", end, ports, library);
}

function runGpg(ports: PgpPorts, args: readonly string[], stdin: Uint8Array): Promise<ProgramEnd> {
  return ports.run(programOf(ports), args, stdin);
}

function programOf({ env }: PgpPorts): string {
  return env("SOPS_GPG_EXEC") ?? "gpg";
}

/** Lines of what gpg says that an error shows. */
const MAX_LINES = 8;
const MAX_LINE_LENGTH = 300;

function failed(verb: Verb, end: ProgramEnd, ports: PgpPorts, library: string): KeyServiceError {
  if (end.kind === "not started") {
    return pgpFailure({
      code: "KEY_SERVICE_UNREACHABLE",
      verb,
      state: `${programOf(ports)} cannot be started: ${end.reason}`,
      library,
      binary: "",
      hints: ["install GnuPG, or name its program in SOPS_GPG_EXEC", "or: npm install openpgp, with exported keys"],
    });
  }
  const said = end.stderr.trim();
  const [code, state] = reasonOf(verb, end.status, end.code);
  const lines = said.split("\n").filter((line) => line.trim() !== "");
  return pgpFailure({
    code,
    verb,
    state,
    library,
    binary: end.code === 0 ? "zero bytes returned" : said,
    details: lines.slice(0, MAX_LINES).map(printable),
    hints: HINTS[code] ?? [],
  });
}

const HINTS: Partial<Record<KeyServiceErrorCode, readonly string[]>> = {
  KEY_SERVICE_MISSING_KEY: ["import the public key: gpg --import FILE"],
  KEY_SERVICE_NO_MATCH: ["which private keys you have: gpg --list-secret-keys"],
  KEY_SERVICE_NO_CREDENTIALS: ["let the agent ask on this terminal: export GPG_TTY=$(tty)"],
};

function printable(line: string): string {
  return line.replace(/\p{Cc}/gu, " ").slice(0, MAX_LINE_LENGTH);
}

/** Why gpg cannot use a recipient, by the number in its status line. Source: doc/DETAILS of GnuPG, INV_RECP. */
const RECIPIENT_STATES: Readonly<Record<string, string>> = {
  "1": "there is no such public key",
  "2": "several keys have this name",
  "3": "this key is not for encryption",
  "4": "this key was revoked",
  "5": "this key has expired",
  "10": "this key is not trusted",
  "13": "this key is disabled",
};

function reasonOf(verb: Verb, status: string, code: number | undefined): readonly [KeyServiceErrorCode, string] {
  const lines = status.split("\n").map((line) => line.replace(/^\[GNUPG:\] /, ""));
  const has = (word: string) => lines.some((line) => line === word || line.startsWith(`${word} `));
  if (verb === "encrypt") {
    const number = /^INV_RECP (\d+)/m.exec(lines.join("\n"))?.[1];
    if (number === "1") return ["KEY_SERVICE_MISSING_KEY", "there is no such public key"];
    if (number !== undefined) return ["KEY_SERVICE_FAILED", RECIPIENT_STATES[number] ?? "this key cannot be used"];
  }
  if (has("NODATA") || has("BADARMOR") || has("BADMDC"))
    return ["KEY_SERVICE_BAD_DATA", "the entry of the file is damaged"];
  if (lines.some((line) => /^ERROR pkdecrypt_failed \d+/.test(line)) || has("MISSING_PASSPHRASE")) {
    return ["KEY_SERVICE_NO_CREDENTIALS", "its passphrase was not given, or is not the right one"];
  }
  if (has("NO_SECKEY")) return ["KEY_SERVICE_NO_MATCH", "its private key is not here"];
  if (code === undefined) return ["KEY_SERVICE_TIMEOUT", "gpg did not end in time, or said too much"];
  return ["KEY_SERVICE_FAILED", code === 0 ? "gpg gave nothing" : `gpg ended with exit status ${code}`];
}
