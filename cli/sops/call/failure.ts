import { ToolkitError } from "../../../src/errors.ts";
import { SopsError, type SopsErrorCode } from "../../../src/sops/index.ts";
import type { Io } from "../../io.ts";
import { printable, write } from "../../output.ts";
import { errorText } from "../../run.ts";
import { AuditError } from "../audit/audit-error.ts";
import { logLine } from "./log-line.ts";

/** How the original ends. Scripts branch on these. */
export const SOPS_EXIT = {
  generic: 1,
  cannotRead: 2,
  cannotWrite: 3,
  dumpingTree: 4,
  kmsContext: 6,
  setFormat: 7,
  conflictingParameters: 8,
  encryptingTree: 23,
  decryptingTree: 25,
  keysOfNoFile: 49,
  macMismatch: 51,
  invalidPath: 91,
  needsOneDocument: 92,
  noFile: 100,
  duplicateKeyType: 112,
  noDataKey: 128,
  notModified: 200,
  noEditor: 201,
  alreadyEncrypted: 203,
} as const;

export type SopsExit = (typeof SOPS_EXIT)[keyof typeof SOPS_EXIT];

/** A call that ends as the original ends it: its sentence on stderr, its exit code. */
export class SopsFailure extends Error {
  override readonly name = "SopsFailure";
  readonly exit: SopsExit;

  constructor(exit: SopsExit, message: string) {
    super(message);
    this.exit = exit;
  }
}

/** `change` is all that opens an encrypted file and writes it again, `exec` what gives it to a command. */
export type Action = "encrypt" | "decrypt" | "change" | "edit" | "groups" | "exec" | "exec-file";

const ENCRYPT_EXITS: Partial<Record<SopsErrorCode, SopsExit>> = {
  SOPS_ALREADY_ENCRYPTED: SOPS_EXIT.alreadyEncrypted,
  SOPS_BAD_SYNTAX: SOPS_EXIT.cannotRead,
  SOPS_BAD_VALUE: SOPS_EXIT.encryptingTree,
  SOPS_BAD_SELECTOR: SOPS_EXIT.conflictingParameters,
  SOPS_COMMENT_CONFLICT: SOPS_EXIT.encryptingTree,
  SOPS_EMPTY_FILE: SOPS_EXIT.needsOneDocument,
  SOPS_TOO_LARGE: SOPS_EXIT.cannotRead,
  SOPS_UNPRINTABLE: SOPS_EXIT.dumpingTree,
};

const DECRYPT_EXITS: Partial<Record<SopsErrorCode, SopsExit>> = {
  SOPS_BAD_DATA_KEY: SOPS_EXIT.decryptingTree,
  SOPS_BAD_SHARES: SOPS_EXIT.noDataKey,
  SOPS_BAD_VALUE: SOPS_EXIT.decryptingTree,
  SOPS_MAC_MISMATCH: SOPS_EXIT.macMismatch,
  SOPS_NO_DATA_KEY: SOPS_EXIT.noDataKey,
  SOPS_NOT_ENCRYPTED: SOPS_EXIT.decryptingTree,
  SOPS_UNPRINTABLE: SOPS_EXIT.dumpingTree,
  SOPS_WRONG_KEY_OR_ALTERED: SOPS_EXIT.decryptingTree,
};

const CHANGE_EXITS: Partial<Record<SopsErrorCode, SopsExit>> = {
  ...DECRYPT_EXITS,
  SOPS_ALREADY_ENCRYPTED: SOPS_EXIT.alreadyEncrypted,
  SOPS_COMMENT_CONFLICT: SOPS_EXIT.encryptingTree,
};

/** What keeps a data key from being encrypted: the one error of keys that `edit` ends otherwise with than the others. */
const NO_NEW_DATA_KEY = ["SOPS_NO_RECIPIENTS", "SOPS_BAD_THRESHOLD", "SOPS_KEY_NOT_USED"] as const;

const EXITS: Readonly<Record<Action, Partial<Record<SopsErrorCode, SopsExit>>>> = {
  encrypt: ENCRYPT_EXITS,
  decrypt: DECRYPT_EXITS,
  exec: { ...DECRYPT_EXITS, SOPS_UNPRINTABLE: SOPS_EXIT.generic },
  "exec-file": DECRYPT_EXITS,
  change: CHANGE_EXITS,
  edit: { ...CHANGE_EXITS, ...Object.fromEntries(NO_NEW_DATA_KEY.map((code) => [code, SOPS_EXIT.noDataKey])) },
  // It ends with 1 but for its panics.
  groups: { SOPS_NO_GROUP: SOPS_EXIT.cannotRead },
};

/** What the original says before the text of a lower layer. */
const PREFIXES: Readonly<Record<Action, Partial<Record<SopsErrorCode, string>>>> = {
  encrypt: {
    SOPS_BAD_SYNTAX: "Error unmarshalling file: ",
    SOPS_BAD_VALUE: "Error encrypting tree: ",
    SOPS_UNPRINTABLE: "Could not marshal tree: ",
  },
  decrypt: { SOPS_UNPRINTABLE: "Error dumping file: ", SOPS_BAD_SYNTAX: "" },
  exec: {},
  "exec-file": { SOPS_UNPRINTABLE: "Error dumping file: " },
  groups: {},
  change: { SOPS_UNPRINTABLE: "Could not marshal tree: " },
  edit: { SOPS_UNPRINTABLE: "Could not marshal tree: " },
};

const FAILING = "Could not generate data key: ";

/** Runs one action and ends as the original would, our own explanation behind its sentence. */
export async function ending(action: Action, io: Io, work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SopsFailure) && !(error instanceof ToolkitError)) throw error;
    // A program or a server that was being asked was left: that it did not answer says nothing about the keys.
    if (io.signal.aborted && error instanceof ToolkitError) throw new DOMException("Interrupted", "AbortError");
    await write(io.stderr, failureText(action, io, error));
    return exitOf(action, error);
  }
}

/** What a person reads: the sentence of the original, where it has one, and our own explanation. */
export function failureText(action: Action, io: Io, error: SopsFailure | ToolkitError): string {
  if (error instanceof SopsFailure) return `${printable(error.message)}\n`;
  return `${originalText(action, io, error)}${errorText(error, io)}`;
}

function originalText(action: Action, io: Io, error: ToolkitError): string {
  if (error instanceof AuditError && error.original !== undefined) return logLine(io, "fatal", error.original, "AUDIT");
  if (!(error instanceof SopsError) || error.upstream === undefined) return "";
  const { code, upstream } = error;
  if (action === "edit" && upstream.startsWith(FAILING)) {
    return printable(
      `Error encrypting the data key with one or more master keys: ${upstream.slice(FAILING.length)}\n\n`,
    );
  }
  return printable(`${PREFIXES[action][code] ?? ""}${upstream}\n\n`);
}

export function exitOf(action: Action, error: SopsFailure | ToolkitError): SopsExit {
  if (error instanceof SopsFailure) return error.exit;
  if (!(error instanceof SopsError)) return SOPS_EXIT.generic;
  // Where the original ends in a panic there is no sentence of it, and Go's exit code.
  if (error.code === "SOPS_BAD_PATH") return error.upstream === undefined ? SOPS_EXIT.cannotRead : pathExit(error);
  return EXITS[action][error.code] ?? SOPS_EXIT.generic;
}

function pathExit({ upstream }: SopsError): SopsExit {
  return upstream?.startsWith("error parsing") === true ? SOPS_EXIT.invalidPath : SOPS_EXIT.generic;
}
