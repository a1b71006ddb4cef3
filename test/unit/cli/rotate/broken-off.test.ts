import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { nodeFiles } from "../../../../src/files/node-files-adapter.ts";
import { openSealed, type RepositoryKeys, repositoryKeys, sealedYaml } from "../../../helpers/encrypted-repository.ts";
import { runCli } from "../../../helpers/run-cli.ts";
import { RECIPIENT_A } from "../../../helpers/sops.ts";

/** Runs as a process does that is killed after some steps on files: none of those that come later happens. */
async function killedAfter<Result>(steps: number, work: () => Promise<Result>): Promise<Result> {
  let left = steps;
  const changing = ["writeNew", "keep", "rename", "remove", "append", "flush", "flushFolder", "makeFolder"] as const;
  for (const name of changing) {
    const step: (...args: never[]) => Promise<unknown> = nodeFiles[name];
    vi.spyOn(nodeFiles, name).mockImplementation(async (...args: unknown[]) => {
      if (left-- <= 0) throw new Error("killed");
      return (await Reflect.apply(step, nodeFiles, args)) as never;
    });
  }
  try {
    return await work();
  } finally {
    vi.restoreAllMocks();
  }
}

let keys: RepositoryKeys;
let sealed: string;
beforeAll(async () => {
  keys = await repositoryKeys();
  sealed = await sealedYaml(keys.old, { password: "hunter2" });
});

const WORDS = "rotate --repo repo --backup keys.yaml";
async function broken(steps: number, then: (base: string) => Promise<void>, words: string = WORDS): Promise<number> {
  const base = mkdtempSync(join(tmpdir(), "sealkit-broken-"));
  try {
    const more = { "new.crt": keys.newest.certificatePem, "repo/to/a.yaml": sealed };
    const files = { "keys.yaml": keys.backup, "repo/a.yaml": sealed, "repo/b/b.yaml": sealed };
    const all = words === WORDS ? files : { ...files, ...more };
    const { code } = await killedAfter(steps, () => runCli(words, { cwd: base, files: all }));
    // The lock of a process that lives is respected; this one was killed.
    for (const folder of ["repo", "repo/b", "repo/to"]) {
      const state = join(base, folder, ".sealkit");
      for (const name of existsSync(state) ? readdirSync(state) : []) {
        if (name.startsWith("lock")) rmSync(join(state, name), { recursive: true });
      }
    }
    await then(base);
    return code;
  } finally {
    rmSync(base, { recursive: true });
  }
}

const texts = (base: string) => ["repo/a.yaml", "repo/b/b.yaml"].map((name) => readFileSync(join(base, name), "utf8"));

describe("rotate, killed at every step", () => {
  test("each file is as before or as after, and the next run does the rest", async () => {
    let steps = 0;
    for (let code = 1; code !== 0 && steps < 200; steps += 4) {
      code = await broken(steps, async (base) => {
        for (const text of texts(base)) {
          expect((await openSealed(text, keys.old, keys.newest)).values).toEqual({ password: "hunter2" });
        }
        const next = await runCli(WORDS, { cwd: base });
        expect([steps, next.code, next.stderr]).toEqual([steps, 0, expect.stringContaining("0 failed")]);
        for (const text of texts(base))
          expect((await openSealed(text, keys.newest)).values).toEqual({ password: "hunter2" });
        expect(Object.keys(next.files).filter((name) => /\.(new|old)$|journal/.test(name))).toEqual([]);
      });
    }
    expect(steps).toBeGreaterThan(10);
  });

  test("--undo takes back what a killed run had replaced, and does nothing else", async () => {
    await broken(13, async (base) => {
      const { code, stderr } = await runCli(`${WORDS} --undo`, { cwd: base });
      expect([code, stderr]).toEqual([0, expect.stringMatching(/undone|no unfinished run|finished/)]);
      for (const text of texts(base)) expect(text).toBe(sealed);
    });
  });

  test("interrupted before it began: nothing is changed, exit status 130", async () => {
    const signal = AbortSignal.abort();
    const files = { "keys.yaml": keys.backup, "repo/a.yaml": sealed };
    const { code, files: after } = await runCli(WORDS, { files, signal });
    expect([code === 0, after["repo/a.yaml"]?.text]).toEqual([false, sealed]);
  });
});

const CONVERT = `convert --to sops repo/b --in-place --backup keys.yaml --age ${RECIPIENT_A}`;

describe("others that write many files, killed at some steps", () => {
  test("promote: the target's file is as before or as after, the source stays, and the next run does it", async () => {
    const pin = `--cert new.crt --cert-fingerprint ${keys.newest.certificate.fingerprint}`;
    const promote = `promote --from repo/b --to repo/to --backup keys.yaml ${pin} --yes`;
    for (const steps of [2, 8, 14]) {
      await broken(
        steps,
        async (base) => {
          expect((await openSealed(readFileSync(join(base, "repo/to/a.yaml"), "utf8"), keys.old)).values).toBeDefined();
          const next = await runCli(promote, { cwd: base });
          expect([steps, next.code, next.stderr]).toEqual([steps, 0, expect.stringContaining("Promoted 1 file")]);
          expect(next.files["repo/b/b.yaml"]?.text).toBe(sealed);
          expect(await openSealed(next.files["repo/to/b.yaml"]?.text ?? "", keys.newest)).toHaveProperty("values");
          expect(Object.keys(next.files).filter((name) => /\.(new|old)$|journal/.test(name))).toEqual([]);
        },
        promote,
      );
    }
  });

  test("convert: a file is in one form or the other, never in the clear, and the next run does it", async () => {
    for (const steps of [2, 8, 14]) {
      await broken(
        steps,
        async (base) => {
          expect(readFileSync(join(base, "repo/b/b.yaml"), "utf8")).toMatch(/kind: +SealedSecret|^sops:$/m);
          const next = await runCli(CONVERT, { cwd: base });
          expect([steps, next.code]).toEqual([steps, 0]);
          expect(next.files["repo/b/b.yaml"]?.text).toMatch(/^sops:$/m);
          expect(Object.values(next.files).some(({ text }) => /hunter2|aHVudGVyMg/.test(text))).toBe(false);
          expect(Object.keys(next.files).filter((name) => /\.(new|old)$|journal/.test(name))).toEqual([]);
        },
        CONVERT,
      );
    }
  });
});
