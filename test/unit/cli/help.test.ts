import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { COMMANDS } from "../../../cli/commands.ts";
import { runCli } from "../../helpers/run-cli.ts";

const folder = join(import.meta.dirname, "../../golden/help");

/** Command lines whose help stands in one golden file each; `UPDATE_GOLDEN=1` rewrites them. */
const lines = [
  "",
  ...COMMANDS.map(({ name }) => name),
  ...["list", "renew", "import", "retire", "compromise", "backup", "split", "combine", "verify", "restore"].map(
    (name) => `keys ${name}`,
  ),
  "guard install",
];

describe("help", () => {
  test.each(lines)('of "sealkit %s" is as in its golden file', async (line) => {
    const path = join(folder, `${line === "" ? "sealkit" : line.replaceAll(" ", "-")}.txt`);
    const { stdout, stderr } = await runCli(`${line} --help`);
    // age and age-keygen print their usage on stderr, as their originals do.
    const text = stdout === "" ? stderr : stdout;
    if (process.env["UPDATE_GOLDEN"] === "1" || !existsSync(path)) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(path, text);
    }
    expect(text).toBe(readFileSync(path, "utf8"));
  });

  test("the overview is a dozen lines or two, grouped by purpose", async () => {
    const { stdout } = await runCli("");
    expect(stdout.split("\n").length).toBeLessThan(40);
    expect(stdout.match(/^\S+( \S+){0,2}$/gm)).toEqual(["Seal", "Encrypt", "Sync", "Keys", "Try it out", "More"]);
  });

  test("no line of our own pages is wider than 120 columns", async () => {
    for (const line of lines.filter(
      (name) => !["kubeseal", "sops", "age", "age-keygen", "age-inspect", "controller"].includes(name),
    )) {
      const { stdout } = await runCli(`${line} --help`);
      expect(stdout.split("\n").filter((text) => text.length > 120)).toEqual([]);
    }
  });
});
