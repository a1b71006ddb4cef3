// One large SOPS file, and a repository of many small ones, against the original called once for each file.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ageIdentity, sopsFile } from "./material.mjs";
import { compare, inTurn, peer, sealkit, timed } from "./measure.mjs";

export async function run(folder, { values = 10_000, files = 500, calls = 50, rounds = 5 } = {}) {
  const identity = ageIdentity(folder);
  return [
    ...(await largeFile(folder, identity, { values, rounds })),
    ...(await repository(folder, identity, { files, calls, rounds: Math.ceil(rounds / 2) })),
  ];
}

async function largeFile(folder, identity, { values, rounds }) {
  const encrypted = await sopsFile(folder, { identity, values });
  const plain = join(folder, `plain-${values}.yaml`);
  const out = join(folder, "sops.out");
  const env = { ...process.env, SOPS_AGE_KEY_FILE: identity.file };
  const decrypt = (sops) => timed([...sops, "decrypt", encrypted], { env, output: out });
  const encrypt = (sops) => timed([...sops, "encrypt", "--age", identity.recipient, plain], { env, output: out });
  const ours = [...sealkit, "sops"];
  const theirs = [peer("sops")];
  const times = await inTurn(rounds, {
    decryptOurs: () => decrypt(ours),
    decryptTheirs: () => decrypt(theirs),
    encryptOurs: () => encrypt(ours),
    encryptTheirs: () => encrypt(theirs),
  });
  const against = { rival: "sops", limit: 0.7 };
  return [
    compare(`sops: decrypt ${values} values`, times.decryptOurs, times.decryptTheirs, against),
    compare(`sops: encrypt ${values} values`, times.encryptOurs, times.encryptTheirs, against),
  ];
}

/** Commands on a whole repository. The original is called for `calls` files, and its time stretched to all. */
async function repository(folder, identity, { files, calls, rounds }) {
  const clear = join(folder, "clear");
  const names = makeSecrets(clear, files, identity.recipient);
  const env = { ...process.env, SOPS_AGE_KEY_FILE: identity.file };
  const sealed = join(folder, "sealed");
  cpSync(clear, sealed, { recursive: true });
  await timed([...sealkit, "sops", "encrypt", "-r", "-i", sealed], { env });
  const config = join(folder, "other.yaml");
  const second = /public key: (age1\w+)/.exec(readFileSync(ageIdentity(mkdir(join(folder, "second"))).file, "utf8"))[1];
  writeFileSync(config, rules(`${identity.recipient},${second}`));

  let count = 0;
  /**
   * From a fresh copy, to where nothing ever was: copying is not measured, and neither is what a file system does about
   * files that were removed a moment ago.
   */
  const fresh = (from, command) => async () => {
    const round = join(folder, `round${count++}`);
    const work = join(round, "work");
    cpSync(from, work, { recursive: true });
    return await command(work, join(round, "clear-again"));
  };
  const ours = (...words) => timed([...sealkit, "sops", ...words], { env });
  const theirs = async (work, ...words) => {
    let ms = 0;
    for (const name of names.slice(0, calls)) ms += await timed([peer("sops"), ...words, join(work, name)], { env });
    return ms;
  };
  const times = await inTurn(rounds, {
    decryptOurs: fresh(sealed, (work, out) => ours("decrypt", "-r", "--output-dir", out, work)),
    decryptTheirs: fresh(sealed, (work) => theirs(work, "decrypt")),
    encryptOurs: fresh(clear, (work) => ours("encrypt", "-r", "-i", work)),
    encryptTheirs: fresh(clear, (work) => theirs(work, "encrypt", "-i", "--age", identity.recipient)),
    keysOurs: fresh(sealed, (work) => ours("--config", config, "updatekeys", "-r", "-y", work)),
    keysTheirs: fresh(sealed, (work) => theirs(work, "--config", config, "updatekeys", "-y")),
    rotateOurs: fresh(sealed, (work) => ours("rotate", "-r", "-i", work)),
    rotateTheirs: fresh(sealed, (work) => theirs(work, "rotate", "-i")),
  });
  const stretched = files / calls;
  const against = { rival: "sops, a loop", times: stretched, limit: 0.05, note: `the loop from ${calls} files` };
  return [
    compare(`sops: decrypt ${files} files`, times.decryptOurs, times.decryptTheirs, against),
    compare(`sops: encrypt ${files} files in place`, times.encryptOurs, times.encryptTheirs, against),
    compare(`sops: updatekeys of ${files} files`, times.keysOurs, times.keysTheirs, against),
    compare(`sops: rotate ${files} files in place`, times.rotateOurs, times.rotateTheirs, against),
  ];
}

function rules(recipients) {
  return `creation_rules:\n  - path_regex: \\.enc\\.yaml$\n    age: ${recipients}\n`;
}

function makeSecrets(folder, count, recipient) {
  mkdir(folder);
  writeFileSync(join(folder, ".sops.yaml"), rules(recipient));
  return Array.from({ length: count }, (_, at) => {
    const name = join(`team${at % 20}`, `secret${at}.enc.yaml`);
    mkdir(join(folder, `team${at % 20}`));
    const values = Array.from({ length: 5 }, (_, item) => `  item${item}: value ${item} of secret ${at}\n`).join("");
    writeFileSync(
      join(folder, name),
      `apiVersion: v1\nkind: Secret\nmetadata:\n  name: secret${at}\nstringData:\n${values}`,
    );
    return name;
  });
}

function mkdir(path) {
  mkdirSync(path, { recursive: true });
  return path;
}
