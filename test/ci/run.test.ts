import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");

/** Plays npm: its scripts do what `STEPS` says, as `name=passed/failed/status` (a test run) or `name=status`. */
const NPM = `#!/usr/bin/env bash
name=$1
if [ "$name" = run ]; then
  for name in "\${@:2}"; do case $name in --*) ;; *) break ;; esac; done
fi
plan=0
for step in $STEPS; do [ "\${step%%=*}" != "$name" ] || plan=\${step#*=}; done
[ -z "$(cat)" ] || exit 99
IFS=/ read -r first bad status <<<"$plan"
[ "$first" != hangs ] || exec sleep 1000
for word; do
  case $word in
    --outputFile.json=*) [ -z "$bad" ] || echo "{\\"numPassedTests\\": $first, \\"numFailedTests\\": $bad}" >"\${word#*=}" ;;
  esac
done
echo "npm did $name"
exit "\${status:-$first}"
`;

describe(".ci/run", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "sealkit-ci-"));
    for (const part of ["bin", "a clone/.ci", "a clone/tools", "tmp"])
      mkdirSync(join(folder, part), { recursive: true });
    copyFileSync(join(root, ".ci/run"), join(folder, "a clone/.ci/run"));
    writeFileSync(join(folder, "a clone/tools/peers.mjs"), "process.exitCode = Number(process.env.NO_GO ?? 0);\n");
    writeFileSync(join(folder, "bin/npm"), NPM, { mode: 0o755 });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const run = (steps: string, env: Record<string, string> = {}) => {
    const path = [join(folder, "bin"), join(process.execPath, ".."), process.env["PATH"] ?? ""].join(delimiter);
    const { status, stdout } = spawnSync("bash", [join(folder, "a clone/.ci/run")], {
      cwd: tmpdir(),
      encoding: "utf8",
      input: "what nobody may read",
      timeout: 100_000,
      env: { PATH: path, TMPDIR: join(folder, "tmp"), STEPS: steps, ...env },
    });
    return { status, last: stdout.trimEnd().split("\n").at(-1), stdout };
  };
  const GOOD = "test=5/0/0 test:peers=3/0/0 test:cluster=2/0/0";

  test.each([
    { name: "all is well", steps: GOOD, last: "10 passed, 0 failed", status: 0 },
    { name: "tests fail", steps: GOOD.replace("5/0/0", "4/2/1"), last: "9 passed, 2 failed", status: 1 },
    {
      name: "a test file cannot be loaded",
      steps: GOOD.replace("5/0/0", "5/0/1"),
      last: "10 passed, 1 failed",
      status: 1,
    },
    { name: "a run leaves no report", steps: GOOD.replace("3/0/0", "1"), last: "7 passed, 1 failed", status: 1 },
    { name: "a check fails", steps: `${GOOD} check=1`, last: "10 passed, 1 failed", status: 1 },
    { name: "nothing can be installed", steps: `${GOOD} ci=1`, last: "0 passed, 1 failed", status: 1 },
    { name: "it cannot be built", steps: `${GOOD} build=2`, last: "0 passed, 1 failed", status: 1 },
    { name: "the original tools cannot be built", steps: `${GOOD} peers=1`, last: "5 passed, 1 failed", status: 1 },
    { name: "there is no Go", steps: GOOD, env: { NO_GO: "1" }, last: "5 passed, 0 failed", status: 0 },
  ])("$name: $last", ({ steps, env, last, status }) => {
    const result = run(steps, env ?? {});
    expect(result.last, result.stdout).toBe(last);
    expect(result.status).toBe(status);
  });

  test.skipIf(spawnSync("timeout", ["--version"]).status !== 0)(
    "what does not end is ended, and what comes after it has failed too",
    () => {
      const result = run(`${GOOD} demo=hangs`, { SEALKIT_CI_SECONDS: "1" });
      expect(result.last, result.stdout).toMatch(/^0 passed, [1-9] failed$/);
      expect(result.status).toBe(1);
    },
  );
});
