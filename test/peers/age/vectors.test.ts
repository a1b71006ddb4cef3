import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inflateSync } from "node:zlib";
import * as cctv from "cctv-age";
import { afterAll, describe, expect, test } from "vitest";
import { peer } from "../../helpers/peers.ts";
import { runCli } from "../../helpers/run-cli.ts";

/** For every public vector with a native identity, our command ends as age does: same status, output and first error line. */

const folder = mkdtempSync(join(tmpdir(), "sealkit-vectors-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const vectors = Object.entries(cctv).flatMap(([name, raw]) => {
  const bytes = Buffer.from(raw);
  const end = bytes.indexOf("\n\n");
  const fields = bytes.subarray(0, end).toString();
  const body = bytes.subarray(end + 2);
  const identity = /^identity: (AGE-SECRET-KEY-(?:PQ-)?1.*)$/m.exec(fields)?.[1];
  if (identity === undefined || /^passphrase: /m.test(fields)) return [];
  return [{ name, identity, file: fields.includes("compressed: zlib") ? inflateSync(body) : body }];
});

describe("our age ends as the original", () => {
  test("enough vectors", () => expect(vectors.length).toBeGreaterThan(105));

  test.each(vectors)("$name", async ({ identity, file }) => {
    writeFileSync(join(folder, "key"), `${identity}\n`);
    writeFileSync(join(folder, "file"), file);
    const original = spawnSync(peer("age"), ["-d", "-i", "key", "file"], { cwd: folder, maxBuffer: 64 * 1024 * 1024 });
    const own = await runCli(["age", "-d", "-i", "key", "file"], { cwd: folder });
    expect(own.code).toBe(original.status);
    expect(Buffer.from(own.stdoutBytes).equals(original.stdout)).toBe(true);
    const first = (text: string) => text.split("\n")[0] ?? "";
    expect(first(own.stderr)).toBe(first(original.stderr.toString()));
  });
});
