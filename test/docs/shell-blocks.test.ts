import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildSealkit } from "../helpers/controller.ts";
import { type Block, blocks, pages, read, root } from "../helpers/pages.ts";
import { runCli } from "../helpers/run-cli.ts";

/**
 * Every `sh` block of the documentation is run, page by page, in a folder of its own in which the blocks of a page
 * follow each other. A block that cannot be run here has `<!-- not run: why -->` before it; its commands have to exist
 * all the same.
 */
const shown: readonly Block[] = pages()
  .flatMap(blocks)
  .filter(({ language }) => language === "sh");
/** What a block may use without being marked: nothing that reaches out of its folder, or needs what is not there. */
const HARMLESS =
  /^(sealkit|cat|cd|chmod|cp|cmp|diff|echo|export|git|grep|head|ln|ls|mkdir|mv|printf|rm|sed|tail|test|[A-Z_]+=.*)$/;
const scripts: Record<string, string> = JSON.parse(read("package.json")).scripts;
const program = join(root, "dist/bin/sealkit.cjs");
let folder = "";

/** The simple commands of a block; enough of a shell's grammar for documentation. */
function commands(block: Block): string[] {
  return block.text
    .replace(/\\\n\s*/g, " ")
    .split(/\n|&&|\|\||[|;]/)
    .map((line) => line.replace(/^\s*\$ /, "").trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}

function environment(): NodeJS.ProcessEnv {
  return {
    PATH: `${join(folder, "bin")}:${process.env["PATH"]}`,
    HOME: folder,
    NO_COLOR: "1",
    GIT_AUTHOR_NAME: "A",
    GIT_AUTHOR_EMAIL: "a@example.com",
    GIT_COMMITTER_NAME: "A",
    GIT_COMMITTER_EMAIL: "a@example.com",
  };
}

describe("shell blocks of the documentation", () => {
  beforeAll(async () => {
    // An old program would be compared with what the pages say now.
    await buildSealkit();
    folder = mkdtempSync(join(tmpdir(), "sealkit-docs-"));
    mkdirSync(join(folder, "bin"));
    symlinkSync(program, join(folder, "bin/sealkit"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("there is something to check", () => {
    expect(shown.length).toBeGreaterThan(1);
  });

  test("npm scripts and project files that are named exist", () => {
    const wrong = shown.flatMap((block) =>
      commands(block)
        .map((command) => ({ block, words: command.split(/\s+/) }))
        .filter(({ words: [first, second, third] }) => {
          if (first === "npm" && second === "run") return scripts[third ?? ""] === undefined;
          if (first === "npm" && second === "test") return scripts["test"] === undefined;
          return first === "node" && second !== undefined && second.includes("/") && !existsSync(join(root, second));
        })
        .map(({ words }) => `${block.page}:${block.line}: ${words.join(" ")}`),
    );
    expect(wrong).toEqual([]);
  });

  test("every command of sealkit that is shown exists, with its flags", async () => {
    const wrong: string[] = [];
    for (const block of shown) {
      for (const command of commands(block)) {
        const words = command.split(/\s+/);
        const at = words.indexOf("sealkit");
        if (at !== 0 && !/^[A-Z_]+=/.test(words[0] ?? "")) continue;
        if (at < 0) continue;
        const rest = words.slice(at + 1);
        const flags = rest.filter((word) => word.startsWith("--")).map((word) => word.split("=")[0] ?? word);
        const names = rest.slice(0, Math.max(0, rest.findIndex((word) => !/^[a-z][a-z-]*$/.test(word)) >>> 0));
        const help = await helpFor(names);
        if (help === undefined) wrong.push(`${block.page}:${block.line}: ${command}: no such command`);
        for (const flag of flags) {
          if (help !== undefined && flag !== "--help" && !help.includes(flag)) {
            wrong.push(`${block.page}:${block.line}: ${command}: no ${flag} in its help`);
          }
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  const runnable = [...new Set(shown.map(({ page }) => page))]
    .map((page) => ({ page, own: shown.filter((block) => block.page === page && block.notRun === undefined) }))
    .filter(({ own }) => own.length > 0);

  test.each(runnable)(
    "the commands of $page work",
    ({ page, own }) => {
      const place = mkdtempSync(join(folder, "page-"));
      const script = own.map(({ text, line }) => `: ${page}:${line}\n${text}`).join("\n");
      const foreign = own.flatMap(commands).filter((command) => !HARMLESS.test(command.split(/\s+/)[0] ?? ""));
      expect(foreign, "put <!-- not run: why --> before the block").toEqual([]);
      const run = spawnSync("bash", ["--norc", "-euo", "pipefail", "-x", "-c", script], {
        stdio: ["ignore", "pipe", "pipe"],
        cwd: place,
        encoding: "utf8",
        timeout: 60_000,
        env: environment(),
      });
      expect(run.status, run.stderr.slice(-2000)).toBe(0);
    },
    70_000,
  );
});

/** The help of the longest prefix of `names` that is a command. */
async function helpFor(names: readonly string[]): Promise<string | undefined> {
  for (let length = names.length; length > 0; length--) {
    const help = await helpOf(names.slice(0, length));
    if (help !== undefined) return help;
  }
  return undefined;
}

const known = new Map<string, string | undefined>();

async function helpOf(names: readonly string[]): Promise<string | undefined> {
  const key = names.join(" ");
  if (known.has(key)) return known.get(key);
  const { code, stdout } = await runCli([...names, "--help"]);
  const help = code === 0 ? stdout : undefined;
  known.set(key, help);
  return help;
}
