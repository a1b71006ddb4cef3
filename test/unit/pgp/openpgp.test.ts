import { createMessage, encrypt, generateKey, readKey } from "openpgp";
import { beforeAll, describe, expect, test } from "vitest";
import { openPgpKeys, type PgpPorts, pgpKeyService } from "../../../src/pgp/index.ts";
import { type KeyService, KeyServiceError } from "../../../src/sops/index.ts";
import { masterKey } from "../../helpers/fakes/key-service.ts";

const DATA_KEY = new Uint8Array(32).fill(7);

interface Made {
  readonly secret: string;
  readonly open: string;
  readonly fingerprint: string;
  readonly subkeys: readonly string[];
}

async function make(passphrase?: string, subkeys: readonly { sign?: boolean }[] = [{}]): Promise<Made> {
  const { privateKey, publicKey } = await generateKey({
    userIDs: [{ name: "Test" }],
    type: "curve25519",
    subkeys: [...subkeys],
    format: "object",
    ...(passphrase === undefined ? {} : { passphrase }),
  });
  return {
    secret: privateKey.armor(),
    open: publicKey.armor(),
    fingerprint: publicKey.getFingerprint().toUpperCase(),
    subkeys: publicKey.getSubkeys().map((key) => key.getFingerprint().toUpperCase()),
  };
}

let [one, two, locked]: Made[] = [];
let service: KeyService;

beforeAll(async () => {
  [one, two, locked] = await Promise.all([make(undefined, [{}, {}, { sign: true }]), make(), make("open sesame")]);
  service = await openPgpKeys([`about it\n${one?.secret}\n${one?.open}`]);
});

async function failure(work: Promise<unknown>): Promise<KeyServiceError> {
  const error = await work.catch((thrown: unknown) => thrown);
  if (error instanceof KeyServiceError) return error;
  throw new Error("no KeyServiceError was thrown");
}

const keyOf = (fp: string, enc = "") => masterKey("pgp", { fp, enc });

async function sealed(fp: string, by: KeyService = service): Promise<string> {
  return await by.encrypt(keyOf(fp), DATA_KEY);
}

/** A message for all of these, none of which it names. */
async function encryptedTo(armored: readonly string[]): Promise<string> {
  const encryptionKeys = await Promise.all(armored.map((armoredKey) => readKey({ armoredKey })));
  return await encrypt({ message: await createMessage({ binary: DATA_KEY }), encryptionKeys, wildcard: true });
}

describe("keys in this process", () => {
  test("a data key goes both ways, by every name that its key has", async () => {
    const { fingerprint = "", subkeys = [] } = one ?? {};
    const names = [
      fingerprint,
      fingerprint.toLowerCase(),
      `0x${fingerprint}`,
      fingerprint.slice(-16),
      subkeys[0] ?? "",
    ];
    for (const name of names) {
      const enc = await sealed(name);
      expect(enc).toMatch(/^-----BEGIN PGP MESSAGE-----\n\n[\s\S]*\n-----END PGP MESSAGE-----$/);
      expect(await service.decrypt(keyOf(fingerprint, enc))).toEqual(DATA_KEY);
    }
  });

  test("with ! it is for this subkey and no other", async () => {
    const { fingerprint = "", subkeys = [], secret = "" } = one ?? {};
    const { readMessage } = await import("openpgp");
    for (const subkey of subkeys.slice(0, 2)) {
      const message = await readMessage({ armoredMessage: await sealed(`${subkey}!`) });
      expect(message.getEncryptionKeyIDs().map((id) => id.toHex().toUpperCase())).toEqual([subkey.slice(-16)]);
    }
    expect(secret).not.toBe("");
    expect((await failure(sealed(`${subkeys[2]}!`))).code).toBe("KEY_SERVICE_FAILED");
    expect((await failure(sealed(`${fingerprint}!`))).code).toBe("KEY_SERVICE_FAILED");
  });

  test("a key of somebody else", async () => {
    const enc = await sealed(two?.fingerprint ?? "", await openPgpKeys([two?.open ?? ""]));
    const error = await failure(service.decrypt(keyOf(two?.fingerprint ?? "", enc)));
    expect([error.code, error.details[1]]).toEqual(["KEY_SERVICE_NO_MATCH", `private keys here: ${one?.fingerprint}`]);
    expect((await failure(sealed(two?.fingerprint ?? ""))).code).toBe("KEY_SERVICE_MISSING_KEY");
  });

  test("a public key decrypts nothing", async () => {
    const open = await openPgpKeys([one?.open ?? ""]);
    const error = await failure(open.decrypt(keyOf("", await sealed(one?.fingerprint ?? ""))));
    expect([error.code, error.details[1]]).toEqual(["KEY_SERVICE_NO_MATCH", "private keys here: none"]);
  });

  test("a key that stays locked does not cost the others", async () => {
    const both = await openPgpKeys([locked?.secret ?? "", one?.secret ?? ""]);
    const enc = await encryptedTo([locked?.open ?? "", one?.open ?? ""]);
    expect(await both.decrypt(keyOf(one?.fingerprint ?? "", enc))).toEqual(DATA_KEY);
  });

  test("an entry for more keys than any, or without end, takes no time", async () => {
    const enc = await encryptedTo(Array.from({ length: 17 }, () => one?.open ?? ""));
    expect((await failure(service.decrypt(keyOf(one?.fingerprint ?? "", enc)))).code).toBe("KEY_SERVICE_BAD_DATA");
    const begun = "-----BEGIN PGP PRIVATE KEY BLOCK-----\n".repeat(100_000);
    expect((await failure(openPgpKeys([begun]))).message).toContain("more than 100 blocks");
  });

  test("a private key with a passphrase asks for it, and says so where nobody can be asked", async () => {
    const { secret = "", fingerprint = "" } = locked ?? {};
    const asked: string[] = [];
    const open = await openPgpKeys([secret], {
      askPassphrase: async (name) => {
        asked.push(name);
        return "open sesame";
      },
    });
    const key = keyOf(fingerprint, await sealed(fingerprint, open));
    expect([await open.decrypt(key), asked]).toEqual([DATA_KEY, [fingerprint]]);
    expect((await failure((await openPgpKeys([secret])).decrypt(key))).code).toBe("KEY_SERVICE_NO_CREDENTIALS");
    const wrong = await failure((await openPgpKeys([secret], { askPassphrase: async () => "x" })).decrypt(key));
    expect([wrong.code, wrong.message]).toEqual([
      "KEY_SERVICE_NO_CREDENTIALS",
      "Cannot decrypt the data key with PGP: its passphrase is not the right one",
    ]);
  });

  const damages: readonly [name: string, change: (enc: string) => string][] = [
    ["empty", () => ""],
    ["no armor", () => "x"],
    ["cut", (enc) => enc.slice(0, enc.length / 2)],
    ["a bit", (enc) => enc.replace(/(\n\n.*\n.{9})(.)/, (_, before, one) => `${before}${one === "A" ? "B" : "A"}`)],
  ];
  test.each(damages)("a damaged message is no data key: %s", async (_name, change) => {
    const enc = change(await sealed(one?.fingerprint ?? ""));
    expect((await failure(service.decrypt(keyOf("", enc)))).code).toBe("KEY_SERVICE_BAD_DATA");
  });

  const texts: readonly [name: string, text: () => string][] = [
    ["nothing", () => ""],
    ["other text", () => "hunter2"],
    ["a cut block", () => (one?.secret ?? "").replace(/\n[\s\S]{200}/, "\n")],
    ["too many blocks", () => `${one?.open}\n`.repeat(101)],
  ];
  test.each(texts)("what is no key is refused: %s", async (_name, text) => {
    const error = await failure(openPgpKeys([text()]));
    expect(error.code).toBe("KEY_SERVICE_BAD_SETTINGS");
    expect(error.message).not.toContain("hunter2");
  });
});

describe("rings beside a gpg that cannot help", () => {
  function ports(files: Readonly<Record<string, Uint8Array>>, status = ""): PgpPorts {
    return {
      env: (name) => (name === "GNUPGHOME" ? "/g" : undefined),
      home: "/home/u",
      readFile: async (path) => files[path],
      run: async () =>
        status === ""
          ? { kind: "not started", reason: "there is no such program" }
          : { kind: "ended", code: 2, stdout: new Uint8Array(), stderr: "", status },
    };
  }

  test("are used, also armored", async () => {
    const files = { "/g/secring.gpg": Buffer.from(one?.secret ?? ""), "/g/pubring.gpg": Buffer.from(two?.open ?? "") };
    for (const status of ["", "[GNUPG:] NO_SECKEY 1\n[GNUPG:] INV_RECP 1 X\n"]) {
      const both = pgpKeyService(ports(files, status));
      const key = keyOf(one?.fingerprint ?? "", await both.encrypt(keyOf(one?.fingerprint ?? ""), DATA_KEY));
      expect(await both.decrypt(key)).toEqual(DATA_KEY);
      expect(await both.encrypt(keyOf(two?.fingerprint ?? ""), DATA_KEY)).toContain("BEGIN PGP MESSAGE");
    }
  });

  test("without them the reason is that of gpg", async () => {
    const error = await failure(pgpKeyService(ports({})).decrypt(keyOf("", "x")));
    expect([error.code, error.message]).toEqual([
      "KEY_SERVICE_UNREACHABLE",
      "Cannot decrypt the data key with PGP: gpg cannot be started: there is no such program",
    ]);
    const expired = ports({ "/g/pubring.gpg": Buffer.from(one?.open ?? "") }, "[GNUPG:] INV_RECP 5 X\n");
    const other = await failure(pgpKeyService(expired).encrypt(keyOf(one?.fingerprint ?? ""), DATA_KEY));
    expect(other.message).toContain("this key has expired");
  });
});
