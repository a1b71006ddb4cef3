import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { SCRIPTS } from "../../../../cli/sops/completion.ts";
import { runCli } from "../../../helpers/run-cli.ts";

const offered = async (...words: string[]) =>
  (await runCli(["__complete", "sops", ...words])).stdout.split("\n").slice(0, -1);

describe("completion of sops", () => {
  test.each([
    { words: ["e"], want: ["encrypt", "edit", "exec-env", "exec-file"] },
    { words: ["groups", ""], want: ["add", "delete"] },
    { words: ["completion", "z"], want: ["zsh"] },
    { words: ["groups", "add", "--sh"], want: ["--shamir-secret-sharing-threshold"] },
    { words: ["edit", "--show"], want: ["--show-master-keys"] },
    { words: ["exec-file", "--no"], want: ["--no-fifo"] },
    { words: ["decrypt", "--input-type", "j"], want: ["json"] },
    { words: ["edit", "fil"], want: [] },
  ])("$words", async ({ words, want }) => expect(await offered(...words)).toEqual(want));

  test("a program called sops completes itself, and no script of sealkit calls a sops", async () => {
    const own = await runCli("__complete groups d", { argv0: "/usr/bin/sops" });
    expect(own.stdout).toBe("delete\n");
    const scripts = await Promise.all(["bash", "zsh", "fish"].map((name) => runCli(["sops", "completion", name])));
    for (const { code, stdout } of scripts) {
      expect([code, stdout.includes("sealkit __complete sops"), stdout.includes("sops __complete")]).toEqual([
        0,
        true,
        false,
      ]);
    }
    expect((await runCli("completion bash", { argv0: "sops" })).stdout).toContain("sops __complete");
  });

  test("the script of bash offers what it is told", () => {
    const fake = `offers() { printf '%s\\n' encrypt "$@"; }`;
    const script = `${fake}\n${SCRIPTS.bash("offers")}\nCOMP_WORDS=(sops --config x e); COMP_CWORD=3; _sealkit_sops; echo "\${COMPREPLY[@]}"`;
    expect(spawnSync("bash", ["-c", script], { encoding: "utf8" }).stdout).toBe("encrypt --config x e\n");
  });

  test.each([
    { words: ["completion"], code: 0, says: "Usage: sealkit sops completion" },
    { words: ["completion", "tcsh"], code: 3, says: "No help topic for 'tcsh'\nhint: sealkit sops completion bash\n" },
  ])("$words", async ({ words, code, says }) => {
    const run = await runCli(["sops", ...words]);
    expect([run.code, `${run.stdout}${run.stderr}`.includes(says)]).toEqual([code, true]);
  });
});
