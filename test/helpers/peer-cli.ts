import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type PeerName, peer } from "./peers.ts";
import { runProcess } from "./process.ts";
import type { CliResult, CliRun } from "./run-cli.ts";

export type PeerRun = Pick<CliRun, "files" | "env"> & { readonly stdin?: string | Uint8Array };

/** Runs an original tool as `runCli` runs ours: in a folder of its own with an empty HOME. */
export async function runPeer(name: PeerName, args: readonly string[], options: PeerRun = {}): Promise<CliResult> {
  const base = mkdtempSync(join(tmpdir(), "sealkit-peer-"));
  const cwd = join(base, "work");
  try {
    for (const folder of [cwd, join(base, "home"), join(base, "tmp")]) mkdirSync(folder);
    for (const [path, content] of Object.entries(options.files ?? {})) {
      mkdirSync(dirname(join(cwd, path)), { recursive: true });
      writeFileSync(join(cwd, path), content);
    }
    const { code, stdout, stderr } = await runProcess([peer(name), ...args], {
      input: options.stdin ?? "",
      env: { HOME: join(base, "home"), TMPDIR: join(base, "tmp"), ...options.env },
      cwd,
      timeoutMs: 20_000,
    });
    const files = Object.fromEntries(
      readdirSync(cwd, { withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ name: path }) => {
          const bytes = readFileSync(join(cwd, path));
          const mode = statSync(join(cwd, path)).mode & 0o7777;
          return [path, { bytes, text: bytes.toString("utf8"), mode }];
        }),
    );
    return { code, stdout, stderr, files, stdoutBytes: Buffer.from(stdout) };
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
}
