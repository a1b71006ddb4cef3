import { mkdtempSync, rmSync, statSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parseServiceAddress, type ServiceAddress } from "../../../../src/kms/remote/address.ts";
import { type AnswerOptions, answerWith } from "../../../../src/kms/remote/answer.ts";
import { serviceCaller } from "../../../../src/kms/remote/client-adapter.ts";
import { GrpcFailure } from "../../../../src/kms/remote/grpc-status.ts";
import { REMOTE_LIMITS, type RemoteLimits } from "../../../../src/kms/remote/limits.ts";
import { remoteKeyService } from "../../../../src/kms/remote/remote-key-service.ts";
import { type AnswerCall, type CallServer, serveCalls } from "../../../../src/kms/remote/server-adapter.ts";
import { type KeyService, KeyServiceError, type KeyType, type MasterKey } from "../../../../src/sops/index.ts";

const folder = mkdtempSync(join(tmpdir(), "sealkit-remote-"));
const servers: CallServer[] = [];

afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()));
  rmSync(folder, { recursive: true });
});

let sockets = 0;

async function serve(
  answer: AnswerCall,
  { network = "unix", limits }: { network?: "tcp" | "unix"; limits?: Partial<RemoteLimits> } = {},
): Promise<ServiceAddress> {
  const address = network === "unix" ? join(folder, `${sockets++}.sock`) : "127.0.0.1:0";
  const server = await serveCalls({ network, address }, answer, { ...REMOTE_LIMITS, ...limits });
  servers.push(server);
  return server.service;
}

function client(service: ServiceAddress, limits: Partial<RemoteLimits> = {}): KeyService {
  return remoteKeyService(service, serviceCaller(service, { limits: { ...REMOTE_LIMITS, ...limits } }));
}

const keyOf = (type: KeyType, fields: Record<string, string>): MasterKey => ({
  type,
  fields: new Map(Object.entries(fields)),
});
const AGE = keyOf("age", { recipient: "age1x", enc: "sealed:data key" });
const DATA_KEY = Buffer.from("data key");

/** Seals by putting a word in front. */
const FAKE: KeyService = {
  name: "fake",
  encrypt: async (_, dataKey) => `sealed:${Buffer.from(dataKey).toString()}`,
  decrypt: async ({ fields }) => {
    const enc = String(fields.get("enc"));
    if (enc.startsWith("sealed:")) return Buffer.from(enc.slice(7));
    throw new KeyServiceError("KEY_SERVICE_FAILED", "ours", { original: "not sealed" });
  },
};

const ringOf = (service: KeyService): AnswerOptions["keyring"] => ({
  servicesFor: (type) => (type === "age" ? [service] : []),
  askFor: async () => false,
});
const answers = (more: Partial<AnswerOptions> = {}) => answerWith({ keyring: ringOf(FAKE), ...more });

async function refusal(work: Promise<unknown>): Promise<KeyServiceError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof KeyServiceError)) throw new Error(`no refusal: ${String(error)}`);
  return error;
}

describe("a key service", () => {
  test.each(["tcp", "unix"] as const)("encrypts and decrypts over %s", async (network) => {
    const service = client(await serve(answers(), { network }));
    expect(await service.encrypt(AGE, DATA_KEY)).toBe("sealed:data key");
    expect(Buffer.from(await service.decrypt(AGE)).toString()).toBe("data key");
  });

  test("listens on a socket of its owner alone, and removes it at the end", async () => {
    const path = join(folder, "own.sock");
    const server = await serveCalls({ network: "unix", address: path }, answers());
    expect((statSync(path).mode & 0o777).toString(8)).toBe("600");
    await expect(serveCalls({ network: "unix", address: path }, answers())).rejects.toMatchObject({
      code: "EADDRINUSE",
    });
    await server.close();
    expect(() => statSync(path)).toThrow("ENOENT");
  });

  test("asks before it does anything, with the kind and the name of the key", async () => {
    const asked: string[] = [];
    let worked = 0;
    const counting: KeyService = {
      ...FAKE,
      decrypt: async (key) => {
        worked++;
        return await FAKE.decrypt(key);
      },
    };
    const service = client(
      await serve(
        answers({
          keyring: ringOf(counting),
          approve: async (question) => asked.push(question) > 1,
        }),
      ),
    );
    expect((await refusal(service.decrypt(AGE))).original).toBe(
      "rpc error: code = PermissionDenied desc = Request rejected by user",
    );
    expect(worked).toBe(0);
    await service.decrypt(AGE);
    expect([worked, asked[0]]).toEqual([1, "Received decrypt request using age key with recipient age1x"]);
  });

  test("tells of its calls without any key", async () => {
    const told: unknown[] = [];
    const service = client(await serve(answers({ onCall: (...call) => void told.push(call) })));
    await service.encrypt(AGE, DATA_KEY);
    await refusal(service.decrypt(keyOf("age", { recipient: "age1x", enc: "x" })));
    expect(told).toEqual([
      ["Encrypt", "age key with recipient age1x", undefined],
      ["Decrypt", "age key with recipient age1x", "not sealed"],
    ]);
  });

  const failing =
    (error: unknown): AnswerCall =>
    () =>
      Promise.reject(error);
  test.each<[string, AnswerCall, MasterKey, string]>([
    ["the reason of the key's own service", answers(), keyOf("age", { enc: "x" }), "code = Unknown desc = not sealed"],
    [
      "a key without a service",
      answers(),
      keyOf("pgp", { fp: "AB", enc: "x" }),
      "code = NotFound desc = Unknown key type",
    ],
    [
      "a mistake of its own, without its text",
      failing(new Error("secret")),
      AGE,
      "code = Internal desc = The key service made a mistake",
    ],
    [
      "an answer that is none",
      async () => Buffer.from([0x0a]),
      AGE,
      "code = Internal desc = grpc: failed to unmarshal the received message: the message is cut off",
    ],
    ["an answer that is too long", async () => Buffer.alloc(300_000), AGE, "code = ResourceExhausted"],
  ])("%s", async (_, answer, key, wanted) => {
    const error = await refusal(client(await serve(answer)).decrypt(key));
    expect(error.original).toContain(`rpc error: ${wanted}`);
    expect(`${error.message}${error.details.join()}`).not.toContain("secret");
  });

  test("asks for more identities when those at hand do not fit, as a file would", async () => {
    const asked: string[] = [];
    let opens = false;
    const learning: KeyService = {
      ...FAKE,
      decrypt: async (key) =>
        await FAKE.decrypt(opens ? key : { type: "age", fields: new Map([["enc", "not for anybody here"]]) }),
    };
    const keyring: AnswerOptions["keyring"] = {
      servicesFor: () => [learning],
      askFor: async (recipient) => {
        opens = asked.push(recipient) > 1;
        return opens;
      },
    };
    const service = client(await serve(answers({ keyring })));
    expect((await refusal(service.decrypt(AGE))).original).toContain("not sealed");
    expect(Buffer.from(await service.decrypt(AGE)).toString()).toBe("data key");
    expect(asked).toEqual(["age1x", "age1x"]);
  });

  test("a message that names no key, or is none", async () => {
    const answer = answers();
    await expect(answer("Decrypt", new Uint8Array())).rejects.toEqual(
      new GrpcFailure("NotFound", "Must provide a key"),
    );
    await expect(answer("Decrypt", Buffer.from([0x0a]))).rejects.toMatchObject({ code: "Internal" });
  });

  test("a request that is too long is not sent", async () => {
    const service = client(await serve(answers()));
    expect((await refusal(service.encrypt(AGE, Buffer.alloc(300_000)))).original).toContain("ResourceExhausted");
  });

  test("waits no longer than it may, on either side", async () => {
    const never: AnswerCall = () => new Promise(() => undefined);
    const slow = client(await serve(never, { limits: { callTimeoutMs: 1 } }));
    expect((await refusal(slow.decrypt(AGE))).original).toBe(
      "rpc error: code = DeadlineExceeded desc = The key was not available in time",
    );
    const impatient = client(await serve(never), { callTimeoutMs: 20 });
    expect((await refusal(impatient.decrypt(AGE))).message).toMatch(
      /^Cannot decrypt a data key with age1x: .* in time$/,
    );
  });

  test("turns away more calls than it can work on, also when those before gave up", async () => {
    const never: AnswerCall = () => new Promise(() => undefined);
    const service = client(await serve(never, { limits: { callTimeoutMs: 1, maxConcurrentCalls: 2 } }));
    await Promise.all([refusal(service.decrypt(AGE)), refusal(service.decrypt(AGE))]);
    expect((await refusal(service.decrypt(AGE))).original).toContain("code = ResourceExhausted desc = Too many calls");
  });

  test.each([
    [
      "tcp://127.0.0.1:1",
      'connection error: desc = "transport: Error while dialing: dial tcp 127.0.0.1:1: connect: connection refused"',
    ],
    [
      "unix:///nowhere/x.sock",
      'connection error: desc = "transport: Error while dialing: dial unix /nowhere/x.sock: connect: no such file or directory"',
    ],
  ])("nobody at %s", async (text, wanted) => {
    const address = parseServiceAddress(text);
    if (address === undefined) throw new Error("no address");
    const error = await refusal(client(address).decrypt(AGE));
    expect(error.original).toBe(`rpc error: code = Unavailable desc = ${wanted}`);
    expect(error.message).toBe(`Cannot decrypt a data key with age1x: the key service ${text} cannot be reached`);
  });

  test("a connection that speaks something else is no obstacle for others", async () => {
    const address = await serve(answers());
    const other = connect(address.address);
    const closed = new Promise((done) => other.once("close", done));
    other.on("error", () => undefined).resume();
    other.write("GET / HTTP/1.1\r\n\r\n".repeat(10));
    await closed;
    expect(await client(address).encrypt(AGE, DATA_KEY)).toBe("sealed:data key");
  });
});

describe("addresses", () => {
  test.each(["tcp://localhost:5000", "tcp://127.0.0.1:1", "tcp://[::1]:65535", "unix:///run/sops.sock"])(
    "%s",
    (text) => {
      expect(parseServiceAddress(text)).toBeDefined();
    },
  );
  test.each([
    "",
    "foo",
    "tcp://x",
    "tcp://x:0",
    "tcp://x:65536",
    "tcp://u:p@x:1",
    "http://x:1",
    "unix://x",
    "udp://x:1",
    "tcp://x:1/a",
  ])("%j is none", (text) => {
    expect(parseServiceAddress(text)).toBeUndefined();
  });
});
