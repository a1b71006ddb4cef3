// Builds the package into dist/: the library as ES modules with types, the command line as one bundle with V8's
// compiled code beside it. Usage: node tools/build.mjs [--cli-only]
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const dist = join(root, "dist");
const bin = join(dist, "bin");
const cliOnly = process.argv.includes("--cli-only");
const started = performance.now();

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  target: "node20.20",
  format: "cjs",
  conditions: ["source"],
  charset: "ascii",
  legalComments: "none",
  loader: { ".yaml": "text" },
  logLevel: "warning",
  metafile: true,
};

/** What runs as a script: what it imports lazily it requires. */
const program = {
  ...common,
  minifyWhitespace: true,
  minifySyntax: true,
  supported: { "dynamic-import": false },
};

/** What packages in the bundle look for and do without. */
const OPTIONAL = ["encoding", "bufferutil", "utf-8-validate"];

/** Packages that people install beside ours for what few need: the peer dependencies, asked for when that is used. */
const PEERS = ["openpgp", "pg"];

/**
 * Packages that most commands never need, each in a file of its own beside the bundle: a start pays for every byte of
 * the bundle, read or not (6.6 MB instead of 1.2 MB cost 15 ms of 65).
 */
const APART = new Map([
  ["@grpc/grpc-js", "grpc.cjs"],
  ["@kubernetes/client-node", "client-node.cjs"],
  ["@noble/curves/nist.js", "p256.cjs"],
  ["@noble/post-quantum/hybrid.js", "post-quantum.cjs"],
  ["bcrypt-pbkdf", "bcrypt-pbkdf.cjs"],
  ["node-forge", "node-forge.cjs"],
  ["undici", "undici.cjs"],
]);

/** Commands that are called for one small thing again and again: each has a bundle of its own, without the others. */
const OWN_BUNDLES = ["age", "kubeseal", "sops"];

/** The table of commands, whose dynamic imports are the commands. */
const commandTable = join(root, "cli/commands.ts");

/** Renders templates: in a process of its own, or for the one command that needs it in the main one. */
const RENDER_WORKER = "render-worker.cjs";

/** What runs in other processes and in threads: one file each, and the module that it begins with. */
const PROGRAMS = new Map([
  [RENDER_WORKER, "src/secrets/render/render-worker-adapter.ts"],
  ["age-chunk-thread.cjs", "src/age/threads/age-chunk-thread-adapter.ts"],
  ["repository-thread.cjs", "cli/repository-threads/repository-thread-adapter.ts"],
]);

/** Threads whose work takes little longer than to compile them: these have bundles with compiled code. */
const QUICK_THREADS = new Map([
  ["age-files-thread.cjs", "cli/age/batch/age-files-thread-adapter.ts"],
  ["sops-thread.cjs", "cli/sops/many/threads/sops-thread-adapter.ts"],
]);

rmSync(cliOnly ? bin : dist, { recursive: true, force: true });
mkdirSync(bin, { recursive: true });

const library = cliOnly
  ? Promise.resolve()
  : run([join(root, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.build.json"]);
const bundles = await Promise.all([undefined, ...OWN_BUNDLES].map(buildBundle));
const apart = await Promise.all([
  ...[...APART].map(([name, file]) => buildApart(name, file)),
  ...[...PROGRAMS].map(([file, module]) => buildProgram(file, module)),
  ...[...QUICK_THREADS].map(([file, module]) => buildThread(file, module)),
]);
writeFileSync(
  join(bin, "sealkit.bundle.LICENSES.txt"),
  licences([...bundles.map(({ metafile }) => metafile), ...apart]),
);
await buildLauncher(bundles.map(({ text }) => text).join());
await Promise.all([library, ...bundles.map(({ name }) => compileCode(name))]);
const size = (path) => `${(statSync(path).size / 1024).toFixed(0)} KiB`;
const flavour = `${process.version}-${process.platform}-${process.arch}`;
const sizes = bundles.map(({ name, path }) => `${name} ${size(path)} (compiled ${size(`${path}.${flavour}.code`)})`);
console.log(`Built dist/ in ${((performance.now() - started) / 1000).toFixed(1)} s: ${sizes.join(", ")}`);

/**
 * One file that holds every command and every package, each module run when it is first asked for; with `only`, a
 * command of `cli/commands.ts` and what it needs.
 */
async function buildBundle(only) {
  return await writeBundle(only ?? "sealkit", "cli/main.ts", only === undefined ? [] : [onlyPlugin(only)]);
}

/** The bundle of a thread, and the file that the thread is started with, which runs it with its compiled code. */
async function buildThread(file, module) {
  const name = file.replace(/\.cjs$/, "");
  const { metafile } = await writeBundle(name, module);
  await build({ ...common, entryPoints: ["cli/thread-launcher-adapter.ts"], outfile: join(bin, file) });
  return metafile;
}

/** Launchers read it as Latin-1, which is quicker than UTF-8, and call it as a function. */
async function writeBundle(name, module, plugins = []) {
  const { outputFiles, metafile } = await build({
    ...program,
    entryPoints: [module],
    outfile: join(bin, `${name}.bundle.js`),
    write: false,
    define: { "import.meta.url": "__bundleUrl" },
    plugins: [apartPlugin(), ...plugins],
  });
  refuseForeignImports(metafile);
  const url = 'const __bundleUrl=require("node:url").pathToFileURL(__filename).href;';
  const text = `(function (exports, require, module, __filename, __dirname) {${url}${outputFiles[0].text}\n})`;
  if (/[^\x00-\x7f]/.test(text)) throw new Error("the bundle must be ASCII");
  const path = join(bin, `${name}.bundle`);
  writeFileSync(path, text);
  return { name, path, metafile, text };
}

async function buildApart(name, file) {
  const { metafile } = await build({
    ...program,
    stdin: { contents: `module.exports = require(${JSON.stringify(name)});`, resolveDir: root },
    outfile: join(bin, file),
  });
  refuseForeignImports(metafile);
  return metafile;
}

async function buildProgram(file, module) {
  const { metafile } = await build({
    ...program,
    entryPoints: [module],
    outfile: join(bin, file),
    // That one is a file of its own for the others.
    plugins: file === RENDER_WORKER ? [] : [apartPlugin()],
    banner: { js: 'const __programUrl=require("node:url").pathToFileURL(__filename).href;' },
    define: { "import.meta.url": "__programUrl" },
  });
  refuseForeignImports(metafile);
  return metafile;
}

function apartPlugin() {
  return {
    name: "apart",
    setup({ onResolve }) {
      onResolve({ filter: /\/this-thread-adapter\.ts$/ }, () => ({ path: `./${RENDER_WORKER}`, external: true }));
      onResolve({ filter: /^[@a-z]/ }, ({ path }) => {
        if (PEERS.includes(path)) return { path, external: true };
        const file = APART.get(path);
        return file === undefined ? undefined : { path: `./${file}`, external: true };
      });
    },
  };
}

/** Leaves the other commands out. The launcher never asks such a bundle for them. */
function onlyPlugin(only) {
  return {
    name: "only",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^\.\// }, ({ path, importer, kind }) => {
        const isOther = kind === "dynamic-import" && importer === commandTable && !path.startsWith(`./${only}/`);
        return isOther ? { path, namespace: "elsewhere" } : undefined;
      });
      onLoad({ filter: /.*/, namespace: "elsewhere" }, ({ path }) => ({
        contents: `throw new Error(${JSON.stringify(`${path} is in another bundle`)});`,
      }));
    },
  };
}

async function buildLauncher(texts) {
  const id = createHash("sha256").update(texts).digest("hex").slice(0, 16);
  const path = join(bin, "sealkit.cjs");
  await build({
    ...common,
    entryPoints: ["cli/launcher-adapter.ts"],
    outfile: path,
    banner: { js: "#!/usr/bin/env node" },
    define: { __BUILD_ID__: JSON.stringify(id), __OWN_BUNDLES__: JSON.stringify(OWN_BUNDLES) },
  });
  chmodSync(path, 0o755);
}

/** Runs usual commands of a bundle once and keeps what V8 compiled for them, and for the threads that they start. */
async function compileCode(name) {
  const hasThreads = [...QUICK_THREADS.values()].some((module) => module.startsWith(`cli/${name}/`));
  await run([join(root, "tools/compile-code.cjs"), bin, name, ...(hasThreads ? ["with-threads"] : [])]);
}

function refuseForeignImports(metafile) {
  const known = new Set([
    ...[...builtinModules, ...OPTIONAL, ...PEERS],
    ...[...APART.values(), ...PROGRAMS.keys()].map((file) => `./${file}`),
  ]);
  const foreign = Object.values(metafile.outputs)
    .flatMap(({ imports }) => imports)
    .filter(({ path, external }) => external && !path.startsWith("node:") && !known.has(path))
    .map(({ path }) => path);
  if (foreign.length > 0) throw new Error(`the bundle would need packages at run time: ${foreign.join(", ")}`);
}

/** The licence texts of everything that the bundle holds. */
function licences(metafiles) {
  const packages = new Set();
  for (const input of metafiles.flatMap(({ inputs }) => Object.keys(inputs))) {
    const match = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (match) packages.add(match[1]);
  }
  return [...packages]
    .sort()
    .map((folder) => {
      const { name, version, license } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
      const text = ["LICENSE", "LICENSE.md", "LICENSE.txt", "license", "LICENCE", "License.md"]
        .map((file) => readIfThere(join(root, folder, file)))
        .find((found) => found !== undefined);
      return `${name} ${version} (${license})\n\n${text ?? ""}`;
    })
    .join("\n\n----------------------------------------\n\n");
}

function readIfThere(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function run(args) {
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
    child.on("error", failed);
    child.on("close", (status) => (status === 0 ? done() : failed(new Error(`${args[0]} ended with ${status}`))));
  }).catch((error) => {
    console.error(`Cannot build: ${error.message}`);
    process.exit(1);
  });
}
