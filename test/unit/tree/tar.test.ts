import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { list } from "tar";
import { describe, expect, test } from "vitest";
import { fromTarGz, type TreeEntry, TreeError, toTarGz, treeFromEntries } from "../../../src/tree/index.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

interface RawEntry {
  name: string;
  type?: string;
  content?: Uint8Array;
  link?: string;
  size?: string;
  mode?: string;
}

/** Writes tar headers by hand, so that hostile ones can be made too. */
function rawTar(entries: RawEntry[], end = true): Uint8Array {
  const blocks: Buffer[] = [];
  for (const { name, type = "0", content = new Uint8Array(), link = "", size, mode = "0000644" } of entries) {
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write(mode, 100);
    header.write(size ?? content.length.toString(8).padStart(11, "0"), 124);
    header.write("        ", 148);
    header.write(type, 156);
    header.write(link, 157);
    header.write("ustar\u000000", 257, "latin1");
    header.write(
      header
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, "0"),
      148,
    );
    header[154] = 0;
    blocks.push(header, Buffer.concat([content, Buffer.alloc((512 - (content.length % 512)) % 512)]));
  }
  if (end) blocks.push(Buffer.alloc(1024));
  return new Uint8Array(Buffer.concat(blocks));
}

const pack = (entries: RawEntry[], end = true) => new Uint8Array(gzipSync(rawTar(entries, end)));
const pax = (key: string, value: string) => {
  let length = Buffer.byteLength(key + value) + 3;
  length += String(length + String(length).length).length;
  return bytes(`${length} ${key}=${value}\n`);
};

describe("fromTarGz()", () => {
  test.each<{ name: string; archive: Uint8Array; want: string }>([
    { name: "bytes that are not gzip", archive: bytes("hello"), want: "TREE_BAD_ARCHIVE" },
    { name: "no bytes", archive: new Uint8Array(), want: "TREE_BAD_ARCHIVE" },
    {
      name: "gzip cut off",
      archive: pack([{ name: "a", content: bytes("x") }]).subarray(0, 30),
      want: "TREE_BAD_ARCHIVE",
    },
    { name: "a path out of the archive", archive: pack([{ name: "../evil" }]), want: "TREE_BAD_PATH" },
    { name: "an absolute path", archive: pack([{ name: "/etc/cron.d/x" }]), want: "TREE_BAD_PATH" },
    {
      name: "a directory out of the archive",
      archive: pack([{ name: "a/../../x/", type: "5" }]),
      want: "TREE_BAD_PATH",
    },
    {
      name: "a hard link",
      archive: pack([{ name: "a", type: "1", link: "/etc/passwd" }]),
      want: "TREE_UNSUPPORTED_ENTRY",
    },
    { name: "a character device", archive: pack([{ name: "a", type: "3" }]), want: "TREE_UNSUPPORTED_ENTRY" },
    { name: "a block device", archive: pack([{ name: "a", type: "4" }]), want: "TREE_UNSUPPORTED_ENTRY" },
    { name: "a FIFO", archive: pack([{ name: "a", type: "6" }]), want: "TREE_UNSUPPORTED_ENTRY" },
    {
      name: "a symbolic link out",
      archive: pack([{ name: "a", type: "2", link: "../../x" }]),
      want: "TREE_LINK_REFUSED",
    },
    {
      name: "a file longer than the archive",
      archive: pack([{ name: "a", size: "00000077777" }], false),
      want: "TREE_BAD_ARCHIVE",
    },
    { name: "a size that is no number", archive: pack([{ name: "a", size: "zzzzzzzzzzz" }]), want: "TREE_BAD_ARCHIVE" },
    {
      name: "a pax header that lies about its length",
      archive: pack([{ name: "p", type: "x", content: bytes("99 path=a\n") }]),
      want: "TREE_BAD_ARCHIVE",
    },
    {
      name: "a pax header without a length",
      archive: pack([{ name: "p", type: "x", content: bytes("path=a\n") }]),
      want: "TREE_BAD_ARCHIVE",
    },
    {
      name: "a pax path out of the archive",
      archive: pack([{ name: "p", type: "x", content: pax("path", "../x") }, { name: "a" }]),
      want: "TREE_BAD_PATH",
    },
    {
      name: "a pax size that is not a number",
      archive: pack([{ name: "p", type: "x", content: pax("size", "-1") }, { name: "a" }]),
      want: "TREE_BAD_ARCHIVE",
    },
    {
      name: "a pax header of 100 KB",
      archive: pack([{ name: "p", type: "x", content: new Uint8Array(100_000) }]),
      want: "TREE_BAD_ARCHIVE",
    },
    { name: "a name that is not UTF-8", archive: new Uint8Array(gzipSync(badName())), want: "TREE_BAD_ARCHIVE" },
    { name: "the same file twice", archive: pack([{ name: "a" }, { name: "a" }]), want: "TREE_CLASHING_PATHS" },
    {
      name: "a wrong checksum",
      archive: new Uint8Array(gzipSync(rawTar([{ name: "a" }]).fill(65, 0, 1))),
      want: "TREE_BAD_ARCHIVE",
    },
    {
      name: "a file beyond the limit",
      archive: pack([{ name: "a", content: new Uint8Array(5000) }]),
      want: "TREE_TOO_LARGE",
    },
    { name: "a bomb", archive: new Uint8Array(gzipSync(new Uint8Array(8_000_000))), want: "TREE_TOO_LARGE" },
  ])("refuses $name with $want", async ({ archive, want }) => {
    const limits = { maxFiles: 100, maxFileBytes: 4000, maxTotalBytes: 10_000 };
    await expect(fromTarGz(archive, { limits })).rejects.toMatchObject({ code: want });
  });

  function badName(): Uint8Array {
    const tar = Buffer.from(rawTar([{ name: "a" }]));
    tar[0] = 0xff;
    tar.write("        ", 148);
    const sum = tar.subarray(0, 512).reduce((total, byte) => total + byte, 0);
    tar.write(sum.toString(8).padStart(6, "0"), 148);
    tar[154] = 0;
    return new Uint8Array(tar);
  }

  test("reads pax paths, GNU long names, links inside and global headers", async () => {
    const long = `${"d".repeat(120)}/${"f".repeat(120)}`;
    const tree = await fromTarGz(
      pack([
        { name: "g", type: "g", content: pax("comment", "x") },
        { name: "./", type: "5" },
        { name: "p", type: "x", content: pax("path", "ünï/x") },
        { name: "n", content: bytes("1") },
        { name: "L", type: "L", content: bytes(`${long}\0`) },
        { name: "cut", content: bytes("2"), mode: "0000755" },
        { name: "./plain", content: bytes("3") },
        { name: "ln", type: "2", link: "plain" },
      ]),
    );
    expect(tree.paths()).toEqual([long, "ln", "plain", "ünï/x"].sort());
    expect(await tree.read("ln")).toEqual(bytes("3"));
    expect(tree.isExecutable?.(long)).toBe(true);
  });
});

describe("toTarGz()", () => {
  const path = fc
    .array(fc.string({ unit: "grapheme", minLength: 1, maxLength: 60 }), { minLength: 1, maxLength: 4 })
    .map((parts) => parts.map((part) => part.replaceAll(/[/\0]/g, "_").replace(/^\.{1,2}$/, "dot")).join("/"));

  test("packs and unpacks to the same tree, and to the same bytes in any order of entries", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(path, fc.uint8Array({ maxLength: 2000 }), fc.boolean()), {
          selector: ([name]) => name.split("/")[0],
          maxLength: 8,
        }),
        async (files) => {
          const entries: TreeEntry[] = files.map(([name, content, executable]) => ({
            kind: "file",
            path: name,
            bytes: content,
            executable,
          }));
          const tree = treeFromEntries(entries);
          const packed = await toTarGz(tree);
          expect(await toTarGz(treeFromEntries(entries.toReversed()))).toEqual(packed);
          const again = await fromTarGz(packed);
          expect(again.paths()).toEqual(tree.paths());
          for (const one of tree.paths()) {
            expect(Buffer.from((await again.read(one))!).equals((await tree.read(one))!)).toBe(true);
            expect(again.isExecutable?.(one)).toBe(tree.isExecutable?.(one));
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  test("writes what another tar reader sees: modes, owner 0, time zero, directories first", async () => {
    const packed = await toTarGz(
      treeFromEntries([
        { kind: "file", path: "a/b/run.sh", bytes: bytes("x"), executable: true },
        { kind: "file", path: "a/c.yaml", bytes: bytes("hello") },
        { kind: "file", path: `long/${"ü".repeat(80)}`, bytes: bytes("") },
      ]),
    );
    const listing: string[] = [];
    const reader = list({
      onReadEntry: ({ type, mode, uid, gid, size, mtime, path }) => {
        listing.push(`${type} ${mode?.toString(8)} ${uid}/${gid} ${size} ${mtime?.getTime()} ${path}`);
      },
    });
    const ended = new Promise((resolve) => reader.on("end", () => resolve(undefined)));
    reader.end(Buffer.from(packed));
    await ended;
    expect(listing).toEqual([
      "Directory 750 0/0 0 0 a/",
      "Directory 750 0/0 0 0 a/b/",
      "File 700 0/0 1 0 a/b/run.sh",
      "File 600 0/0 5 0 a/c.yaml",
      "Directory 750 0/0 0 0 long/",
      `File 600 0/0 0 0 long/${"ü".repeat(80)}`,
    ]);
  });
});

describe("damage", () => {
  test("an archive with any bytes changed is read or refused, never anything else", async () => {
    const packed = rawTar([
      { name: "a/b.yaml", content: bytes("hello") },
      { name: "p", type: "x", content: pax("path", "ü") },
      { name: "c", content: bytes("there") },
      { name: "l", type: "2", link: "c" },
    ]);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(packed.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        fc.nat(packed.length),
        async (changes, cut) => {
          const damaged = packed.slice(0, packed.length - (cut % 3 === 0 ? cut : 0));
          for (const [at, value] of changes) if (at < damaged.length) damaged[at] = value;
          const read = fromTarGz(new Uint8Array(gzipSync(damaged)));
          await read.catch((error: unknown) => expect(error).toBeInstanceOf(TreeError));
        },
      ),
      { numRuns: 200 },
    );
  });
});
