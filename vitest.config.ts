import { defineConfig } from "vitest/config";
import LongestFirst from "./test/helpers/vitest/longest-first.ts";

export default defineConfig({
  resolve: { conditions: ["source", "node", "import", "default"] },
  ssr: { resolve: { conditions: ["source", "node", "import", "default"] } },
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/peers/**", "test/cluster/**", "**/node_modules/**"],
    // Processes, not threads: to start a program, one that holds the heaps of three threads copies their page tables, and
    // all of them wait meanwhile. That was a fifth of the processor time of tests that start git.
    pool: "forks",
    isolate: false,
    // What runs for a moment only is not worth optimizing: V8 looks later than it would in a program. And the stack of a
    // worker thread, as the code has where it works in threads.
    execArgv: ["--interrupt-budget=800000", "--stack-size=3900"],
    sequence: { sequencer: LongestFirst },
    globalSetup: ["test/helpers/vitest/memory-folder.ts"],
    // Much of the time is waiting for servers and processes: one worker more than there are cores where there are two.
    maxWorkers: 3,
    // Half of what a start costs.
    experimental: { fsModuleCache: true },
    // What bounds a hang, not a measure of speed: no test fails because the machine is slow.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
