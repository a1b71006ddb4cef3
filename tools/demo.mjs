// Plays the demo: `node tools/demo.mjs` in a sandbox, `node tools/demo.mjs --cluster` on a real kube-apiserver with etcd.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { missingPeers } from "./peers.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const program = join(root, "dist/bin/sealkit.cjs");
const words = process.argv.slice(2);
const onCluster = words.includes("--cluster");

function run(...command) {
  const { status } = spawnSync(process.execPath, command, { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}

if (onCluster) {
  const missing = missingPeers(["kube-apiserver", "kube-controller-manager", "etcd", "kubectl"]);
  if (missing.length > 0) {
    console.error(`error: Cannot play the demo on a cluster: the original tools are not there: ${missing.join(", ")}`);
    console.error("hint: npm run peers");
    process.exit(1);
  }
  run(join(root, "tools/build.mjs"), "--cli-only");
  const { build } = await import("esbuild");
  const bundle = join(root, "dist/demo-cluster/main.cjs");
  mkdirSync(dirname(bundle), { recursive: true });
  await build({
    entryPoints: [join(root, "test/helpers/demo-main.ts")],
    outfile: bundle,
    bundle: true,
    platform: "node",
    format: "cjs",
    conditions: ["source"],
    define: { "import.meta.url": "__moduleUrl" },
    banner: { js: `const __moduleUrl = ${JSON.stringify(new URL("../test/helpers/x.ts", import.meta.url).href)};` },
    loader: { ".yaml": "text" },
    logLevel: "error",
  });
  run(bundle);
} else {
  if (!existsSync(program) || words.includes("--build")) run(join(root, "tools/build.mjs"), "--cli-only");
  run(program, "demo", ...words.filter((word) => word !== "--build"));
}
