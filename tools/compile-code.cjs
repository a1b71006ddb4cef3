// Runs usual command lines from one bundle in one process and writes the code that V8 compiled for them, so that the
// first start of an installed sealkit is as quick as the second. The same for threads that the commands start, where there
// is a core for them. Usage: node tools/compile-code.cjs DIST_BIN BUNDLE [with-threads]
const { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const { tmpdir } = require("node:os");
const { basename, join } = require("node:path");
const { Script } = require("node:vm");
const workerThreads = require("node:worker_threads");

const [, , bin, name, withThreads] = process.argv;
const flavour = `${process.version}-${process.platform}-${process.arch}`;
/** With fewer files in a folder no thread is started. */
const MANY = { age: 300, sops: 150 };
const folder = mkdtempSync(join(tmpdir(), "sealkit-build-"));
const silent = (_chunk, encoding, done) => {
  const callback = typeof encoding === "function" ? encoding : done;
  if (callback) process.nextTick(callback);
  return true;
};

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});

async function main() {
  const exit = process.exit;
  const { write } = process.stdout;
  process.stdout.write = silent;
  process.chdir(folder);
  copyFileSync(join(__dirname, "compile-code.pem"), "cert.pem");
  const secret = "kind: Secret\nmetadata: {name: a, namespace: b}\nstringData: {c: d}\n";
  writeFileSync("secret.yaml", secret);
  mkdirSync("few");
  writeFileSync("few/a.yaml", secret);
  const tell = process.stderr.write;
  process.stderr.write = silent;
  await run(load("sealkit"), ["age-keygen", "-o", "key.txt"]);
  process.env.SOPS_AGE_KEY_FILE = join(folder, "key.txt");
  const [recipient] = /age1\w+/.exec(readFileSync("key.txt", "utf8"));
  const bundle = load(name);
  for (const words of commandLines(recipient)[name]) await run(bundle, words);
  writeFileSync(codeOf(bundle.path), bundle.script.createCachedData());
  if (withThreads !== undefined) {
    mkdirSync("many");
    for (let at = 0; at < MANY[name]; at++) writeFileSync(`many/${at}.yaml`, secret);
    workerThreads.Worker = CompilingWorker;
    for (const words of threadedLines(recipient)[name]) await run(bundle, words);
  }
  process.stderr.write = tell;
  process.stdout.write = write;
  process.chdir(bin);
  rmSync(folder, { recursive: true, force: true });
  exit(0);
}

/** A thread that keeps what was compiled for it. */
class CompilingWorker extends workerThreads.Worker {
  constructor(program, options) {
    const file = join(bin, basename(program.pathname, ".cjs"));
    const workerData = { bundle: `${file}.bundle`, code: codeOf(`${file}.bundle`) };
    super(join(__dirname, "compile-thread.cjs"), { ...options, workerData });
  }
}

function codeOf(bundle) {
  return `${bundle}.${flavour}.code`;
}

function load(named) {
  const path = join(bin, `${named}.bundle`);
  return { path, script: new Script(readFileSync(path, "latin1"), { filename: path }) };
}

async function run({ path, script }, words) {
  process.argv = [process.execPath, join(bin, "sealkit.cjs"), ...words];
  const code = await new Promise((done) => {
    process.exit = done;
    script.runInThisContext()({}, createRequire(join(bin, "sealkit.cjs")), {}, path, bin);
  });
  if (code !== 0) throw new Error(`"sealkit ${words.join(" ")}" ended with ${code}`);
}

function commandLines(recipient) {
  const seal = ["kubeseal", "--cert", "cert.pem", "-f", "secret.yaml"];
  const seals = [seal, [...seal, "-o", "yaml"]];
  return {
    sealkit: [[], ...seals],
    kubeseal: seals,
    age: [
      ["age", "-r", recipient, "-o", "secret.age", "secret.yaml"],
      ["age", "-d", "-i", "key.txt", "-o", "again.yaml", "secret.age"],
    ],
    sops: [
      ["sops", "encrypt", "--age", recipient, "--output", "encrypted.yaml", "secret.yaml"],
      ["sops", "decrypt", "encrypted.yaml"],
      ["sops", "encrypt", "-r", "-i", "--age", recipient, "few"],
      ["sops", "rotate", "-r", "-i", "few"],
    ],
  };
}

/** Commands on so many files that threads are started. */
function threadedLines(recipient) {
  return {
    age: [
      ["age", "-r", recipient, "-o", "sealed/", "many"],
      ["age", "-d", "-i", "key.txt", "-o", "opened/", "sealed"],
    ],
    sops: [
      ["sops", "encrypt", "-r", "-i", "--age", recipient, "many"],
      ["sops", "rotate", "-r", "-i", "many"],
      ["sops", "decrypt", "-r", "--output-dir", "clear", "many"],
    ],
  };
}
