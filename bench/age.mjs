// Throughput of age on one large file.
import { randomFillSync } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ageIdentity } from "./material.mjs";
import { compare, inTurn, peer, sealkit, timed } from "./measure.mjs";

export async function run(folder, { mebibytes = 256, rounds = 5 } = {}) {
  const identity = ageIdentity(folder);
  const plain = join(folder, "large");
  const encrypted = join(folder, "large.age");
  const out = join(folder, "large.out");
  const piece = randomFillSync(Buffer.alloc(1 << 20));
  writeFileSync(plain, Buffer.concat(Array.from({ length: mebibytes }, () => piece)));
  const encrypt = (age) => timed([...age, "-r", identity.recipient, "-o", out, plain]);
  const decrypt = (age) => timed([...age, "-d", "-i", identity.file, "-o", out, encrypted]);
  const ours = [...sealkit, "age"];
  const theirs = [peer("age")];
  await timed([...theirs, "-r", identity.recipient, "-o", encrypted, plain]);
  const times = await inTurn(rounds, {
    encryptOurs: () => encrypt(ours),
    encryptTheirs: () => encrypt(theirs),
    decryptOurs: () => decrypt(ours),
    decryptTheirs: () => decrypt(theirs),
  });
  for (const file of [plain, encrypted, out]) rmSync(file);
  const note = ({ ms }) => `${(mebibytes / (ms / 1000)).toFixed(0)} MiB/s`;
  const { encryptOurs, encryptTheirs, decryptOurs, decryptTheirs } = times;
  return [
    compare(`age: encrypt ${mebibytes} MiB`, encryptOurs, encryptTheirs, { rival: "age", note: note(encryptOurs) }),
    compare(`age: decrypt ${mebibytes} MiB`, decryptOurs, decryptTheirs, { rival: "age", note: note(decryptOurs) }),
  ];
}
