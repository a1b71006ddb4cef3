import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  AgeError,
  decryptBytes,
  encryptBytes,
  generateX25519Identity,
  type Identity,
  parseIdentitiesFile,
  parseIdentity,
  parseRecipient,
  parseRecipientsFile,
  passphraseIdentity,
  passphraseRecipient,
  type Recipient,
} from "../../../src/age/index.ts";
import { encodeBech32 } from "../../../src/bytes/bech32.ts";

const SECRET = generateX25519Identity();
const identity = parseIdentity(SECRET);
const NAME = identity.name;
const other = parseIdentity(generateX25519Identity());
const recipient = parseRecipient(NAME);
const text = (bytes: string) => new TextEncoder().encode(bytes);

function errorOf(run: () => unknown): AgeError {
  try {
    run();
  } catch (error) {
    if (error instanceof AgeError) return error;
    throw error;
  }
  throw new Error("expected an AgeError");
}

async function failure(work: Promise<unknown>): Promise<AgeError> {
  const error = await work.then(
    () => undefined,
    (reason) => reason,
  );
  if (!(error instanceof AgeError)) throw new Error(`expected an AgeError, got ${error}`);
  return error;
}

/** Everything that a person or a log could see of an error. */
const shown = (error: AgeError) =>
  JSON.stringify([error.message, error.original, error.details, error.hints, error.stack, error]);

describe("parseRecipient()", () => {
  const low = encodeBech32("age", new Uint8Array(32));
  test.each([
    {
      name: "an unknown word",
      input: "foo",
      code: "AGE_RECIPIENT_MALFORMED",
      original: 'unknown recipient type: "foo"',
    },
    {
      name: "a secret key with a quote before it",
      input: `"AGE-SECRET-KEY-1QQQQ`,
      code: "AGE_RECIPIENT_MALFORMED",
      original: "unknown recipient type: it looks like a secret key",
    },
    { name: "nothing", input: "", code: "AGE_RECIPIENT_MALFORMED", original: 'unknown recipient type: ""' },
    {
      name: "upper case",
      input: NAME.toUpperCase(),
      code: "AGE_RECIPIENT_MALFORMED",
      original: `unknown recipient type: "${NAME.toUpperCase()}"`,
    },
    {
      name: "a cut one",
      input: NAME.slice(0, -1),
      code: "AGE_RECIPIENT_MALFORMED",
      original: `malformed recipient "${NAME.slice(0, -1)}": invalid checksum`,
    },
    {
      name: "a blank behind",
      input: `${NAME} `,
      code: "AGE_RECIPIENT_MALFORMED",
      original: `malformed recipient "${NAME} ": invalid character data part: s[58]=32`,
    },
    {
      name: "31 bytes",
      input: encodeBech32("age", new Uint8Array(31)),
      code: "AGE_RECIPIENT_MALFORMED",
      original: /wrong length/,
    },
    {
      name: "github:",
      input: "github:foo",
      code: "AGE_RECIPIENT_MALFORMED",
      original: '"github:" recipients were removed from the design',
    },
    {
      name: "post-quantum, too short",
      input: encodeBech32("age1pq", new Uint8Array(1215)),
      code: "AGE_RECIPIENT_MALFORMED",
      original: /wrong length: 1215 bytes instead of 1216$/,
    },
    {
      name: "post-quantum, cut",
      input: "age1pq1qqqq",
      code: "AGE_RECIPIENT_MALFORMED",
      original: `malformed recipient "age1pq1qqqq": separator '1' at invalid position: pos=6, len=11`,
    },
    {
      name: "tag, too short",
      input: encodeBech32("age1tag", new Uint8Array(32)),
      code: "AGE_RECIPIENT_MALFORMED",
      original: /wrong length: 32 bytes instead of 33$/,
    },
    {
      name: "tag, cut",
      input: "age1tagpq1qqqq",
      code: "AGE_RECIPIENT_MALFORMED",
      original: /: invalid recipient encoding: separator '1' at invalid position: pos=9, len=14$/,
    },
    {
      name: "a plugin's",
      input: encodeBech32("age1yubikey", new Uint8Array(33)),
      code: "AGE_RECIPIENT_UNSUPPORTED",
      original: /plugin/,
    },
  ])("$name is refused", ({ input, code, original }) => {
    const error = errorOf(() => parseRecipient(input));
    expect(error.code).toBe(code);
    if (typeof original === "string") expect(error.original).toBe(original);
    else expect(error.original).toMatch(original);
  });

  test("a secret key given by mistake is not repeated", () => {
    for (const input of [SECRET, SECRET.toLowerCase(), `${SECRET}X`]) {
      expect(shown(errorOf(() => parseRecipient(input))).toUpperCase()).not.toContain(SECRET.slice(16, 40));
    }
  });

  test("a point of low order cannot be encrypted to", async () => {
    expect((await failure(encryptBytes(text("x"), [parseRecipient(low)]))).code).toBe("AGE_RECIPIENT_MALFORMED");
  });
});

describe("files of recipients and identities", () => {
  test("comments, empty lines and CRLF are no matter", () => {
    const file = `# team\r\n\r\n${NAME}\r\n#x\n${other.name}`;
    expect(parseRecipientsFile(file).map(({ name }) => name)).toEqual([NAME, other.name]);
    expect(parseIdentitiesFile(`# created: x\n\n${SECRET}\r\n`).map(({ name }) => name)).toEqual([NAME]);
  });

  test.each([
    { name: "no line", input: "", original: "no recipients found" },
    { name: "a bad line", input: `${NAME}\nnope\n`, original: "malformed recipient at line 2" },
    { name: "a line of blanks", input: `${NAME}\n \n`, original: "malformed recipient at line 2" },
    {
      name: "a key file",
      input: `# c\n\n${SECRET}\n`,
      original: "error at line 3: apparent identity found in recipients file",
    },
    { name: "a line without end", input: "a".repeat(9000), original: "line 1 is too long" },
    { name: "far too much", input: "#\n".repeat(9 * 1024 * 1024), original: "recipients file is too long" },
  ])("recipients: $name is refused", ({ input, original }) => {
    const error = errorOf(() => parseRecipientsFile(input));
    expect([error.code, error.original]).toEqual(["AGE_RECIPIENTS_FILE", original]);
    expect(shown(error)).not.toContain(SECRET.slice(16, 40));
  });

  test.each([
    { name: "no line", input: "# x\n", code: "AGE_IDENTITIES_FILE", original: "no identities found" },
    {
      name: "a bad line",
      input: "hello\n",
      code: "AGE_IDENTITIES_FILE",
      original: "error at line 1: unknown identity type",
    },
    {
      name: "a recipient",
      input: `\n${NAME}\n`,
      code: "AGE_IDENTITIES_FILE",
      original: "error at line 2: apparent recipient found in identities file",
    },
    {
      name: "a changed key",
      input: SECRET.replace(/.$/, (end) => (end === "Q" ? "P" : "Q")),
      code: "AGE_IDENTITIES_FILE",
      original: "error at line 1: malformed secret key: invalid checksum",
    },
    {
      name: "a key with a blank before it",
      input: ` ${SECRET}`,
      code: "AGE_IDENTITIES_FILE",
      original: "error at line 1: unknown identity type",
    },
    {
      name: "lower case",
      input: SECRET.toLowerCase(),
      code: "AGE_IDENTITIES_FILE",
      original: "error at line 1: unknown identity type",
    },
    {
      name: "post-quantum, cut",
      input: "AGE-SECRET-KEY-PQ-1QQ",
      code: "AGE_IDENTITIES_FILE",
      original: /^error at line 1: malformed secret key: separator '1' at invalid position/,
    },
    { name: "a plugin's", input: "AGE-PLUGIN-FOO-1QQ", code: "AGE_IDENTITY_UNSUPPORTED", original: /plugin/ },
    {
      name: "SSH",
      input: "-----BEGIN OPENSSH PRIVATE KEY-----\nCANARY\n",
      code: "AGE_IDENTITY_MALFORMED",
      original: "ssh: no key found",
    },
  ])("identities: $name is refused", ({ input, code, original }) => {
    const error = errorOf(() => parseIdentitiesFile(input));
    expect(error.code).toBe(code);
    if (typeof original === "string") expect(error.original).toBe(original);
    else expect(error.original).toMatch(original);
    expect(shown(error).toUpperCase()).not.toContain(SECRET.slice(16, 40));
    expect(shown(error)).not.toContain("CANARY");
  });
});

describe("who can read a file", () => {
  test("every recipient, and nobody else; the error lists what was found and tried", async () => {
    const file = await encryptBytes(text("hi"), [recipient, recipient, parseRecipient(other.name)]);
    for (const one of [identity, other]) expect((await decryptBytes(file, [one])).revealText()).toBe("hi");
    const [x, y] = [parseIdentity(generateX25519Identity()), parseIdentity(generateX25519Identity())];
    const error = await failure(decryptBytes(file, [x, y]));
    expect([error.code, error.details]).toEqual([
      "AGE_NO_MATCH",
      ["its recipients are of type: X25519 (3 times)", `tried: ${x.name}, ${y.name}`],
    ]);
    expect((await failure(decryptBytes(file, []))).details.at(-1)).toBe("tried: no identity");
  });

  test("few of many identities are listed", async () => {
    const file = await encryptBytes(text("hi"), [recipient]);
    const error = await failure(
      decryptBytes(
        file,
        Array.from({ length: 15 }, () => other),
      ),
    );
    expect(error.details.at(-1)).toMatch(/ and 5 more$/);
  });

  test("nobody is not enough, and too many are too many", async () => {
    expect((await failure(encryptBytes(text("x"), []))).code).toBe("AGE_NO_RECIPIENTS");
    const many: Recipient = {
      name: "many",
      wrap: async () => ({
        labels: [],
        stanzas: Array.from({ length: 1025 }, () => ({ type: "x", args: [], body: new Uint8Array(0) })),
      }),
    };
    expect((await failure(encryptBytes(text("x"), [many]))).code).toBe("AGE_RECIPIENTS_MIXED");
  });

  test("an identity that hands out a key of the wrong size is not believed", async () => {
    const liar: Identity = { name: "liar", unwrap: async () => new Uint8Array(15) };
    const file = await encryptBytes(text("x"), [recipient]);
    expect((await failure(decryptBytes(file, [liar]))).code).toBe("AGE_HEADER");
    const guess: Identity = { name: "guess", unwrap: async () => new Uint8Array(16) };
    expect((await failure(decryptBytes(file, [guess]))).code).toBe("AGE_HEADER_MAC");
  });
});

describe("passphrases", () => {
  const file = (name: string) =>
    new Uint8Array(readFileSync(new URL(`../../../fixtures/age/${name}`, import.meta.url)));

  test.each(["passphrase.age", "passphrase.asc"])("%s of the original is read", async (name) => {
    expect((await decryptBytes(file(name), [passphraseIdentity("pw")])).revealText()).toBe("hello\n");
  });

  test("what is written is read, with any passphrase", async () => {
    for (const passphrase of ["x", "päßwörd 🔐", " "]) {
      const made = await encryptBytes(text("hi"), [passphraseRecipient(passphrase, { logN: 4 })]);
      expect((await decryptBytes(made, [identity, passphraseIdentity(passphrase)])).revealText()).toBe("hi");
      const error = await failure(decryptBytes(made, [passphraseIdentity(`${passphrase}y`)]));
      expect([error.code, error.original]).toEqual(["AGE_WRONG_PASSPHRASE", "incorrect passphrase"]);
    }
  });

  test("a passphrase stands alone", async () => {
    const passphrase = passphraseRecipient("x", { logN: 4 });
    for (const mixed of [
      [passphrase, recipient],
      [recipient, passphrase],
      [passphrase, passphraseRecipient("y", { logN: 4 })],
    ]) {
      expect((await failure(encryptBytes(text("x"), mixed))).code).toBe("AGE_RECIPIENTS_MIXED");
    }
  });

  test("work is refused before it is done", async () => {
    // Nobody can do this work (it takes a tebibyte of memory): any answer means that it was not begun.
    const high = Buffer.from(file("passphrase.age")).toString("latin1").replace(/ 10\n/, " 30\n");
    const error = await failure(decryptBytes(Buffer.from(high, "latin1"), [passphraseIdentity("pw")]));
    expect([error.code, error.original]).toEqual(["AGE_WORK_FACTOR", "scrypt work factor too large: 30"]);
    const low = await failure(decryptBytes(file("passphrase.age"), [passphraseIdentity("pw", { maxLogN: 9 })]));
    expect(low.details).toEqual(["work factor 10, at most 9 is allowed"]);
  });

  test.each(["", undefined])("an empty passphrase (%j) is a mistake of the caller", (passphrase) => {
    expect(() => passphraseRecipient(passphrase ?? "")).toThrow(RangeError);
    expect(() => passphraseRecipient("x", { logN: 31 })).toThrow(RangeError);
  });
});
