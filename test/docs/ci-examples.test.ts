import { describe, expect, test } from "vitest";
import { readManifests } from "../../src/yaml/index.ts";
import { filesBelow, read } from "../helpers/pages.ts";

const files = [...filesBelow("examples/ci", ".yaml"), ...filesBelow("examples/ci", ".yml")];

/** Every text of a workflow: scripts are among them, wherever the CI keeps them. */
function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

/** The command lines of sealkit in a workflow, as words. */
function commandsIn(file: string): string[][] {
  const texts = readManifests(read(file), { source: file }).manifests.flatMap(({ value }) => textsIn(value));
  const lines = texts.flatMap((text) => text.split("\n")).map((line) => line.trim());
  return lines.filter((line) => line.startsWith("sealkit ")).map((line) => line.split(/\s+/).slice(1));
}

describe("examples/ci", () => {
  test("GitHub and GitLab, on a schedule, each saying whose secret the identity is then", () => {
    expect(files).toEqual(["examples/ci/github-drill.yaml", "examples/ci/gitlab-drill.yml"]);
    for (const file of files) {
      expect(read(file).replace(/\n# /g, " ")).toMatch(/It is a secret of your CI then/);
      expect(read(file)).toMatch(/schedule/);
    }
  });

  test.each(files)("%s is YAML of one document, and verifies and rehearses", (file) => {
    const [{ value } = { value: null }, ...rest] = readManifests(read(file), { source: file }).manifests;
    expect(rest).toEqual([]);
    expect(value).toMatchObject(file.includes("github") ? { on: { schedule: [{ cron: expect.any(String) }] } } : {});
    expect(commandsIn(file).map(([first, second]) => (first === "keys" ? `${first} ${second}` : first))).toEqual([
      "keys verify",
      "drill",
      "drill",
    ]);
  });

  test.each(files.flatMap((file) => commandsIn(file).map((words) => ({ file, line: words.join(" "), words }))))(
    "$file: sealkit $line has flags that exist",
    ({ words }) => {
      // Held against the program by test/unit/cli/help.test.ts; loading its controllers here would take seconds.
      const help = read(`test/golden/help/${words[0] === "keys" ? words.slice(0, 2).join("-") : words[0]}.txt`);
      const flags = words.filter((word) => word.startsWith("-"));
      expect(flags.length).toBeGreaterThan(1);
      for (const flag of flags) expect(help).toMatch(new RegExp(`^ +(-\\w, )?${flag}[ ,]`, "m"));
      expect(words.filter((word) => word === "markdown").length).toBe(words[0] === "drill" ? 1 : 0);
    },
  );
});
