import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseServiceAddress, remoteKeyService } from "../../../../src/kms/index.ts";
import { serviceCaller } from "../../../../src/kms/remote/client-adapter.ts";
import { encrypt } from "../../../../src/sops/index.ts";
import { type CliResult, runCli } from "../../../helpers/run-cli.ts";
import { IDENTITY_A, IDENTITY_B, RECIPIENT_A, RECIPIENT_B } from "../../../helpers/sops.ts";

const folder = mkdtempSync(join(tmpdir(), "sealkit-keyservice-"));
const running: (() => Promise<CliResult>)[] = [];
let encrypted = "";

beforeAll(async () => {
  encrypted = (await encrypt("a: 1\n", "yaml", { recipients: [RECIPIENT_A], now: 0 })).text;
});

afterAll(async () => {
  await Promise.all(running.map((stop) => stop()));
  rmSync(folder, { recursive: true });
});

interface Running {
  /** For `--keyservice`. */
  readonly address: string;
  stop(): Promise<CliResult>;
}

/** Starts a key service that holds identity A, and waits until it listens. */
async function start(words: readonly string[], stdin?: PassThrough): Promise<Running> {
  const interrupt = new AbortController();
  let seen = "";
  let tell: (address: string) => void = () => undefined;
  const listening = new Promise<string>((done) => {
    tell = done;
  });
  const run = runCli(["sops", "keyservice", "--verbose", ...words], {
    env: { SOPS_AGE_KEY: IDENTITY_A },
    cwd: folder,
    signal: interrupt.signal,
    ...(stdin === undefined ? {} : { stdin }),
    onOutput(text) {
      seen += text;
      const [, address] = /Listening on (\S+)"/.exec(seen) ?? [];
      if (address !== undefined) tell(address);
    },
  });
  const stop = async () => {
    interrupt.abort();
    return await run;
  };
  running.push(stop);
  return { address: await listening, stop };
}

async function sops(words: readonly string[], env: Record<string, string> = {}): Promise<CliResult> {
  return await runCli(["sops", ...words], {
    files: { "f.yaml": encrypted, "clear.yaml": "a: 1\n" },
    env,
  });
}

const ALONE = "--enable-local-keyservice=false";

describe("a key service", () => {
  test("opens and encrypts files for programs without keys, over TCP and by a variable too", async () => {
    const { address, stop } = await start(["--address", "127.0.0.1:0"]);
    const opened = await sops(["decrypt", ALONE, "--keyservice", address, "f.yaml"]);
    expect([opened.code, opened.stdout, opened.stderr]).toEqual([0, "a: 1\n", ""]);
    const byVariable = await sops(["decrypt", "f.yaml"], {
      SOPS_KEYSERVICE: `tcp://127.0.0.1:1,${address}`,
      SOPS_ENABLE_LOCAL_KEYSERVICE: "false",
    });
    expect([byVariable.code, byVariable.stdout]).toEqual([0, "a: 1\n"]);
    const made = await sops(["encrypt", ALONE, "--keyservice", address, "--age", RECIPIENT_A, "clear.yaml"]);
    expect([made.code, made.stderr]).toEqual([0, ""]);
    const { code, stderr } = await stop();
    expect(code).toBe(0);
    expect(stderr).toContain(`level=info msg="Decrypt with age key with recipient ${RECIPIENT_A}: done"`);
    expect(stderr).not.toContain("AGE-SECRET-KEY");
  });

  test("removes its socket at the end", async () => {
    const path = join(folder, "a.sock");
    const { address, stop } = await start(["--network", "unix", "--address", "a.sock"]);
    expect([address, existsSync(path)]).toEqual([`unix://${path}`, true]);
    const twice = await runCli(["sops", "keyservice", "--net", "unix", "--addr", path]);
    expect([twice.code, twice.stderr.split("\n").slice(1)]).toEqual([
      1,
      [
        expect.stringContaining(`level=fatal msg="listen unix ${path}: bind: address already in use"`),
        `hint: when no key service is running, remove what a former one left: rm ${path}`,
        "",
      ],
    ]);
    expect((await stop()).code).toBe(0);
    expect(existsSync(path)).toBe(false);
  });

  test("asks with --prompt, again until it is a yes or a no, and takes the end of the answers for a no", async () => {
    const stdin = new PassThrough();
    stdin.write("n\nperhaps\ny\n");
    const { address, stop } = await start(["--address", "127.0.0.1:0", "--prompt"], stdin);
    const decrypt = () => sops(["decrypt", ALONE, "--keyservice", address, "f.yaml"]);
    const refused = await decrypt();
    expect(refused.code).toBe(128);
    expect(refused.stderr).toContain(
      "    - | rpc error: code = PermissionDenied desc = Request rejected\n      | by user\n",
    );
    expect((await decrypt()).code).toBe(0);
    stdin.end();
    expect((await decrypt()).code).toBe(128);
    const { stdout } = await stop();
    const question = `\nReceived decrypt request using age key with recipient ${RECIPIENT_A}. Respond to request? (y/n): `;
    expect(stdout).toBe(question.repeat(4));
  });

  test("a key's name cannot ask for something else: no line breaks, no commands for the terminal", async () => {
    const stdin = new PassThrough();
    stdin.end("n\n");
    const { address, stop } = await start(["--address", "127.0.0.1:0", "--prompt"], stdin);
    const service = parseServiceAddress(address);
    if (service === undefined) throw new Error("no address");
    const arn = "arn:x\n\u001b[2J\nReceived encrypt request using a harmless key";
    const key = { type: "kms", fields: new Map([["arn", arn]]) } as const;
    await expect(remoteKeyService(service, serviceCaller(service)).decrypt(key)).rejects.toThrow(
      "somebody who refused",
    );
    const { stdout } = await stop();
    expect(stdout.split("\n")).toHaveLength(2);
    expect(stdout).not.toContain("\u001b");
  });

  test("what it has no key for stays closed, with its reason", async () => {
    const { address } = await start(["--address", "127.0.0.1:0"]);
    writeFileSync(
      join(folder, "b.yaml"),
      (await encrypt("a: 1\n", "yaml", { recipients: [RECIPIENT_B], now: 0 })).text,
    );
    const run = await runCli(["sops", "decrypt", ALONE, "--keyservice", address, "b.yaml"], { cwd: folder });
    expect(run.code).toBe(128);
    expect(run.stderr).toContain("rpc error: code = Unknown desc = failed to create reader");
    const own = await runCli(["sops", "decrypt", "--keyservice", address, "b.yaml"], {
      cwd: folder,
      env: { SOPS_AGE_KEY: IDENTITY_B },
    });
    expect([own.code, own.stdout]).toEqual([0, "a: 1\n"]);
  });

  test("one that cannot be used is passed over with a warning, and refused with --strict", async () => {
    const env = { SOPS_AGE_KEY: IDENTITY_A };
    const run = await sops(["decrypt", "--keyservice", "foo", "f.yaml"], env);
    expect([run.code, run.stdout]).toEqual([0, "a: 1\n"]);
    expect(run.stderr).toContain('the key service \\"foo\\" is passed over');
    expect((await sops(["decrypt", "--strict", "--keyservice", "foo", "f.yaml"], env)).code).toBe(8);
  });

  test.each([
    [["--network", "foo"], "listen foo: unknown network foo"],
    [["--address", "nowhere"], "listen tcp: address nowhere: missing port in address"],
    [
      ["--network", "unix", "--address", "/nowhere/x.sock"],
      "listen unix /nowhere/x.sock: bind: no such file or directory",
    ],
  ])("cannot listen: %j", async (words, state) => {
    const { code, stderr } = await runCli(["sops", "keyservice", ...words], { now: 0 });
    const line = (level: string, text: string) => `[CMD]\t time="1970-01-01T00:00:00Z" level=${level} msg="${text}"\n`;
    expect([code, stderr]).toEqual([1, line("error", `Error running keyservice: ${state}`) + line("fatal", state)]);
  });
});
