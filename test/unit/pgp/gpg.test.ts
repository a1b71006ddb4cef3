import { describe, expect, test } from "vitest";
import { gpgKeyService, type PgpPorts, type ProgramEnd, readFingerprint } from "../../../src/pgp/index.ts";
import { KeyServiceError } from "../../../src/sops/index.ts";
import { masterKey } from "../../helpers/fakes/key-service.ts";

const FP = "CABD579DC92FFA58A3F7CF32AE52108B94866D97";
const key = masterKey("pgp", { fp: FP, enc: "-----BEGIN PGP MESSAGE-----" });
const DATA_KEY = new Uint8Array(32).fill(7);

interface Call {
  readonly program: string;
  readonly args: readonly string[];
  readonly stdin: string;
}

function ports(end: ProgramEnd, env: Record<string, string> = {}): { ports: PgpPorts; calls: Call[] } {
  const calls: Call[] = [];
  return {
    calls,
    ports: {
      env: (name) => env[name],
      home: "/home/u",
      readFile: async () => undefined,
      run: async (program, args, stdin) => {
        calls.push({ program, args, stdin: Buffer.from(stdin).toString("latin1") });
        return end;
      },
    },
  };
}

const ended = (more: Partial<Extract<ProgramEnd, { kind: "ended" }>>): ProgramEnd => ({
  kind: "ended",
  code: 0,
  stdout: new Uint8Array(),
  stderr: "",
  status: "",
  ...more,
});

async function failure(work: Promise<unknown>): Promise<KeyServiceError> {
  const error = await work.catch((thrown: unknown) => thrown);
  if (error instanceof KeyServiceError) return error;
  throw new Error("no KeyServiceError was thrown");
}

describe("gpg", () => {
  test("encrypts to exactly this recipient, and the line break at the end goes", async () => {
    const { ports: here, calls } = ports(ended({ stdout: Buffer.from("-----BEGIN\nx\n-----END\n") }));
    expect(await gpgKeyService(here).encrypt(key, DATA_KEY)).toBe("-----BEGIN\nx\n-----END");
    const [call] = calls;
    expect(call?.program).toBe("gpg");
    expect(call?.stdin).toBe("\u0007".repeat(32));
    expect(call?.args.join(" ")).toMatch(/--no-default-recipient --no-encrypt-to .*--recipient CABD\w+ --encrypt$/);
    expect(call?.args).toContain("--batch");
  });

  test("decrypts what stands in the file", async () => {
    const { ports: here, calls } = ports(ended({ stdout: DATA_KEY }), { SOPS_GPG_EXEC: "/opt/gpg2" });
    expect(await gpgKeyService(here).decrypt(key)).toEqual(DATA_KEY);
    expect(calls).toEqual([expect.objectContaining({ program: "/opt/gpg2", stdin: "-----BEGIN PGP MESSAGE-----" })]);
  });

  const line = (text: string) => `[GNUPG:] ${text}\n`;
  const failures: readonly {
    name: string;
    verb: "encrypt" | "decrypt";
    end: ProgramEnd;
    code: string;
    says: string;
  }[] = [
    {
      name: "no gpg",
      verb: "decrypt",
      end: { kind: "not started", reason: "there is no such program" },
      code: "KEY_SERVICE_UNREACHABLE",
      says: "gpg cannot be started: there is no such program",
    },
    {
      name: "no public key",
      verb: "encrypt",
      end: ended({ code: 2, status: line(`INV_RECP 1 ${FP}`) }),
      code: "KEY_SERVICE_MISSING_KEY",
      says: "there is no such public key",
    },
    {
      name: "an expired key",
      verb: "encrypt",
      end: ended({ code: 2, status: line(`INV_RECP 5 ${FP}`) }),
      code: "KEY_SERVICE_FAILED",
      says: "this key has expired",
    },
    {
      name: "a reason nobody knows",
      verb: "encrypt",
      end: ended({ code: 2, status: line(`INV_RECP 99 ${FP}`) }),
      code: "KEY_SERVICE_FAILED",
      says: "this key cannot be used",
    },
    {
      name: "no private key",
      verb: "decrypt",
      end: ended({ code: 2, status: line("ENC_TO 1 18 0") + line("NO_SECKEY 678B5408D7428A23") }),
      code: "KEY_SERVICE_NO_MATCH",
      says: "its private key is not here",
    },
    {
      name: "no passphrase",
      verb: "decrypt",
      end: ended({ code: 2, status: line("ERROR pkdecrypt_failed 83886179") + line("NO_SECKEY 6") }),
      code: "KEY_SERVICE_NO_CREDENTIALS",
      says: "its passphrase was not given",
    },
    {
      name: "a damaged message",
      verb: "decrypt",
      end: ended({ code: 2, status: line("NODATA 1") }),
      code: "KEY_SERVICE_BAD_DATA",
      says: "the entry of the file is damaged",
    },
    {
      name: "no end",
      verb: "decrypt",
      end: ended({ code: undefined }),
      code: "KEY_SERVICE_TIMEOUT",
      says: "gpg did not end in time",
    },
    { name: "nothing", verb: "decrypt", end: ended({}), code: "KEY_SERVICE_FAILED", says: "gpg gave nothing" },
    {
      name: "output of a failed run",
      verb: "decrypt",
      end: ended({ code: 2, stdout: DATA_KEY }),
      code: "KEY_SERVICE_FAILED",
      says: "gpg ended with exit status 2",
    },
  ];
  test.each(failures)("$name: $code", async ({ verb, end, code, says }) => {
    const service = gpgKeyService(ports(end).ports);
    const error = await failure(verb === "encrypt" ? service.encrypt(key, DATA_KEY) : service.decrypt(key));
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(says)]);
    expect(error.original).toMatch(new RegExp(`^could not ${verb} data key with PGP key: .*; GnuPG binary error: `));
  });

  test("what gpg says is shown, as text and bounded", async () => {
    const stderr = `gpg: \u001b[31mred\u0007\n${"gpg: more\n".repeat(100)}`;
    const error = await failure(gpgKeyService(ports(ended({ code: 2, stderr })).ports).decrypt(key));
    expect(error.details).toHaveLength(8);
    expect(error.details[0]).toBe("gpg:  [31mred ");
  });

  test.each(["one@example.invalid", "CABD579D", "--output=x", "", "g".repeat(40), `${FP}!!`, `${FP} ${FP}`])(
    "%j is not given to gpg",
    async (fp) => {
      const { ports: here, calls } = ports(ended({ stdout: DATA_KEY }));
      const error = await failure(gpgKeyService(here).encrypt(masterKey("pgp", { fp }), DATA_KEY));
      expect([error.code, calls]).toEqual(["KEY_SERVICE_BAD_KEY", []]);
    },
  );

  test.each([
    [FP, { hex: FP.toLowerCase(), isExact: false }],
    [`0x${FP}!`, { hex: FP.toLowerCase(), isExact: true }],
    ["AE52108B94866D97", { hex: "ae52108b94866d97", isExact: false }],
  ])("%s is a fingerprint", (text, name) => {
    expect(readFingerprint(text)).toEqual(name);
  });
});
