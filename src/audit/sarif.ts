import { type Finding, fingerprints } from "./finding.ts";
import { AUDIT_RULES, type AuditRule, type Severity, severityOf } from "./rules.ts";
import { sentenceOf } from "./sentence.ts";

/** Numbers by which GitHub sorts security findings. */
const SECURITY_SEVERITY: Readonly<Record<Severity, string>> = { error: "8.5", warning: "5.0", note: "2.0" };

/**
 * The findings as a log of SARIF 2.1.0, for code scanning. Places are paths from the folder that was looked at; what a
 * finding is known by does not depend on its line.
 *
 * Source: OASIS SARIF 2.1.0, sections 3.13 to 3.35.
 */
export function sarifLog(findings: readonly Finding[], tool: { readonly version: string }) {
  const known = fingerprints(findings);
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "sealkit", semanticVersion: tool.version, rules: AUDIT_RULES.map(ruleOf) } },
        invocations: [{ executionSuccessful: true }],
        columnKind: "utf16CodeUnits",
        results: findings.map((found, at) => resultOf(found, known[at] ?? "")),
      },
    ],
  };
}

function ruleOf({ id, severity, title, remedy }: AuditRule) {
  return {
    id,
    shortDescription: { text: `${title}.` },
    fullDescription: { text: `${title}. ${remedy}.` },
    help: { text: `${remedy}. Described in docs/audit-rules.md#${id} of sealkit.` },
    defaultConfiguration: { level: severity },
    properties: { tags: ["security", "secrets"], "security-severity": SECURITY_SEVERITY[severity] },
  };
}

function resultOf(found: Finding, fingerprint: string) {
  const { rule, path, line, commit } = found;
  return {
    ruleId: rule,
    ruleIndex: AUDIT_RULES.findIndex(({ id }) => id === rule),
    level: severityOf(rule),
    message: { text: sentenceOf(found) },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: uriOf(path), uriBaseId: "%SRCROOT%" },
          region: { startLine: line ?? 1 },
        },
      },
    ],
    partialFingerprints: { "sealkitFinding/v1": fingerprint },
    ...(commit === undefined ? {} : { properties: { commit } }),
  };
}

/** A path as a relative reference of RFC 3986. */
function uriOf(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}
