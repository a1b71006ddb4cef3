import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { afterAll } from "vitest";
import { type ThreadRenderer, type ThreadRendererOptions, threadRenderer } from "../../src/secrets/index.ts";

let built: Promise<URL> | undefined;

/** The module that rendering threads run, made from the sources as the bundle is: Node runs no TypeScript in a thread. */
export function renderWorker(): Promise<URL> {
  built ??= buildWorker();
  return built;
}

/** A renderer over that module. */
export async function testRenderer(options: ThreadRendererOptions = {}): Promise<() => ThreadRenderer> {
  const worker = await renderWorker();
  return () => threadRenderer({ worker, ...options });
}

async function buildWorker(): Promise<URL> {
  const folder = mkdtempSync(join(tmpdir(), "sealkit-worker-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const outfile = join(folder, "render-worker.cjs");
  await build({
    entryPoints: [join(import.meta.dirname, "../../src/secrets/render-worker-adapter.ts")],
    outfile,
    bundle: true,
    platform: "node",
    format: "cjs",
    conditions: ["source"],
    logLevel: "warning",
  });
  return pathToFileURL(outfile);
}
