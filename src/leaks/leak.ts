/** What clear text is looked for; the words are the ids of the rules. */
export const LEAK_RULES = [
  "clear-secret",
  "unencrypted-field",
  "secret-generator",
  "private-key",
  "age-identity",
  "kubeconfig-credentials",
  "clear-value",
] as const;
export type LeakRule = (typeof LEAK_RULES)[number];

/** A place where clear text stands. Holds names of fields, never what is in them. */
export interface Leak {
  readonly rule: LeakRule;
  /** 1-based. */
  readonly line: number;
  /** `Secret apps/db`; undefined for what belongs to no object. */
  readonly object: string | undefined;
  /** Names of the fields that are clear, in the order of the file. */
  readonly fields: readonly string[];
}

/** Fields that one report names; the others are left out of it. */
export const MAX_FIELDS = 50;
