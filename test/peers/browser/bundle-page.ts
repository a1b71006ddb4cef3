import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** Bundles a page of this folder as any bundler does it for browsers. */
export function bundlePage(page: string) {
  return build({
    entryPoints: [fileURLToPath(new URL(page, import.meta.url))],
    bundle: true,
    write: false,
    metafile: true,
    platform: "browser",
    format: "iife",
    target: "es2022",
    conditions: ["source", "browser"],
    logLevel: "silent",
  });
}
