import { existsSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { describe, expect, test } from "vitest";
import { pages, prose, read, root } from "../helpers/pages.ts";

/** The anchor that a heading gets when it is shown. */
function anchor(heading: string): string {
  return heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replaceAll("`", "")
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(" ", "-");
}

function anchors(page: string): Set<string> {
  const text = read(page).replace(/^\s*```[\s\S]*?^\s*```/gm, "");
  return new Set([...text.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = ""]) => anchor(heading)));
}

const links = pages().flatMap((page) =>
  [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => ({ page, target })),
);

describe("links of the documentation", () => {
  test("there is something to check", () => {
    expect(pages().length).toBeGreaterThan(8);
    expect(links.length).toBeGreaterThan(2);
  });

  test("lead to files and headings that are there", () => {
    const broken = links
      .filter(({ target }) => !/^[a-z]+:/.test(target))
      .filter(({ page, target }) => {
        const [path = "", fragment] = target.split("#");
        const file = path === "" ? page : posix.normalize(posix.join(dirname(page), path));
        if (!existsSync(join(root, file))) return true;
        return fragment !== undefined && file.endsWith(".md") && !anchors(file).has(fragment);
      });
    expect(broken).toEqual([]);
  });

  test("every page but the first can be reached from it", () => {
    const reached = new Set(["README.md"]);
    for (const page of reached) {
      for (const { target } of links.filter((link) => link.page === page)) {
        const file = posix.normalize(posix.join(dirname(page), target.split("#")[0] ?? ""));
        // A link to a folder shows what is in it.
        const folder = `${file.replace(/\/$/, "")}/`;
        for (const found of pages()) if (found === file || found.startsWith(folder)) reached.add(found);
      }
    }
    const lost = pages().filter((page) => page.startsWith("docs/") && !reached.has(page));
    expect(lost).toEqual([]);
  });
});
