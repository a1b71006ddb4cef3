// What is measured on: keys made by the original tools, and Secrets that are the same in every run.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { peer } from "./measure.mjs";
import { importTypeScript } from "./typescript.mjs";

/** `count` Secrets of `items` items (two or more), one JSON document a line, with names `s0`, `s1`, ... */
export function secrets(count, { namespace = "default", items = 2 } = {}) {
  const more = (at) => Array.from({ length: items - 2 }, (_, item) => [`item${item}`, `value ${item} of secret ${at}`]);
  return Array.from({ length: count }, (_, at) =>
    JSON.stringify({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: `s${at}`, namespace },
      stringData: {
        username: `user-${at}`,
        password: `correct horse battery staple ${at}`,
        ...Object.fromEntries(more(at)),
      },
    }),
  ).join("\n---\n");
}

/** A sealing key with its certificate, as the controllers store them. */
export async function certificate(folder, { bits = 4096 } = {}) {
  const file = join(folder, `sealing-${bits}.crt`);
  const keyFile = join(folder, `sealing-${bits}.key`);
  if (!existsSync(file)) {
    const { createSealingKey } = await importTypeScript("src/x509/index.ts");
    const key = await createSealingKey({ now: Date.now(), lifetimeMs: 3650 * 24 * 3_600_000, bits });
    writeFileSync(keyFile, key.privateKeyPem, { mode: 0o600 });
    writeFileSync(file, key.certificatePem);
  }
  return { file, certPem: readFileSync(file, "utf8"), keyPem: readFileSync(keyFile, "utf8") };
}

/** An age identity made by age-keygen. */
export function ageIdentity(folder) {
  const file = join(folder, "keys.txt");
  if (!existsSync(file)) execFileSync(peer("age-keygen"), ["-o", file], { stdio: "ignore" });
  return { file, recipient: /public key: (age1\w+)/.exec(readFileSync(file, "utf8"))[1] };
}

/** A YAML file with `values` values, encrypted by the original sops. Returns its path. */
export async function sopsFile(folder, { identity, values }) {
  const plain = join(folder, `plain-${values}.yaml`);
  const file = join(folder, `encrypted-${values}.yaml`);
  const lines = [];
  for (let at = 0; at < values; at++) {
    if (at % 20 === 0) lines.push(`section${at / 20}:`);
    lines.push(at % 5 === 0 ? `    number${at}: ${at * 7919}` : `    key${at}: value number ${at} of a file`);
  }
  writeFileSync(plain, `${lines.join("\n")}\n`);
  const args = ["encrypt", "--age", identity.recipient, "--output", file, plain];
  execFileSync(peer("sops"), args, { stdio: "ignore", maxBuffer: 1 << 28 });
  return file;
}
