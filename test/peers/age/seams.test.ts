import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  decryptBytes,
  encrypt,
  encryptBytes,
  generateHybridIdentity,
  generateX25519Identity,
  type Identity,
  parseIdentitiesFile,
  parseIdentity,
  parseRecipient,
  passphraseIdentity,
  passphraseRecipient,
  type Recipient,
  recipientOf,
} from "../../../src/age/index.ts";
import { decryptThroughThreads, throughThreads } from "../../helpers/age-chunk-files.ts";
import { peer } from "../../helpers/peers.ts";

/** Every kind of recipient at every seam between chunks, both ways with the real age. */

const CHUNK = 65_536;
const SIZES = [0, 1, 2, 257].flatMap((chunks) => [-1, 0, 1].map((more) => chunks * CHUNK + more)).filter((n) => n >= 0);
const ENV = { AGE_PASSPHRASE: "pw", AGE_PASSPHRASE_WORK_FACTOR: "4" };

interface Kind {
  readonly identity: Identity;
  readonly recipient: Recipient;
  /** Arguments of age. */
  readonly to: readonly string[];
  readonly from: readonly string[];
}

let folder: string;
const kinds = new Map<string, Kind>();
const large = new Uint8Array(257 * CHUNK + 1);
for (let at = 0; at < large.length; at++) large[at] = (at * 31 + (at >>> 8) * 17 + (at >>> 16)) & 0xff;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sealkit-seams-"));
  const keyed = async (name: string, text: string) => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    const identity = text.startsWith("AGE-") ? parseIdentity(text.trim()) : parseIdentitiesFile(text)[0];
    if (identity === undefined) throw new Error("no identity");
    const recipient = await recipientOf(identity);
    const from = ["-i", join(folder, name)];
    kinds.set(name, { identity, recipient: parseRecipient(recipient), to: ["-r", recipient], from });
  };
  await keyed("X25519", `${generateX25519Identity()}\n`);
  await keyed("hybrid", `${generateHybridIdentity()}\n`);
  for (const name of ["ed25519", "rsa"]) {
    await keyed(name, readFileSync(new URL(`../../../fixtures/age/ssh/${name}`, import.meta.url), "utf8"));
  }
  kinds.set("scrypt", {
    identity: passphraseIdentity("pw"),
    recipient: passphraseRecipient("pw", { logN: 4 }),
    to: ["-e", "-j", "batchpass"],
    from: ["-j", "batchpass"],
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function age(args: readonly string[], input: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const env = { PATH: dirname(peer("age-plugin-batchpass")), ...ENV };
    const child = spawn(peer("age"), args, { env, stdio: ["pipe", "pipe", "inherit"] });
    const parts: Buffer[] = [];
    child.stdout.on("data", (part: Buffer) => parts.push(part));
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0 ? resolve(Buffer.concat(parts)) : reject(new Error(`age ended with ${code}`)),
    );
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
  });
}

describe.each(["X25519", "hybrid", "ed25519", "rsa", "scrypt"])("%s", (name) => {
  test.each(SIZES)("%i bytes", async (size) => {
    const kind = kinds.get(name);
    if (kind === undefined) throw new Error(name);
    const plain = large.subarray(0, size);
    const [theirs, ours] = await Promise.all([age(kind.to, plain), encryptBytes(plain, [kind.recipient])]);
    expect(ours.length).toBe(theirs.length);
    const [clear, back] = await Promise.all([age(["-d", ...kind.from], ours), decryptBytes(theirs, [kind.identity])]);
    expect(clear.equals(plain)).toBe(true);
    expect(Buffer.from(back.reveal()).equals(plain)).toBe(true);
  });
});

test.each([256 * CHUNK, 257 * CHUNK, 257 * CHUNK + 1])("%i bytes through threads", async (size) => {
  const kind = kinds.get("X25519");
  if (kind === undefined) throw new Error("no key");
  const plain = large.subarray(0, size);
  const ranges = { rangeChunks: 16 };
  const [theirs, ours] = await Promise.all([
    age(kind.to, plain),
    throughThreads("seal", plain, ranges, (source, ahead) => encrypt(source, [kind.recipient], { ahead })),
  ]);
  expect(ours.done).toBe(Math.ceil(size / CHUNK) - 1);
  const [clear, back] = await Promise.all([
    age(["-d", ...kind.from], ours.bytes),
    decryptThroughThreads(theirs, [kind.identity], ranges),
  ]);
  expect(clear.equals(plain)).toBe(true);
  expect([back.done, back.bytes.equals(plain)]).toEqual([ours.done, true]);
});
