import type { AuditPolicy } from "../policy/index.ts";
import { readValidity } from "../x509/index.ts";
import { validityFindings } from "./audit-keys.ts";
import { type Finding, finding } from "./finding.ts";
import { MIN_BITS } from "./sealed-rules.ts";

const BEGIN = "-----BEGIN CERTIFICATE-----";
const END = "-----END CERTIFICATE-----";
/** Of a bundle of authorities no more are looked at. */
const MAX_CERTIFICATES = 500;
const MAX_CHARACTERS = 20_000;

/** What the rules say of the certificates in a file, also indented ones. */
export function certificateFindings(
  text: string,
  path: string,
  { policy, now }: { readonly policy: AuditPolicy; readonly now: number },
): readonly Finding[] {
  const found: Finding[] = [];
  let line = 1;
  let counted = 0;
  let at = text.indexOf(BEGIN);
  for (let number = 0; at >= 0 && number < MAX_CERTIFICATES; number++) {
    for (let next = text.indexOf("\n", counted); next >= 0 && next < at; next = text.indexOf("\n", counted)) {
      line++;
      counted = next + 1;
    }
    const end = text.indexOf(END, at);
    if (end < 0) break;
    const block = text.slice(at, Math.min(end + END.length, at + MAX_CHARACTERS));
    const validity = readValidity(block.replace(/^[ \t]+/gm, ""));
    if (validity !== undefined) {
      const { bits } = validity;
      if (bits !== undefined && bits < MIN_BITS) {
        found.push(finding("weak-key", path, { line, object: "certificate", detail: `${bits} bits` }));
      }
      found.push(...validityFindings(validity, { path, line, object: "certificate", policy, now }));
    }
    at = text.indexOf(BEGIN, end);
  }
  return found;
}
