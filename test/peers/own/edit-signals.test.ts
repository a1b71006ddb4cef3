import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { encrypt } from "../../../src/sops/index.ts";
import { ownProgram } from "../../helpers/own-program.ts";
import { startProcess, until } from "../../helpers/process.ts";
import { IDENTITY_A, RECIPIENT_A } from "../../helpers/sops.ts";

let program: string;
let sealed: string;
beforeAll(async () => {
  program = await ownProgram();
  sealed = (await encrypt("pass: canary-44d0\n", "yaml", { recipients: [RECIPIENT_A], now: 0 })).text;
});

/** Commands that hold a file in clear until they are killed. */
const HOLDING = [
  { command: "edit", words: ["f.yaml"], signals: ["SIGHUP", "SIGINT", "SIGTERM", "SIGQUIT", "SIGKILL"] },
  { command: "exec-file", words: ["--no-fifo", "f.yaml", "./hold {}"], signals: ["SIGHUP", "SIGTERM", "SIGKILL"] },
  { command: "exec-file", words: ["f.yaml", "./hold {}"], signals: ["SIGTERM", "SIGKILL"] },
] as const;

const rows = HOLDING.flatMap(({ command, words, signals }) => signals.map((signal) => ({ command, words, signal })));

test.each(rows)("$signal at sops $command $words leaves no clear text", async ({ command, words, signal }) => {
  const cwd = mkdtempSync(join(tmpdir(), "sealkit-signals-"));
  onTestFinished(() => rmSync(cwd, { recursive: true, force: true }));
  writeFileSync(join(cwd, "f.yaml"), sealed);
  writeFileSync(
    join(cwd, "hold"),
    `#!/bin/sh\necho $$ > pid\necho "$1" > where.new; mv where.new where\nexec sleep 30\n`,
    { mode: 0o755 },
  );
  const env = { PATH: process.env["PATH"], HOME: cwd, SOPS_AGE_KEY: IDENTITY_A, EDITOR: join(cwd, "hold") };
  const running = startProcess([process.execPath, program, "sops", command, ...words], {
    log: join(cwd, "log"),
    cwd,
    env,
  });
  await until("the command holds the file", () => existsSync(join(cwd, "where")), {
    why: () => running.tail(),
    everyMs: 10,
  });
  const place = dirname(readFileSync(join(cwd, "where"), "utf8").trim());
  const holder = Number(readFileSync(join(cwd, "pid"), "utf8"));
  onTestFinished(() => {
    try {
      process.kill(holder, "SIGKILL");
    } catch {
      // It ended with the program.
    }
  });
  expect(existsSync(place)).toBe(true);
  running.kill(signal);
  await running.ended;
  expect(existsSync(place)).toBe(signal === "SIGKILL");
  expect(running.tail()).not.toContain("canary-44d0");
  expect(readFileSync(join(cwd, "f.yaml"), "utf8")).toBe(sealed);
  if (signal !== "SIGKILL") return;
  // What a killed program could not remove, the next one does.
  const next = startProcess([process.execPath, program, "sops", "edit", "f.yaml"], {
    log: join(cwd, "log"),
    cwd,
    env: { ...env, EDITOR: "true" },
  });
  expect([await next.ended, existsSync(place)]).toEqual([200, false]);
});
