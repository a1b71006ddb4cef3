import {
  type JsonMember,
  type JsonNode,
  jsonValue,
  parseJson,
  readManifests,
  splitDocuments,
  YamlError,
  type YamlValue,
} from "../../src/yaml/index.ts";
import { isObject } from "./sealed-secret.ts";

/** One document of the input, as data. */
export interface InputDocument {
  readonly value: YamlValue;
  /** Position in the input, from 1; documents that could not be read count too. */
  readonly number: number;
  /** Written as a JSON object: the original names errors in it differently. */
  readonly isJson: boolean;
}

export interface Input {
  readonly documents: readonly InputDocument[];
  /** What the original passes over in silence. */
  readonly warnings: readonly string[];
}

export interface InputOptions {
  /** True for paths of text fields: numbers and booleans there become text, as the reader for Secrets does it. */
  readonly isText?: (path: readonly string[]) => boolean;
}

/**
 * Reads a stream of YAML documents or JSON objects as leniently as kubeseal: a document that is no mapping or cannot
 * be parsed at all is passed over (with a warning), JSON objects may follow each other without any separator.
 */
export function readInput(bytes: Uint8Array, options: InputOptions = {}): Input {
  const documents: InputDocument[] = [];
  const warnings: string[] = [];
  let number = 0;
  const passOver = (why: string) => warnings.push(`document ${number} is passed over: ${why}`);
  const take = (text: string, isJson: boolean, line: number, wrongByte?: string) => {
    number++;
    try {
      if (wrongByte !== undefined) {
        if (!isJson || !isStrictJson(text)) return passOver(`${wrongByte} is not UTF-8`);
        warnings.push(`document ${number}: ${wrongByte} is not UTF-8, U+FFFD is sealed in its place`);
      }
      const { values, doubts } = parseDocument(text, isJson, options);
      for (const doubt of doubts) warnings.push(`document ${number}: ${doubt}`);
      if (values.length === 0) number--;
      for (const value of values) {
        if (isObject(value)) documents.push({ value, number, isJson });
        else passOver("it is no mapping");
      }
    } catch (error) {
      if (!(error instanceof YamlError)) throw error;
      passOver(`line ${line + error.at.line - 1}, column ${error.at.column}: ${error.problem}`);
    }
  };
  for (const { text, line, wrongByte, isLost } of decodedDocuments(bytes)) {
    if (isLost === true) {
      number++;
      passOver(
        `line ${line + text.trimEnd().split("\n").length - 1} is no separator: behind --- only a comment may stand`,
      );
      continue;
    }
    const { objects, rest } = splitJsonObjects(text);
    for (const object of objects) take(object, true, line, wrongByte);
    if (rest.trim() !== "") take(rest, false, line, wrongByte);
  }
  return { documents, warnings };
}

function parseDocument(
  text: string,
  isJson: boolean,
  { isText }: InputOptions,
): { values: readonly YamlValue[]; doubts: readonly string[] } {
  if (isJson) {
    try {
      return { values: [jsonValue(addedUp(parseJson(text, { mode: "lenient" })))], doubts: [] };
    } catch (error) {
      if (!(error instanceof YamlError)) throw error;
      // Flow-style YAML begins like JSON.
    }
  }
  const { manifests, warnings } = readManifests(text, {
    mode: "lenient",
    firstOnly: true,
    ...(isText === undefined ? {} : { isText }),
  });
  const doubts = warnings.map(({ message }) => message);
  if (MORE_BEHIND_END.test(text)) doubts.push("what stands behind its end mark ... is passed over");
  return { values: manifests.map(({ value }) => value), doubts };
}

/** The mark that ends a document, with more than comments behind it. */
const MORE_BEHIND_END = /^\.\.\.(?:\s.*)?\n(?:.*\n)*?[ \t]*[^\s#.]/m;

/** Go's JSON decoder adds objects under a name that is there twice to each other; of anything else the last counts. */
function addedUp(node: JsonNode): JsonNode {
  if (node.kind !== "object") return node;
  const members = new Map<string, JsonMember>();
  for (const member of node.members) {
    const before = members.get(member.key)?.value;
    const { value } = member;
    const isBoth = before?.kind === "object" && value.kind === "object";
    members.set(
      member.key,
      isBoth ? { ...member, value: { ...value, members: [...before.members, ...value.members] } } : member,
    );
  }
  return { ...node, members: [...members.values()].map((member) => ({ ...member, value: addedUp(member.value) })) };
}

interface DecodedDocument {
  readonly text: string;
  readonly line: number;
  /** Where the first byte stands that is not UTF-8, for people; undefined when all are. */
  readonly wrongByte?: string;
  /** See `DocumentText`. */
  readonly isLost?: true;
}

/**
 * The documents of a stream. One that is not UTF-8 does not hide the others: the original reads none of it as YAML, and
 * as JSON with U+FFFD in place of what is wrong.
 */
function decodedDocuments(bytes: Uint8Array): readonly DecodedDocument[] {
  // Its separators are no bytes that the original looks for, so that it is one document.
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return [{ text: new TextDecoder("utf-16be").decode(bytes), line: 1 }];
  const whole = decodeStrictly(bytes);
  if (whole !== undefined) return splitDocuments(whole);
  return splitDocuments(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1")).map(
    ({ text: octets, line, isLost }) => {
      if (isLost === true) return { text: octets, line, isLost };
      const part = Buffer.from(octets, "latin1");
      const text = decodeStrictly(part);
      if (text !== undefined) return { text, line };
      const before = octets.slice(0, validLength(part)).split("\n");
      const wrongByte = `line ${line + before.length - 1}, byte ${(before.at(-1)?.length ?? 0) + 1}`;
      return { text: new TextDecoder("utf-8").decode(part), line, wrongByte };
    },
  );
}

function decodeStrictly(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** How many bytes there are before the first that is not UTF-8. */
function validLength(bytes: Uint8Array): number {
  let low = 0;
  let high = bytes.length;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const decoder = new TextDecoder("utf-8", { fatal: true });
    try {
      decoder.decode(bytes.subarray(0, middle), { stream: true });
      low = middle;
    } catch {
      high = middle - 1;
    }
  }
  return low;
}

function isStrictJson(text: string): boolean {
  try {
    parseJson(text, { mode: "lenient" });
    return true;
  } catch (error) {
    if (error instanceof YamlError) return false;
    throw error;
  }
}

/** Cuts leading `{…}` groups off a text, by counting brackets outside of strings. */
function splitJsonObjects(text: string): { objects: readonly string[]; rest: string } {
  const objects: string[] = [];
  let from = 0;
  for (;;) {
    while (/\s/.test(text[from] ?? "")) from++;
    const end = text[from] === "{" ? endOfObject(text, from) : undefined;
    if (end === undefined) return { objects, rest: text.slice(from) };
    objects.push(text.slice(from, end));
    from = end;
  }
}

function endOfObject(text: string, from: number): number | undefined {
  let depth = 0;
  let quoted = false;
  for (let at = from; at < text.length; at++) {
    const character = text[at];
    if (quoted) {
      if (character === "\\") at++;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === "{" || character === "[") depth++;
    else if ((character === "}" || character === "]") && --depth === 0) return at + 1;
  }
  return undefined;
}
