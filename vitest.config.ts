import { defineConfig } from "vitest/config";
import LongestFirst from "./test/helpers/longest-first.ts";

export default defineConfig({
  resolve: { conditions: ["source", "node", "import", "default"] },
  ssr: { resolve: { conditions: ["source", "node", "import", "default"] } },
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/peers/**", "test/cluster/**", "**/node_modules/**"],
    pool: "threads",
    isolate: false,
    sequence: { sequencer: LongestFirst },
    globalSetup: ["test/helpers/memory-folder.ts"],
    // Much of the time is waiting for servers and processes: one worker more than there are cores where there are two.
    maxWorkers: 3,
    // Half of what a start costs.
    experimental: { fsModuleCache: true },
    // What bounds a hang, not a measure of speed: no test fails because the machine is slow.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
