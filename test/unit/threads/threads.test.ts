import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ToolkitError } from "../../../src/errors.ts";
import { Moved, type ThreadPool, type ThreadPoolOptions, threadProgram } from "../../../src/threads/index.ts";
import { startThreads } from "../../../src/threads/start-threads-adapter.ts";
import { builtProgram } from "../../helpers/built-program.ts";
import type { jobs } from "../../helpers/thread-jobs.ts";

type Pool = ThreadPool<typeof jobs>;

let program: URL;
beforeAll(async () => {
  program = await builtProgram("test/helpers/thread-jobs.ts");
});

/** For all that leaves its thread as it is. */
let lasting: Pool;
beforeAll(() => {
  lasting = startThreads<typeof jobs>({ program, threads: 1, name: "test", setUp: () => ({ secret: "s3" }) });
});
afterAll(() => lasting.close());

let open: Pool[] = [];
afterEach(async () => {
  await Promise.all(open.map((pool) => pool.close()));
  open = [];
});

function pool(options: Partial<ThreadPoolOptions> = {}): Pool {
  const made = startThreads<typeof jobs>({ program, threads: 1, name: "test", ...options });
  open.push(made);
  return made;
}

/** What a job ends with, as plain data. */
async function errorOf(job: Promise<unknown>): Promise<Record<string, unknown>> {
  const error = await job.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (error instanceof ToolkitError) {
    const { name, code, message, details, hints } = error;
    return { name, code, message, details, hints };
  }
  return error instanceof Error ? { name: error.name, message: error.message } : { error };
}

describe("startThreads()", () => {
  test("answers each job with what its function returned, in any number", async () => {
    const own = pool({ threads: 2 });
    const answers = await Promise.all(Array.from({ length: 200 }, (_, at) => own.run("double", at)));
    expect(answers).toEqual(Array.from({ length: 200 }, (_, at) => at * 2));
    expect(await own.run("later", "x")).toBe("x");
  });

  test("starts no more threads than it may, and lends each job to one that is free", async () => {
    const own = pool({ threads: 2, ahead: 0 });
    const ids = await Promise.all(
      Array.from({ length: 8 }, () => Promise.all([own.run("who", undefined), own.run("hold", 5)])),
    );
    expect(new Set(ids.map(([id]) => id)).size).toBeLessThanOrEqual(2);
  });

  test("hands buffers over in both directions", async () => {
    const bytes = Uint8Array.of(0, 1, 255);
    const answer = await lasting.run("bytes", new Moved(bytes, [bytes.buffer]));
    expect([answer, bytes.length]).toEqual([Uint8Array.of(255, 254, 0), 0]);
  });

  test("shares memory that is made for it", async () => {
    const counter = new SharedArrayBuffer(4);
    const own = pool({ threads: 2 });
    await Promise.all(Array.from({ length: 10 }, () => own.run("count", counter)));
    expect(new Int32Array(counter)[0]).toBe(10);
  });

  test("what its set-up throws is the answer of every job, and no thread is left", async () => {
    const setUp = () => {
      throw new RangeError("no keys");
    };
    const own = pool({ setUp });
    const answers = await Promise.all([errorOf(own.run("who", undefined)), errorOf(own.run("who", undefined))]);
    expect(answers).toEqual([answers[0], { name: "RangeError", message: "no keys" }]);
  });

  test("threads that are asked for before there are jobs do them, and go when they are let go", async () => {
    const own = pool({ threads: 2, ahead: 0 });
    own.start();
    own.start();
    const ids = await Promise.all([own.run("who", undefined), own.run("who", undefined)]);
    expect(new Set(ids).size).toBe(2);
    const idle = pool({ threads: 1 });
    idle.start();
    await idle.close();
    expect((await errorOf(idle.run("who", undefined)))["code"]).toBe("THREADS_CLOSED");
  });

  test("sets every thread up before its first job, with what it is given and nothing else", async () => {
    expect(await lasting.run("secret", undefined)).toBe("s3");
    expect(await lasting.run("surroundings", undefined)).toEqual({ env: [], argv: [] });
  });

  test("waits while there is work: more than may wait is refused", async () => {
    const own = pool({ waiting: 2, ahead: 0 });
    const held = own.run("hold", 20);
    const kept = [own.run("double", 1), own.run("double", 2)];
    expect(await errorOf(own.run("double", 3))).toMatchObject({ name: "ThreadsError", code: "THREADS_FULL" });
    expect(await Promise.all([held, ...kept])).toEqual(["timed-out", 2, 4]);
  });
});

describe("a job that fails", () => {
  const refusal = {
    name: "SopsError",
    code: "SOPS_BAD_VALUE",
    message: 'Cannot read "a.yaml": no',
    details: ["in line 3"],
    hints: ["look at it"],
  };
  test.each([
    { what: "keeps code, details and hints", job: "refuse", error: refusal },
    {
      what: "that nobody expected keeps its name",
      job: "stumble",
      error: { name: "RangeError", message: "not expected" },
    },
    { what: "by an answer that cannot be copied", job: "unanswerable", error: { name: "DataCloneError" } },
  ] as const)("$what; the thread goes on", async ({ job, error }) => {
    const failed = errorOf(lasting.run(job, undefined));
    expect(await Promise.all([failed, lasting.run("double", 4)])).toMatchObject([error, 8]);
  });

  test("because it cannot be copied never reaches a thread", async () => {
    expect(await errorOf(lasting.run("later", (() => "x") as never))).toMatchObject({ name: "DataCloneError" });
    expect(await lasting.run("double", 4)).toBe(8);
  });

  test("because the thread cannot be set up says so each time", async () => {
    const own = pool({ setUp: () => ({ secret: "bad" }) });
    for (let time = 0; time < 2; time++) {
      expect(await errorOf(own.run("double", 1))).toMatchObject({
        code: "SOPS_BAD_VALUE",
        message: "Cannot begin: a bad secret",
      });
    }
  });
});

describe("a thread that dies", () => {
  test.each([
    { what: "by leaving", job: "exit", limits: undefined },
    { what: "by an error beside its job", job: "stray", limits: undefined },
    { what: "of memory", job: "fill", limits: { maxOldGenerationSizeMb: 16 } },
  ] as const)("$what fails its job alone, and is replaced", async ({ job, limits }) => {
    const own = pool({ limits });
    const [failed, next] = await Promise.all([errorOf(own.run(job, undefined)), own.run("double", 4)]);
    expect(failed).toMatchObject({ name: "ThreadsError", code: "THREADS_ENDED" });
    expect(JSON.stringify(failed)).not.toContain("canary");
    expect(next).toBe(8);
  });

  test("because its program is not there fails every job", async () => {
    const own = pool({ program: new URL("./nowhere.cjs", import.meta.url) });
    const failed = await Promise.all([errorOf(own.run("double", 1)), errorOf(own.run("double", 2))]);
    expect(failed).toMatchObject([{ details: ["its program is not there"] }, { code: "THREADS_ENDED" }]);
  });
});

describe("close()", () => {
  test("ends what is under way, and takes nothing more", async () => {
    const own = pool({ ahead: 0 });
    await own.run("double", 1);
    const under = [errorOf(own.run("hold", 60_000)), errorOf(own.run("double", 2))];
    await own.close();
    expect(await Promise.all([...under, errorOf(own.run("double", 3))])).toMatchObject(
      Array.from({ length: 3 }, () => ({ code: "THREADS_CLOSED" })),
    );
  });

  test("of threads without work is no failure", async () => {
    const own = pool();
    await own.run("double", 1);
    await expect(own.close()).resolves.toBeUndefined();
  });
});

test("threadProgram() is beside the bundle, or beside the module that asks", () => {
  expect(threadProgram("file:///a/sops.bundle", "x").pathname).toBe("/a/x.cjs");
  expect(threadProgram("file:///a/src/b/c.js", "x").pathname).toBe("/a/src/b/x-adapter.js");
});
