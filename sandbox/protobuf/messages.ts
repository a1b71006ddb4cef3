import data from "../data/protobuf.json" with { type: "json" };

/** One field of a Go type: its number on the wire, its name in JSON, and what happens to its zero value. */
export interface FieldType {
  readonly number: number;
  /** Empty: the fields of the message are fields of its parent. */
  readonly name: string;
  readonly kind: string;
  /** A pointer: zero is a value like any other, absent is absent. */
  readonly pointer: boolean;
  /** Always written, zero or not. */
  readonly always: boolean;
}

const messages: Readonly<Record<string, readonly string[]>> = data.messages;
const kinds: Readonly<Record<string, string>> = data.kinds;
const parsed = new Map<string, ReadonlyMap<number, FieldType>>();

/** The message of a kind, e.g. `core.v1.Secret`; undefined when it has no protobuf form. */
export function messageOf(apiVersion: string, kind: string): string | undefined {
  return kind === "DeleteOptions" ? kinds[kind] : kinds[`${apiVersion}/${kind}`];
}

/** Fields of a message by number; empty for a message that is not known. */
export function fieldsOf(message: string): ReadonlyMap<number, FieldType> {
  const known = parsed.get(message);
  if (known !== undefined) return known;
  const made = new Map<number, FieldType>();
  for (const line of messages[message] ?? []) {
    const [number = "", name = "", marked = ""] = line.split(" ");
    const kind = marked.replace(/[*!]$/, "");
    made.set(Number(number), {
      number: Number(number),
      name,
      kind,
      pointer: marked.endsWith("*"),
      always: marked.endsWith("!"),
    });
  }
  parsed.set(message, made);
  return made;
}

const ZEROS: Readonly<Record<string, unknown>> = {
  string: "",
  int: 0,
  double: 0,
  bool: false,
  time: null,
  microtime: null,
};

/** Fields whose zero value is not written, by name. */
export function omittedZeros(message: string): ReadonlyMap<string, unknown> {
  const found = new Map<string, unknown>();
  for (const field of fieldsOf(message).values()) {
    if (field.name === "") {
      if (!field.pointer) for (const [name, zero] of omittedZeros(field.kind)) found.set(name, zero);
    } else if (!field.pointer && !field.always && Object.hasOwn(ZEROS, field.kind)) {
      found.set(field.name, ZEROS[field.kind]);
    }
  }
  return found;
}

/** Fields that are written even when nothing was set, with what is written then. */
export function writtenZeros(message: string): ReadonlyMap<string, unknown> {
  const found = new Map<string, unknown>();
  for (const field of fieldsOf(message).values()) {
    if (!field.always || field.name === "") continue;
    if (Object.hasOwn(ZEROS, field.kind)) found.set(field.name, ZEROS[field.kind]);
    else if (/^(\[\]|\{\}|bytes)/.test(field.kind)) found.set(field.name, null);
  }
  return found;
}
