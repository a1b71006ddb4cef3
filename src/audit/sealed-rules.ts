import type { AuditPolicy, PolicyScope } from "../policy/index.ts";
import { POLICY_SCOPES } from "../policy/index.ts";
import { inspectItems, inspectWithKeys, type SealedInFile, scopeOf } from "../secrets/index.ts";
import { type AuditKeys, daysOld, shortName } from "./audit-keys.ts";
import { type Finding, finding } from "./finding.ts";

/** Smallest RSA key that counts as strong. */
export const MIN_BITS = 2048;

export interface SealedRulesOptions {
  readonly path: string;
  readonly policy: AuditPolicy;
  readonly keys: AuditKeys | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** What the rules say of a SealedSecret. */
export async function sealedFindings(
  { view, line }: SealedInFile,
  { path, policy, keys, now }: SealedRulesOptions,
): Promise<readonly Finding[]> {
  const { name = "", namespace = "" } = view.metadata;
  const object = `SealedSecret ${[namespace, name].filter((part) => part !== "").join("/")}`;
  const found: Finding[] = [];
  const widest = widestScope(policy, path);
  const scope = scopeOf(view.annotations);
  if (POLICY_SCOPES.indexOf(scope) > POLICY_SCOPES.indexOf(widest)) {
    found.push(finding("wide-scope", path, { line, object, detail: `${scope}, allowed is ${widest}` }));
  }
  const weak = inspectItems(view).filter(({ bits }) => bits !== undefined && bits < MIN_BITS);
  if (weak.length > 0) {
    const detail = `sealed for a key of ${weak[0]?.bits} bits`;
    found.push(finding("weak-key", path, { line, object, fields: weak.map(({ item }) => item), detail }));
  }
  if (keys === undefined) return found;
  const reports = await inspectWithKeys(view, { keyring: keys.keyring, names: [], namespaces: [], maxPlaces: 0 });
  const needed = new Map<string, string[]>();
  for (const { item, opening } of reports) {
    if (opening?.kind !== "opens") continue;
    needed.set(opening.key, [...(needed.get(opening.key) ?? []), item]);
  }
  for (const [fingerprint, fields] of needed) {
    const key = keys.keys.get(fingerprint);
    if (key === undefined) continue;
    const of = { line, object, fields };
    if (key.status === "compromised") {
      found.push(finding("compromised-key", path, { ...of, detail: `key ${shortName(key)}` }));
    } else if (policy.maxKeyAgeDays !== undefined && daysOld(key, now) > policy.maxKeyAgeDays) {
      const detail = `key ${shortName(key)} is ${daysOld(key, now)} days old`;
      found.push(finding("old-key", path, { ...of, detail }));
    }
  }
  return found;
}

function widestScope({ scopes, widestScope: otherwise }: AuditPolicy, path: string): PolicyScope {
  return scopes.find(({ paths }) => paths(path))?.widest ?? otherwise;
}
