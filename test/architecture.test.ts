import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** Level of every area: an import goes to a lower level or stays in its own area. */
const LEVELS: Readonly<Record<string, number>> = {
  "package.json": 0,
  "src/errors.ts": 0,
  "src/clear-text.ts": 0,
  "src/parallel.ts": 0,
  "src/spawned.ts": 0,
  "src/bytes": 0,
  "src/crypto": 0,
  "src/age": 1,
  "src/files": 1,
  "src/sealed": 1,
  "src/pkcs12": 1,
  "src/shamir": 1,
  "src/threads": 1,
  "src/x509": 1,
  "src/yaml": 1,
  "src/objects": 1,
  "src/template": 1,
  "src/tree": 1,
  "src/sops": 2,
  "src/kustomize": 2,
  "src/leaks": 2,
  "src/policy": 2,
  "src/kube": 2,
  "src/git": 2,
  "src/oci": 2,
  "src/kms": 3,
  "src/pgp": 3,
  "src/secrets": 3,
  "src/sources": 3,
  "src/apply": 3,
  "src/repository": 4,
  "src/audit": 5,
  "src/keys": 5,
  "src/index.ts": 6,
  controller: 7,
  sandbox: 7,
  cli: 8,
};

/** Only these meet at the same level: certificates are named by what they certify, primitives join bytes, chunks run in threads. */
const SIBLINGS: readonly string[] = ["src/sealed -> src/x509", "src/crypto -> src/bytes", "src/age -> src/threads"];

/** Commands that start the controller or the sandbox: the one place where cli meets them. */
const STARTERS = /^cli\/(controller|sandbox|preview|demo|drill)(\.ts$|\/)/;

/** Areas whose work is cryptography may take node:crypto; the edge of the library is in *-adapter.ts. */
const CRYPTO_AREAS = ["src/crypto", "src/age", "src/sealed", "src/x509", "src/pkcs12", "src/sops", "src/kms"];
const PURE_NODE_MODULES = ["node:buffer"];

interface Module {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly string[];
}

function sources(folder: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  const found: string[] = [];
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = posix.join(folder, entry.name);
    if (entry.isDirectory()) found.push(...sources(path));
    else if (/\.tsx?$/.test(entry.name)) found.push(path);
  }
  return found;
}

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s[^;]*?from\s+"([^"]+)"|\bimport\(\s*"([^"]+)"\s*\)|(?:^|\n)\s*import\s+"([^"]+)"/g;

const modules: readonly Module[] = ["src", "cli", "controller", "sandbox"].flatMap(sources).map((path) => {
  const text = readFileSync(join(root, path), "utf8");
  const imports = [...text.matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? match[3] ?? "");
  return { path, text, imports };
});

function areaOf(path: string): string {
  const parts = path.split("/");
  const area = parts[0] === "src" ? parts.slice(0, 2).join("/") : (parts[0] ?? "");
  return area;
}

function resolve(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  return relative(root, join(root, dirname(from), specifier)).replaceAll("\\", "/");
}

const withoutComments = (text: string) => text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "");

describe("architecture", () => {
  test("sees the modules", () => {
    expect(modules.length).toBeGreaterThan(10);
    expect(modules.reduce((sum, module) => sum + module.imports.length, 0)).toBeGreaterThan(5);
  });

  test("every area has a level", () => {
    const unknown = modules.map((module) => areaOf(module.path)).filter((area) => LEVELS[area] === undefined);
    expect([...new Set(unknown)]).toEqual([]);
  });

  test("docs/architecture.md names every area of the library, at its level", () => {
    const page = readFileSync(join(root, "docs/architecture.md"), "utf8");
    const missing = Object.entries(LEVELS).filter(([area, level]) => {
      if (!/^src\/[^.]+$/.test(area)) return false;
      const name = area.slice("src/".length);
      const isAtLevel = page
        .split("\n")
        .some((line) => line.includes(` ${name}/ `) && line.endsWith(` level ${level}`));
      return !isAtLevel || !page.includes(`\n| \`${name}\` |`);
    });
    expect(missing).toEqual([]);
  });

  test("imports go down a level or stay in the area", () => {
    const wrong: string[] = [];
    for (const { path, imports } of modules) {
      const from = areaOf(path);
      for (const specifier of imports) {
        const target = resolve(path, specifier);
        if (target === undefined) continue;
        const to = areaOf(target);
        if (to === from) continue;
        if ((to === "controller" || to === "sandbox") && from === "cli" && !STARTERS.test(path)) {
          wrong.push(`${path} -> ${target}: only the commands that start it may import it`);
        } else if ((LEVELS[to] ?? 99) >= (LEVELS[from] ?? -1) && !SIBLINGS.includes(`${from} -> ${to}`)) {
          wrong.push(`${path} -> ${target}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  test("no file imports its own area's index", () => {
    const wrong = modules.flatMap(({ path, imports }) =>
      imports
        .map((specifier) => resolve(path, specifier))
        .filter((target) => target === `${areaOf(path)}/index.ts` && areaOf(path).startsWith("src/"))
        .map((target) => `${path} -> ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  test("another area is entered by its index", () => {
    const wrong: string[] = [];
    for (const { path, imports } of modules) {
      for (const specifier of imports) {
        const target = resolve(path, specifier);
        if (target === undefined || !target.startsWith("src/") || areaOf(target) === areaOf(path)) continue;
        if (LEVELS[areaOf(target)] === 0 || target === `${areaOf(target)}/index.ts` || /-adapter\.ts$/.test(target))
          continue;
        wrong.push(`${path} -> ${target}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test("no cycles", () => {
    const edges = new Map(
      modules.map(({ path, imports }) => [
        path,
        imports.map((specifier) => resolve(path, specifier)).filter((target): target is string => target !== undefined),
      ]),
    );
    const done = new Set<string>();
    const cycles: string[] = [];
    const walk = (path: string, trail: readonly string[]): void => {
      const at = trail.indexOf(path);
      if (at >= 0) {
        cycles.push([...trail.slice(at), path].join(" -> "));
        return;
      }
      if (done.has(path)) return;
      for (const next of edges.get(path) ?? []) walk(next, [...trail, path]);
      done.add(path);
    };
    for (const path of edges.keys()) walk(path, []);
    expect(cycles).toEqual([]);
  });

  test("the library reaches outside only in *-adapter.ts", () => {
    const wrong: string[] = [];
    for (const { path, text, imports } of modules.filter((module) => module.path.startsWith("src/"))) {
      if (path.endsWith("-adapter.ts")) continue;
      for (const specifier of imports.filter((name) => name.startsWith("node:"))) {
        const crypto = specifier === "node:crypto" && CRYPTO_AREAS.includes(areaOf(path));
        if (!crypto && !PURE_NODE_MODULES.includes(specifier)) wrong.push(`${path}: ${specifier}`);
      }
      const code = withoutComments(text);
      for (const name of ["process.", "console.", "globalThis.process", "Date.now(", "new Date()", "Math.random("]) {
        if (code.includes(name)) wrong.push(`${path}: ${name}`);
      }
      if (/(?<![.\w])fetch\(/.test(code)) wrong.push(`${path}: fetch(`);
    }
    expect(wrong).toEqual([]);
  });

  test("only main.ts of the command line touches the process", () => {
    const wrong = modules
      .filter(({ path }) => /^(cli|controller|sandbox)\//.test(path) && path !== "cli/main.ts")
      .filter(({ path }) => !path.endsWith("-adapter.ts"))
      .filter(({ text }) => /(?<![.\w])(process\.|console\.)/.test(withoutComments(text)))
      .map(({ path }) => path);
    expect(wrong).toEqual([]);
  });
});
