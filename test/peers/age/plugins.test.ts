import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decryptBytes, encryptBytes, pluginIdentityNamed } from "../../../src/age/index.ts";
import { pluginPrograms } from "../../../src/age/plugin/plugin-programs-adapter.ts";
import { encodeBech32 } from "../../../src/bytes/bech32.ts";
import { peer } from "../../helpers/peers.ts";
import { runCli } from "../../helpers/run-cli.ts";

/** One plugin of ours between the real age and our client, and the plugin that comes with age. */

const RECIPIENT = encodeBech32("age1tester", Uint8Array.of(1, 2, 3));
const IDENTITY = encodeBech32("age-plugin-tester-", Uint8Array.of(4, 5)).toUpperCase();
const NATIVE = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";

let folder: string;
let env: Record<string, string>;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sealkit-age-plugins-"));
  const source = fileURLToPath(new URL("../../helpers/age-plugin.mjs", import.meta.url));
  const program = join(folder, "age-plugin-tester");
  writeFileSync(program, `#!${process.execPath}\nimport(${JSON.stringify(source)});\n`);
  chmodSync(program, 0o755);
  writeFileSync(join(folder, "k.txt"), `${IDENTITY}\n`);
  env = { PATH: `${folder}:${dirname(peer("age-plugin-batchpass"))}`, HOME: folder };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ending {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

function original(args: readonly string[], input: string | Uint8Array, more: Record<string, string> = {}): Ending {
  const run = spawnSync(peer("age"), args, { cwd: folder, input, env: { ...env, ...more } });
  const stderr = run.stderr.toString().replace(/^age: report unexpected .*\n/m, "");
  return { code: run.status, stdout: run.stdout, stderr };
}

async function own(
  args: readonly string[],
  stdin: string | Uint8Array,
  more: Record<string, string> = {},
): Promise<Ending> {
  const run = await runCli(["age", ...args], { cwd: folder, stdin, env: { ...env, ...more } });
  return { code: run.code, stdout: Buffer.from(run.stdoutBytes), stderr: run.stderr };
}

describe("files for a plugin", () => {
  test.each([
    { to: ["-r", RECIPIENT], from: ["-i", "k.txt"] },
    { to: ["-e", "-i", "k.txt"], from: ["-j", "tester"] },
    { to: ["-e", "-j", "tester"], from: ["-i", "k.txt"] },
    { to: ["-r", NATIVE, "-r", RECIPIENT], from: ["-j", "tester"] },
  ])("$to, both ways", async ({ to, from }) => {
    const [ours, theirs] = [await own(to, "hello\n"), original(to, "hello\n")];
    expect([ours.code, ours.stderr, theirs.code]).toEqual([0, "", 0]);
    expect(ours.stdout.length).toBe(theirs.stdout.length);
    expect(original(["-d", ...from], ours.stdout).stdout.toString()).toBe("hello\n");
    expect((await own(["-d", ...from], theirs.stdout)).stdout.toString()).toBe("hello\n");
  });
});

describe("what the plugin hears", () => {
  const heard = (log: string) =>
    readFileSync(log, "utf8")
      .split("\n")
      .filter((line) => !line.includes(" grease-"))
      .map((line) => line.replace(/ [0-9a-f]*$/, ""))
      // The test plugin's own stanza has the same arguments in every file; shares and tags of others have not.
      .map((line) => line.replace(/X25519 .*/, "X25519"));

  test.each(["", "message", "unknown", "public", "label postquantum"])("is the same when it does: %j", async (does) => {
    const logs = { ours: join(folder, `ours ${does}`), theirs: join(folder, `theirs ${does}`) };
    const file = original(["-r", RECIPIENT], "x").stdout;
    await own(["-r", RECIPIENT], "x", { PLUGIN_DOES: does, PLUGIN_LOG: logs.ours });
    original(["-r", RECIPIENT], "x", { PLUGIN_DOES: does, PLUGIN_LOG: logs.theirs });
    await own(["-d", "-i", "k.txt"], file, { PLUGIN_DOES: does, PLUGIN_LOG: logs.ours });
    original(["-d", "-i", "k.txt"], file, { PLUGIN_DOES: does, PLUGIN_LOG: logs.theirs });
    const withoutTerminal = does !== "public" || spawnSync("sh", ["-c", ": < /dev/tty"]).status !== 0;
    if (withoutTerminal) expect(heard(logs.ours)).toEqual(heard(logs.theirs));
  });
});

describe("plugins that fail", () => {
  test.each(["error", "crash", "crash at start", "label postquantum"])("%s", async (does) => {
    const args = ["-r", NATIVE, "-r", RECIPIENT];
    const [ours, theirs] = [await own(args, "x", { PLUGIN_DOES: does }), original(args, "x", { PLUGIN_DOES: does })];
    expect([ours.code, ours.stderr.split("\n")[0]]).toEqual([theirs.code, theirs.stderr.split("\n")[0]]);
  });
});

describe("batchpass", () => {
  const pass = { AGE_PASSPHRASE: "pw", AGE_PASSPHRASE_WORK_FACTOR: "4" };

  test("ours and the plugin of age read each other's files", async () => {
    const [ours, theirs] = [
      await own(["-e", "-j", "batchpass"], "hello\n", pass),
      original(["-e", "-j", "batchpass"], "hello\n", pass),
    ];
    expect(original(["-d", "-j", "batchpass"], ours.stdout, pass).stdout.toString()).toBe("hello\n");
    expect((await own(["-d", "-j", "batchpass"], theirs.stdout, pass)).stdout.toString()).toBe("hello\n");
  });

  test("the real plugin speaks with our client", async () => {
    const plugins = pluginPrograms({ env: { ...env, ...pass } });
    const identity = pluginIdentityNamed("batchpass", plugins);
    const recipient = identity.asRecipient?.();
    if (recipient === undefined) throw new Error("no recipient");
    const file = await encryptBytes(Buffer.from("hello"), [recipient]);
    expect((await decryptBytes(file, [identity])).revealText()).toBe("hello");
    const wrong = pluginIdentityNamed("batchpass", pluginPrograms({ env: { ...env, AGE_PASSPHRASE: "no" } }));
    await expect(decryptBytes(file, [wrong])).rejects.toMatchObject({
      original: "batchpass plugin: incorrect passphrase",
    });
  });

  test.each([
    {},
    { AGE_PASSPHRASE: "" },
    { AGE_PASSPHRASE: "x", AGE_PASSPHRASE_FD: "3" },
    { AGE_PASSPHRASE_FD: "x" },
    { AGE_PASSPHRASE_FD: "-1" },
    { AGE_PASSPHRASE_FD: "999" },
    { AGE_PASSPHRASE: "x", AGE_PASSPHRASE_WORK_FACTOR: "x" },
    { AGE_PASSPHRASE: "x", AGE_PASSPHRASE_WORK_FACTOR: "0" },
    { AGE_PASSPHRASE: "x", AGE_PASSPHRASE_WORK_FACTOR: "99" },
  ])("refuses as the original: %j", async (given: Record<string, string>) => {
    const args = ["-e", "-j", "batchpass"];
    expect((await own(args, "x", given)).stderr).toBe(original(args, "x", given).stderr);
  });

  test.each([
    { AGE_PASSPHRASE: "no" },
    { AGE_PASSPHRASE: "pw", AGE_PASSPHRASE_MAX_WORK_FACTOR: "3" },
    { AGE_PASSPHRASE: "pw", AGE_PASSPHRASE_MAX_WORK_FACTOR: "31" },
    { AGE_PASSPHRASE: "pw", AGE_PASSPHRASE_MAX_WORK_FACTOR: "x" },
  ])("does not decrypt, as the original: %j", async (given: Record<string, string>) => {
    const file = original(["-e", "-j", "batchpass"], "x", pass).stdout;
    const args = ["-d", "-j", "batchpass"];
    expect((await own(args, file, given)).stderr).toBe(original(args, file, given).stderr);
    const native = original(["-r", NATIVE], "x").stdout;
    expect((await own(args, native, { AGE_PASSPHRASE: "pw" })).stderr).toBe(
      original(args, native, { AGE_PASSPHRASE: "pw" }).stderr,
    );
  });
});
