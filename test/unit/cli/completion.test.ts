import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runCli } from "../../helpers/run-cli.ts";

const offered = async (...words: readonly string[]) =>
  (await runCli(["__complete", ...words])).stdout.split("\n").filter((word) => word !== "");

describe("__complete", () => {
  test.each([
    { name: "commands by their beginning", words: ["ku"], want: ["kubeseal"] },
    { name: "subcommands", words: ["keys", "re"], want: ["renew", "retire", "restore"] },
    { name: "flags", words: ["seal", "--al"], want: ["--allow-empty-data"] },
    { name: "flags of subcommands", words: ["keys", "renew", "--b"], want: ["--bits"] },
    {
      name: "choices after a blank",
      words: ["seal", "--scope", ""],
      want: ["strict", "namespace-wide", "cluster-wide"],
    },
    { name: "choices after the letter", words: ["keys", "list", "-o", "j"], want: ["json"] },
    { name: "choices after an equals sign", words: ["seal", "--format=y"], want: ["--format=yaml"] },
    { name: "choices of the personality", words: ["kubeseal", "--scope", "c"], want: ["cluster-wide"] },
    { name: "arguments", words: ["completion", "b"], want: ["bash"] },
    { name: "commands behind help", words: ["help", "prev"], want: ["preview"] },
    { name: "nothing where a file is wanted", words: ["seal", "--cert", ""], want: [] },
    { name: "nothing for an unknown command", words: ["nope", ""], want: [] },
    { name: "nothing below a name of Object", words: ["keys", "constructor", ""], want: [] },
  ])("offers $name", async ({ words, want }) => {
    expect(await offered(...words)).toEqual(want);
  });
});

const hasBash = spawnSync("bash", ["--version"]).error === undefined;

describe.skipIf(!hasBash)("the script for bash", () => {
  const bash = (input: string) => {
    const folder = mkdtempSync(join(tmpdir(), "sealkit-bash-"));
    try {
      // A stand-in that answers as sealkit does: what bash hands over is what is looked at here.
      writeFileSync(
        join(folder, "sealkit"),
        '#!/bin/sh\nshift\ncase "$*" in\n  "seal --scope ") echo strict; echo cluster-wide;;\n  "seal --scope=c") echo --scope=cluster-wide;;\n  "ke") echo keys;;\nesac\n',
      );
      chmodSync(join(folder, "sealkit"), 0o755);
      return execFileSync("bash", ["--norc", "-c", input], {
        env: { PATH: `${folder}:${process.env["PATH"]}` },
        encoding: "utf8",
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };

  test.each([
    { name: "a command", words: ["sealkit", "ke"], want: "keys\n" },
    { name: "choices", words: ["sealkit", "seal", "--scope", ""], want: "strict\ncluster-wide\n" },
    {
      name: "choices behind the equals sign that bash cuts at",
      words: ["sealkit", "seal", "--scope", "=", "c"],
      want: "cluster-wide\n",
    },
    { name: "nothing", words: ["sealkit", "seal", "x"], want: "" },
  ])("completes $name", async ({ words, want }) => {
    const { stdout: script } = await runCli("completion bash");
    const list = words.map((word) => `'${word}'`).join(" ");
    const call = `COMP_WORDS=(${list}); COMP_CWORD=${words.length - 1}; _sealkit; printf '%s\\n' "\${COMPREPLY[@]}" | sed '/^$/d'`;
    expect(bash(`${script}\n${call}`)).toBe(want);
  });

  test.each(["bash", "zsh", "fish"])("the script for %s is good syntax where that shell is", async (shell) => {
    const { stdout, code } = await runCli(`completion ${shell}`);
    expect([code, stdout.length > 100]).toEqual([0, true]);
    const checked = spawnSync(shell, ["-n"], { input: stdout });
    if (checked.error === undefined) expect(checked.status).toBe(0);
  });
});
