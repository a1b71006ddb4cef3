import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { inflateSync } from "node:zlib";
import * as cctv from "cctv-age";
import { afterAll, describe, expect, test } from "vitest";
import { generateX25519Identity } from "../../../src/age/index.ts";
import { withoutFirstLine } from "../../helpers/age-messages.ts";
import { peer } from "../../helpers/peers.ts";
import { runCli } from "../../helpers/run-cli.ts";

/** For every public vector our command ends as age does: same status, output and first error line. */

const folder = mkdtempSync(join(tmpdir(), "sealkit-vectors-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What opens nothing, for the vectors that come without an identity. */
const STRANGER = generateX25519Identity();

const vectors = Object.entries(cctv).map(([name, raw]) => {
  const bytes = Buffer.from(raw);
  const end = bytes.indexOf("\n\n");
  const fields = bytes.subarray(0, end).toString();
  const body = bytes.subarray(end + 2);
  const identities = [...fields.matchAll(/^identity: (.*)$/gm)].map((match) => match[1]);
  const passphrase = /^passphrase: (.*)$/m.exec(fields)?.[1];
  const keys = identities.length === 0 && passphrase === undefined ? [STRANGER] : identities;
  return { name, keys, passphrase, file: fields.includes("compressed: zlib") ? inflateSync(body) : body };
});

describe("our age ends as the original", () => {
  test("all vectors", () => expect(vectors.length).toBe(143));

  test.each(vectors)("$name", async ({ keys, passphrase, file }) => {
    writeFileSync(join(folder, "key"), keys.map((key) => `${key}\n`).join(""));
    writeFileSync(join(folder, "file"), file);
    // Nobody can be asked for a passphrase here: the plugin of age takes it from the environment.
    const env = { PATH: dirname(peer("age-plugin-batchpass")), AGE_PASSPHRASE: passphrase ?? "" };
    const args = [
      "-d",
      ...(keys.length > 0 ? ["-i", "key"] : []),
      ...(passphrase === undefined ? [] : ["-j", "batchpass"]),
    ];
    const original = spawnSync(peer("age"), [...args, "file"], { cwd: folder, env, maxBuffer: 64 * 1024 * 1024 });
    const own = await runCli(["age", ...args, "file"], { cwd: folder, env });
    expect(own.code).toBe(original.status);
    expect(Buffer.from(own.stdoutBytes).equals(original.stdout)).toBe(true);
    const first = (text: string) => text.split("\n")[0] ?? "";
    // Ours is refused before anybody is asked.
    const theirs = withoutFirstLine(
      first(original.stderr.toString()).replace("batchpass plugin: an scrypt", "an scrypt"),
    );
    expect(first(own.stderr)).toBe(theirs);
  });
});
