import { describe, expect, test } from "vitest";
import type { Io } from "../../../../cli/io.ts";
import { runForCredentials } from "../../../../cli/sops/keys/credential-process-adapter.ts";

function ioOf(signal = new AbortController().signal): Io {
  return { cwd: "/", env: { PATH: "/usr/bin:/bin", A: "1" }, signal } as unknown as Io;
}

const UNATTENDED = { isUnattended: true };

describe("runForCredentials()", () => {
  test("gives what was printed, with variables besides our own", async () => {
    const line = `sh -c 'echo "$A$B"; echo noise >&2'`;
    const outcome = await runForCredentials(ioOf(), line, { ...UNATTENDED, env: { B: "2" } });
    expect(outcome.kind === "ended" ? Buffer.from(outcome.stdout).toString() : outcome).toBe("12\n");
  });

  test.each([
    { name: "nothing to run", line: " ", problem: "the command is empty" },
    { name: "a program that is not there", line: "/nope x", problem: "/nope cannot be started: ENOENT" },
    { name: "a folder that is a file", line: "/etc/passwd/x", problem: "/etc/passwd/x cannot be started: ENOTDIR" },
    { name: "a failure", line: "sh -c 'echo why >&2; exit 3'", problem: "sh ended with exit status 3" },
    { name: "too much", line: "sh -c 'yes'", problem: "sh printed more than 65536 bytes" },
    // What a program started may keep its output open for ever.
    { name: "no end", line: "sh -c 'sleep 60 & sleep 60'", problem: "sh did not end within 0.05 s" },
  ])("tells of $name", async ({ line, problem }) => {
    const outcome = await runForCredentials(ioOf(), line, {
      ...UNATTENDED,
      ...(/sleep/.test(line) ? { timeoutMs: 50 } : {}),
    });
    expect(outcome).toMatchObject({ kind: "failed", problem });
    if (/why/.test(line)) expect(outcome).toMatchObject({ complaint: "why\n" });
  });

  test("ends with what it belongs to", async () => {
    const stop = new AbortController();
    const outcome = runForCredentials(ioOf(stop.signal), "sleep 60", UNATTENDED);
    stop.abort();
    expect(await outcome).toMatchObject({ kind: "failed", problem: "sleep was interrupted" });
    expect(await runForCredentials(ioOf(stop.signal), "true")).toMatchObject({ problem: "true was interrupted" });
  });
});
