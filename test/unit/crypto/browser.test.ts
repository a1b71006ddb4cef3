import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../..", import.meta.url));

describe("what browsers may use bundles without any module of Node", () => {
  test.each(["src/age/index.ts", "src/sealed/index.ts", "src/x509/index.ts"])("%s", async (entry) => {
    const { metafile, outputFiles, warnings } = await build({
      absWorkingDir: root,
      entryPoints: [entry],
      bundle: true,
      // Loaded only when a certificate is made; it brings its own ways around Node.
      external: ["node-forge"],
      write: false,
      metafile: true,
      format: "esm",
      platform: "browser",
      conditions: ["source", "browser"],
      logLevel: "silent",
    });
    expect(warnings).toEqual([]);
    const inputs = Object.keys(metafile.inputs);
    expect(inputs).toContain("src/crypto/web.ts");
    expect(inputs).not.toContain("src/crypto/node.ts");
    const outside = Object.values(metafile.inputs).flatMap(({ imports }) => imports.filter(({ external }) => external));
    expect(outside.filter(({ path }) => !["<runtime>", "node-forge"].includes(path))).toEqual([]);
    const code = outputFiles[0]?.text ?? "";
    expect(code).not.toMatch(/node:|\bBuffer\b/);
    expect(code.length).toBeGreaterThan(10_000);
  });
});
