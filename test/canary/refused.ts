import { expect } from "vitest";
import { type CliResult, type CliRun, runCli } from "../helpers/run-cli.ts";
import { type Canary, watchTemporaryFiles } from "./canary.ts";

export interface Refusal extends CliRun {
  readonly words: readonly string[];
}

/** Runs a command that has to fail, and searches everything that it left for the secret. */
export async function expectRefused(canary: Canary, { words, files = {}, ...run }: Refusal): Promise<CliResult> {
  const temporary = watchTemporaryFiles();
  try {
    const result = await runCli(words, { ...run, files });
    expect(result.code, "it is refused").not.toBe(0);
    expect(canary.seenIn(result.stdout), "on stdout").toBeUndefined();
    const said = result.stderr.replaceAll(canary.text, "<SECRET>");
    expect(canary.seenIn(result.stderr), `on stderr: ${said}`).toBeUndefined();
    expect(result.stderr.length, "it says why").toBeGreaterThan(10);
    expect(result.stderr, "no stack trace").not.toMatch(/\n\s+at .*[(:]\d+:\d+/);
    for (const [path, { text, bytes }] of Object.entries(result.files)) {
      const given = files[path];
      if (given === undefined) expect(canary.seenIn(text), `in the new file ${path}`).toBeUndefined();
      else expect(Buffer.from(given).equals(Buffer.from(bytes)), path).toBe(true);
    }
    for (const { path, content } of temporary.leftovers()) {
      expect(canary.seenIn(content), `in the temporary file ${path}`).toBeUndefined();
    }
    return result;
  } finally {
    temporary.restore();
  }
}
