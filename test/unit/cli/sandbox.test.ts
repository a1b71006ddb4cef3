import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { eventually } from "../../conformance/endpoint.ts";
import { runCli } from "../../helpers/run-cli.ts";

describe("sealkit sandbox", () => {
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });
  const folder = () => {
    const made = mkdtempSync(join(tmpdir(), "sealkit-test-"));
    folders.push(made);
    return made;
  };

  test("writes a kubeconfig for its owner only, says how to use it, and ends when interrupted", async () => {
    const cwd = folder();
    const stop = new AbortController();
    const running = runCli("sandbox --kubeconfig kc", { cwd, signal: stop.signal });
    await eventually("the kubeconfig is written", async () => (existsSync(join(cwd, "kc")) ? true : undefined));
    const text = readFileSync(join(cwd, "kc"), "utf8");
    expect(statSync(join(cwd, "kc")).mode & 0o777).toBe(0o600);
    expect(text).toMatch(/server: https:\/\/127\.0\.0\.1:\d+\n/);
    stop.abort();
    const { code, stdout } = await running;
    expect(code).toBe(0);
    const path = join(cwd, "kc");
    expect(stdout).toContain(`export KUBECONFIG=${/^[\w./-]+$/.test(path) ? path : `'${path}'`}\n`);
    expect(stdout).not.toContain(/token: (.*)/.exec(text)?.[1] ?? "no token");
  });

  test("a port in use is told, and nothing is written", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const address = other.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const cwd = folder();
    const { code, stderr, stdout } = await runCli(`sandbox --port ${port}`, { cwd });
    await new Promise((resolve) => other.close(resolve));
    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toContain(`Cannot start the sandbox on 127.0.0.1:${port}: the port is in use`);
    expect(stderr).toContain("hint: choose another port with --port");
    expect(existsSync(join(cwd, "sealkit-sandbox.kubeconfig"))).toBe(false);
  });

  test.each(["sandbox --port 70000", "sandbox --port x", "sandbox word", "sandbox --nope"])(
    "refuses %s",
    async (line) => {
      expect((await runCli(line)).code).toBe(2);
    },
  );
});
