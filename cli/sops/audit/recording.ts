import { SopsError } from "../../../src/sops/index.ts";
import type { Io } from "../../io.ts";
import { type AuditTrail, openAuditTrail } from "./audit-adapter.ts";
import type { AuditEvent } from "./postgres-adapter.ts";

const trails = new WeakMap<Io, Promise<AuditTrail>>();

function trailOf(io: Io): Promise<AuditTrail> {
  const open = trails.get(io) ?? openAuditTrail(io);
  trails.set(io, open);
  return open;
}

/**
 * Runs a call on a machine that may keep an audit trail: its databases are reached first, or nothing is done.
 *
 * @throws {AuditError}
 */
export async function withAuditTrail<T>(io: Io, work: () => Promise<T>): Promise<T> {
  const trail = await trailOf(io);
  try {
    return await work();
  } finally {
    trails.delete(io);
    await trail.close();
  }
}

/** Whether this machine keeps an audit trail of what is done here. @throws {AuditError} */
export async function isRecorded(io: Io): Promise<boolean> {
  return (await trailOf(io)).isKept;
}

/** Records what is about to show: before anything is printed or written. @throws {AuditError} */
export async function recordAction(io: Io, action: AuditEvent["action"], path: string | undefined): Promise<void> {
  await (await trailOf(io)).record(action, path);
}

/** Records that a file was decrypted by some work, also when its MAC turned out not to fit. @throws {AuditError} */
export async function recordOpening<T>(io: Io, path: string | undefined, work: () => Promise<T>): Promise<T> {
  try {
    const result = await work();
    await recordAction(io, "decrypt", path);
    return result;
  } catch (error) {
    if (error instanceof SopsError && error.code === "SOPS_MAC_MISMATCH") await recordAction(io, "decrypt", path);
    throw error;
  }
}
