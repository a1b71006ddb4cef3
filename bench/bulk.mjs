// Sealing in bulk, in one process: how near it comes to what the public RSA operations alone cost, in processor time for
// each item, so that it does not matter what else the machine does.
import { constants, createPublicKey, publicEncrypt, randomBytes } from "node:crypto";
import { certificate } from "./material.mjs";
import { line, median } from "./measure.mjs";
import { importTypeScript } from "./typescript.mjs";

const ITEMS = 10;

/** Microseconds of processor time for each item, all threads together; the median of `rounds`. */
async function costOf(rounds, items, work) {
  await work();
  const costs = [];
  for (let round = 0; round < rounds; round++) {
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    costs.push((user + system) / items);
  }
  return median(costs);
}

function secretYaml(at) {
  const items = Array.from({ length: ITEMS }, (_, item) => `  item${item}: value ${item} of secret number ${at}`);
  return `apiVersion: v1\nkind: Secret\nmetadata:\n  name: s${at}\n  namespace: default\nstringData:\n${items.join("\n")}\n`;
}

export async function run(folder, { count = 1000, rounds = 5 } = {}) {
  const { decodeSecret, sealSecret } = await importTypeScript("src/secrets/index.ts");
  const { readManifests, printSigs } = await importTypeScript("src/yaml/index.ts");
  const { readCertificate } = await importTypeScript("src/x509/index.ts");
  const { certPem } = await certificate(folder);
  const { spki } = readCertificate(certPem);
  const yaml = Array.from({ length: count }, (_, at) => secretYaml(at)).join("---\n");
  const items = count * ITEMS;

  const parse = () => readManifests(yaml).manifests.map(({ value }) => decodeSecret(value));
  const parsed = parse();
  const seal = async (secrets) => {
    const sealed = [];
    for (const secret of secrets) sealed.push(await sealSecret(secret, { spki }));
    return sealed;
  };
  const rsa = { key: createPublicKey(certPem), padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" };
  const theirs = await costOf(rounds, items, () => {
    for (let at = 0; at < items; at++) publicEncrypt(rsa, randomBytes(32));
  });
  const objects = await costOf(rounds, items, () => seal(parsed));
  const texts = await costOf(rounds, items, async () => {
    const printed = (await seal(parse())).map((object) => printSigs(object));
    if (printed.length !== count) throw new Error("not all were sealed");
  });
  const against = { theirs, unit: "µs an item", rival: "node:crypto, RSA-4096 alone" };
  return [
    line(`bulk: seal ${count} parsed Secrets of ${ITEMS} items`, { ...against, ours: objects, limit: 1.25 }),
    line("bulk: the same from YAML to YAML", { ...against, ours: texts, limit: 2 }),
  ];
}
