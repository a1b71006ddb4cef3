import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { expect, test } from "vitest";
import { playDemo } from "../../cli/demo/demo.ts";
import { clusterStages } from "../helpers/demo-cluster.ts";

test("the demo holds on a real API server", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sealkit-demo-test-"));
  const stdout = new PassThrough();
  let text = "";
  stdout.on("data", (chunk: Buffer) => {
    text += chunk.toString("utf8");
  });
  try {
    const code = await playDemo(
      {
        env: process.env,
        cwd: folder,
        argv0: "sealkit",
        stdin: Readable.from([]),
        stdout,
        stderr: new PassThrough(),
        signal: new AbortController().signal,
        now: Date.now,
      },
      clusterStages,
    );
    expect(code, text).toBe(0);
    expect(text).toContain("Everything held");
    expect(text).not.toContain("FAIL");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 240_000);
