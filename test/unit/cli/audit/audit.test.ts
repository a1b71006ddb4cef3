import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CliRun, runCli } from "../../../helpers/run-cli.ts";

const fixture = (name: string) => readFileSync(new URL(`../../../../fixtures/keys/${name}`, import.meta.url), "utf8");
const KEYS = { "keys.age": fixture("backup-v1.age"), "id.txt": fixture("identity.txt") };
const CLEAR = "kind: Secret\nmetadata: {name: db}\nstringData:\n  password: h7Kq-canary-29x\n";
const VALUES = "db:\n  password: h7Kq-canary-29x\n";
const env = { PATH: process.env["PATH"] ?? "", GIT_CONFIG_NOSYSTEM: "1" };

async function audit(line: string, files: Record<string, string> = {}, more: CliRun = {}) {
  const result = await runCli(`audit ${line}`, { files: { "repo/README.md": "# x\n", ...files }, env, ...more });
  expect(result.stdout + result.stderr).not.toContain("canary");
  return result;
}

describe("audit", () => {
  test("what is found: a line each, the worst first, and what was looked at; exit status 1", async () => {
    const { code, stdout, stderr } = await audit("--repo repo", { "repo/a.yaml": CLEAR, "repo/values.yaml": VALUES });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^SEVERITY +RULE +WHERE +WHAT\nerror +clear-secret +a\.yaml:4 +Secret db; password\n/);
    expect(stdout).toMatch(/\nwarning +clear-value +values\.yaml:2 +db\.password\n$/);
    expect(stderr).toBe("Looked at 3 files: 1 error, 1 warning, 0 notes\n");
  });

  test("nothing is found: nothing is printed, exit status 0", async () => {
    const { code, stdout, stderr } = await audit("--repo repo", { "repo/s.yaml": fixture("sealed-v1.yaml") });
    expect([code, stdout, stderr]).toEqual([0, "", "Looked at 2 files: 0 errors, 0 warnings, 0 notes\n"]);
  });

  test("a file is no repository", async () => {
    const { code, stderr } = await audit("--repo repo/README.md");
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^error: Cannot go through ".*": it is no folder\n$/)]);
  });

  test.each([
    { failOn: "error", values: 0, clear: 1 },
    { failOn: "warning", values: 1, clear: 1 },
    { failOn: "note", values: 1, clear: 1 },
    { failOn: "never", values: 0, clear: 0 },
  ])("--fail-on $failOn", async ({ failOn, values, clear }) => {
    const line = `--repo repo --fail-on ${failOn}`;
    expect((await audit(line, { "repo/values.yaml": VALUES })).code).toBe(values);
    expect((await audit(line, { "repo/a.yaml": CLEAR })).code).toBe(clear);
  });

  test("JSON and YAML", async () => {
    const { stdout } = await audit("--repo repo -o json", { "repo/a.yaml": CLEAR });
    expect(JSON.parse(stdout)).toEqual({
      findings: [
        {
          rule: "clear-secret",
          severity: "error",
          path: "a.yaml",
          line: 4,
          object: "Secret db",
          fields: ["password"],
          fingerprint: expect.stringMatching(/^[0-9a-f]{32}:1$/),
        },
      ],
      allowed: 0,
      files: 2,
      sealedSecrets: 0,
      sopsFiles: 0,
      skipped: [],
    });
    expect((await audit("--repo repo -o yaml", { "repo/a.yaml": CLEAR })).stdout).toContain("rule: clear-secret");
  });

  test("SARIF", async () => {
    const { stdout } = await audit("--repo repo -o sarif", { "repo/a.yaml": CLEAR });
    const log = JSON.parse(stdout);
    expect(log.runs[0].results).toMatchObject([{ ruleId: "clear-secret", level: "error" }]);
    expect(log.runs[0].tool.driver.semanticVersion).toMatch(/^\d+\.\d+\.\d+/);
  });

  test("the policy: what is allowed is counted, what is allowed no more is named, a broken one ends it", async () => {
    const policy = (until: string) =>
      `audit:\n  allow:\n  - {rule: clear-secret, path: a.yaml, reason: x, until: ${until}}\n`;
    const run = (text: string) =>
      audit(
        "--repo repo",
        { "repo/a.yaml": CLEAR, "repo/.sealkit/policy.yaml": text },
        { now: Date.parse("2026-06-01") },
      );
    expect(await run(policy("2026-06-01"))).toMatchObject({
      code: 0,
      stderr: "Looked at 3 files: 0 errors, 0 warnings, 0 notes; 1 allowed by the policy\n",
    });
    const over = await run(policy("2026-05-31"));
    expect(over.code).toBe(1);
    expect(over.stdout).toMatch(/\nnote +expired-allowance +\.sealkit\/policy\.yaml:3 +clear-secret for a\.yaml\n$/);
    expect((await run("audit: {alow: []}\n")).stderr).toContain('line 1: there is no field "audit.alow"');
  });

  test("--policy names another file", async () => {
    const files = { "repo/values.yaml": VALUES, "p.yaml": "audit: {allow: [{rule: '*', path: '**', reason: x}]}\n" };
    expect((await audit("--repo repo --policy p.yaml", files)).code).toBe(0);
  });

  test("a backup: which items need a key that is older than the policy allows", async () => {
    const files = {
      ...KEYS,
      "repo/s.yaml": fixture("sealed-v1.yaml"),
      "repo/.sealkit/policy.yaml": "audit: {maxKeyAgeDays: 30, warnDaysBeforeExpiry: 0}\n",
    };
    const now = Date.parse("2027-06-01");
    const { stdout } = await audit("--repo repo --backup keys.age -i id.txt -o json", files, { now });
    expect(JSON.parse(stdout).findings).toMatchObject([
      { rule: "old-key", path: "s.yaml", object: "SealedSecret apps/db", fields: ["password"] },
    ]);
  });

  test.each([
    { line: "--repo none", says: "there is no such folder" },
    { line: "--repo repo --history", says: "it is in no Git repository" },
    { line: "--repo repo --backup keys.age", says: "hint: sealkit audit -i IDENTITY --backup keys.age" },
    { line: "--repo repo --backup keys.age --cluster", says: "exclude each other" },
    { line: "--repo repo --policy none.yaml", says: "no such file" },
    { line: "repo", says: "it takes no arguments" },
    { line: "--repo repo --fail-on bad", says: "bad" },
  ])("refuses $line", async ({ line, says }) => {
    const { code, stdout, stderr } = await audit(line, KEYS);
    expect([code === 0, stdout]).toEqual([false, ""]);
    expect(stderr).toContain(says);
  });
});

describe("audit of a Git repository", () => {
  const base = mkdtempSync(join(tmpdir(), "sealkit-audit-"));
  const cwd = join(base, "repo");
  afterAll(() => rmSync(base, { recursive: true }));
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@example.com", ...args], { cwd, stdio: "pipe" })
      .toString()
      .trim();
  const commits: string[] = [];
  const commit = (files: Record<string, string>) => {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(cwd, path)), { recursive: true });
      writeFileSync(join(cwd, path), text);
    }
    git("add", "-f", "-A", ".");
    git("commit", "-qm", "x");
    commits.push(git("rev-parse", "--short=12", "HEAD"));
  };
  beforeAll(() => {
    mkdirSync(cwd);
    git("init", "-q", "-b", "main", "--template=");
    commit({ "apps/db.yaml": CLEAR, "kept.yaml": CLEAR });
    commit({ "apps/db.yaml": CLEAR.replace("29x", "30x") });
    rmSync(join(cwd, "apps/db.yaml"));
    commit({ "values.yaml": VALUES });
    rmSync(join(cwd, "values.yaml"));
    commit({ "a.yaml": "a: 1\n" });
    git("branch", "other", "HEAD^");
    // What a hostile repository would have started.
    for (const key of ["core.fsmonitor", "diff.external", "core.hooksPath"])
      git("config", key, `touch ${base}/started`);
    git("config", "log.showSignature", "true");
  });

  test("what is gone from the files is found in history, once, with the commit that brought it", async () => {
    const { code, stdout, stderr } = await audit("--history", {}, { cwd });
    expect(code).toBe(1);
    expect(stdout.split("\n").slice(1)).toEqual([
      expect.stringMatching(
        new RegExp(`^error +clear-secret +apps/db\\.yaml:4 in ${commits[0]} +Secret db; password$`),
      ),
      expect.stringMatching(/^error +clear-secret +kept\.yaml:4 +Secret db; password$/),
      "",
    ]);
    expect(stderr).toMatch(/^Looked at 3 files and 4 contents of its history: 2 errors, 0 warnings, 0 notes\n$/);
    expect(() => readFileSync(join(base, "started"))).toThrow();
  });

  test("all branches: what is committed in any of them", async () => {
    const { stdout } = await audit("--all-branches", {}, { cwd });
    expect(stdout).toMatch(/\nwarning +clear-value +values\.yaml:2/);
  });

  test("a folder of the repository: paths from it, patterns of the policy from the top", async () => {
    writeFileSync(join(cwd, "s.yaml"), "s: 1\n");
    mkdirSync(join(cwd, "deep/er"), { recursive: true });
    mkdirSync(join(cwd, ".sealkit"), { recursive: true });
    writeFileSync(join(cwd, "deep/er/s.yaml"), CLEAR);
    expect((await audit("--repo deep", {}, { cwd })).stdout).toContain(" er/s.yaml:4 ");
    const log = JSON.parse((await audit("--repo deep --history -o sarif", {}, { cwd })).stdout);
    const uris = log.runs[0].results.map((one: { locations: { physicalLocation: { artifactLocation: object } }[] }) =>
      one.locations.map(({ physicalLocation }) => physicalLocation.artifactLocation),
    );
    expect(uris.flat()).toEqual(["apps/db.yaml", "deep/er/s.yaml"].map((uri) => ({ uri, uriBaseId: "%SRCROOT%" })));
    const policy = join(cwd, ".sealkit/policy.yaml");
    writeFileSync(policy, "audit: {allow: [{rule: clear-secret, path: deep/**, reason: x}]}\n");
    expect((await audit("--repo deep", {}, { cwd })).stderr).toContain("1 allowed by the policy");
    rmSync(policy);
    rmSync(join(cwd, "deep"), { recursive: true });
  });

  test("a bare repository: its branches, and the policy of its default branch", async () => {
    const bare = join(base, "bare.git");
    execFileSync("git", ["clone", "-q", "--bare", cwd, bare], { stdio: "pipe" });
    const { code, stdout } = await audit(`--repo ${bare}`, {}, { cwd: base });
    expect(code).toBe(1);
    expect(stdout).toMatch(/error +clear-secret +kept\.yaml:4/);
  });
});
