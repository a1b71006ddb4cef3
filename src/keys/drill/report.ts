import type { BackupManifest } from "../backup/backup.ts";
import type { Comparison } from "./compare.ts";
import type { Input } from "./inputs.ts";

/** What did not come about in a rehearsal: an object of the cluster, and the controller's words, which hold no value. */
export interface DrillProblem {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly why: string;
}

/** Something that a cluster would do and a rehearsal does not, with the reason. */
export interface NotRehearsed {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly why: string;
}

/** What an object needs, and what neither Git nor the backup brought. */
export interface WantedInput extends Input {
  /** `Deployment apps/web` */
  readonly by: string;
}

/** The backup that was rehearsed with. */
export interface DrilledBackup {
  readonly file: string;
  /** Of the file as it is, in hex. */
  readonly sha256: string;
  /** Whether it is encrypted; a file made by kubectl is not. */
  readonly encrypted: boolean;
  /** What it says about itself; undefined for a file made by kubectl. */
  readonly manifest: BackupManifest | undefined;
  readonly sealingKeys: number;
  readonly otherSecrets: number;
  /** SealedSecrets that it holds because no repository does. */
  readonly sealedSecrets: number;
  /** Whether it is the one whose digest was given. */
  readonly expected: boolean;
  /** What the record of the live cluster says of it, in words; undefined without one. */
  readonly record: string | undefined;
}

/** A repository that was rehearsed with. */
export interface DrilledRepository {
  readonly folder: string;
  /** Undefined for a folder that is in no Git repository, or in one without a commit. */
  readonly commit: string | undefined;
  /** What the cluster was told to sync; nothing of those that only other sources name. */
  readonly paths: readonly string[];
  readonly files: number;
  /** What is not in the rehearsal, each with the reason: links that lead out, submodules, files that cannot be read. */
  readonly leftOut: readonly { readonly path: string; readonly why: string }[];
}

/** What the cluster of the rehearsal held in the end. */
export interface Rehearsed {
  readonly restored: number;
  readonly kustomizations: number;
  readonly sealedSecrets: number;
  readonly secrets: number;
  readonly values: number;
  /** Fingerprints of the sealing keys that opened something. */
  readonly usedKeys: readonly string[];
  readonly unusedKeys: readonly string[];
  readonly problems: readonly DrillProblem[];
  /** Kinds that nothing in the repository defines, and that took everything: what they make in a cluster is not there. */
  readonly standInKinds: readonly string[];
  readonly notRehearsed: readonly NotRehearsed[];
  readonly wanted: readonly WantedInput[];
  /** Whether key services (AWS KMS, Vault and the like) could be asked with the rights of whoever rehearsed. */
  readonly asksKeyServices: boolean;
}

/** The live cluster beside the rehearsal. */
export interface Compared extends Comparison {
  /** UID of its namespace kube-system; `""` when it may not be read. */
  readonly cluster: string;
  /** Fingerprints of sealing keys that the live cluster has and the backup lacks: the backup is older than they are. */
  readonly missingKeys: readonly string[];
}

/** Everything that a drill found, for a person and for an auditor. Times are RFC 3339. No field holds a value. */
export interface DrillReport {
  readonly result: "passed" | "failed";
  readonly started: string;
  readonly durationMs: number;
  /** Program and version. */
  readonly by: string;
  readonly backup: DrilledBackup;
  readonly repositories: readonly DrilledRepository[];
  readonly rehearsal: Rehearsed;
  /** Undefined when no live cluster was named. */
  readonly comparison: Compared | undefined;
}

/**
 * Whether everything came back as it is: nothing failed, no Secret differs from the live one, and none is missing that
 * Git or the backup should bring. Secrets that only one side has, without a claim to that, are told and do not fail it.
 */
export function drillPassed({ rehearsal, comparison }: Pick<DrillReport, "rehearsal" | "comparison">): boolean {
  if (rehearsal.problems.length > 0) return false;
  if (comparison === undefined) return true;
  const { differ, missing, missingKeys } = comparison;
  return differ.length === 0 && missing.length === 0 && missingKeys.length === 0;
}
