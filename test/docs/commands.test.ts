import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startWholeCluster, type WholeCluster } from "../../cli/sandbox/whole-cluster.ts";
import { runCli } from "../helpers/run-cli.ts";

/**
 * Runs the `console` blocks of the README, of the migration page, of docs/commands and docs/guides: a line that begins
 * with `$ ` is run, the lines below it are what it prints on stdout and stderr together, where `…` stands for anything in a line and a line `…` for any lines. Blocks of
 * one page share a folder. `cat > NAME <<EOF` writes a file; `KUBECONFIG` names a sandbox with the controllers.
 */
const root = join(import.meta.dirname, "../..");
const folders = ["docs/commands", "docs/guides"].flatMap((folder) =>
  readdirSync(join(root, folder)).map((name) => `${folder}/${name}`),
);
const pages = ["README.md", "docs/migration.md", ...folders].filter(
  (name) => name.endsWith(".md") && stepsOf(name).length > 0,
);

interface Step {
  readonly command: string;
  readonly output: readonly string[];
  readonly file?: { readonly name: string; readonly text: string };
}

function stepsOf(page: string): Step[] {
  const text = readFileSync(join(root, page), "utf8");
  const blocks = [...text.matchAll(/^```console\n([\s\S]*?)^```$/gm)].map(([, block = ""]) => block);
  return blocks.flatMap((block) => {
    const steps: { command: string; output: string[]; file?: { name: string; text: string } }[] = [];
    let heredoc: { name: string; lines: string[] } | undefined;
    for (const line of block.trimEnd().split("\n")) {
      if (heredoc !== undefined) {
        if (line === "EOF") {
          steps.push({ command: "", output: [], file: { name: heredoc.name, text: `${heredoc.lines.join("\n")}\n` } });
          heredoc = undefined;
        } else heredoc.lines.push(line);
        continue;
      }
      const opens = /^\$ cat > (\S+) <<EOF$/.exec(line);
      if (opens !== null) heredoc = { name: opens[1] ?? "", lines: [] };
      else if (line.startsWith("$ ")) steps.push({ command: line.slice(2), output: [] });
      else steps.at(-1)?.output.push(line);
    }
    return steps;
  });
}

/** The pieces of a command line that the pages need of a shell: pipes between our commands, `<` and `>`. */
async function runLine(line: string, cwd: string, env: Record<string, string>) {
  let stdin = "";
  let shown = "";
  let code = 0;
  for (const part of line.split(" | ")) {
    const words = [...part.matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2] ?? "");
    let target: string | undefined;
    const args: string[] = [];
    for (let at = 0; at < words.length; at++) {
      if (words[at] === "<") stdin = readFileSync(join(cwd, words[++at] ?? ""), "utf8");
      else if (words[at] === ">") target = words[++at];
      else args.push(words[at] ?? "");
    }
    const program = args.shift();
    if (program === "cat") {
      stdin = args.map((name) => readFileSync(join(cwd, name), "utf8")).join("");
      shown = stdin;
      continue;
    }
    if (program === "echo") {
      stdin = shown = `${args.join(" ")}\n`;
      continue;
    }
    if (program !== "sealkit") throw new Error(`the docs may only run sealkit, cat and echo, not ${program}`);
    const result = await runCli(args, { stdin, cwd, env });
    code = result.code;
    stdin = result.stdout;
    if (target !== undefined) writeFileSync(join(cwd, target), result.stdoutBytes);
    shown = (target === undefined ? result.stdout : "") + result.stderr;
  }
  return { code, shown };
}

function matches(shown: string, wanted: readonly string[]): boolean {
  const pattern = wanted
    .map((line) => (line === "…" ? "(?:.*\n)*?" : `${line.split("…").map(literally).join(".*")}\n`))
    .join("");
  return new RegExp(`^${pattern}$`).test(shown === "" || shown.endsWith("\n") ? shown : `${shown}\n`);
}

const literally = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");

describe("README, docs/commands and docs/guides", () => {
  let cluster: WholeCluster;
  beforeAll(async () => {
    cluster = await startWholeCluster({ settings: { keySizeBits: 2048, ratePerSecond: 100, rateBurst: 100 } });
    await cluster.controllers.ready;
  }, 60_000);
  afterAll(() => cluster.close());

  test("there are pages", () => {
    expect(pages).toEqual(
      expect.arrayContaining([
        "README.md",
        "docs/migration.md",
        "docs/guides/disaster-recovery.md",
        ...["drill", "keys", "kubeseal", "preview", "seal"].map((name) => `docs/commands/${name}.md`),
      ]),
    );
  });

  test.each(pages)("%s does what it shows", async (page) => {
    const cwd = mkdtempSync(join(tmpdir(), "sealkit-docs-"));
    try {
      writeFileSync(join(cwd, "kubeconfig"), cluster.sandbox.kubeconfig(), { mode: 0o600 });
      const env = { PATH: process.env["PATH"] ?? "", HOME: cwd, KUBECONFIG: "kubeconfig" };
      for (const { command, output, file } of stepsOf(page)) {
        if (file !== undefined) {
          mkdirSync(dirname(join(cwd, file.name)), { recursive: true });
          writeFileSync(join(cwd, file.name), file.text);
          continue;
        }
        const { shown } = await runLine(command, cwd, env);
        const ok = matches(shown, output);
        expect(ok ? "" : `$ ${command}\n${shown}\nbut the page says\n${output.join("\n")}`).toBe("");
      }
    } finally {
      rmSync(cwd, { recursive: true, force: true });
    }
  });
});
