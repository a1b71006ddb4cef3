import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { fromTarGz, treeFromEntries } from "../../../src/tree/index.ts";

/** One block of a tar header. */
function header(type: string, name: string, size: number): Buffer {
  const block = Buffer.alloc(512);
  block.write(name, 0);
  block.write("0000644\0", 100);
  block.write(`${size.toString(8).padStart(11, "0")}\0`, 124);
  block.write("        ", 148);
  block.write(type, 156);
  block.write("ustar\u000000", 257);
  const sum = block.reduce((all, byte) => all + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}

test("a path of nothing but slashes costs no square time", { timeout: 60_000 }, async () => {
  const path = Buffer.from(`a${"/".repeat(60_000)}b`);
  const padding = Buffer.alloc((512 - (path.length % 512)) % 512);
  const entry = [header("L", "long", path.length), path, padding, header("0", "x", 0)];
  const tar = Buffer.concat([...Array.from({ length: 20 }, () => entry).flat(), Buffer.alloc(1024)]);
  await expect(fromTarGz(gzipSync(tar))).rejects.toMatchObject({ code: expect.stringMatching(/^TREE_/) });
});

test("many links with one long target are refused before they cost minutes", { timeout: 60_000 }, () => {
  const target = `${"./".repeat(2_000)}file`;
  const links = Array.from({ length: 40_000 }, (_, at) => ({ kind: "link", path: `l${at}`, target }) as const);
  const file = { kind: "file", path: "file", bytes: new Uint8Array(1) } as const;
  expect(() => treeFromEntries([file, ...links])).toThrow(expect.objectContaining({ code: "TREE_TOO_LARGE" }));
});

test("a long target is fine as such", async () => {
  const link = { kind: "link", path: "l", target: `${"./".repeat(2_000)}file` } as const;
  const tree = treeFromEntries([{ kind: "file", path: "file", bytes: Uint8Array.of(7) }, link]);
  expect(await tree.read("l")).toEqual(Uint8Array.of(7));
});
