import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const ROOT = join(import.meta.dirname, "../..");

/**
 * The path of a program `sealkit` of these sources, for other programs to start. Packages stay outside of it, so that it is
 * built at once; it is named by its content, so that test files share it.
 */
export async function ownProgram(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, "cli/main.ts")],
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    conditions: ["source"],
    loader: { ".yaml": "text" },
    logLevel: "error",
    write: false,
    banner: { js: "#!/usr/bin/env node" },
    outfile: "sealkit.mjs",
  });
  const code = outputFiles[0]?.contents ?? new Uint8Array();
  const folder = join(ROOT, "node_modules/.cache/sealkit");
  const path = join(folder, `sealkit-${createHash("sha256").update(code).digest("hex").slice(0, 16)}.mjs`);
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true });
    const beside = `${path}.${process.pid}`;
    writeFileSync(beside, code);
    chmodSync(beside, 0o755);
    renameSync(beside, path);
  }
  return path;
}
