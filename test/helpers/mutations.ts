import { decryptBytes, encryptBytes, type Identity, parseIdentity, parseRecipient } from "../../src/age/index.ts";
import { ClearText } from "../../src/clear-text.ts";
import { ToolkitError } from "../../src/errors.ts";
import { openFile } from "../../src/sops/files/open-file.ts";
import { storeOf } from "../../src/sops/format.ts";
import {
  type EncryptOptions,
  encrypt,
  type Format,
  type Keyring,
  loadKeyring,
  plaintextOf,
} from "../../src/sops/index.ts";
import { type Branch, isComment, type Node } from "../../src/sops/values/value.ts";

/**
 * Damaged files and what has to be true of them: a reader refuses with an error of ours, or it gives what was saved but
 * for what the format does not protect. Everything follows from a seed and a number, so that any case can be had again.
 */
export const MUTATED_PARSERS = ["yaml", "json", "dotenv", "ini", "binary", "age", "age-armor"] as const;
export type MutatedParser = (typeof MUTATED_PARSERS)[number];

/** What a reader made of one input. */
export type Verdict =
  | { readonly kind: "refused"; readonly code: string }
  /** Accepted, and nothing that is protected differs. */
  | { readonly kind: "same" }
  /** Accepted although something that is protected differs. */
  | { readonly kind: "forged"; readonly what: string }
  /** An error that is none of ours. */
  | { readonly kind: "crashed"; readonly what: string };

export interface Mutator {
  /** The input of that number. */
  input(at: number): Buffer;
  /** What the reader makes of it. */
  judge(at: number): Promise<Verdict>;
}

/** Damaged files of one parser. `identities` are age secret keys, A and B. */
export async function mutator(parser: MutatedParser, seed: number, identities: readonly string[]): Promise<Mutator> {
  const cases =
    parser === "age" || parser === "age-armor"
      ? await ageCases(parser, identities)
      : await sopsCases(parser, identities);
  const originals = cases.map(({ bytes }) => bytes);
  const pick = (at: number) => ({ random: new Random(seed, at), index: at % cases.length });
  const input = (at: number) => {
    const { random, index } = pick(at);
    return mutate(originals[index] ?? Buffer.alloc(0), random, originals);
  };
  return {
    input,
    async judge(at) {
      const one = cases[pick(at).index];
      if (one === undefined) throw new RangeError("no cases");
      try {
        const what = await one.differs(input(at));
        return what === undefined ? { kind: "same" } : { kind: "forged", what };
      } catch (error) {
        if (error instanceof ToolkitError) return { kind: "refused", code: error.code };
        return {
          kind: "crashed",
          what: error instanceof Error ? `${error.name}: ${error.stack ?? ""}` : String(error),
        };
      }
    },
  };
}

interface Case {
  readonly bytes: Buffer;
  /** Opens an input; what of the protected differs from the original, if anything. @throws when it is refused. */
  differs(input: Uint8Array): Promise<string | undefined>;
}

// --- age ---

/** Header, order of chunks and payload are all protected: whatever opens is the original. */
async function ageCases(parser: "age" | "age-armor", texts: readonly string[]): Promise<Case[]> {
  const identities = texts.map((text) => parseIdentity(text));
  const recipients = identities.map(({ name }) => parseRecipient(name));
  const sizes = [0, 1, 200, 65_536, 65_537];
  return await Promise.all(
    sizes.map(async (size, at) => {
      const clear = Buffer.alloc(size, `clear text ${size} `);
      const to = at % 2 === 0 ? recipients : recipients.slice(0, 1);
      const bytes = Buffer.from(await encryptBytes(clear, to, { armor: parser === "age-armor" }));
      return { bytes, differs: (input: Uint8Array) => ageDiffers(input, identities, clear) };
    }),
  );
}

async function ageDiffers(
  input: Uint8Array,
  identities: readonly Identity[],
  clear: Buffer,
): Promise<string | undefined> {
  const opened = (await decryptBytes(input, identities)).reveal();
  return clear.equals(opened) ? undefined : `${opened.length} bytes that are not the original ${clear.length}`;
}

// --- SOPS ---

const DOCUMENTS: Readonly<Record<Format, string>> = {
  yaml: `# top
apiVersion: v1
kind: Secret
plain_unencrypted: 17
data:
    # above
    password: correct horse # behind
    number: 12345
    float: 1.5
    yes: true
    date: 2024-01-02T03:04:05Z
    empty: ""
    nothing: null
    list: [a, b, {c: d}]
    text: |
        two
        lines
---
second: document
sealed: [x, x]
`,
  json: `{"db":{"user":"u","password":"correct horse","port":5432,"ratio":0.5,"on":true,"none":null},"list":["a",1,{"b":"c"},[]],"plain_unencrypted":"p"}`,
  dotenv: "# comment\nUSER=u\nPASSWORD=correct horse\nEMPTY=\nPLAIN_unencrypted=p\nLINES=a\\nb\n",
  ini: "; comment\n[db]\nuser = u\npassword = correct horse\nplain_unencrypted = p\n[other]\nuser = u\n",
  binary: "any bytes at all\n",
};

/** Nothing but entries and lists: there is a reader of its own for that. */
const PLAIN_YAML = `db:
    user: root
    port: 5432
    ready: true
list:
    - one
    - name: two
      value: three
plain_unencrypted: p
`;

async function sopsCases(format: Format, identities: readonly string[]): Promise<Case[]> {
  const keyring = loadKeyring([{ where: "test", identities: ClearText.fromText(identities.join("\n")) }]);
  const recipients = keyring.identities.map(({ name }) => name);
  const variants: readonly Partial<EncryptOptions>[] = [
    { recipients },
    { recipients: recipients.slice(0, 1), macOnlyEncrypted: true },
    { recipientGroups: recipients.map((recipient) => [recipient]), shamirThreshold: 2 },
    {
      recipients: recipients.slice(0, 1),
      selector: { kind: "encrypted_regex", pattern: "^(data|pass|PASS|db|second)" },
    },
  ];
  return await Promise.all(
    variants.map(async (variant, at) => {
      const document = format === "yaml" && at % 2 === 1 ? PLAIN_YAML : DOCUMENTS[format];
      const { text } = await encrypt(document, format, { ...variant, now: 1_700_000_000_000 });
      const original = await protectedOf(Buffer.from(text), format, keyring);
      return {
        bytes: Buffer.from(text),
        async differs(input: Uint8Array) {
          const now = await protectedOf(input, format, keyring);
          if (now.encrypted !== original.encrypted) return "an encrypted value or its path";
          return now.all === original.all ? undefined : "the values in their order";
        },
      };
    }),
  );
}

/** What SOPS protects of a file. */
interface Protected {
  /** Each encrypted value that is not empty, with the keys above it: they are its additional data. */
  readonly encrypted: string;
  /** The texts of all values that the MAC is over, one behind the other and nothing between, as the MAC has them. */
  readonly all: string;
}

/**
 * Not protected, and so not in here: comments, their absence too; layout; empty texts, nulls, empty lists and mappings; the names
 * of keys above clear values; where one clear value ends and the next begins; whether a value is in a list; the type of a
 * value; with `mac_only_encrypted` all clear values.
 */
async function protectedOf(input: Uint8Array, format: Format, keyring: Keyring): Promise<Protected> {
  const encrypted: string[] = [];
  const { documents, metadata } = await openFile(input, format, keyring, {
    isLenient: true,
    onDecrypted: (leaf, path) => {
      if (leaf !== null) encrypted.push(`${JSON.stringify(path)}=${textOf(leaf)}`);
    },
  });
  // Printing is part of reading: it must not fail in its own way.
  storeOf(format).emitPlain(documents, {});
  const all: string[] = [];
  if (!metadata.macOnlyEncrypted) for (const document of documents) collect(document, all);
  return { encrypted: encrypted.join("\n"), all: all.join("") };
}

function collect(node: Node | Branch, into: string[]): void {
  if (node === null) return;
  if (typeof node === "object" && (node.kind === "branch" || node.kind === "list")) {
    for (const item of node.items) {
      if (isComment(item)) continue;
      collect(typeof item === "object" && item !== null && item.kind === "entry" ? item.value : item, into);
    }
    return;
  }
  into.push(textOf(node));
}

function textOf(leaf: Parameters<typeof plaintextOf>[0]): string {
  const plain = plaintextOf(leaf);
  return typeof plain === "string" ? plain : Buffer.from(plain).toString("latin1");
}

// --- damage ---

/** A small generator of numbers (splitmix32): the same for the same seed and number, everywhere. */
class Random {
  #state: number;

  constructor(seed: number, at: number) {
    this.#state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(at + 1, 0x85ebca6b)) >>> 0;
  }

  /** From 0 to `below` less one. */
  next(below: number): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let value = this.#state;
    value = Math.imul(value ^ (value >>> 16), 0x21f0aaad);
    value = Math.imul(value ^ (value >>> 15), 0x735a2d97);
    return below <= 0 ? 0 : ((value ^ (value >>> 15)) >>> 0) % below;
  }

  of<Item>(items: readonly Item[], otherwise: Item): Item {
    return items[this.next(items.length)] ?? otherwise;
  }
}

type Damage = (bytes: Buffer, random: Random, others: readonly Buffer[]) => Buffer;

const TOKENS: readonly string[] = [
  ..."\t|\r|\0|\n|: |- |? |{|}|[|]|,|\"|'|#|---\n|...\n|&a |*a|<<: *a|!!binary |!!int |!!str |!!float ||\n|>-\n|%YAML 1.1\n".split(
    "|",
  ),
  ...'\ufeff|\ud83d\ude00|\\u0000|\\n|ENC[AES256_GCM,|]|,type:int]|,type:bytes]|,type:comment]|,iv:|sops:|sops_|__list_0__|__map_|mac: |"sops": '.split(
    "|",
  ),
  ..."null|true|~|.inf|-0|0x7fffffffffffffff|9223372036854775808|1e999|99999999999999999999999999|2024-01-02|__proto__|constructor".split(
    "|",
  ),
  ..."-> X25519 |-> ssh-rsa |-> |--- |-----BEGIN AGE ENCRYPTED FILE-----\n|age-encryption.org/v1\n|\n\n".split("|"),
];

const ENVELOPE = /ENC\[AES256_GCM,[^\]\n]*\]/g;
const METADATA_LINE =
  /^.*(mac|lastmodified|version|enc|recipient|shamir_threshold|unencrypted|encrypted_|mac_only|sops).*$/gm;

const DAMAGES: readonly Damage[] = [
  (bytes, random) => changed(bytes, random, (at) => bytes.writeUInt8((bytes[at] ?? 0) ^ (1 << random.next(8)), at)),
  (bytes, random) => changed(bytes, random, (at) => bytes.writeUInt8(random.next(256), at)),
  (bytes, random) => {
    const [from, to] = range(bytes.length, random);
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
  },
  (bytes, random) => {
    const [from, to] = range(bytes.length, random);
    return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
  },
  (bytes, random) => insert(bytes, random.next(bytes.length + 1), Buffer.from(random.of(TOKENS, ""))),
  (bytes, random, others) => {
    const other = random.of(others, bytes);
    const [from, to] = range(other.length, random);
    return insert(bytes, random.next(bytes.length), other.subarray(from, to));
  },
  (bytes, random) => bytes.subarray(0, random.next(bytes.length + 1)),
  inLines((lines, random) => lines.splice(random.next(lines.length), 1 + random.next(3))),
  inLines((lines, random) => lines.splice(random.next(lines.length), 0, random.of(lines, ""))),
  inLines((lines, random) => {
    const [one, two] = [random.next(lines.length), random.next(lines.length)];
    [lines[one], lines[two]] = [lines[two] ?? "", lines[one] ?? ""];
  }),
  inLines((lines, random) => {
    const at = random.next(lines.length);
    lines[at] = random.next(2) === 0 ? ` ${lines[at] ?? ""}` : (lines[at] ?? "").replace(/^ {1,4}/, "");
  }),
  inText((text, random) => {
    const found = [...text.matchAll(ENVELOPE)];
    const [one, two] = [random.of(found, undefined), random.of(found, undefined)];
    if (one === undefined || two === undefined) return text;
    return replaced(text, one, random.next(3) === 0 ? `${two[0]}${two[0]}` : two[0]);
  }),
  inText((text, random) => {
    const one = random.of([...text.matchAll(ENVELOPE)], undefined);
    const words = ["str", "int", "float", "bool", "time", "bytes", "comment", "null", "", "str]"];
    return one === undefined ? text : replaced(text, one, one[0].replace(/type:\w+/, `type:${random.of(words, "")}`));
  }),
  inText((text, random) => {
    const one = random.of([...text.matchAll(ENVELOPE)], undefined);
    const clear = ["", "clear", "1", "true", "null", "[]", '""', "{}"];
    return one === undefined ? text : replaced(text, one, random.of(clear, ""));
  }),
  inText((text, random) => {
    const one = random.of([...text.matchAll(ENVELOPE)], undefined);
    const part = random.of(["data", "iv", "tag"], "data");
    const cut = (_whole: string, name: string, value: string) =>
      `${name}:${value.slice(0, random.next(value.length + 1))}`;
    return one === undefined ? text : replaced(text, one, one[0].replace(new RegExp(`(${part}):([^,]*)`), cut));
  }),
  inText((text, random) => {
    const one = random.of([...text.matchAll(METADATA_LINE)], undefined);
    if (one === undefined) return text;
    const line = one[0];
    const forms = [
      "",
      `${line}\n${line}`,
      line.replace(/[\w.+-]+(["',]*)$/, `99999$1`),
      line.replace(/[:=].*/, ": "),
      `${line}\n`.repeat(1500),
    ];
    return replaced(text, one, random.of(forms, ""));
  }),
  (bytes, random) => insert(bytes, random.next(bytes.length + 1), Buffer.from(random.of(BOMBS, () => "")())),
];

/** Texts that are small and would be large, or deep. */
const BOMBS: readonly (() => string)[] = [
  () => "[".repeat(3000),
  () => '{"a":'.repeat(1500),
  () =>
    `\n${Array.from({ length: 12 }, (_, at) => `b${at}: &b${at} [${at === 0 ? "x" : Array.from({ length: 9 }, () => `*b${at - 1}`).join(",")}]`).join("\n")}\n`,
  () => "- ".repeat(2000),
  () => `\n${"k: v\n".repeat(2000)}`,
  () => "9".repeat(5000),
  () => "\n-> X25519 AAAA\nAAAA".repeat(300),
  () => " ".repeat(4000),
];

function mutate(original: Buffer, random: Random, others: readonly Buffer[]): Buffer {
  let bytes: Buffer = Buffer.from(original);
  for (let left = 1 + random.next(3); left > 0; left--)
    bytes = Buffer.from(random.of(DAMAGES, (same) => same)(bytes, random, others));
  return bytes;
}

function changed(bytes: Buffer, random: Random, change: (at: number) => void): Buffer {
  if (bytes.length > 0) change(random.next(bytes.length));
  return bytes;
}

function range(length: number, random: Random): readonly [number, number] {
  const from = random.next(length + 1);
  return [from, Math.min(length, from + 1 + random.next(random.next(4) === 0 ? length : 40))];
}

function insert(bytes: Buffer, at: number, what: Uint8Array): Buffer {
  return Buffer.concat([bytes.subarray(0, at), what, bytes.subarray(at)]);
}

function inText(work: (text: string, random: Random) => string): Damage {
  return (bytes, random) => Buffer.from(work(bytes.toString("latin1"), random), "latin1");
}

function inLines(work: (lines: string[], random: Random) => unknown): Damage {
  return inText((text, random) => {
    const lines = text.split("\n");
    work(lines, random);
    return lines.join("\n");
  });
}

function replaced(text: string, match: RegExpExecArray, by: string): string {
  return text.slice(0, match.index) + by + text.slice(match.index + match[0].length);
}
