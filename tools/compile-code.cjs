// Runs usual command lines from one bundle in one process and writes the code that V8 compiled for them, so that the
// first start of an installed sealkit is as quick as the second. Usage: node tools/compile-code.cjs DIST_BIN BUNDLE
const { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const { tmpdir } = require("node:os");
const { join } = require("node:path");
const { Script } = require("node:vm");

const [, , bin, name] = process.argv;
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
  mkdirSync("many");
  writeFileSync("many/a.yaml", "kind: Secret\nstringData: {c: d}\n");
  writeFileSync("secret.yaml", "kind: Secret\nmetadata: {name: a, namespace: b}\nstringData: {c: d}\n");
  const tell = process.stderr.write;
  process.stderr.write = silent;
  await run(load("sealkit"), ["age-keygen", "-o", "key.txt"]);
  process.env.SOPS_AGE_KEY_FILE = join(folder, "key.txt");
  const [recipient] = /age1\w+/.exec(readFileSync("key.txt", "utf8"));
  const bundle = load(name);
  for (const words of commandLines(recipient)[name]) await run(bundle, words);
  process.stderr.write = tell;
  process.stdout.write = write;
  const flavour = `${process.version}-${process.platform}-${process.arch}`;
  writeFileSync(`${bundle.path}.${flavour}.code`, bundle.script.createCachedData());
  process.chdir(bin);
  rmSync(folder, { recursive: true, force: true });
  exit(0);
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
      ["sops", "encrypt", "-r", "-i", "--age", recipient, "many"],
      ["sops", "rotate", "-r", "-i", "many"],
    ],
  };
}
