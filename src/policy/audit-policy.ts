import { type PathPattern, pathPattern } from "./path-pattern.ts";
import type { PolicyFields } from "./policy-fields.ts";

/** Scopes from the narrowest to the widest. */
export const POLICY_SCOPES = ["strict", "namespace-wide", "cluster-wide"] as const;
export type PolicyScope = (typeof POLICY_SCOPES)[number];

/** The section `audit`: what `sealkit audit` and `sealkit guard` go by. */
export interface AuditPolicy {
  /** Oldest sealing key that may still be needed; undefined when any age will do. */
  readonly maxKeyAgeDays: number | undefined;
  /** A certificate that ends sooner is named. */
  readonly warnDaysBeforeExpiry: number;
  /** Widest scope of a SealedSecret; the first entry whose pattern matches its path counts. */
  readonly scopes: readonly { readonly paths: PathPattern; readonly widest: PolicyScope }[];
  readonly widestScope: PolicyScope;
  /** Whether SOPS files may leave their clear values out of the MAC. */
  readonly allowMacOnlyEncrypted: boolean;
  /** Recipients whose owners are to open nothing any more. */
  readonly leftRecipients: readonly { readonly recipient: string; readonly who: string | undefined }[];
  readonly allow: readonly AllowedFinding[];
}

/** A finding that somebody looked at and accepts. */
export interface AllowedFinding {
  /** Id of a rule, or `*`. */
  readonly rule: string;
  readonly pattern: string;
  readonly paths: PathPattern;
  readonly reason: string;
  /** Last moment of the day it holds until, in milliseconds since the epoch; undefined for good. */
  readonly until: number | undefined;
  /** 1-based line in the policy file. */
  readonly line: number;
}

export const DEFAULT_AUDIT_POLICY: AuditPolicy = {
  maxKeyAgeDays: undefined,
  warnDaysBeforeExpiry: 30,
  scopes: [],
  widestScope: "cluster-wide",
  allowMacOnlyEncrypted: true,
  leftRecipients: [],
  allow: [],
};

const RULE = /^([a-z]+(-[a-z]+)*|\*)$/;

/** @throws {PolicyError} */
export function readAuditPolicy(fields: PolicyFields): AuditPolicy {
  const none = DEFAULT_AUDIT_POLICY;
  const policy: AuditPolicy = {
    maxKeyAgeDays: fields.wholeNumber("maxKeyAgeDays", 1),
    warnDaysBeforeExpiry: fields.wholeNumber("warnDaysBeforeExpiry", 0) ?? none.warnDaysBeforeExpiry,
    widestScope: fields.choice("widestScope", POLICY_SCOPES) ?? none.widestScope,
    scopes: fields.list("scopes").map(readScope),
    allowMacOnlyEncrypted: fields.boolean("allowMacOnlyEncrypted") ?? none.allowMacOnlyEncrypted,
    leftRecipients: fields.list("leftRecipients").map(readLeft),
    allow: fields.list("allow").map(readAllowed),
  };
  fields.refuseOthers();
  return policy;
}

function readScope(fields: PolicyFields): AuditPolicy["scopes"][number] {
  const paths = patternOf(fields).matches;
  const widest = fields.choice("widest", POLICY_SCOPES);
  if (widest === undefined) throw fields.bad("widest", "it is missing");
  fields.refuseOthers();
  return { paths, widest };
}

function readLeft(fields: PolicyFields): AuditPolicy["leftRecipients"][number] {
  const left = { recipient: fields.needText("recipient"), who: fields.text("who") };
  fields.refuseOthers();
  return left;
}

function readAllowed(fields: PolicyFields): AllowedFinding {
  const rule = fields.needText("rule");
  if (!RULE.test(rule)) throw fields.bad("rule", "it is no id of a rule");
  const { text, matches } = patternOf(fields);
  const reason = fields.needText("reason");
  const until = fields.lastDay("until");
  fields.refuseOthers();
  return { rule, pattern: text, paths: matches, reason, until, line: fields.line };
}

function patternOf(fields: PolicyFields): { readonly text: string; readonly matches: PathPattern } {
  const text = fields.needText("path");
  const matches = pathPattern(text);
  if (matches === undefined) throw fields.bad("path", "it is no pattern of paths");
  return { text, matches };
}
