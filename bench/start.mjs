// How long a person waits for one small thing: `kubeseal --cert` on one Secret, and decrypting one small SOPS file.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ageIdentity, certificate, secrets, sopsFile } from "./material.mjs";
import { compare, inTurn, peer, sealkit, timed } from "./measure.mjs";

export async function run(folder, { rounds = 21 } = {}) {
  const cert = await certificate(folder);
  const input = join(folder, "secret.json");
  writeFileSync(input, secrets(1));
  const identity = ageIdentity(folder);
  const small = await sopsFile(folder, { identity, values: 10 });
  const env = { ...process.env, SOPS_AGE_KEY_FILE: identity.file };

  const times = await inTurn(rounds, {
    node: () => timed([process.execPath, "-e", "0"]),
    ours: () => timed([...sealkit, "kubeseal", "--cert", cert.file], { input, output: join(folder, "ours.json") }),
    theirs: () => timed([peer("kubeseal"), "--cert", cert.file], { input, output: join(folder, "theirs.json") }),
    oursSops: () => timed([...sealkit, "sops", "decrypt", small], { env, output: join(folder, "ours.yaml") }),
    theirsSops: () => timed([peer("sops"), "decrypt", small], { env, output: join(folder, "theirs.yaml") }),
  });
  const { node, ours, theirs, oursSops, theirsSops } = times;
  return [
    compare("start: seal one Secret", ours, node, { rival: "node -e 0", limit: 1.6 }),
    compare("start: seal one Secret", ours, theirs, { rival: "kubeseal" }),
    compare("start: decrypt one small file", oursSops, node, { rival: "node -e 0", limit: 1.6 }),
    compare("start: decrypt one small file", oursSops, theirsSops, { rival: "sops" }),
  ];
}
