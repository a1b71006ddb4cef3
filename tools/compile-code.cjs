// Runs usual command lines from the bundle in one process and writes the code that V8 compiled for them, so that the
// first start of an installed sealkit is as quick as the second. Usage: node tools/compile-code.cjs DIST_BIN
const { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const { tmpdir } = require("node:os");
const { join } = require("node:path");
const { Script } = require("node:vm");

const bin = process.argv[2];
const bundle = join(bin, "sealkit.bundle");
const script = new Script(readFileSync(bundle, "latin1"), { filename: bundle });
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
  writeFileSync("secret.yaml", "kind: Secret\nmetadata: {name: a, namespace: b}\nstringData: {c: d}\n");
  for (const words of commandLines()) {
    process.argv = [process.execPath, join(bin, "sealkit.cjs"), ...words];
    const code = await new Promise((done) => {
      process.exit = done;
      script.runInThisContext()({}, createRequire(join(bin, "sealkit.cjs")), {}, bundle, bin);
    });
    if (code !== 0) throw new Error(`"sealkit ${words.join(" ")}" ended with ${code}`);
  }
  process.stdout.write = write;
  const flavour = `${process.version}-${process.platform}-${process.arch}`;
  writeFileSync(`${bundle}.${flavour}.code`, script.createCachedData());
  process.chdir(bin);
  rmSync(folder, { recursive: true, force: true });
  exit(0);
}

function commandLines() {
  const seal = ["kubeseal", "--cert", "cert.pem", "-f", "secret.yaml"];
  return [[], seal, [...seal, "-o", "yaml"]];
}
