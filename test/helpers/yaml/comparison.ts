import { isDeepStrictEqual } from "node:util";
import { ourAnswer, valuesOf, type YamlAnswer, type YamlRequest } from "./answers.ts";

/** Where we differ on purpose; each has a line in `docs/compatibility/yaml.md`. */
export type Difference =
  | "value lost by yaml.v3"
  | "alias inside its anchor"
  | "empty stream"
  | "value in the message"
  | "hidden by a repeated key"
  | "empty collection as key"
  | "second error behind a comment";

export type Outcome =
  | { readonly kind: "same" }
  | { readonly kind: "known"; readonly difference: Difference }
  | { readonly kind: "different"; readonly ours: unknown; readonly theirs: unknown };

/** Compares our answer with that of the Go libraries. */
export function compareAnswer(request: YamlRequest, theirs: YamlAnswer): Outcome {
  const ours = ourAnswer(request);
  const expected = normal(request, theirs, ours);
  const got = normal(request, ours, ours);
  if (JSON.stringify(expected) === JSON.stringify(got)) return { kind: "same" };
  const difference = knownDifference(request, theirs, ours);
  return difference === undefined ? { kind: "different", ours: got, theirs: expected } : { kind: "known", difference };
}

function knownDifference(request: YamlRequest, theirs: YamlAnswer, ours: YamlAnswer): Difference | undefined {
  if (ours.error?.includes("contains itself")) return "alias inside its anchor";
  if (theirs.error === "yaml: expected STREAM-START") return "empty stream";
  if (theirs.error !== undefined && ours.error?.startsWith("(ours)")) return "value in the message";
  if (theirs.error?.includes("unknown anchor '") && ours.error?.includes("unknown anchor"))
    return "value in the message";
  // v2 forgets that an empty flow collection may be a key; in any other form such a key is refused by both.
  if (request.op === "sigs-json" && ours.error !== undefined && /[{[][\s,]*[}\]]/.test(request.text ?? "")) {
    return "empty collection as key";
  }
  if (theirs.out !== undefined && ours.error?.startsWith("(ours)")) return "hidden by a repeated key";
  if (isSwallowed(request, theirs, ours)) return "second error behind a comment";
  if (losesValue(request, theirs, ours)) return "value lost by yaml.v3";
  return undefined;
}

/** True when what yaml.v3 prints does not read as what it was given, and ours does. */
function losesValue(request: YamlRequest, theirs: YamlAnswer, ours: YamlAnswer): boolean {
  if (typeof ours.out !== "string") return false;
  const text = request.text ?? "";
  const given = request.op === "v3-print" ? valuesOf(text) : placedString(text);
  const printed = typeof theirs.out === "string" ? valuesOf(theirs.out) : undefined;
  return isDeepStrictEqual(valuesOf(ours.out), given) && !isDeepStrictEqual(printed, given);
}

/** What `encodeString` of the oracle places in its tree. */
function placedString(text: string): string[] {
  const tag = text === "<<" ? "!!merge" : "!!str";
  const value = `${tag} ${text}`;
  return ["{", "!!str map", "{", value, value, "!!str list", "[", value];
}

/** Behind a comment above a dash yaml.v3 loses an error of the scanner and reports the next one. */
function isSwallowed(request: YamlRequest, theirs: YamlAnswer, ours: YamlAnswer): boolean {
  if (!request.op.startsWith("v3") || !/#[\s\S]*-\s/.test(request.text ?? "")) return false;
  return theirs.error !== undefined && ours.error !== undefined;
}

/** One shape for both: sorted keys, JSON parsed, an empty document without content. */
function normal(request: YamlRequest, answer: YamlAnswer, ours: YamlAnswer): unknown {
  if (answer.error !== undefined) return { error: answer.error.replace(IGNORED, "") };
  if (request.op === "sigs-json" && typeof answer.out === "string") return sorted(parsedJson(answer.out));
  if (request.op !== "v3-nodes" || !Array.isArray(answer.out) || !Array.isArray(ours.out)) return sorted(answer.out);
  const our: readonly unknown[] = ours.out;
  return answer.out.map((document, at) => (hasContent(our[at]) ? sorted(document) : withoutContent(document)));
}

/** Numbers stay text: they are compared to the last digit. */
function parsedJson(text: string): unknown {
  return text.replaceAll("\\ufffd", "\ufffd").replaceAll("\\u2028", "\u2028").replaceAll("\\u2029", "\u2029");
}

/** A prefix of one of the calls, and which of several infinite values is named. */
const IGNORED = /^error converting YAML to JSON: |(?<=^json: unsupported value: ).*$/;

function hasContent(document: unknown): boolean {
  return typeof document === "object" && document !== null && "content" in document;
}

function withoutContent(document: unknown): unknown {
  const { content: _content, ...rest } = Object(document) as Record<string, unknown>;
  return sorted(rest);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(isEmptyNode(value) ? { ...value, at: undefined } : value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Object.fromEntries(entries.map(([key, member]) => [key, sorted(member)]));
}

/** The Go library takes the place of an empty node in a flow from a token that it has already overwritten. */
function isEmptyNode(value: object): boolean {
  return "tag" in value && value.tag === "!!null" && !("value" in value);
}
