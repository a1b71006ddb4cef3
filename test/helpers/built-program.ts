import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";

const ROOT = join(import.meta.dirname, "../..");
/** What a program loads only when it needs it, and most do not: bundled, it was four fifths of the work. */
const ON_DEMAND = ["@grpc/grpc-js", "@grpc/proto-loader", "@kubernetes/client-node", "openpgp", "pg", "undici"];
const built = new Map<string, Promise<URL>>();

/** A module of these sources as a program for a process or a thread, bundled: Node runs no TypeScript. */
export async function builtProgram(module: string): Promise<URL> {
  const known = built.get(module) ?? buildProgram(module);
  built.set(module, known);
  return await known;
}

/** Named by its content, so that test files that run at the same time share it. */
async function buildProgram(module: string): Promise<URL> {
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, module)],
    bundle: true,
    external: ON_DEMAND,
    platform: "node",
    format: "cjs",
    conditions: ["source"],
    loader: { ".yaml": "text" },
    logLevel: "error",
    write: false,
  });
  const code = outputFiles[0]?.contents ?? new Uint8Array();
  const folder = join(ROOT, "node_modules/.cache/sealkit");
  const name = basename(module).replace(/(-adapter)?\.ts$/, "");
  const path = join(folder, `${name}-${createHash("sha256").update(code).digest("hex").slice(0, 16)}.cjs`);
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true });
    const beside = `${path}.${process.pid}.${performance.now()}`;
    writeFileSync(beside, code);
    renameSync(beside, path);
  }
  return pathToFileURL(path);
}
