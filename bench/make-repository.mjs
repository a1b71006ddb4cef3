// Makes a repository as a large team has: thousands of SealedSecrets, all for a key that is not the newest any more, and
// SOPS files for age, in folders of teams; beside it a backup with both keys and the identity.
//
//   node bench/make-repository.mjs FOLDER [SEALEDSECRETS] [SOPS FILES] [BITS OF THE KEYS] [OTHER FILES]
import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { importTypeScript } from "./typescript.mjs";

const DAY_MS = 24 * 3_600_000;
const SCOPES = ["strict", "namespace-wide", "cluster-wide"];
const TEAMS = 40;
export const ITEMS = 3;

/**
 * Resolves with the paths of the repository, its backup and the identity that opens it, and with a private key of the size
 * that all are sealed for.
 */
export async function makeRepository(folder, { sealedSecrets, sopsFiles, bits = 2048, otherFiles = 0 }) {
  const { certify, readPrivateKey } = await importTypeScript("src/x509/index.ts");
  const { backupText, encryptBackup, keySecret } = await importTypeScript("src/keys/index.ts");
  const { generateX25519Identity, parseIdentity, parseRecipient, recipientOf } =
    await importTypeScript("src/age/index.ts");
  const pem = () => {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: bits });
    return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  };
  const lifetimeMs = 3650 * DAY_MS;
  const [old, newest] = await Promise.all(
    [30, 0].map((days) => certify(readPrivateKey(pem()), { now: Date.now() - days * DAY_MS, lifetimeMs })),
  );
  const identity = generateX25519Identity();
  const recipient = await recipientOf(parseIdentity(identity));

  const namespace = "kube-system";
  const keys = [old, newest].map((pair, at) => {
    const secret = keySecret(pair, { namespace, prefix: "sealed-secrets-key" });
    return { ...secret, metadata: { ...secret.metadata, name: `sealed-secrets-key${at}` } };
  });
  const metadata = { name: "sops-age", namespace: "flux-system" };
  const data = { "age.agekey": btoa(`${identity}\n`) };
  const secrets = [...keys, { apiVersion: "v1", kind: "Secret", metadata, data }];
  const { clearText } = backupText(secrets, { now: Date.now(), writtenBy: "bench" });
  const backup = join(folder, "keys.age");
  const identityFile = join(folder, "identity.txt");
  writeFileSync(backup, await encryptBackup(clearText, [parseRecipient(recipient)]));
  writeFileSync(identityFile, `${identity}\n`, { mode: 0o600 });

  const repository = join(folder, "repository");
  mkdirSync(repository);
  const write = (path, text) => {
    mkdirSync(dirname(join(repository, path)), { recursive: true });
    writeFileSync(join(repository, path), text);
  };
  write(".sops.yaml", `creation_rules:\n  - path_regex: \\.enc\\.yaml$\n    age: ${recipient}\n`);
  await writeSealedSecrets(write, sealedSecrets, old.certificate);
  await writeSopsFiles(write, sopsFiles, recipient);
  writeOtherFiles(write, otherFiles);
  const git = (...words) => execFileSync("git", words, { cwd: repository, stdio: "ignore" });
  git("init", "--quiet", "--initial-branch=main");
  git("add", ".");
  git("-c", "user.name=bench", "-c", "user.email=bench@example.com", "commit", "--quiet", "-m", "all");
  return { repository, backup, identityFile, keyPem: old.privateKeyPem };
}

async function writeSealedSecrets(write, count, { spki }) {
  const { sealSecret } = await importTypeScript("src/secrets/index.ts");
  const { ClearText } = await importTypeScript("src/clear-text.ts");
  const { printSigs } = await importTypeScript("src/yaml/index.ts");
  let file = [];
  for (let at = 0; at < count; at++) {
    const items = Array.from({ length: ITEMS }, (_, item) => [`item${item}`, `value ${item} of secret ${at}`]);
    const sealed = await sealSecret(
      {
        metadata: { name: `secret-${at}`, namespace: `team-${at % TEAMS}`, labels: { app: `app-${at}` } },
        type: "Opaque",
        immutable: undefined,
        data: new Map(items.map(([name, value]) => [name, ClearText.fromText(value)])),
      },
      { spki, scope: SCOPES[at % SCOPES.length] },
    );
    file.push(`# secret number ${at}\n${printSigs(sealed)}`);
    // Most files hold one, every tenth holds three.
    if (at % 12 < 9 || at % 12 === 11 || at === count - 1) {
      write(`team-${at % TEAMS}/secret-${at}.yaml`, file.join("---\n"));
      file = [];
    }
  }
}

async function writeSopsFiles(write, count, recipient) {
  const { encrypt } = await importTypeScript("src/sops/index.ts");
  const selector = { kind: "encrypted_regex", pattern: "^(data|stringData)$" };
  for (let at = 0; at < count; at++) {
    const values = Array.from({ length: 5 }, (_, item) => `  item${item}: value ${item} of file ${at}\n`).join("");
    const head = `# of team ${at % TEAMS}\napiVersion: v1\nkind: Secret\nmetadata:\n  name: file-${at}\n`;
    const options = { recipients: [recipient], now: Date.now(), selector };
    const { text } = await encrypt(`${head}stringData:\n${values}`, "yaml", options);
    write(`team-${at % TEAMS}/file-${at}.enc.yaml`, text);
  }
}

/** What else is in a repository: manifests, values of charts, sources and pages, in folders of services. */
function writeOtherFiles(write, count) {
  for (let at = 0; at < count; at++) {
    const folder = `team-${at % TEAMS}/service-${Math.floor(at / 200)}`;
    const [name, text] = OTHER_FILES[at % OTHER_FILES.length](at);
    write(`${folder}/${name}`, text);
  }
}

const OTHER_FILES = [
  (at) => [`config-${at}.yaml`, configMap(at)],
  (at) => [`deployment-${at}.yaml`, deployment(at)],
  (at) => [`values-${at}.yaml`, `replicas: ${at % 7}\nimage:\n  name: app-${at}\n  tag: "1.${at}"\n`],
  (at) => [`main-${at}.go`, `package service${at}\n\n${"// does what its name says\nfunc f() {}\n".repeat(40)}`],
  (at) => [`page-${at}.md`, `# Service ${at}\n\n${"It answers requests, and its Secret is sealed.\n".repeat(20)}`],
];

function configMap(at) {
  const data = Array.from({ length: 20 }, (_, line) => `  setting-${line}: "value ${line} of ${at}"\n`).join("");
  return `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: config-${at}\ndata:\n${data}`;
}

function deployment(at) {
  const variable = (name) =>
    `        - name: ${name}\n          valueFrom: {secretKeyRef: {name: secret-${at}, key: item0}}\n`;
  const container = `      - name: main\n        image: app-${at}:1\n        env:\n${variable("PASSWORD")}${variable("TOKEN")}`;
  const head = `apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app-${at}\n`;
  return `${head}spec:\n  template:\n    spec:\n      containers:\n${container}`;
}

if (process.argv[1] === import.meta.filename) {
  const [folder = "", ...numbers] = process.argv.slice(2);
  const [sealedSecrets = 5_000, sopsFiles = 2_000, bits = 2_048, otherFiles = 0] = numbers.map(Number);
  mkdirSync(folder, { recursive: true });
  const made = await makeRepository(folder, { sealedSecrets, sopsFiles, bits, otherFiles });
  console.log(`${made.repository}\n${made.backup}\n${made.identityFile}`);
}
