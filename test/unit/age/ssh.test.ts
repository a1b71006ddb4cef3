import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  AgeError,
  decryptBytes,
  encryptBytes,
  generateX25519Identity,
  hidesPublicKey,
  type Identity,
  parseIdentitiesFile,
  parseIdentity,
  parseRecipient,
  parseRecipientsFile,
  sshIdentity,
} from "../../../src/age/index.ts";

/** Keys of the real ssh-keygen and files that the real age made for them: see fixtures/age/SOURCES.md. */
const bytesOf = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../../../fixtures/age/ssh/${name}`, import.meta.url)));
const textOf = (name: string) => Buffer.from(bytesOf(name)).toString();
const PASSPHRASE = "pass word";
const passphrase = async () => PASSPHRASE;
const plain = new TextEncoder().encode("hello\n");

const OPEN = ["ed25519", "rsa", "rsa-pkcs1", "rsa-pkcs8"];
const LOCKED = ["ed25519-ctr", "rsa-cbc"];

async function errorOf(run: () => unknown): Promise<AgeError> {
  try {
    await run();
  } catch (error) {
    if (error instanceof AgeError) return error;
    throw error;
  }
  throw new Error("expected an AgeError");
}

const shown = (error: AgeError) =>
  JSON.stringify([error.message, error.original, error.details, error.hints, error.stack]);

describe("keys of SSH", () => {
  test.each([...OPEN, ...LOCKED])("%s: what age wrote is read, what we write is read", async (name) => {
    const identity = parseIdentitiesFile(textOf(name), { sshPassphrase: passphrase });
    expect((await decryptBytes(bytesOf(`${name}.age`), identity)).revealText()).toBe("hello\n");
    const line = textOf(`${name}.pub`).trim();
    expect(identity.map((one) => one.name)).toEqual([line.split(" ").slice(0, 2).join(" ")]);
    const file = await encryptBytes(plain, [parseRecipient(line)]);
    expect(file.length).toBe(bytesOf(`${name}.age`).length);
    expect((await decryptBytes(file, identity)).revealText()).toBe("hello\n");
  });

  test("an Ed25519 key in PKCS#8 is read as well", async () => {
    const pem = generateKeyPairSync("ed25519").privateKey.export({ format: "pem", type: "pkcs8" });
    const identity = sshIdentity(`${pem}`);
    const file = await encryptBytes(plain, [parseRecipient(identity.name)]);
    expect((await decryptBytes(file, [identity])).revealText()).toBe("hello\n");
  });

  test("they share a file with X25519 recipients", async () => {
    const other = parseIdentity(generateX25519Identity());
    const recipients = parseRecipientsFile(`${other.name}\n${textOf("ed25519.pub")}${textOf("rsa.pub")}`);
    const file = await encryptBytes(plain, recipients);
    for (const identity of [other, sshIdentity(textOf("ed25519")), sshIdentity(textOf("rsa"))]) {
      expect((await decryptBytes(file, [identity])).revealText()).toBe("hello\n");
    }
  });

  test("a file for another key is no match, with and without the same tag", async () => {
    const error = await errorOf(() => decryptBytes(bytesOf("ed25519.age"), [sshIdentity(textOf("rsa"))]));
    expect([error.code, error.details[0]]).toEqual(["AGE_NO_MATCH", "its recipients are of type: ssh-ed25519"]);
    const [mine, theirs] = [bytesOf("ed25519.age"), bytesOf("ed25519-ctr.age")];
    const tag = (file: Uint8Array) => /ssh-ed25519 (\S+)/.exec(Buffer.from(file).toString("latin1"))?.[1] ?? "";
    const forged = Buffer.from(Buffer.from(theirs).toString("latin1").replace(tag(theirs), tag(mine)), "latin1");
    expect((await errorOf(() => decryptBytes(forged, [sshIdentity(textOf("ed25519"))]))).code).toBe("AGE_NO_MATCH");
  });
});

describe("passphrases of keys", () => {
  test.each(LOCKED)("%s: asked for once, and only for a file of this key", async (name) => {
    let asked = 0;
    const ask = async () => {
      asked++;
      return PASSPHRASE;
    };
    const identity = sshIdentity(textOf(name), ask);
    await errorOf(() => decryptBytes(bytesOf("ed25519.age"), [identity]));
    await errorOf(() => decryptBytes(bytesOf("rsa.age"), [identity]));
    expect(asked).toBe(0);
    for (let time = 0; time < 2; time++) await decryptBytes(bytesOf(`${name}.age`), [identity]);
    expect(asked).toBe(1);
  });

  test.each([
    {
      name: "wrong",
      word: "pass-word",
      original: "failed to decrypt SSH key file: x509: decryption password incorrect",
    },
    { name: "empty", word: "", original: "failed to decrypt SSH key file: bcrypt_pbkdf: empty password" },
  ])("$name: refused", async ({ word, original }) => {
    for (const key of LOCKED) {
      const identity = sshIdentity(textOf(key), async () => word);
      const error = await errorOf(() => decryptBytes(bytesOf(`${key}.age`), [identity]));
      expect([error.code, error.original]).toEqual(["AGE_WRONG_PASSPHRASE", original]);
      expect(shown(error)).not.toContain("pass-word");
    }
  });

  test("a key with one is refused where nobody can be asked", async () => {
    expect((await errorOf(() => parseIdentitiesFile(textOf("ed25519-ctr")))).code).toBe("AGE_IDENTITY_LOCKED");
  });
});

describe("identities that are refused", () => {
  const ed25519 = textOf("ed25519");
  const body = Buffer.from(ed25519.split("\n").slice(1, -2).join(""), "base64");
  const pem = (label: string, bytes: Uint8Array) =>
    `-----BEGIN ${label}-----\n${Buffer.from(bytes).toString("base64")}\n-----END ${label}-----\n`;
  const changed = (at: number) => {
    const copy = Buffer.from(body);
    copy[at] = (copy[at] ?? 0) ^ 1;
    return pem("OPENSSH PRIVATE KEY", copy);
  };
  const MALFORMED = "ssh: invalid openssh private key format";

  test.each([
    { name: "no END line", text: ed25519.slice(0, 120), code: "AGE_IDENTITY_MALFORMED", original: "ssh: no key found" },
    { name: "magic", text: changed(0), code: "AGE_IDENTITY_MALFORMED", original: MALFORMED },
    { name: "two keys", text: changed(38), code: "AGE_IDENTITY_MALFORMED", original: MALFORMED },
    { name: "check numbers", text: changed(98), code: "AGE_IDENTITY_MALFORMED", original: MALFORMED },
    { name: "padding", text: changed(body.length - 1), code: "AGE_IDENTITY_MALFORMED", original: MALFORMED },
    {
      name: "too long",
      text: ed25519 + "\n".repeat(17_000),
      code: "AGE_IDENTITY_MALFORMED",
      original: "file too long",
    },
    { name: "ECDSA", text: textOf("ecdsa"), code: "AGE_IDENTITY_UNSUPPORTED", original: /ecdsa-sha2-nistp256$/ },
    {
      name: "an old passphrase without the public key",
      text: textOf("rsa-legacy"),
      code: "AGE_IDENTITY_LOCKED",
      original: /public key file cannot be read$/,
    },
    {
      name: "an old passphrase under RC2",
      text: textOf("rsa-3des").replace("DES-EDE3-CBC,", "RC2-40-CBC,"),
      code: "AGE_IDENTITY_UNSUPPORTED",
      original: /a cipher other than AES or DES in PEM form$/,
    },
    {
      name: "an old passphrase under triple DES, and the IV of AES",
      text: textOf("rsa-legacy").replace("AES-128-CBC,", "DES-EDE3-CBC,"),
      code: "AGE_IDENTITY_UNSUPPORTED",
      original: /that is malformed$/,
    },
    {
      name: "an old passphrase and a cut IV",
      text: textOf("rsa-legacy").replace(/CBC,../, "CBC,"),
      code: "AGE_IDENTITY_UNSUPPORTED",
      original: /that is malformed$/,
    },
    { name: "2000 rounds", text: textOf("ed25519-slow"), code: "AGE_IDENTITY_UNSUPPORTED", original: /2000 rounds/ },
    {
      name: "a certificate",
      text: pem("CERTIFICATE", body),
      code: "AGE_IDENTITY_MALFORMED",
      original: 'ssh: unsupported key type "CERTIFICATE"',
    },
    {
      name: "no PKCS#1",
      text: pem("RSA PRIVATE KEY", body),
      code: "AGE_IDENTITY_MALFORMED",
      original: "malformed PKCS#1 private key",
    },
    {
      name: "no PKCS#8",
      text: pem("PRIVATE KEY", body),
      code: "AGE_IDENTITY_MALFORMED",
      original: "malformed PKCS#8 private key",
    },
  ])("$name", async ({ text, code, original }) => {
    const error = await errorOf(() => sshIdentity(text, passphrase));
    expect(error.code).toBe(code);
    if (typeof original === "string") expect(error.original).toBe(original);
    else expect(error.original).toMatch(original);
    expect(shown(error)).not.toContain(ed25519.slice(200, 240));
  });

  test("whatever is cut off or changed, the end is an AgeError or a key", async () => {
    const outcomes = new Set<string>();
    for (let at = 0; at < body.length; at++) {
      for (const text of [pem("OPENSSH PRIVATE KEY", body.subarray(0, at)), changed(at)]) {
        try {
          outcomes.add(sshIdentity(text, passphrase).name === "" ? "empty" : "key");
        } catch (error) {
          outcomes.add(error instanceof AgeError ? error.code : `${error}`);
        }
      }
    }
    expect([...outcomes].filter((one) => !/^(key|AGE_IDENTITY_(MALFORMED|UNSUPPORTED))$/.test(one))).toEqual([]);
  });
});

describe("recipients that are refused", () => {
  const [type = "", key = ""] = textOf("ed25519.pub").split(" ");
  const noPoint = Buffer.from(key, "base64").fill(2, 19, 20).fill(0, 20);

  test.each([
    { name: "no key", text: "ssh-ed25519", original: 'malformed SSH recipient: "ssh-ed25519": ssh: no key found' },
    {
      name: "no base64",
      text: "ssh-ed25519 *",
      original: 'malformed SSH recipient: "ssh-ed25519 *": ssh: no key found',
    },
    { name: "cut", text: "ssh-rsa AAAA", original: /last parsing error for ignored line: ssh: short read$/ },
    { name: "two types", text: `ssh-rsa ${key}`, original: /type mismatch: .* "ssh-rsa", encoded type "ssh-ed25519"$/ },
    { name: "no point", text: `${type} ${noPoint.toString("base64")}`, original: /invalid Ed25519 public key$/ },
    { name: "RSA of 1024 bits", text: textOf("rsa-1024.pub").trim(), original: /RSA key size is too small$/ },
    { name: "another kind", text: "ssh-dss AAAAB3NzaC1kc3M=", original: /unknown SSH recipient type: "ssh-dss"$/ },
  ])("$name", async ({ text, original }) => {
    const error = await errorOf(() => parseRecipient(text));
    expect(error.code).toBe("AGE_RECIPIENT_MALFORMED");
    if (typeof original === "string") expect(error.original).toBe(original);
    else expect(error.original).toMatch(original);
  });

  test("in a file: kinds that cannot be used are refused, or told of and passed over", async () => {
    const file = `${textOf("ed25519.pub")}${textOf("ecdsa.pub")}${textOf("rsa-1024.pub")}`;
    const error = await errorOf(() => parseRecipientsFile(file));
    expect([error.code, error.details]).toEqual([
      "AGE_RECIPIENT_UNSUPPORTED",
      ["SSH keys of type ecdsa-sha2-nistp256", "line 2"],
    ]);
    const told: string[] = [];
    const recipients = parseRecipientsFile(file, { onUnsupportedSshKey: (kind, line) => told.push(`${kind} ${line}`) });
    expect(recipients.map(({ name }) => name)).toEqual([`${type} ${key}`]);
    expect(told).toEqual(["ecdsa-sha2-nistp256 2", "ssh-rsa 3"]);
    const broken = await errorOf(() => parseRecipientsFile(`${file}ssh-ed25519 AAAA\n`, { onUnsupportedSshKey() {} }));
    expect(broken.original).toBe("malformed recipient at line 4");
  });
});

describe("stanzas that break the format", () => {
  const identities = (): Identity[] => [sshIdentity(textOf("ed25519")), sshIdentity(textOf("rsa"))];
  const header = (stanza: string) =>
    new TextEncoder().encode(`age-encryption.org/v1\n${stanza}\n--- ${"A".repeat(43)}\n0123456789abcdef`);
  const BODY = `\n${"A".repeat(43)}`;

  test.each([
    { name: "no share", stanza: `-> ssh-ed25519 AAAAAA${BODY}`, original: "invalid ssh-ed25519 recipient block" },
    {
      name: "a short share",
      stanza: `-> ssh-ed25519 AAAAAA AAAA${BODY}`,
      original: "invalid ssh-ed25519 recipient block",
    },
    {
      name: "no base64",
      stanza: `-> ssh-ed25519 AAAAAA !${BODY}`,
      original: /^failed to parse ssh-ed25519 recipient: /,
    },
    { name: "RSA without tag", stanza: `-> ssh-rsa${BODY}`, original: "invalid ssh-rsa recipient block" },
    { name: "RSA with more", stanza: `-> ssh-rsa a b${BODY}`, original: "invalid ssh-rsa recipient block" },
  ])("$name", async ({ stanza, original }) => {
    const error = await errorOf(() => decryptBytes(header(stanza), identities()));
    expect(error.code).toBe("AGE_HEADER");
    if (typeof original === "string") expect(error.original).toBe(original);
    else expect(error.original).toMatch(original);
  });
});

describe("a key that old OpenSSL encrypted", () => {
  const publicKey = textOf("rsa-legacy.pub");
  const sealed = async () => await encryptBytes(Buffer.from("hello"), [parseRecipient(publicKey.trim())]);

  test("opens with its passphrase, by the public key beside it; asked once, and only for its own files", async () => {
    let asked = 0;
    const ask = async () => {
      asked++;
      return "pass word";
    };
    expect(hidesPublicKey(textOf("rsa-legacy"))).toBe(true);
    const identity = sshIdentity(textOf("rsa-legacy"), ask, { publicKey });
    await errorOf(() => decryptBytes(bytesOf("rsa.age"), [identity]));
    expect(asked).toBe(0);
    for (let time = 0; time < 2; time++) {
      expect((await decryptBytes(await sealed(), [identity])).revealText()).toBe("hello");
    }
    expect(asked).toBe(1);
  });

  test.each(["rsa-3des", "rsa-des"])("%s opens what age wrote, and nothing with another passphrase", async (name) => {
    const options = { publicKey: textOf("rsa-3des.pub") };
    const file = bytesOf("rsa-3des.age");
    const identity = sshIdentity(textOf(name), passphrase, options);
    expect((await decryptBytes(file, [identity])).revealText()).toBe("hello\n");
    const wrong = sshIdentity(textOf(name), async () => "pass-word", options);
    expect((await errorOf(() => decryptBytes(file, [wrong]))).code).toBe("AGE_WRONG_PASSPHRASE");
  });

  test.each([
    { name: "a wrong passphrase", word: "pass-word", line: publicKey, code: "AGE_WRONG_PASSPHRASE" },
    { name: "an empty one", word: "", line: publicKey, code: "AGE_WRONG_PASSPHRASE" },
  ])("$name is refused", async ({ word, line, code }) => {
    const identity = sshIdentity(textOf("rsa-legacy"), async () => word, { publicKey: line });
    const error = await errorOf(async () => decryptBytes(await sealed(), [identity]));
    expect(error.code).toBe(code);
    expect(shown(error)).not.toContain("pass-word");
  });

  test("the public key of another key is told", async () => {
    const other = textOf("rsa.pub");
    const file = await encryptBytes(Buffer.from("x"), [parseRecipient(other.trim())]);
    const identity = sshIdentity(textOf("rsa-legacy"), async () => "pass word", { publicKey: other });
    expect((await errorOf(() => decryptBytes(file, [identity]))).original).toBe(
      "mismatched private and public SSH key",
    );
  });

  test.each(["ed25519", "rsa-pkcs1", "rsa-cbc"])("%s tells its public key itself", (name) => {
    expect(hidesPublicKey(textOf(name))).toBe(false);
  });
});
