import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, posix } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");

/** What threads run is found by its name at run time: a name that is wrong would only cost speed, and nobody would see it. */
test("every program of a thread is built into a file beside the bundle", () => {
  const build = readFileSync(join(root, "tools/build.mjs"), "utf8");
  const built = [...build.matchAll(/\["([\w-]+\.cjs)", "((?:src|cli|controller)\/[\w/.-]+)"\]/g)].map(
    ([, file, module]) => [file, module],
  );
  const wanted = ["src", "cli", "controller"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".ts"))
      .flatMap((path) => {
        const module = posix.join(folder, path);
        const text = readFileSync(join(root, module), "utf8");
        const names = [...text.matchAll(/threadProgram\(import\.meta\.url, "([\w-]+)"\)/g)];
        return names.map(([, name]) => [`${name}.cjs`, posix.join(dirname(module), `${name}-adapter.ts`)]);
      }),
  );
  expect(wanted.length).toBeGreaterThan(1);
  expect(built).toEqual(expect.arrayContaining(wanted));
  for (const [, module = ""] of built) expect(existsSync(join(root, module)), basename(module)).toBe(true);
});
