import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { type IsolatedRenderer, type IsolatedRendererOptions, isolatedRenderer } from "../../src/secrets/index.ts";

const ROOT = join(import.meta.dirname, "../..");
let built: Promise<URL> | undefined;

/** A renderer over processes that run the module of these sources, bundled: Node runs no TypeScript. */
export async function testRenderer(options: IsolatedRendererOptions = {}): Promise<() => IsolatedRenderer> {
  built ??= buildWorker();
  const worker = await built;
  return () => isolatedRenderer({ worker, ...options });
}

/** Named by its content, so that test files that run at the same time share it. */
async function buildWorker(): Promise<URL> {
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, "src/secrets/render/render-worker-adapter.ts")],
    bundle: true,
    platform: "node",
    format: "cjs",
    conditions: ["source"],
    logLevel: "warning",
    write: false,
  });
  const code = outputFiles[0]?.contents ?? new Uint8Array();
  const folder = join(ROOT, "node_modules/.cache/sealkit");
  const path = join(folder, `render-worker-${createHash("sha256").update(code).digest("hex").slice(0, 16)}.cjs`);
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true });
    const beside = `${path}.${process.pid}.${performance.now()}`;
    writeFileSync(beside, code);
    renameSync(beside, path);
  }
  return pathToFileURL(path);
}
