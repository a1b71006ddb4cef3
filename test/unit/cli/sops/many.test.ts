import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import { endBrokenOff } from "../../../../cli/keys/repositories.ts";
import { beginReplacing } from "../../../../src/files/index.ts";
import { nodeFiles } from "../../../../src/files/node-files-adapter.ts";
import { findPlace } from "../../../../src/files/place-adapter.ts";
import { thisWorker } from "../../../../src/files/worker-adapter.ts";
import { type CliResult, runCli } from "../../../helpers/run-cli.ts";
import { IDENTITY_A, IDENTITY_B, RECIPIENT_A, RECIPIENT_B, sopsFixture } from "../../../helpers/sops.ts";

const ENCRYPTED = sopsFixture("encrypted/values.yaml");
const CLEAR = sopsFixture("decrypted/values.yaml");
const CANARY = "canary-7c41";
const GIT = { ".git/HEAD": "ref: refs/heads/main\n" };
const RULES = `creation_rules:\n  - path_regex: secrets/.*\\.yaml$\n    age: ${RECIPIENT_A}\n`;
const env = { SOPS_AGE_KEY: IDENTITY_A };

const clearSecret = (at: number) => `password: ${CANARY}-${at}\n`;
const repository = {
  ...GIT,
  ".sops.yaml": RULES,
  "secrets/a.yaml": clearSecret(1),
  "secrets/deep/b.yaml": clearSecret(2),
  "secrets/already.yaml": ENCRYPTED,
  "readme.md": "about sops and mac:\n",
  "other.yaml": "sops: a word\nmac: another\n",
};

const last = (text: string) => text.trimEnd().split("\n").at(-1) ?? "";
const textOf = ({ files }: CliResult, path: string) => files[path]?.text ?? "";
const isEncrypted = (text: string) => text.includes("ENC[AES256_GCM,") && !text.includes(CANARY);

describe("sealkit sops encrypt -r", () => {
  test("encrypts what a creation rule matches and is clear, and says what it left", async () => {
    const run = await runCli("sops encrypt -r -i .", { files: repository });
    expect(run.code).toBe(0);
    expect(run.stdout).toBe("encrypt secrets/a.yaml\nencrypt secrets/deep/b.yaml\n");
    expect(last(run.stderr)).toMatch(
      /^Encrypted 2 files in .*; 1 already encrypted; 2 without a creation rule; 0 failed\.$/,
    );
    for (const path of ["secrets/a.yaml", "secrets/deep/b.yaml"]) expect(isEncrypted(textOf(run, path))).toBe(true);
    expect(textOf(run, "secrets/already.yaml")).toBe(ENCRYPTED);
    expect(textOf(run, "other.yaml")).toBe(repository["other.yaml"]);
    expect(Object.keys(run.files).filter((path) => path.includes("sealkit"))).toEqual([]);
  });

  test("--dry-run says the same and writes nothing", async () => {
    const run = await runCli("sops encrypt -r --dry-run .", { files: repository });
    expect([run.code, run.stdout]).toEqual([0, "would encrypt secrets/a.yaml\nwould encrypt secrets/deep/b.yaml\n"]);
    expect(textOf(run, "secrets/a.yaml")).toBe(clearSecret(1));
  });

  test("one file that fails keeps all as they were, --keep-going the rest", async () => {
    const files = { ...repository, "secrets/bad.yaml": "a: [\n" };
    const run = await runCli("sops encrypt -r -i .", { files });
    expect([run.code, run.stdout]).toEqual([2, ""]);
    expect(run.stderr).toContain('Cannot read "secrets/bad.yaml"');
    expect(run.stderr).toContain("Nothing was written: 1 of 3 files failed");
    for (const [path, text] of Object.entries(files)) expect(textOf(run, path), path).toBe(text);
    const more = await runCli("sops encrypt -r -i --keep-going .", { files });
    expect(more.code).toBe(2);
    expect(isEncrypted(textOf(more, "secrets/a.yaml"))).toBe(true);
    expect(textOf(more, "secrets/bad.yaml")).toBe("a: [\n");
  });

  test("a rule for every path takes only files whose names tell a format", async () => {
    const files = {
      ".sops.yaml": `creation_rules:\n  - age: ${RECIPIENT_A}\n`,
      "a.env": "A=1\n",
      "run.sh": "#!/bin/sh\n",
    };
    const run = await runCli("sops encrypt -r -i .", { files });
    expect([run.code, run.stdout]).toEqual([0, "encrypt a.env\n"]);
    expect(textOf(run, "run.sh")).toBe("#!/bin/sh\n");
    expect(textOf(run, ".sops.yaml")).toBe(files[".sops.yaml"]);
  });
});

describe("sealkit sops decrypt -r", () => {
  test("writes clear text for its owner alone into another folder", async () => {
    const run = await runCli("sops decrypt -r secrets --output-dir ../out", { files: repository, below: "", env });
    expect(run.code).toBe(0);
    expect(last(run.stderr)).toMatch(/^Decrypted 1 file in .*; 2 not encrypted; 0 failed\.$/);
    const inside = await runCli("sops decrypt -r secrets --output-dir clear", {
      files: { ...repository, ".gitignore": "/clear/\n" },
      env,
    });
    expect([inside.code, textOf(inside, "clear/already.yaml")]).toEqual([0, CLEAR]);
    expect(inside.files["clear/already.yaml"]?.mode).toBe(0o600);
    expect(textOf(inside, "secrets/already.yaml")).toBe(ENCRYPTED);
  });

  test.each([
    ["in place", "sops decrypt -r -i ."],
    ["into a folder of it", "sops decrypt -r . --output-dir clear"],
  ])("refuses clear text in a work tree of git, %s", async (_where, line) => {
    const run = await runCli(line, { files: repository, env });
    expect([run.code, run.stdout]).toEqual([8, ""]);
    expect(run.stderr).toContain("it is a work tree of git");
    expect(textOf(run, "secrets/already.yaml")).toBe(ENCRYPTED);
    const told = await runCli(`${line} --in-work-tree`, { files: repository, env });
    expect(told.code).toBe(0);
    expect([textOf(told, "secrets/already.yaml"), textOf(told, "clear/secrets/already.yaml")]).toContain(CLEAR);
  });

  test("where no key fits: the code of the original, the first errors whole, nothing written", async () => {
    const files = Object.fromEntries(Array.from({ length: 8 }, (_, at) => [`s/${at}.yaml`, ENCRYPTED]));
    const run = await runCli("sops decrypt -r -i .", { files, env: { SOPS_AGE_KEY: IDENTITY_B } });
    expect([run.code, run.stdout]).toEqual([128, ""]);
    expect(run.stderr.match(/tried: 1 identity/g)).toHaveLength(5);
    expect(run.stderr.match(/no identity opens its data key/g)).toHaveLength(8);
    expect(run.stderr).toContain("8 of 8 files failed");
  });

  test("a file that speaks of SOPS and is damaged fails, one that only speaks of it is left", async () => {
    const files = { "bad.yaml": ENCRYPTED.replace("sops:", "sops: ["), "words.yaml": "a: [ sops mac:\n" };
    const run = await runCli("sops decrypt -r --dry-run --format json .", { files, env });
    const report = JSON.parse(run.stdout);
    expect(report.summary).toMatchObject({ done: 0, skipped: 1, failed: 1 });
    expect(report.files[0]).toMatchObject({ file: "bad.yaml", state: "failed", code: "SOPS_BAD_SYNTAX" });
    expect(report.written).toBe(false);
  });
});

describe("sealkit sops rotate and updatekeys -r", () => {
  test("rotate gives each file a new data key", async () => {
    const run = await runCli(`sops rotate -r -i --add-age ${RECIPIENT_B} .`, { files: repository, env });
    expect([run.code, run.stdout]).toEqual([0, "rotate secrets/already.yaml\n"]);
    const opened = await runCli("sops decrypt f.yaml", {
      files: { "f.yaml": textOf(run, "secrets/already.yaml") },
      env: { SOPS_AGE_KEY: IDENTITY_B },
    });
    expect(opened.stdout).toBe(CLEAR);
  });

  test("updatekeys shows the changes once for all files, asks once, and leaves what is up to date", async () => {
    const files = {
      ".sops.yaml": `creation_rules:\n  - age: ${RECIPIENT_A},${RECIPIENT_B}\n`,
      "a.yaml": ENCRYPTED,
      "b.yaml": ENCRYPTED,
    };
    const no = await runCli("sops updatekeys -r .", { files, env, stdin: "n\n" });
    expect(no.code).toBe(0);
    expect(no.stdout).toContain("2 files: The following changes will be made to the file's groups:");
    expect(no.stdout.match(/Is this okay/g)).toHaveLength(1);
    const seen = await runCli("sops updatekeys -y b.yaml", { files, env, tty: true });
    expect(seen.stdout).toContain(`\u001b[32m+++ ${RECIPIENT_B}\u001b[0m\n`);
    expect(textOf(no, "a.yaml")).toBe(ENCRYPTED);
    const yes = await runCli("sops updatekeys -r .", { files, env, stdin: "y\n" });
    expect(yes.stdout).toContain("updatekeys a.yaml\nupdatekeys b.yaml\n");
    const again = await runCli("sops updatekeys -r -y .", {
      files: { ...files, "a.yaml": textOf(yes, "a.yaml"), "b.yaml": textOf(yes, "b.yaml") },
      env,
    });
    expect(last(again.stderr)).toMatch(/; 2 up to date; 0 failed/);
  });
});

describe("what is named", () => {
  test("patterns, files and folders at once; flags between them", async () => {
    const files = { ...repository, "x/1.yaml": ENCRYPTED, "x/y/2.yaml": ENCRYPTED, "x/y/3.yaml": ENCRYPTED };
    const run = await runCli(["sops", "decrypt", "x/1.yaml", "-r", "x/**/2.*", "--dry-run", "secrets"], { files, env });
    expect(run.stdout).toBe("would decrypt secrets/already.yaml\nwould decrypt x/1.yaml\nwould decrypt x/y/2.yaml\n");
  });

  test("ignored files, symbolic links and the files of git are not touched", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sealkit-many-"));
    try {
      const files = {
        ".git/config.yaml": ENCRYPTED,
        ".gitignore": "local/\n*.tmp.yaml\n",
        "local/a.yaml": ENCRYPTED,
        "b.tmp.yaml": ENCRYPTED,
        "c.yaml": ENCRYPTED,
      };
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), text);
      }
      symlinkSync("c.yaml", join(folder, "link.yaml"));
      const run = await runCli("sops decrypt -r --dry-run .", { cwd: folder, env });
      expect(run.stdout).toBe("would decrypt c.yaml\n");
      expect(last(run.stderr)).toContain("1 symbolic link not followed; 1 ignored by git");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test.each([
    ["no place for the results", "sops rotate -r .", 8, "--dry-run"],
    ["two places", "sops rotate -r -i --output-dir x .", 8, "exclude each other"],
    ["--output", "sops decrypt -r --output x .", 8, "--output is for one file"],
    ["nothing named", "sops decrypt -r -i", 100, "no file specified"],
    ["nothing there", "sops decrypt -r -i none", 100, "non-existent file"],
    ["a file for a folder", "sops decrypt -r --output-dir readme.md .", 3, "it is no folder"],
    ["an unknown format", "sops decrypt -r --dry-run --format xml .", 8, "text or json"],
    ["no configuration", "sops updatekeys -r -y secrets --config /dev/null", 1, "no creation rules"],
  ])("%s is refused", async (_what, line, code, text) => {
    const run = await runCli(line.replace("--config /dev/null", ""), {
      files: line.includes("/dev/null") ? { "secrets/a.yaml": ENCRYPTED } : repository,
      env,
    });
    expect([run.code, run.stdout]).toEqual([code, ""]);
    expect(run.stderr).toContain(text);
  });
});

describe("filestatus -r", () => {
  test("lists encrypted files and clear ones that should not be; --check fails for these", async () => {
    const run = await runCli("sops filestatus -r .", { files: repository });
    expect(run.code).toBe(0);
    expect(run.stdout.split("\n").map((line) => line.split(/ +/).join(" "))).toEqual([
      "STATUS FILE",
      "clear secrets/a.yaml",
      "encrypted secrets/already.yaml",
      "clear secrets/deep/b.yaml",
      "",
    ]);
    const check = await runCli("sops filestatus -r --check --format json .", { files: repository });
    expect([check.code, JSON.parse(check.stdout)[1]]).toEqual([1, { file: "secrets/already.yaml", encrypted: true }]);
  });
});

test("an interrupted run takes back what it wrote beside the files", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sealkit-many-"));
  try {
    for (let at = 0; at < 80; at++) writeFileSync(join(folder, `${at}.yaml`), `a: ${at}\n`);
    const interrupt = new AbortController();
    setImmediate(() => interrupt.abort());
    const run = await runCli(`sops encrypt -r -i --age ${RECIPIENT_A} .`, { cwd: folder, signal: interrupt.signal });
    expect([run.code, run.stdout, run.stderr]).toEqual([130, "", "error: Interrupted\n"]);
    expect(readdirSync(folder)).toHaveLength(80);
    expect(readFileSync(join(folder, "79.yaml"), "utf8")).toBe("a: 79\n");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

describe("a run that was broken off", () => {
  /** A repository in which another run staged a change of c.yaml, and renamed it or not. */
  async function broken(work: (folder: string) => Promise<void>, killAt: "staged" | "ready"): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), "sealkit-many-"));
    try {
      mkdirSync(join(folder, ".git"));
      writeFileSync(join(folder, "c.yaml"), ENCRYPTED);
      let isKilled = false;
      const dying = <Args extends unknown[], Result>(step: (...args: Args) => Promise<Result>) => {
        return async (...args: Args): Promise<Result> => {
          if (isKilled) throw new Error("killed");
          return await step(...args);
        };
      };
      const files = { ...nodeFiles, append: dying(nodeFiles.append), remove: dying(nodeFiles.remove) };
      files.rename = async () => {
        isKilled = true;
        throw new Error("killed");
      };
      const dead = { ...thisWorker(), name: `${thisWorker().name.replace(/-\d+-\d+-/, "-4194399-1-")}` };
      const run = await beginReplacing(files, dead, await findPlace(folder), {
        run: "0123456789ab",
        label: "sops rotate",
        paths: ["c.yaml"],
      });
      await run.stage("c.yaml", Buffer.from("from the broken run\n"));
      if (killAt === "ready") await run.commit().catch(() => undefined);
      expect(existsSync(join(folder, ".git/sealkit/replace-files.journal"))).toBe(true);
      await work(folder);
      expect(readdirSync(folder).sort()).toEqual([".git", "c.yaml"]);
      expect(existsSync(join(folder, ".git/sealkit"))).toBe(false);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  test("is finished by the next one, which says so", async () => {
    await broken(async (folder) => {
      const dry = await runCli("sops rotate -r --dry-run .", { cwd: folder, env });
      expect(dry.stderr).toContain("An earlier run (sops rotate, 1 files) did not end");
      expect(readFileSync(join(folder, "c.yaml"), "utf8")).toBe(ENCRYPTED);
      const run = await runCli("sops rotate -r -i .", { cwd: folder, env });
      expect([run.code, run.stdout]).toEqual([0, ""]);
      expect(run.stderr).toContain("An earlier run (sops rotate) did not end. It was finished");
      expect(readFileSync(join(folder, "c.yaml"), "utf8")).toBe("from the broken run\n");
    }, "ready");
  });

  test("is finished by commands about keys too, before they change anything", async () => {
    await broken(async (folder) => {
      const said = new PassThrough().setEncoding("utf8");
      const { stdin, stdout } = process;
      const signal = new AbortController().signal;
      const io = { env: {}, cwd: folder, argv0: "sealkit", stdin, stdout, stderr: said, signal, now: () => 0 };
      for (const isDryRun of [true, false]) await endBrokenOff(io, { shown: ".", full: folder }, isDryRun);
      expect(said.read()).toBe(
        "An earlier run (sops rotate) in . did not end: it would be ended first\n" +
          "An earlier run (sops rotate) in . was ended first: finished\n",
      );
      expect(readFileSync(join(folder, "c.yaml"), "utf8")).toBe("from the broken run\n");
    }, "ready");
  });

  test.each(["staged", "ready"] as const)("is undone with --undo and nothing else happens (%s)", async (killAt) => {
    await broken(async (folder) => {
      const run = await runCli("sops rotate -r --undo .", { cwd: folder, env });
      expect([run.code, run.stdout]).toEqual([0, ""]);
      expect(run.stderr).toContain("did not end. It was undone");
      expect(readFileSync(join(folder, "c.yaml"), "utf8")).toBe(ENCRYPTED);
      const again = await runCli("sops rotate -r --undo .", { cwd: folder, env });
      expect(again.stderr).toBe("There is no unfinished run to undo.\n");
    }, killAt);
  });

  test("another one that is under way is not disturbed", async () => {
    await broken(async (folder) => {
      const place = await findPlace(folder);
      const lock = join(place.state, `lock-${thisWorker().name}`);
      writeFileSync(lock, "");
      const run = await runCli("sops rotate -r -i .", { cwd: folder, env });
      expect(run.code).toBe(1);
      expect(run.stderr).toContain("another run is under way");
      rmSync(lock);
      await runCli("sops rotate -r --undo .", { cwd: folder, env });
    }, "staged");
  });
});

test("no value shows in anything that is printed", async () => {
  const files = { ...repository, "secrets/bad.yaml": `a: ${CANARY}\na: ${CANARY}\n` };
  for (const line of [
    "encrypt -r -i .",
    "encrypt -r -i --keep-going --format json .",
    "rotate -r -i .",
    "filestatus -r .",
  ]) {
    const run = await runCli(`sops ${line}`, { files, env });
    expect(run.stdout + run.stderr).not.toContain(CANARY);
  }
});
