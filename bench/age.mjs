// age: throughput and peak memory on one large file, and ten thousand small files in one process against a loop of age.
// Results are new files: age empties one that is there and reuses its memory, we keep it until the new one is whole.
import { spawn } from "node:child_process";
import { randomFillSync } from "node:crypto";
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { ageIdentity } from "./material.mjs";
import { compare, inTurn, line, peer, sealkit, timed } from "./measure.mjs";

export async function run(folder, { mebibytes = 1024, rounds = 7, files = 10_000, loop = 500 } = {}) {
  const identity = ageIdentity(folder);
  return [
    ...(await largeFile(folder, { identity, mebibytes, rounds })),
    ...(await smallFiles(folder, { identity, files, loop })),
  ];
}

async function largeFile(folder, { identity, mebibytes, rounds }) {
  const plain = join(folder, "large");
  const encrypted = join(folder, "large.age");
  const out = join(folder, "large.out");
  const piece = randomFillSync(Buffer.alloc(1 << 20));
  const file = openSync(plain, "w");
  for (let at = 0; at < mebibytes; at++) writeSync(file, piece);
  closeSync(file);
  const encrypt = (age) => [...age, "-r", identity.recipient, "-o", out, plain];
  const decrypt = (age) => [...age, "-d", "-i", identity.file, "-o", out, encrypted];
  const ours = [...sealkit, "age"];
  const theirs = [peer("age")];
  await timed([...theirs, "-r", identity.recipient, "-o", encrypted, plain]);
  const anew = async (work) => {
    rmSync(out, { force: true });
    return await work();
  };
  const times = await inTurn(rounds, {
    encryptOurs: () => anew(() => timed(encrypt(ours))),
    encryptTheirs: () => anew(() => timed(encrypt(theirs))),
    decryptOurs: () => anew(() => timed(decrypt(ours))),
    decryptTheirs: () => anew(() => timed(decrypt(theirs))),
  });
  const peaks = [await anew(() => peakMegabytes(encrypt(ours))), await anew(() => peakMegabytes(decrypt(ours)))];
  for (const path of [plain, encrypted, out]) rmSync(path);
  const note = ({ ms }) => `${(mebibytes / (ms / 1000)).toFixed(0)} MiB/s`;
  const { encryptOurs, encryptTheirs, decryptOurs, decryptTheirs } = times;
  const against = (times) => ({ rival: "age", limit: 1, note: note(times) });
  const memory = (what, peak) =>
    line(`age: peak memory to ${what} ${mebibytes} MiB`, {
      ours: peak,
      theirs: 100,
      unit: "MB",
      rival: "goal",
      limit: 1,
    });
  return [
    compare(`age: encrypt ${mebibytes} MiB`, encryptOurs, encryptTheirs, against(encryptOurs)),
    compare(`age: decrypt ${mebibytes} MiB`, decryptOurs, decryptTheirs, against(decryptOurs)),
    memory("encrypt", peaks[0]),
    memory("decrypt", peaks[1]),
  ];
}

/** `files` in one call of ours; age in a loop over `loop` of them, stretched. */
async function smallFiles(folder, { identity, files, loop }) {
  const [plain, encrypted] = [join(folder, "small"), join(folder, "small.age")];
  for (const path of [plain, encrypted]) mkdirSync(path);
  const bytes = Buffer.alloc(200);
  const names = Array.from({ length: files }, (_, at) => `f${at}`);
  for (const name of names) writeFileSync(join(plain, name), randomFillSync(bytes));
  const age = peer("age");
  // A folder for each round, and none is removed before the last: ext4 does not give away the places of removed files for
  // some minutes and looks at each of them whenever one is made, which took longer than the work.
  const outputs = [];
  const fresh = async (work) => {
    const out = join(folder, `small.out-${outputs.length}`);
    outputs.push(out);
    mkdirSync(out);
    return await work(out);
  };
  const once = (args, from) => fresh((out) => timed([...sealkit, "age", ...args, "-o", `${out}/`, from]));
  const looped = (args, from, ending) =>
    fresh(async (out) => {
      let ms = 0;
      for (const name of names.slice(0, loop))
        ms += await timed([age, ...args, "-o", join(out, name), join(from, name + ending)]);
      return ms;
    });
  const [to, with_] = [
    ["-r", identity.recipient],
    ["-d", "-i", identity.file],
  ];
  await timed([...sealkit, "age", ...to, "-o", `${encrypted}/`, plain]);
  const { encryptOurs, encryptTheirs, decryptOurs, decryptTheirs } = await inTurn(3, {
    encryptOurs: () => once(to, plain),
    encryptTheirs: () => looped(to, plain, ""),
    decryptOurs: () => once(with_, encrypted),
    decryptTheirs: () => looped(with_, encrypted, ".age"),
  });
  for (const path of [plain, encrypted, ...outputs]) rmSync(path, { recursive: true });
  const against = { rival: `age, ${loop} files in a loop, stretched`, limit: 0.05, times: files / loop };
  return [
    compare(`age: encrypt ${files} small files`, encryptOurs, encryptTheirs, against),
    compare(`age: decrypt ${files} small files`, decryptOurs, decryptTheirs, against),
  ];
}

/** The most memory that a program had, in millions of bytes; 0 where the system does not tell. */
async function peakMegabytes([program, ...args]) {
  const child = spawn(program, args, { stdio: "ignore" });
  let peak = 0;
  const timer = setInterval(() => {
    try {
      const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1];
      peak = Math.max(peak, (Number(kibibytes ?? 0) * 1024) / 1e6);
    } catch {
      // It ended between two looks.
    }
  }, 20);
  const code = await new Promise((done, failed) => {
    child.once("error", failed);
    child.once("close", done);
  });
  clearInterval(timer);
  if (code !== 0) throw new Error(`${program} ended with ${code}`);
  return peak;
}
