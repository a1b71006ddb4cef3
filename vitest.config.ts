import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["source", "node", "import", "default"] },
  ssr: { resolve: { conditions: ["source", "node", "import", "default"] } },
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/peers/**", "test/cluster/**", "**/node_modules/**"],
    pool: "threads",
    isolate: false,
    testTimeout: 20_000,
  },
});
