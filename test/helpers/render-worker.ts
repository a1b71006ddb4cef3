import { join } from "node:path";
import { build } from "esbuild";
import { type ThreadRenderer, type ThreadRendererOptions, threadRenderer } from "../../src/secrets/index.ts";

let built: Promise<URL> | undefined;

/** A renderer over threads that run the module of these sources, bundled: Node runs no TypeScript in a thread. */
export async function testRenderer(options: ThreadRendererOptions = {}): Promise<() => ThreadRenderer> {
  built ??= buildWorker();
  const worker = await built;
  return () => threadRenderer({ worker, ...options });
}

/** As a URL that holds the module itself, so that no file has to stay behind. */
async function buildWorker(): Promise<URL> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, "../../src/secrets/render-worker-adapter.ts")],
    bundle: true,
    platform: "node",
    format: "esm",
    conditions: ["source"],
    logLevel: "warning",
    write: false,
  });
  const code = Buffer.from(outputFiles[0]?.contents ?? []).toString("base64");
  return new URL(`data:text/javascript;base64,${code}`);
}
