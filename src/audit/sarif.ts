import { encodeUtf8 } from "../bytes/utf8.ts";
import { type Finding, fingerprints } from "./finding.ts";
import { AUDIT_RULES, type AuditRule, type Severity, severityOf } from "./rules.ts";
import { sentenceOf } from "./sentence.ts";

/** Numbers by which GitHub sorts security findings. */
const SECURITY_SEVERITY: Readonly<Record<Severity, string>> = { error: "8.5", warning: "5.0", note: "2.0" };

/** A log with more is refused as a whole. Source: GitHub, limits of SARIF results. */
const MAX_RESULTS = 25_000;
/** Names of fields and objects come from the files that are looked at. */
const MAX_MESSAGE_CHARS = 1_000;

/**
 * The findings, the worst first, as a log of SARIF 2.1.0, for code scanning. Their places count from the top of the
 * repository; what a finding is known by does not depend on its line.
 *
 * Source: OASIS SARIF 2.1.0, sections 3.13 to 3.35.
 */
export function sarifLog(
  all: readonly Finding[],
  tool: { readonly version: string; readonly maxResults?: number | undefined },
) {
  const findings = all.slice(0, tool.maxResults ?? MAX_RESULTS);
  const known = fingerprints(findings);
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "sealkit", semanticVersion: tool.version, rules: AUDIT_RULES.map(ruleOf) } },
        invocations: [{ executionSuccessful: true, ...leftOut(all.length - findings.length) }],
        columnKind: "utf16CodeUnits",
        results: findings.map((found, at) => resultOf(found, known[at] ?? "")),
      },
    ],
  };
}

/** What a reader of the log has to know who does not see all of it. */
function leftOut(number: number) {
  if (number === 0) return {};
  const text = `${number} more findings are left out, none of them worse: -o json has them all.`;
  return { toolExecutionNotifications: [{ level: "warning", message: { text } }] };
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
    message: { text: shortened(sentenceOf(found)) },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: uriOf(path), uriBaseId: "%SRCROOT%" },
          region: { startLine: line ?? 1 },
        },
      },
    ],
    // GitHub looks at the first only, and would else reckon one from the line.
    partialFingerprints: { primaryLocationLineHash: fingerprint, "sealkitFinding/v1": fingerprint },
    ...(commit === undefined ? {} : { properties: { commit } }),
  };
}

function shortened(text: string): string {
  return text.length <= MAX_MESSAGE_CHARS
    ? text
    : `${text.slice(0, MAX_MESSAGE_CHARS - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}

/**
 * A path as a relative reference of RFC 3986. What is no path in the repository, a backup of which a key is told, is known
 * by its last name: code scanning takes nothing that leads out.
 */
function uriOf(path: string): string {
  const parts = path.split("/");
  const isInside = !path.includes("://") && parts.every((part) => part !== "" && part !== "..");
  const shown = isInside ? parts : parts.filter((part) => part !== "" && part !== "..").slice(-1);
  return shown.map((part) => encodeURIComponent(wellFormed(part))).join("/");
}

/** With a replacement character for each half of a pair of surrogates that stands alone. */
function wellFormed(text: string): string {
  return new TextDecoder().decode(encodeUtf8(text));
}
