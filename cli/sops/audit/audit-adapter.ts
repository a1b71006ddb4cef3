import { userInfo } from "node:os";
import { resolve } from "node:path";
import { CliError } from "../../errors.ts";
import { readFile } from "../../files-adapter.ts";
import type { Io } from "../../io.ts";
import { readAuditConfig } from "./audit-config.ts";
import { AuditError } from "./audit-error.ts";
import { type AuditDatabase, type AuditEvent, openDatabase, type PostgresDriver } from "./postgres-adapter.ts";

/** Where administrators say that everything is to be recorded. No flag and no variable names another place. */
const AUDIT_FILE = "/etc/sops/audit.yaml";
const MAX_CONFIG_BYTES = 1024 * 1024;

/** The record of what this program does to files, if the machine keeps one. */
export interface AuditTrail {
  /** Whether anything is recorded. */
  readonly isKept: boolean;
  /** Records in every database. `path` is that of the file, undefined for standard input. @throws {AuditError} */
  record(action: AuditEvent["action"], path: string | undefined): Promise<void>;
  close(): Promise<void>;
}

const NO_TRAIL: AuditTrail = { isKept: false, record: async () => undefined, close: async () => undefined };

/**
 * Connects to the databases of the machine's audit configuration; without one nothing is recorded.
 *
 * @param file tests name another one, and a driver of their own
 * @throws {AuditError} when one cannot be used: then nothing may be done.
 */
export async function openAuditTrail(
  io: Io,
  file: string = AUDIT_FILE,
  driver?: () => Promise<PostgresDriver>,
): Promise<AuditTrail> {
  const config = await readConfig(io, file);
  const connections = config === undefined ? [] : readAuditConfig(config, file);
  if (connections.length === 0) return NO_TRAIL;
  const databases: AuditDatabase[] = [];
  const close = async () => {
    await Promise.all(databases.map((database) => database.close()));
  };
  try {
    for (const connection of connections) databases.push(await openDatabase(connection, io.env, driver));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    isKept: true,
    async record(action, path) {
      // The original gives standard input the name of the folder.
      const event: AuditEvent = { action, user: userName(), file: path === undefined ? io.cwd : resolve(io.cwd, path) };
      for (const database of databases) await database.insert(event);
    },
    close,
  };
}

/** Undefined when there is none. @throws {AuditError} when there is one that cannot be read. */
async function readConfig(io: Io, file: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(io, file, { maxBytes: MAX_CONFIG_BYTES });
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    if (error.code === "CLI_FILE_MISSING") return undefined;
    throw new AuditError("AUDIT_BAD_CONFIG", `Cannot use ${file}: it cannot be read`, {
      details: [error.message, "without a record nothing is done"],
      hints: [
        `let those who use sops read it and nobody else, for it may hold a password: sudo chgrp GROUP ${file}; sudo chmod 640 ${file}`,
      ],
      cause: error,
    });
  }
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return "";
  }
}
