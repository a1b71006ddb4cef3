// Benches run on plain Node: the test harness, which is TypeScript, is bundled for them.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { root } from "./measure.mjs";

/** Imports a module of the project that is written in TypeScript. */
export async function importTypeScript(path) {
  // Two folders below the root, as the helpers themselves are: they find the root from where they are.
  const outfile = join(root, ".peers/run", `${path.replace(/[/.]/g, "-")}.mjs`);
  await build({
    entryPoints: [join(root, path)],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    conditions: ["source"],
    logLevel: "error",
    banner: {
      js: 'import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);',
    },
  });
  return import(pathToFileURL(outfile).href);
}
