import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  decryptBytes,
  encryptBytes,
  generateX25519Identity,
  parseIdentity,
  parseRecipient,
} from "../../../src/age/index.ts";
import { peer } from "../../helpers/peers.ts";

/** Files that we make are read by age, and the other way round. */

const CHUNK = 65_536;

/** A small generator with a fixed seed: the same cases in every run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

interface Case {
  readonly name: string;
  readonly plain: Buffer;
  readonly armor: boolean;
  readonly recipients: number;
}

const UNICODE = "päßwörd 🔐 密码 \u0000\u2028\ufeff ﷽\r\n";

function cases(): Case[] {
  const next = random(7);
  const bytes = (length: number) => Buffer.from(Uint8Array.from({ length }, () => Math.floor(next() * 256)));
  const special: readonly (readonly [string, Buffer])[] = [
    ["empty", Buffer.alloc(0)],
    ["one byte", Buffer.of(0)],
    ["unicode", Buffer.from(UNICODE)],
    ["an age file", Buffer.from("age-encryption.org/v1\n-> X25519 a\n")],
    ["48 bytes", bytes(48)],
    ["a line of armor more", bytes(49)],
    ["one chunk less a byte", bytes(CHUNK - 1)],
    ["one chunk", bytes(CHUNK)],
    ["one chunk and a byte", bytes(CHUNK + 1)],
    ["two chunks", bytes(2 * CHUNK)],
    ["1 MiB", bytes(1024 * 1024)],
    ["1 MiB and a bit", bytes(1024 * 1024 + 17)],
  ];
  const out: Case[] = [];
  for (const [what, plain] of special) {
    for (const armor of [false, true]) {
      for (const recipients of [1, 3])
        out.push({ name: `${what}, armor ${armor}, ${recipients} recipients`, plain, armor, recipients });
    }
  }
  for (let index = 0; out.length < 204; index++) {
    const length = Math.floor(next() ** 4 * 3 * CHUNK);
    const [armor, recipients] = [next() < 0.5, 1 + Math.floor(next() * 4)];
    out.push({ name: `random ${index}: ${length} bytes`, plain: bytes(length), armor, recipients });
  }
  return out;
}

const all = cases();
let folder: string;
const secrets = Array.from({ length: 4 }, generateX25519Identity);
const names = secrets.map((secret) => parseIdentity(secret).name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sealkit-age-"));
  secrets.forEach((secret, index) => {
    writeFileSync(join(folder, `key${index}`), `# a comment\n\n${secret}\n`, { mode: 0o600 });
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function age(args: readonly string[], input: Uint8Array): Buffer {
  return execFileSync(peer("age"), args, { input, maxBuffer: 16 * 1024 * 1024, stdio: ["pipe", "pipe", "pipe"] });
}

test("there are at least 200 cases each way", () => expect(all.length).toBeGreaterThanOrEqual(200));

describe("age reads what we write", () => {
  test.each(all)("$name", async ({ plain, armor, recipients }) => {
    const file = await encryptBytes(
      plain,
      names.slice(0, recipients).map((name) => parseRecipient(name)),
      { armor },
    );
    const key = join(folder, `key${recipients - 1}`);
    expect(age(["-d", "-i", key], file).equals(plain)).toBe(true);
  });
});

describe("we read what age writes", () => {
  test.each(all)("$name", async ({ plain, armor, recipients }) => {
    const to = names.slice(0, recipients).flatMap((name) => ["-r", name]);
    const file = age([...(armor ? ["-a"] : []), ...to], plain);
    const identity = parseIdentity(secrets[recipients - 1] ?? "");
    expect(Buffer.from((await decryptBytes(file, [identity])).reveal()).equals(plain)).toBe(true);
  });
});

test("age-keygen reads our keys, we read its keys", () => {
  for (const [index, name] of names.entries()) {
    const made = execFileSync(peer("age-keygen"), ["-y", join(folder, `key${index}`)]).toString();
    expect(made).toBe(`${name}\n`);
  }
  const generated = spawnSync(peer("age-keygen")).stdout.toString();
  const [, recipient, secret] = /# public key: (\S+)\n(\S+)\n/.exec(generated) ?? [];
  expect(parseIdentity(secret ?? "").name).toBe(recipient);
});
