import { getEventListeners } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Readable, Writable } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type BatchWork, runBatch } from "../../../cli/age/batch/batch.ts";
import { type FileThreadsPlan, workInThreads } from "../../../cli/age/batch/file-threads-adapter.ts";
import { planBatch } from "../../../cli/age/batch/plan.ts";
import type { Io } from "../../../cli/io.ts";
import {
  decryptBytes,
  encryptBytes,
  generateX25519Identity,
  parseIdentity,
  parseRecipient,
  passphraseRecipient,
} from "../../../src/age/index.ts";
import { builtProgram } from "../../helpers/built-program.ts";

const SECRET = generateX25519Identity();
const identity = parseIdentity(SECRET);
const recipient = parseRecipient(identity.name);
const stranger = parseRecipient(parseIdentity(generateX25519Identity()).name);
const bytes = (text: string) => new TextEncoder().encode(text);
const KEY_FILE = bytes(`# mine\n${SECRET}\n`);
const ENCRYPT = { output: "out/", recipients: [recipient], armor: false, force: false, json: true };
const DECRYPT = { ...ENCRYPT, recipients: undefined, identities: [identity], keyFiles: [KEY_FILE] };
const ALONE: FileThreadsPlan = { threads: 1 };

let scratch: string;
let threads: FileThreadsPlan;
beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), "sealkit-batch-"));
  threads = {
    smallestBatch: 1,
    threads: 2,
    program: await builtProgram("cli/age/batch/age-files-thread-adapter.ts"),
  };
});
afterAll(() => rmSync(scratch, { recursive: true }));

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly files: ReadonlyMap<string, { readonly bytes: Buffer; readonly mode: number }>;
}

type Content = Readonly<Record<string, string | Uint8Array>>;

let runs = 0;

/** Runs a batch over all of `in` in a folder of its own. */
async function run(files: Content, work: BatchWork, plan: FileThreadsPlan, signal?: AbortSignal): Promise<Ran> {
  const cwd = join(scratch, `${runs++}`);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(cwd, path)), { recursive: true });
    writeFileSync(join(cwd, path), content);
  }
  let out = "";
  const stream = () => {
    const made = new Writable({
      write(chunk, _, done) {
        out += chunk;
        done();
      },
    });
    return made;
  };
  const io: Io = {
    ...{ env: {}, cwd, argv0: "sealkit", now: () => 0, signal: signal ?? new AbortController().signal },
    ...{ stdin: Readable.from([]), stdout: stream(), stderr: stream() },
  };
  const decrypting = work.identities !== undefined;
  const code = await runBatch(io, await planBatch(cwd, ["in"], { output: "out/", decrypting }), work, plan);
  const found = readdirSync(join(cwd, "out"), { recursive: true, encoding: "utf8" }).sort();
  expect(found.filter((path) => path.includes(".sealkit-"))).toEqual([]);
  const regular = found
    .map((path) => [path, join(cwd, "out", path)] as const)
    .filter(([, at]) => statSync(at).isFile());
  const read = (at: string) => ({ bytes: readFileSync(at), mode: statSync(at).mode & 0o7777 });
  return { code, out, files: new Map(regular.map(([path, at]) => [path, read(at)])) };
}

const many = (count: number): Content =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`in/deep/f${at}`, `content of ${at}`]));

describe("many files in threads", () => {
  test("encrypting: the same words and results as without, whatever is wrong with a file", async () => {
    const files = { ...many(70), "in/empty": "", "in/large": "x".repeat(1_100_000), "out/deep/f7.age": "before" };
    const [with_, without] = await Promise.all([run(files, ENCRYPT, threads), run(files, ENCRYPT, ALONE)]);
    expect([with_.code, with_.out]).toEqual([1, without.out]);
    expect(with_.out).toContain(
      "age: error: in/deep/f7: out/deep/f7.age: file exists\nage: 71 files encrypted into out/",
    );
    expect([...with_.files.keys()]).toEqual([...without.files.keys()]);
    for (const [path, { bytes: file, mode }] of with_.files) {
      expect(mode).toBe(without.files.get(path)?.mode);
      if (path === "deep/f7.age") expect(`${file}`).toBe("before");
      else if (path !== "large.age") {
        const clear = (await decryptBytes(file, [identity])).revealText();
        expect(clear).toBe(files[`in/${path.replace(/\.age$/, "")}` as keyof typeof files]);
      }
    }
  });

  test("decrypting: the same, and only the owner reads the results", async () => {
    const good = await Promise.all(Array.from({ length: 6 }, (_, at) => encryptBytes(bytes(`${at}`), [recipient])));
    const files: Record<string, Uint8Array> = Object.fromEntries(good.map((file, at) => [`in/f${at}.age`, file]));
    files["in/armored.age"] = await encryptBytes(bytes("text"), [recipient], { armor: true });
    files["in/damaged.age"] = (good[0] ?? bytes("")).with(-1, ((good[0] ?? bytes("")).at(-1) ?? 0) ^ 1);
    files["in/foreign.age"] = await encryptBytes(bytes("not ours"), [stranger]);
    files["in/none.age"] = bytes("no age file");
    const [with_, without] = await Promise.all([run(files, DECRYPT, threads), run(files, DECRYPT, ALONE)]);
    expect(with_).toEqual(without);
    expect([with_.code, with_.files.size]).toEqual([1, 7]);
    expect(new Set([...with_.files.values()].map(({ mode }) => mode))).toEqual(new Set([0o600]));
    // The threads overwrite their copies, not what the main thread may yet need.
    expect(KEY_FILE).toEqual(bytes(`# mine\n${SECRET}\n`));
  });

  test("results that are there are replaced when told, and only then", async () => {
    const files = { ...many(5), "out/deep/f1.age": "before" };
    const forced = await run(files, { ...ENCRYPT, force: true }, threads);
    expect([forced.code, forced.files.size]).toEqual([0, 5]);
    const file = forced.files.get("deep/f1.age")?.bytes ?? bytes("");
    expect((await decryptBytes(file, [identity])).revealText()).toBe("content of 1");
  });

  test("an interrupt: nothing more is begun", async () => {
    const running = run({ ...many(5), "out/x": "" }, ENCRYPT, threads, AbortSignal.abort());
    await expect(running).rejects.toThrow("Interrupted");
    expect(readdirSync(join(scratch, `${runs - 1}`, "out"))).toEqual(["x"]);
  });

  test("an interrupt in the middle: it is heard, and what was begun is finished", async () => {
    const interrupt = new AbortController();
    const running = run(many(600), ENCRYPT, threads, interrupt.signal);
    while (getEventListeners(interrupt.signal, "abort").length === 0) await turn();
    interrupt.abort();
    await expect(running).rejects.toThrow("Interrupted");
    const out = join(scratch, `${runs - 1}`, "out");
    for (const path of existsSync(out) ? readdirSync(out, { recursive: true, encoding: "utf8" }) : []) {
      if (path !== "deep") await decryptBytes(readFileSync(join(out, path)), [identity]);
    }
  });

  test("a thread that dies over a file: the main thread does the rest, and no half file stays", async () => {
    const program = pathToFileURL(join(scratch, "dies.cjs"));
    writeFileSync(program, DIES_OVER_A_FILE);
    const { code, files } = await run({ ...many(5), "out/deep/x": "" }, ENCRYPT, { ...threads, program });
    expect([code, [...files.keys()]]).toEqual([
      0,
      ["deep/x", ...[0, 1, 2, 3, 4].map((at) => `deep/f${at}.age`)].sort(),
    ]);
  });

  test("a program that is not there: the main thread does it all", async () => {
    const program = pathToFileURL(join(scratch, "missing.cjs"));
    expect((await run(many(5), ENCRYPT, { ...threads, program })).code).toBe(0);
  });
});

const DIES_OVER_A_FILE = `
const { mkdirSync, writeFileSync } = require("node:fs");
let setUp;
require("node:worker_threads").parentPort.on("message", ({ kind, value, request }) => {
  if (kind === "set up") setUp = value;
  if (kind !== "job") return;
  const [{ index }] = request;
  mkdirSync(setUp.staging);
  writeFileSync(setUp.staging + "/" + index, "half");
  process.exit(1);
});`;

describe("workInThreads() leaves to the main thread", () => {
  const items = [{ input: "in/a", output: "out/a" }];
  const options = { cwd: "/", output: "out", signal: new AbortController().signal, armor: false, force: false };
  test.each([
    { name: "a passphrase", given: { recipients: [passphraseRecipient("canary")] } },
    {
      name: "a plugin",
      given: {
        recipients: [{ ...recipient, name: "age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t" }],
      },
    },
    { name: "identities that no file has", given: { keyFiles: undefined } },
    { name: "a few files", given: { recipients: [recipient] }, plan: { smallestBatch: 2 } },
    { name: "everything on one core", given: { recipients: [recipient] }, plan: { threads: 1 } },
  ])("$name", async ({ given, plan = {} }) => {
    const done = await workInThreads(items, { ...options, ...given }, { ...threads, ...plan });
    expect(done.size).toBe(0);
  });

  test("and takes the rest", async () => {
    const cwd = join(scratch, "rest");
    mkdirSync(join(cwd, "in"), { recursive: true });
    writeFileSync(join(cwd, "in/a"), "one");
    const done = await workInThreads(items, { ...options, cwd, recipients: [recipient, stranger] }, threads);
    expect([...done]).toEqual(items);
  });
});
