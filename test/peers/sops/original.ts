import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { peer } from "../../helpers/peers.ts";

export interface OriginalRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder of its own, removed by `end`. */
export interface Workspace {
  readonly path: string;
  end(): void;
}

export function workspace(): Workspace {
  const path = mkdtempSync(join(tmpdir(), "sealkit-sops-"));
  return { path, end: () => rmSync(path, { recursive: true, force: true }) };
}

/** Runs the original with nothing of this machine's environment. `env` is added. */
export async function original(
  args: readonly string[],
  options: { cwd: string; env?: Readonly<Record<string, string>>; stdin?: string | Uint8Array },
): Promise<OriginalRun> {
  return await new Promise((done, failed) => {
    const child = spawn(peer("sops"), args, {
      cwd: options.cwd,
      env: {
        HOME: join(options.cwd, "..", "no-home"),
        PATH: process.env["PATH"] ?? "",
        SOPS_DISABLE_VERSION_CHECK: "1",
        ...options.env,
      },
      stdio: ["pipe", "pipe", "pipe"],
    });
    const [out, err]: Buffer[][] = [[], []];
    child.stdout.on("data", (part: Buffer) => out?.push(part));
    child.stderr.on("data", (part: Buffer) => err?.push(part));
    child.on("error", failed);
    child.on("close", (code) =>
      done({
        code: code ?? -1,
        stdout: Buffer.concat(out ?? []).toString("utf8"),
        stderr: Buffer.concat(err ?? []).toString("utf8"),
      }),
    );
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.stdin ?? "");
  });
}
