import { describe, expect, test } from "vitest";
import {
  beginReplacing,
  endUnfinished,
  type FileSystem,
  FilesError,
  findUnfinished,
  lockFolder,
  type Worker,
} from "../../../src/files/index.ts";
import { type Loss, MemoryFiles } from "./memory-files.ts";

const place = { base: "/repo", state: "/repo/.git/sealkit" };
const JOURNAL = `${place.state}/replace-files.journal`;
const bytes = (text: string) => Buffer.from(text);

const BEFORE = { "/repo/a.yaml": "old a", "/repo/sub/b.yaml": "old b", "/repo/sub/untouched": "same" };
const AFTER = {
  "/repo/a.yaml": "new a",
  "/repo/sub/b.yaml": "new b",
  "/repo/sub/new.yaml": "new file",
  "/repo/sub/untouched": "same",
};
const PATHS = ["a.yaml", "sub/b.yaml", "sub/new.yaml", "sub/untouched"];

/** Workers whose processes have ended or not. */
function worker(name = "one", running: ReadonlySet<string> = new Set()): Worker {
  return { name, isRunning: (other) => running.has(other), pause: async () => undefined };
}

/** The run that most tests break: two files replaced, one new, one planned and left alone. */
async function replaceAll(files: FileSystem, name = "one"): Promise<void> {
  const run = await beginReplacing(files, worker(name), place, { run: "0123456789ab", label: "a test", paths: PATHS });
  await run.stage("a.yaml", bytes("new a"));
  await run.stage("sub/b.yaml", bytes("new b"));
  await run.stage("sub/new.yaml", bytes("new file"), { mode: 0o600 });
  await run.commit();
}

async function stepsOf(work: (files: MemoryFiles) => Promise<unknown>): Promise<number> {
  const files = new MemoryFiles(BEFORE);
  await work(files);
  return files.steps;
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  return error instanceof FilesError ? error.code : String(error);
}

describe("files replaced together", () => {
  test("are all replaced, keep their modes, and nothing else is left", async () => {
    const files = new MemoryFiles(BEFORE);
    await replaceAll(files);
    expect(files.texts()).toEqual(AFTER);
    expect(files.names.get("/repo/a.yaml")?.mode).toBe(0o640);
    expect(files.names.get("/repo/sub/new.yaml")?.mode).toBe(0o600);
  });

  test("stay as they are until the commit, and when it is abandoned", async () => {
    const files = new MemoryFiles(BEFORE);
    const run = await beginReplacing(files, worker(), place, { run: "0123456789ab", label: "a test", paths: PATHS });
    await run.stage("a.yaml", bytes("new a"));
    expect(files.names.get("/repo/a.yaml")?.text).toBe("old a");
    await run.abandon();
    expect(files.texts()).toEqual(BEFORE);
  });

  test("leave no word of their content in the journal", async () => {
    const files = new MemoryFiles(BEFORE);
    let journal = "";
    files.onStep = () => {
      journal += files.names.get(JOURNAL)?.text ?? "";
    };
    await replaceAll(files);
    expect(journal).toContain('"commit"');
    expect(journal).not.toMatch(/old|new [ab]|new file/);
  });
});

describe("a program that is killed", () => {
  for (const loss of ["nothing", "unflushed"] satisfies Loss[]) {
    for (const hasLinks of [true, false]) {
      for (const wanted of ["finish", "undo"] as const) {
        test(`at any step, ${loss} lost, ${hasLinks ? "" : "no "}hard links, then ${wanted}: all as before or all as after`, async () => {
          const steps = await stepsOf((files) => replaceAll(Object.assign(files, { hasLinks })));
          expect(steps).toBeGreaterThan(25);
          const seen = new Set<string>();
          for (let at = 0; at < steps; at++) {
            const files = Object.assign(new MemoryFiles(BEFORE), { hasLinks, stepsLeft: at });
            await expect(replaceAll(files)).rejects.toThrow();
            files.restart(loss);
            await endUnfinished(files, worker("two"), place, wanted);
            // A lock of the dead one goes when the next comes.
            await (await lockFolder(files, place.state, worker("three")))();
            const texts = files.texts();
            const isBefore = JSON.stringify(texts) === JSON.stringify(BEFORE);
            expect(isBefore ? BEFORE : AFTER, `killed at step ${at}`).toEqual(texts);
            seen.add(isBefore ? "before" : "after");
          }
          // Once every file is replaced there is nothing to undo, so both happen with both.
          expect([...seen].sort()).toEqual(["after", "before"]);
        });
      }
    }
  }

  test("while it is recovered may be recovered again", async () => {
    const steps = await stepsOf(replaceAll);
    for (let at = 0; at < steps; at++) {
      for (const wanted of ["finish", "undo"] as const) {
        for (let second = 0; second < 24; second += 3) {
          const files = Object.assign(new MemoryFiles(BEFORE), { stepsLeft: at });
          await expect(replaceAll(files)).rejects.toThrow();
          files.restart("nothing");
          files.stepsLeft = second;
          await endUnfinished(files, worker("two"), place, wanted).catch(() => undefined);
          files.restart("nothing");
          await endUnfinished(files, worker("three"), place, second % 2 === 0 ? "finish" : "undo");
          await (await lockFolder(files, place.state, worker("four")))();
          expect([BEFORE, AFTER], `killed at ${at}, then ${second}`).toContainEqual(files.texts());
        }
      }
    }
  });

  test("before the commit has replaced nothing: what was staged is removed, whatever was wanted", async () => {
    const files = new MemoryFiles(BEFORE);
    const run = await beginReplacing(files, worker(), place, { run: "0123456789ab", label: "a test", paths: PATHS });
    await run.stage("a.yaml", bytes("new a"));
    expect(await findUnfinished(files, place)).toEqual({ label: "a test", files: 4, canFinish: false });
    expect(await endUnfinished(files, worker("two"), place, "finish")).toMatchObject({ outcome: "undone", files: 0 });
    await (await lockFolder(files, place.state, worker("three")))();
    expect(files.texts()).toEqual(BEFORE);
  });

  test("leaves a run that the next one does not begin over", async () => {
    const files = Object.assign(new MemoryFiles(BEFORE), { stepsLeft: 20 });
    await expect(replaceAll(files)).rejects.toThrow();
    files.restart("nothing");
    expect(await codeOf(replaceAll(files, "two"))).toBe("FILES_UNFINISHED");
  });
});

describe("a system that refuses", () => {
  test.each(["ENOSPC", "EACCES", "EIO", "EBUSY"])(
    "%s at any step: all as before, and the error says it",
    async (refusal) => {
      const steps = await stepsOf(replaceAll);
      for (let at = 0; at < steps; at++) {
        const files = Object.assign(new MemoryFiles(BEFORE), { stepsLeft: at, refusal });
        const code = await codeOf(replaceAll(files));
        await endUnfinished(files, worker("two"), place, "undo");
        await (await lockFolder(files, place.state, worker("three")))();
        // Late refusals are of removing what is not needed any more.
        const isDone = JSON.stringify(files.texts()) === JSON.stringify(AFTER);
        expect(isDone ? AFTER : BEFORE, `refused at step ${at}: ${code}`).toEqual(files.texts());
        // The last step is to take the lock away, which the next run does too.
        expect(code, `step ${at} of ${steps}`).toBe(at < steps - 1 ? "FILES_CANNOT_WRITE" : "undefined");
      }
    },
  );
});

describe("files that others change meanwhile", () => {
  test("between reading and staging", async () => {
    const files = new MemoryFiles(BEFORE);
    const seen = await files.find("/repo/a.yaml");
    files.put("/repo/a.yaml", "theirs");
    const run = await beginReplacing(files, worker(), place, { run: "0123456789ab", label: "a test", paths: PATHS });
    expect(await codeOf(run.stage("a.yaml", bytes("new a"), { seen }))).toBe("FILES_CHANGED");
    await run.abandon();
    expect(files.texts()).toEqual({ ...BEFORE, "/repo/a.yaml": "theirs" });
  });

  test.each(["/repo/a.yaml", "/repo/sub/b.yaml", "/repo/sub/new.yaml"])(
    "%s at any later step: theirs stays, the rest is as before",
    async (path) => {
      const steps = await stepsOf(replaceAll);
      const codes = new Set<string>();
      for (let at = 1; at <= steps; at++) {
        const files = new MemoryFiles(BEFORE);
        files.onStep = (step) => {
          if (step === at) files.put(path, "theirs");
        };
        const code = await codeOf(replaceAll(files));
        codes.add(code);
        if (code !== "FILES_CHANGED") continue;
        expect(files.texts(), `changed at step ${at}`).toEqual({ ...BEFORE, [path]: "theirs" });
      }
      expect([...codes]).toContain("FILES_CHANGED");
    },
  );

  test("after a crash stay when the run is finished or undone, and the recovery says where the former content is", async () => {
    for (const wanted of ["finish", "undo"] as const) {
      const files = new MemoryFiles(BEFORE);
      files.onStep = (step) => {
        // The first rename is done, the others are not.
        if (files.names.get("/repo/a.yaml")?.text === "new a" && files.stepsLeft > 1) files.stepsLeft = 0;
        void step;
      };
      await expect(replaceAll(files)).rejects.toThrow();
      files.onStep = undefined;
      files.restart("nothing");
      files.put("/repo/a.yaml", "theirs");
      files.put("/repo/sub/new.yaml", "theirs too");
      const recovered = await endUnfinished(files, worker("two"), place, wanted);
      expect(recovered?.outcome).toBe(wanted === "finish" ? "finished" : "undone");
      expect(files.names.get("/repo/a.yaml")?.text).toBe("theirs");
      expect(files.names.get("/repo/sub/new.yaml")?.text).toBe("theirs too");
      expect(files.names.get("/repo/sub/b.yaml")?.text).toBe(wanted === "finish" ? "new b" : "old b");
      const former = recovered?.leftAlone.find(({ path }) => path === "a.yaml")?.former;
      if (wanted === "undo") expect(files.names.get(`/repo/${former}`)?.text).toBe("old a");
    }
  });
});

describe("two at once", () => {
  test("the second is told, and by whom", async () => {
    const files = new MemoryFiles(BEFORE);
    const running = new Set(["one", "two"]);
    const first = await beginReplacing(files, worker("one", running), place, {
      run: "0123456789ab",
      label: "x",
      paths: PATHS,
    });
    const second = beginReplacing(files, worker("two", running), place, {
      run: "ba9876543210",
      label: "y",
      paths: PATHS,
    });
    await expect(second).rejects.toMatchObject({ code: "FILES_BUSY", details: ["by one"] });
    await first.abandon();
    expect(files.texts()).toEqual(BEFORE);
  });

  test("what a lock of others is called runs nothing when the hint is pasted", async () => {
    const files = new MemoryFiles(BEFORE);
    await files.append(`${place.state}/lock-$(touch x)`, "");
    const run = { run: "0123456789ab", label: "x", paths: PATHS };
    const busy = beginReplacing(files, { ...worker("one", new Set()), isRunning: () => true }, place, run);
    const hint = `or, if it ran on a machine that is gone: rm '${place.state}/lock-$(touch x)'`;
    await expect(busy).rejects.toMatchObject({ code: "FILES_BUSY", hints: expect.arrayContaining([hint]) });
  });

  test("of any number that come together at most one gets in", async () => {
    const files = new MemoryFiles(BEFORE);
    const names = Array.from({ length: 8 }, (_, at) => `worker${at}`);
    const running = new Set(names);
    let inside = 0;
    await Promise.allSettled(
      names.map(async (name) => {
        const release = await lockFolder(files, place.state, worker(name, running));
        expect(++inside).toBe(1);
        await Promise.resolve();
        inside--;
        await release();
      }),
    );
    expect(files.texts()).toEqual(BEFORE);
  });

  test("a lock of one that is gone is no obstacle", async () => {
    const files = new MemoryFiles({ ...BEFORE, [`${place.state}/lock-dead`]: "" });
    await replaceAll(files);
    expect(files.texts()).toEqual(AFTER);
  });
});

describe("a journal that cannot be used", () => {
  const first = { sealkit: "replace-files", version: 1, run: "0123456789ab", label: "x", paths: ["a.yaml"] };
  const lines = (...values: unknown[]) => values.map((value) => `${JSON.stringify(value)}\n`).join("");
  test.each([
    ["another program's", '{"hello":1}\n'],
    ["no JSON", "hello\n"],
    ["a later version", lines({ ...first, version: 2 })],
    ["a path outside", lines({ ...first, paths: ["../../etc/passwd"] })],
    ["an absolute path", lines({ ...first, paths: ["/etc/passwd"] })],
    ["a run that is part of a path", lines({ ...first, run: "../../../../" })],
    ["a number of no path", lines(first, { commit: [[1, null, ["1", 2, "3"]]] })],
    ["a damaged commit", `${lines(first)}{"commit":[[0,nul\n`],
    ["no identity", lines(first, { commit: [[0, ["1"], ["1", 2, "3"]]] })],
  ])("%s", async (_what, text) => {
    const files = new MemoryFiles({ ...BEFORE, [JOURNAL]: text });
    expect(await codeOf(endUnfinished(files, worker(), place, "finish"))).toBe("FILES_JOURNAL_UNREADABLE");
    expect(await codeOf(replaceAll(files))).toBe("FILES_JOURNAL_UNREADABLE");
    expect(files.texts()).toEqual({ ...BEFORE, [JOURNAL]: text });
  });
});

test("more files than a call has arguments come from another thread", async () => {
  const files = new MemoryFiles(BEFORE);
  const run = await beginReplacing(files, worker(), place, { run: "0123456789ab", label: "a test", paths: PATHS });
  const staged = { at: 0, before: undefined, after: { inode: "1", size: 0, modified: "0" } };
  run.adopt(Array.from({ length: 600_000 }, () => staged));
  await run.abandon();
  expect(files.texts()).toEqual(BEFORE);
});
