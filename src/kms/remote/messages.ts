import { KEY_TYPES, type KeyType, type MasterKey } from "../../sops/index.ts";
import { type Field, field, fieldUnlessEmpty, ProtobufError, readFields, textOf } from "./protobuf.ts";

/** What a key service is asked: to encrypt a data key to a master key, or to decrypt what is encrypted to it. */
export interface KeyServiceRequest {
  /** Without its `enc`. Undefined when the request names no key, or one of a kind that we do not know. */
  readonly key: MasterKey | undefined;
  /** The data key; or the text of `enc`. */
  readonly content: Uint8Array;
}

/** How a kind of key travels: its number among the kinds, and the numbers of its fields. */
interface KeyShape {
  readonly number: number;
  readonly fields: readonly (readonly [number: number, name: string, kind: "text" | "map"])[];
}

/** Source: the messages of the original's key service (proto3, no package), `Key` and its kinds. */
const SHAPES: Readonly<Record<KeyType, KeyShape>> = {
  kms: {
    number: 1,
    fields: [
      [1, "arn", "text"],
      [2, "role", "text"],
      [3, "context", "map"],
      [4, "aws_profile", "text"],
    ],
  },
  pgp: { number: 2, fields: [[1, "fp", "text"]] },
  gcp_kms: { number: 3, fields: [[1, "resource_id", "text"]] },
  azure_kv: {
    number: 4,
    fields: [
      [1, "vault_url", "text"],
      [2, "name", "text"],
      [3, "version", "text"],
    ],
  },
  hc_vault: {
    number: 5,
    fields: [
      [1, "vault_address", "text"],
      [2, "engine_path", "text"],
      [3, "key_name", "text"],
    ],
  },
  age: { number: 6, fields: [[1, "recipient", "text"]] },
  hckms: { number: 7, fields: [[1, "key_id", "text"]] },
};

/** Pairs of an encryption context; AWS KMS itself takes 8 KiB of them. */
const MAX_CONTEXT_PAIRS = 1_000;

const KEY = 1;
const CONTENT = 2;
const ANSWER = 1;
const PAIR_KEY = 1;
const PAIR_VALUE = 2;

/** `EncryptRequest` and `DecryptRequest`, which are the same on the wire. */
export function encodeRequest({ key, content }: { key: MasterKey; content: Uint8Array }): Uint8Array {
  return Buffer.concat([field(KEY, encodeKey(key)), fieldUnlessEmpty(CONTENT, content)]);
}

function encodeKey({ type, fields }: MasterKey): Uint8Array {
  const shape = SHAPES[type];
  const parts = shape.fields.flatMap(([number, name, kind]) => {
    const value = fields.get(name) ?? "";
    if (kind === "text") return typeof value === "string" ? [fieldUnlessEmpty(number, value)] : [];
    return typeof value === "string" ? [] : [...value].map((pair) => field(number, encodePair(pair)));
  });
  return field(shape.number, Buffer.concat(parts));
}

function encodePair([name, value]: readonly [string, string]): Uint8Array {
  return Buffer.concat([field(PAIR_KEY, name), field(PAIR_VALUE, value)]);
}

/** @throws {ProtobufError} */
export function decodeRequest(message: Uint8Array): KeyServiceRequest {
  const fields = readFields(message);
  return { key: decodeKey(inner(fields, KEY)), content: last(fields, CONTENT) };
}

/** The kind of key that stands last counts; what else of that kind stood before it is merged into it. */
function decodeKey(message: Uint8Array): MasterKey | undefined {
  const kinds = readFields(message).flatMap((kind) => {
    const type = KEY_TYPES.find((name) => SHAPES[name].number === kind.number);
    return type === undefined ? [] : [{ type, content: kind.content }];
  });
  const type = kinds.at(-1)?.type;
  if (type === undefined) return undefined;
  const sinceOther = kinds.slice(kinds.findLastIndex((kind) => kind.type !== type) + 1);
  const fields = readFields(Buffer.concat(sinceOther.map(({ content }) => content)));
  return {
    type,
    fields: new Map(
      SHAPES[type].fields.map(([number, name, kind]) => [
        name,
        kind === "text" ? textOf(last(fields, number)) : decodePairs(fields, number),
      ]),
    ),
  };
}

function decodePairs(fields: readonly Field[], number: number): ReadonlyMap<string, string> {
  const pairs = fields.filter((one) => one.number === number);
  if (pairs.length > MAX_CONTEXT_PAIRS) throw new ProtobufError("the encryption context has too many pairs");
  return new Map(
    pairs.map(({ content }) => {
      const pair = readFields(content);
      return [textOf(last(pair, PAIR_KEY)), textOf(last(pair, PAIR_VALUE))] as const;
    }),
  );
}

/** `EncryptResponse` and `DecryptResponse`. */
export function encodeAnswer(content: Uint8Array): Uint8Array {
  return fieldUnlessEmpty(ANSWER, content);
}

/** @throws {ProtobufError} */
export function decodeAnswer(message: Uint8Array): Uint8Array {
  return last(readFields(message), ANSWER);
}

/** An inner message, merged of all its occurrences. */
function inner(fields: readonly Field[], number: number): Uint8Array {
  return Buffer.concat(fields.filter((one) => one.number === number).map(({ content }) => content));
}

function last(fields: readonly Field[], number: number): Uint8Array {
  return fields.findLast((one) => one.number === number)?.content ?? new Uint8Array();
}
