import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  compareByBytes,
  type FileTree,
  filterTree,
  type LeftOutLink,
  overlayTree,
  resolvePath,
  subTree,
  type TreeEntry,
  treeFromEntries,
} from "../../../src/tree/index.ts";
import { anyText } from "../../helpers/any-text.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const file = (path: string, content = path): TreeEntry => ({ kind: "file", path, bytes: bytes(content) });
const link = (path: string, target: string): TreeEntry => ({ kind: "link", path, target });
const read = async (tree: FileTree, path: string) => {
  const found = await tree.read(path);
  return found && new TextDecoder().decode(found);
};

describe("treeFromEntries()", () => {
  test.each<{ name: string; entries: TreeEntry[]; want: string }>([
    { name: "a parent step", entries: [file("../x")], want: "TREE_BAD_PATH" },
    { name: "a parent step inside", entries: [file("a/../../x")], want: "TREE_BAD_PATH" },
    { name: "an absolute path", entries: [file("/etc/passwd")], want: "TREE_BAD_PATH" },
    { name: "a dot part", entries: [file("a/./b")], want: "TREE_BAD_PATH" },
    { name: "an empty part", entries: [file("a//b")], want: "TREE_BAD_PATH" },
    { name: "an empty path", entries: [file("")], want: "TREE_BAD_PATH" },
    { name: "a NUL", entries: [file("a\0b")], want: "TREE_BAD_PATH" },
    { name: "half a surrogate pair", entries: [file("a\ud800")], want: "TREE_BAD_PATH" },
    { name: "the same path twice", entries: [file("a"), file("a")], want: "TREE_CLASHING_PATHS" },
    { name: "a file that is a directory", entries: [file("a"), file("a/b")], want: "TREE_CLASHING_PATHS" },
    { name: "a file below a link", entries: [file("x/f"), link("a", "x"), file("a/b")], want: "TREE_CLASHING_PATHS" },
    {
      name: "too many files",
      entries: ["a", "b", "c", "d", "e", "f"].map((name) => file(name)),
      want: "TREE_TOO_LARGE",
    },
    { name: "a large file", entries: [file("a", "x".repeat(101))], want: "TREE_TOO_LARGE" },
    { name: "much in all", entries: ["a", "b", "c"].map((name) => file(name, "x".repeat(90))), want: "TREE_TOO_LARGE" },
    { name: "a long path", entries: [file("x".repeat(65))], want: "TREE_TOO_LARGE" },
    { name: "a deep path", entries: [file("a/b/c/d/e/f")], want: "TREE_TOO_LARGE" },
    { name: "a link to an absolute path", entries: [link("a", "/etc/passwd")], want: "TREE_LINK_REFUSED" },
    { name: "a link out of the tree", entries: [file("d/f"), link("d/a", "../../x")], want: "TREE_LINK_REFUSED" },
    { name: "a link to nothing", entries: [link("a", "b")], want: "TREE_LINK_REFUSED" },
    { name: "an empty link", entries: [link("a", "")], want: "TREE_LINK_REFUSED" },
    { name: "a link to itself", entries: [link("a", "a")], want: "TREE_LINK_REFUSED" },
    { name: "links in a circle", entries: [link("a", "b"), link("b", "a")], want: "TREE_LINK_REFUSED" },
    { name: "a link to its own directory", entries: [file("d/f"), link("d/a", ".")], want: "TREE_LINK_REFUSED" },
    {
      name: "a link through a link out of the tree",
      entries: [file("d/f"), link("d/up", ".."), link("d/out", "up/../x")],
      want: "TREE_LINK_REFUSED",
    },
    {
      name: "copies beyond the limit",
      entries: [file("d/a"), file("d/b"), file("d/c"), link("e", "d")],
      want: "TREE_TOO_LARGE",
    },
  ])("refuses $name with $want", ({ entries, want }) => {
    const limits = { maxFiles: 5, maxFileBytes: 100, maxTotalBytes: 250, maxPathBytes: 64, maxDepth: 4 };
    expect(() => treeFromEntries(entries, { limits })).toThrow(expect.objectContaining({ code: want }));
  });

  test("resolves links to files, directories and through other links", async () => {
    const tree = treeFromEntries([
      file("base/a.yaml", "A"),
      file("base/deep/b.yaml", "B"),
      link("one", "base/a.yaml"),
      link("copy", "./base"),
      link("copy-of-copy", "copy"),
      link("base/up", "../one"),
    ]);
    expect(await read(tree, "one")).toBe("A");
    expect(await read(tree, "copy/deep/b.yaml")).toBe("B");
    expect(await read(tree, "copy-of-copy/a.yaml")).toBe("A");
    expect(await read(tree, "copy/up")).toBe("A");
    expect(tree.hasDirectory("copy-of-copy/deep")).toBe(true);
    expect(tree.hasDirectory("copy-of-copy/deep/b.yaml")).toBe(false);
  });

  test("leaves bad links out when told to, and names each", () => {
    const left: LeftOutLink[] = [];
    const tree = treeFromEntries([file("a"), link("b", "/etc/shadow"), link("c", "gone"), link("d", "d")], {
      badLinks: "leave-out",
      onLeftOut: (one) => left.push(one),
    });
    expect(tree.paths()).toEqual(["a"]);
    expect(left.map(({ path, reason }) => `${path} ${reason}`)).toEqual([
      "b leads out of the tree",
      "c leads to nothing",
      "d leads in a circle",
    ]);
  });

  test("bounds directories of links that hold no file at all", () => {
    const entries: TreeEntry[] = [link("d30/end", "nowhere")];
    for (let level = 0; level < 30; level++) {
      entries.push(link(`d${level}/a`, `../d${level + 1}`), link(`d${level}/b`, `../d${level + 1}`));
    }
    expect(() => treeFromEntries(entries, { badLinks: "leave-out", limits: { maxFiles: 2000 } })).toThrow(
      expect.objectContaining({ code: "TREE_TOO_LARGE" }),
    );
  });

  test("sorts by bytes, not by UTF-16 units", () => {
    const tree = treeFromEntries([file("\u{1f600}"), file("\uff5e"), file("b"), file("a/b"), file("a-")]);
    expect(tree.paths()).toEqual(["a-", "a/b", "b", "\uff5e", "\u{1f600}"]);
  });
});

describe("compareByBytes()", () => {
  test("agrees with the order of UTF-8 bytes", () => {
    fc.assert(
      fc.property(anyText(), anyText(), (left, right) => {
        expect(Math.sign(compareByBytes(left, right))).toBe(Buffer.compare(Buffer.from(left), Buffer.from(right)));
      }),
      { numRuns: 50 },
    );
  });
});

describe("resolvePath()", () => {
  test.each([
    ["a/b", "../c", "a/c"],
    ["a", "..", ""],
    ["", ".", ""],
    ["a", "./x//y/", "a/x/y"],
    ["a", "../..", undefined],
    ["a", "/x", undefined],
    ["a", "x\0", undefined],
  ])("%j and %j give %j", (from, relative, want) => {
    expect(resolvePath(from, relative)).toBe(want);
  });
});

describe("views", () => {
  const tree = treeFromEntries([file("a/x", "1"), file("a/y", "2"), file("b", "3")]);

  test("filterTree() hides files from every question", async () => {
    const view = filterTree(tree, (path) => path === "b");
    expect(view.paths()).toEqual(["b"]);
    expect(await view.read("a/x")).toBeUndefined();
    expect(view.hasDirectory("a")).toBe(false);
  });

  test("overlayTree() adds, replaces and removes", async () => {
    const view = overlayTree(
      tree,
      new Map([
        ["a/x", bytes("9")],
        ["c/d", bytes("4")],
        ["b", undefined],
      ]),
    );
    expect(view.paths()).toEqual(["a/x", "a/y", "c/d"]);
    expect([await read(view, "a/x"), await read(view, "a/y"), await read(view, "b")]).toEqual(["9", "2", undefined]);
    expect(view.hasDirectory("c")).toBe(true);
  });

  test("subTree() makes paths relative", async () => {
    const view = subTree(tree, "a");
    expect(view.paths()).toEqual(["x", "y"]);
    expect(await read(view, "y")).toBe("2");
    expect(await view.read("../b")).toBeUndefined();
  });
});
