import type { LeakRule } from "../leaks/index.ts";

/** How bad: the words of SARIF. Something is open that must not be; somebody should look; worth to know. */
export const SEVERITIES = ["error", "warning", "note"] as const;
export type Severity = (typeof SEVERITIES)[number];

export type RuleId =
  | LeakRule
  | "weak-key"
  | "old-key"
  | "compromised-key"
  | "expired-certificate"
  | "expiring-certificate"
  | "wide-scope"
  | "left-recipient"
  | "unlisted-recipient"
  | "missing-mac"
  | "mac-only-encrypted"
  | "unreadable-file"
  | "expired-allowance";

/** What an audit looks for. Each rule has a section of its own in docs/audit-rules.md. */
export interface AuditRule {
  readonly id: RuleId;
  readonly severity: Severity;
  /** One line, without a full stop. */
  readonly title: string;
  /** What to do about it. */
  readonly remedy: string;
}

export const AUDIT_RULES: readonly AuditRule[] = [
  {
    id: "clear-secret",
    severity: "error",
    title: "A Secret has values in clear",
    remedy: "Change the value where it comes from, then commit it sealed: sealkit seal FILE",
  },
  {
    id: "unencrypted-field",
    severity: "error",
    title: "A Secret that SOPS encrypted has fields in clear",
    remedy: "Change the value, and let encrypted_regex cover data and stringData",
  },
  {
    id: "secret-generator",
    severity: "error",
    title: "A secretGenerator has literals in clear",
    remedy: "Change the value, and name an encrypted file or a SealedSecret instead",
  },
  {
    id: "private-key",
    severity: "error",
    title: "A private key has no passphrase",
    remedy: "Make a new key, and take this one out of use wherever it is trusted",
  },
  {
    id: "age-identity",
    severity: "error",
    title: "An age identity stands in clear",
    remedy: "Make a new identity, give the files its recipient, and change their values",
  },
  {
    id: "kubeconfig-credentials",
    severity: "error",
    title: "A kubeconfig holds credentials",
    remedy: "Take the credentials back in the cluster",
  },
  {
    id: "clear-value",
    severity: "warning",
    title: "A value of a chart looks like a credential",
    remedy: "Name a Secret instead, or encrypt the values with SOPS",
  },
  {
    id: "weak-key",
    severity: "error",
    title: "An RSA key has less than 2048 bits",
    remedy: "Renew the key (sealkit keys renew), and bring the repository to it: sealkit rotate",
  },
  {
    id: "old-key",
    severity: "warning",
    title: "A SealedSecret needs a key that is older than the policy allows",
    remedy: "Bring it to the newest key (sealkit rotate), after sealkit keys renew when that is too old itself",
  },
  {
    id: "compromised-key",
    severity: "error",
    title: "A SealedSecret opens with a key that is marked as compromised",
    remedy: "Change the value where it comes from, and seal it again",
  },
  {
    id: "expired-certificate",
    severity: "warning",
    title: "A certificate has expired",
    remedy: "Put its successor in its place, or take it out",
  },
  {
    id: "expiring-certificate",
    severity: "note",
    title: "A certificate expires soon",
    remedy: "Renew it in time",
  },
  {
    id: "wide-scope",
    severity: "warning",
    title: "The scope of a SealedSecret is wider than the policy allows",
    remedy: "Seal it again with a narrower scope",
  },
  {
    id: "left-recipient",
    severity: "error",
    title: "A recipient that has left can open the file",
    remedy:
      "Take it out of .sops.yaml, then: sealkit sops updatekeys FILE, sealkit sops rotate -i FILE; and change the values",
  },
  {
    id: "unlisted-recipient",
    severity: "warning",
    title: "A recipient of the file is not in the rule of .sops.yaml",
    remedy: "Add it to the rule, or take it out of the file: sealkit sops updatekeys FILE",
  },
  {
    id: "missing-mac",
    severity: "warning",
    title: "A SOPS file has no MAC",
    remedy: "Look at what it holds, and write it anew: sealkit sops rotate -i FILE",
  },
  {
    id: "mac-only-encrypted",
    severity: "warning",
    title: "The MAC of a SOPS file leaves its clear values out, which the policy forbids",
    remedy: "Take mac_only_encrypted out of .sops.yaml, and encrypt the file again",
  },
  {
    id: "unreadable-file",
    severity: "warning",
    title: "Something encrypted cannot be read",
    remedy: "Repair the file: nobody can tell what is in it",
  },
  {
    id: "expired-allowance",
    severity: "note",
    title: "An entry of the allow list counts no more",
    remedy: "Remove it, or look again and give it another day",
  },
];

const BY_ID: ReadonlyMap<RuleId, AuditRule> = new Map(AUDIT_RULES.map((rule) => [rule.id, rule]));

export function severityOf(id: RuleId): Severity {
  return BY_ID.get(id)?.severity ?? "error";
}

/** Whether a severity is at least as bad as another. */
export function isAtLeast(severity: Severity, other: Severity): boolean {
  return SEVERITIES.indexOf(severity) <= SEVERITIES.indexOf(other);
}
