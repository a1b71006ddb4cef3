import { relative, resolve } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { movedBelow, shownFrom } from "../../../../cli/sops/many/paths.ts";

const name = fc.constantFrom("a", "b", "..a", "a b", ".git", "ä");
const folder = fc.array(name, { maxLength: 4 }).map((parts) => parts.map((part) => `/${part}`).join(""));
const below = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));

describe("paths of files in folders are what node:path makes of them", () => {
  test("as they are shown in the current folder", () => {
    fc.assert(
      fc.property(folder, folder, below, (cwd, base, path) => {
        const there = cwd === "" ? "/" : cwd;
        expect(shownFrom(there, base)(path)).toBe(relative(there, `${base}/${path}`) || ".");
      }),
    );
  });

  test("as they are below another folder", () => {
    fc.assert(
      fc.property(folder, folder, below, (from, to, path) => {
        const [root, target] = [from.slice(1), to.slice(1)];
        const full = root === "" ? path : `${root}/${path}`;
        expect(movedBelow(root, target)(full)).toBe(
          relative("/", resolve(`/${target}`, relative(`/${root}`, `/${full}`))),
        );
      }),
    );
  });
});
