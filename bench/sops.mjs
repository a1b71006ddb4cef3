// Decrypting and encrypting one large SOPS file.
import { join } from "node:path";
import { ageIdentity, sopsFile } from "./material.mjs";
import { compare, inTurn, peer, sealkit, timed } from "./measure.mjs";

export async function run(folder, { values = 10_000, rounds = 5 } = {}) {
  const identity = ageIdentity(folder);
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
  return [
    compare(`sops: decrypt ${values} values`, times.decryptOurs, times.decryptTheirs, { rival: "sops" }),
    compare(`sops: encrypt ${values} values`, times.encryptOurs, times.encryptTheirs, { rival: "sops" }),
  ];
}
