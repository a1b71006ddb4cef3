import { isRecord, type KubeObject, listAt } from "../../src/objects/index.ts";
import { formatDuration } from "../duration.ts";
import { rfc3339 } from "../status/conditions.ts";

const MAX_ENTRIES = 5;

/** One result, as `status.history` keeps it: equal digests with equal results are counted, not repeated. */
export interface Result {
  readonly digest: string;
  readonly revision: string;
  /** Reason of the Ready condition. */
  readonly status: string;
  readonly durationMs: number;
  readonly nowMs: number;
}

/** The history with one more result, newest first. */
export function withResult(object: KubeObject, result: Result): readonly Readonly<Record<string, unknown>>[] {
  const before = listAt(object, "status", "history").filter(isRecord);
  const isSame = (entry: Readonly<Record<string, unknown>>) =>
    entry["digest"] === result.digest && entry["lastReconciledStatus"] === result.status;
  const same = before.find(isSame);
  const total = same?.["totalReconciliations"];
  const entry = {
    digest: result.digest,
    firstReconciled: same?.["firstReconciled"] ?? rfc3339(result.nowMs),
    lastReconciled: rfc3339(result.nowMs),
    lastReconciledDuration: formatDuration(result.durationMs),
    lastReconciledStatus: result.status,
    totalReconciliations: (typeof total === "number" ? total : 0) + 1,
    metadata: { revision: result.revision },
  };
  return [entry, ...before.filter((old) => !isSame(old))].slice(0, MAX_ENTRIES);
}
