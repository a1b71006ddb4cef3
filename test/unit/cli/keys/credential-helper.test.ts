import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { afterAll, describe, expect, test } from "vitest";
import type { Io } from "../../../../cli/io.ts";
import { credentialHelper } from "../../../../cli/keys/credential-helper-adapter.ts";
import { runCli } from "../../../helpers/run-cli.ts";

const folder = mkdtempSync(join(tmpdir(), "sealkit-helper-"));
afterAll(() => rmSync(folder, { recursive: true }));

function io(signal = new AbortController().signal): Io {
  const stream = Object.assign(new Writable({ write: (_chunk, _encoding, done) => done() }), { isTTY: false });
  return {
    env: { PATH: `${folder}:/usr/bin:/bin`, CANARY: "seen" },
    cwd: folder,
    argv0: "sealkit",
    stdin: Object.assign(Readable.from([]), { isTTY: false }),
    stdout: stream,
    stderr: stream,
    signal,
    now: () => 0,
  } as unknown as Io;
}

function program(name: string, script: string) {
  const path = join(folder, `docker-credential-${name}`);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
}

describe("credentialHelper()", () => {
  test("asks `get` for the server on standard input, with our environment and no shell", async () => {
    program("echo", 'read server; printf "%s|%s|%s" "$*" "$server" "$CANARY"');
    const outcome = await credentialHelper(io())("echo", "r.io; id");
    expect({ ...outcome, stdout: outcome.kind === "ended" ? Buffer.from(outcome.stdout).toString() : "" }).toEqual({
      kind: "ended",
      status: 0,
      stdout: "get|r.io; id|seen",
    });
  });

  test.each([
    { name: "absent", says: "docker-credential-absent cannot be started: ENOENT" },
    { name: "floods", script: "exec cat /dev/zero", says: "docker-credential-floods prints too much" },
    { name: "sleeps", script: "exec sleep 5", says: "docker-credential-sleeps takes longer than 0.05 s" },
    { name: "leaves", script: "sleep 2 & exit 0", says: "docker-credential-leaves takes longer than 0.05 s" },
    { name: "dies", script: "kill -9 $$", says: "docker-credential-dies was ended by SIGKILL" },
  ])("$name: $says", async ({ name, script, says }) => {
    if (script !== undefined) program(name, script);
    const timeoutMs = ["sleeps", "leaves"].includes(name) ? 50 : undefined;
    const outcome = await credentialHelper(io(), timeoutMs === undefined ? {} : { timeoutMs })(name, "r.io");
    expect(outcome).toEqual({ kind: "failed", problem: says });
  });

  test.each([".:/usr/bin:/bin", "", ":"])("nothing of the current folder runs, with PATH=%j", async (PATH) => {
    program("here", "echo here");
    const outcome = await credentialHelper({ ...io(), env: { PATH } })("here", "r.io");
    expect(outcome).toEqual({ kind: "failed", problem: "docker-credential-here cannot be started: ENOENT" });
  });

  test("what it says with another status is given on, and an interrupt ends it", async () => {
    program("refuses", "echo no; exit 4");
    expect(await credentialHelper(io())("refuses", "r.io")).toMatchObject({ kind: "ended", status: 4 });
    program("waits", "exec sleep 5");
    const stopping = new AbortController();
    const outcome = credentialHelper(io(stopping.signal))("waits", "r.io");
    stopping.abort();
    expect(await outcome).toEqual({ kind: "failed", problem: "docker-credential-waits was interrupted" });
  });
});

test("a variable that is empty names no folder, and above all not the current one", async () => {
  const files = { "config.json": JSON.stringify({ auths: { "127.0.0.1:1": { auth: "no login" } } }) };
  const verify = (env: Record<string, string>) =>
    runCli("keys verify oci://127.0.0.1:1/team/keys:prod", { files, env });
  expect((await verify({ DOCKER_CONFIG: "", HOME: "" })).stderr).toContain("nobody answers");
  expect((await verify({ DOCKER_CONFIG: "." })).stderr).toContain("is no login");
});
