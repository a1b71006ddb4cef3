import { execFile } from "node:child_process";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { expect, test } from "vitest";

const source = join(import.meta.dirname, "../../../cli/keep-running.ts");

/** Runs `main` in a program of its own, with `work` that only a timer without a hold on the program resolves. */
function ends(main: string): Promise<{ code: number; stdout: string }> {
  const contents = `import { keepRunning } from ${JSON.stringify(source)};
    const work = new Promise((resolve) => setTimeout(resolve, 100, 3).unref());
    const told = (code) => { process.stdout.write("told"); process.exit(code); };
    void ${main};`;
  const stdin = { contents, resolveDir: import.meta.dirname };
  const built = buildSync({ stdin, bundle: true, write: false, platform: "node", format: "cjs" });
  return new Promise((resolve) => {
    const child = execFile(process.execPath, ["-e", built.outputFiles[0]!.text], (_, stdout) => {
      resolve({ code: child.exitCode ?? -1, stdout });
    });
  });
}

test("a program that waits for another try ends with an answer, not in silence", async () => {
  expect(await ends("work.then(told), keepRunning")).toEqual({ code: 0, stdout: "" });
  expect(await ends("keepRunning(work).then(told)")).toEqual({ code: 3, stdout: "told" });
});
