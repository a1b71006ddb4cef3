import { parseYaml, YamlError } from "../yaml/index.ts";
import { type AuditPolicy, DEFAULT_AUDIT_POLICY, readAuditPolicy } from "./audit-policy.ts";
import { PolicyError } from "./errors.ts";
import { PolicyFields } from "./policy-fields.ts";
import { DEFAULT_PROMOTE_POLICY, type PromotePolicy, readPromotePolicy } from "./promote-policy.ts";

/** Where the policy of a repository is kept, from its top. */
export const POLICY_PATH = ".sealkit/policy.yaml";

/** A larger file is no policy. */
const MAX_BYTES = 1024 * 1024;

/** What a repository says about how its secrets are to be kept. Each section has a reader and a default of its own. */
export interface Policy {
  readonly audit: AuditPolicy;
  readonly promote: PromotePolicy;
}

export const DEFAULT_POLICY: Policy = { audit: DEFAULT_AUDIT_POLICY, promote: DEFAULT_PROMOTE_POLICY };

/**
 * Reads a policy file, all of it: a field that is not known is refused, because a rule that was misspelt protects nothing.
 *
 * @param file its name, for messages.
 * @throws {PolicyError}
 */
export function parsePolicy(bytes: Uint8Array, file: string): Policy {
  const root = rootOf(bytes, file);
  if (root === undefined) return DEFAULT_POLICY;
  const audit = root.fields("audit");
  const policy: Policy = {
    audit: audit === undefined ? DEFAULT_AUDIT_POLICY : readAuditPolicy(audit),
    promote: readPromotePolicy(root.list("promote")),
  };
  root.refuseOthers();
  return policy;
}

function rootOf(bytes: Uint8Array, file: string): PolicyFields | undefined {
  if (bytes.length > MAX_BYTES) throw unreadable(file, `it is larger than ${MAX_BYTES / 1024} KiB`);
  try {
    const documents = parseYaml(bytes, { source: file }).documents.filter(({ root }) => root !== undefined);
    if (documents.length > 1) throw unreadable(file, "it holds more than one document");
    const [document] = documents;
    return document?.root === undefined ? undefined : new PolicyFields(document.root, { file, path: "" });
  } catch (cause) {
    if (!(cause instanceof YamlError)) throw cause;
    throw unreadable(file, `line ${cause.at.line}, column ${cause.at.column}: ${cause.problem}`, cause);
  }
}

function unreadable(file: string, state: string, cause?: unknown): PolicyError {
  return new PolicyError("POLICY_UNREADABLE", `Cannot use the policy "${file}": ${state}`, {
    cause,
    hints: ["its form is described in docs/formats/policy.md"],
  });
}
