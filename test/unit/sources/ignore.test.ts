import { describe, expect, test } from "vitest";
import { ignoreRules } from "../../../src/sources/index.ts";

const root = (text: string) => ({ files: [{ directory: "", text }] });

describe("ignoreRules()", () => {
  test.each<[string, Parameters<typeof ignoreRules>[0], string, boolean]>([
    ["VCS files always", { files: [] }, ".gitignore", true],
    ["VCS files in any directory", { files: [] }, "a/.gitattributes", true],
    ["VCS files with own patterns too", root("*.md"), ".gitmodules", true],
    ["defaults without patterns", { files: [] }, "img/a.png", true],
    ["defaults: archives", { files: [] }, "x.tar.gz", true],
    ["defaults: CI", { files: [] }, ".github/workflows/a.yaml", true],
    ["defaults: sops rules in any directory", { files: [] }, "a/b/.sops.yaml", true],
    ["defaults: plain files stay", { files: [] }, "a/b.yaml", false],
    ["own patterns replace the defaults", root("*.md"), "img/a.png", false],
    ["spec.ignore replaces the defaults", { files: [], spec: "*.md" }, "img/a.png", false],
    ["an empty spec.ignore replaces them too", { files: [], spec: "" }, "img/a.png", false],
    ["a file of comments only does not", root("# nothing\n\n"), "img/a.png", true],
    ["a name at any depth", root("secret.txt"), "a/b/secret.txt", true],
    ["a name that is only similar", root("secret.txt"), "secret.txt.bak", false],
    ["anchored: at the root", root("/a.yaml"), "a.yaml", true],
    ["anchored: not deeper", root("/a.yaml"), "b/a.yaml", false],
    ["a slash inside anchors", root("b/a.yaml"), "c/b/a.yaml", false],
    ["directories only: what is below", root("tmp/"), "x/tmp/y", true],
    ["directories only: not a file", root("tmp/"), "x/tmp", false],
    ["all but one directory", root("/*\n!/deploy"), "deploy/a/b.yaml", false],
    ["all but one directory: the rest", root("/*\n!/deploy"), "src/main.go", true],
    ["all but a deeper directory", root("/*\n!/deploy/prod"), "deploy/prod/a.yaml", false],
    ["all but a deeper directory: its siblings", root("/*\n!/deploy/prod"), "deploy/dev/a.yaml", true],
    ["the last pattern wins", root("!a.yaml\na.yaml"), "a.yaml", true],
    ["spec.ignore has the last word", { ...root("a.yaml"), spec: "!a.yaml" }, "a.yaml", false],
    ["a file speaks for its directory", { files: [{ directory: "x", text: "/a.yaml" }] }, "x/a.yaml", true],
    ["a file does not speak for others", { files: [{ directory: "x", text: "*.yaml" }] }, "xy/a.yaml", false],
    [
      "a deeper file overrules",
      {
        files: [
          { directory: "x/y", text: "!a" },
          { directory: "", text: "a" },
        ],
      },
      "x/y/a",
      false,
    ],
    ["two stars in front", root("**/a.yaml"), "a.yaml", true],
    ["two stars in the middle", root("a/**/b"), "a/x/y/b", true],
    ["two stars in the middle take none too", root("a/**/b"), "a/b", true],
    ["two stars at the end", root("a/**"), "a/x/y", true],
    ["two stars at the end need something", root("a/**\n!a"), "a", false],
    ["a star stays in its part", root("/a*c"), "ab/c", false],
    ["question mark", root("a?c"), "abc", true],
    ["a class", root("a[0-9].yaml"), "a7.yaml", true],
    ["a negated class", root("a[!0-9].yaml"), "a7.yaml", false],
    ["an unclosed bracket is a letter", root("a[b"), "a[b", true],
    ["an escaped star", root("a\\*"), "ab", false],
    ["an escaped hash", root("\\#x"), "#x", true],
    ["an escaped exclamation mark", root("\\!x"), "!x", true],
    ["spaces at the end are cut", root("a.yaml   "), "a.yaml", true],
    ["Windows line ends", root("a.yaml\r\nb"), "a.yaml", true],
    ["letters beyond ASCII", root("ü?.yaml"), "ü\u{1f600}.yaml", true],
  ])("%s", (_name, sources, path, want) => {
    expect(ignoreRules(sources)(path)).toBe(want);
  });

  test("evil patterns cost little", () => {
    const ignored = ignoreRules(root(`${"*a".repeat(400)}b\n${"**/".repeat(300)}x`));
    expect(ignored(`${"a".repeat(200)}/${"a/".repeat(90)}c`)).toBe(false);
  });

  test("a line of very many blanks costs no square time", { timeout: 60_000 }, () => {
    expect(ignoreRules(root(`#${" ".repeat(1_000_000)}x\n*.md`))("a.md")).toBe(true);
  });

  test.each([
    ["blanks at the end", "a.yaml \t ", "a.yaml"],
    ["a blank behind a backslash stays", "a\\  ", "a "],
  ])("%s", (_name, pattern, path) => {
    expect(ignoreRules(root(pattern))(path)).toBe(true);
  });

  test.each([
    ["too many", Array.from({ length: 3000 }, (_, n) => `f${n}`).join("\n")],
    ["too long", "x".repeat(2000)],
  ])("%s patterns are refused", (_name, text) => {
    expect(() => ignoreRules(root(text))).toThrow(expect.objectContaining({ code: "SOURCE_IGNORE_TOO_LARGE" }));
  });
});
