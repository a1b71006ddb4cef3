// Runs the tests that need the original tools: `node tools/test-with-peers.mjs CONFIG TOOL... -- [--if-present] [vitest arguments]`.
// Without the tools it refuses and says what to do; with `--if-present` it says so and ends well.
import { spawnSync } from "node:child_process";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { missingPeers } from "./peers.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const words = process.argv.slice(2);
const end = words.indexOf("--");
const [config, ...tools] = words.slice(0, end);
const rest = words.slice(end + 1);
const ifPresent = rest.includes("--if-present");

const missing = missingPeers(tools);
if (missing.length > 0) {
  const reason = `the original tools are not there: ${missing.join(", ")}`;
  console.error(ifPresent ? `Skipped ${config}: ${reason}` : `error: Cannot run ${config}: ${reason}`);
  console.error("hint: npm run peers");
  process.exitCode = ifPresent ? 0 : 1;
} else {
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const forwarded = rest.filter((word) => word !== "--if-present");
  const run = spawnSync(process.execPath, [vitest, "run", "--config", config, ...forwarded], {
    cwd: root,
    stdio: "inherit",
    env: ifPresent ? { ...process.env, SEALKIT_IF_PRESENT: "1" } : process.env,
  });
  process.exitCode = run.status ?? 1;
}
