import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { PassThrough } from "node:stream";
import { pathToFileURL } from "node:url";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Io } from "../../../../cli/io.ts";
import {
  DECRYPT_FLAGS,
  ENCRYPT_FLAGS,
  ROTATE_FLAGS,
  sopsFlags,
  UPDATEKEYS_FLAGS,
} from "../../../../cli/sops/call/flags.ts";
import { MANY_FLAGS, parseManyFlags } from "../../../../cli/sops/many/flags.ts";
import { runMany } from "../../../../cli/sops/many/run-many.ts";
import { makeHere } from "../../../../cli/sops/many/threads/make-here.ts";
import { SharedList } from "../../../../cli/sops/many/threads/shared-list.ts";
import { MANY_COMMANDS } from "../../../../cli/sops/many/work.ts";
import { ClearText } from "../../../../src/clear-text.ts";
import { encrypt } from "../../../../src/sops/index.ts";
import { builtProgram } from "../../../helpers/built-program.ts";
import { IDENTITY_A, IDENTITY_B, RECIPIENT_A, RECIPIENT_B, sopsFixture } from "../../../helpers/sops.ts";

/** It has comments that are doubtful, of which only the main thread warns. */
const DOUBTFUL = sopsFixture("encrypted/values.yaml");
const FILES = 12;
const FLAGS = { decrypt: DECRYPT_FLAGS, encrypt: ENCRYPT_FLAGS, rotate: ROTATE_FLAGS, updatekeys: UPDATEKEYS_FLAGS };
type Name = keyof typeof FLAGS;

let ENCRYPTED = "";
let program: URL;
beforeAll(async () => {
  const now = Date.UTC(2026, 0, 2);
  ENCRYPTED = (await encrypt("name: db\nport: 5432\nurl: a\n", "yaml", { recipients: [RECIPIENT_A], now })).text;
  program = await builtProgram("cli/sops/many/threads/sops-thread-adapter.ts");
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sealkit-many-threads-"));
  write(".sops.yaml", rulesFor(RECIPIENT_A));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function rulesFor(recipients: string): string {
  return `creation_rules:\n  - path_regex: \\.yaml$\n    age: ${recipients}\n`;
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

/** Every file with its text, but the rules. */
function texts(below = ""): Record<string, string> {
  const names = readdirSync(join(folder, below), { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const paths = names.map((entry) => join(entry.parentPath, entry.name)).sort();
  return Object.fromEntries(paths.map((path) => [path.slice(folder.length + 1), readFileSync(path, "utf8")]));
}

interface Run {
  readonly threads?: { readonly program: URL; readonly most: number } | undefined;
  readonly env?: Readonly<Record<string, string>>;
}

async function run(name: Name, words: readonly string[], { threads, env = { SOPS_AGE_KEY: IDENTITY_A } }: Run = {}) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const io: Io = {
    env: { HOME: join(folder, "nobody"), ...env },
    cwd: folder,
    argv0: "sealkit",
    stdin: new PassThrough(),
    stdout,
    stderr,
    signal: new AbortController().signal,
    now: () => Date.now(),
  };
  const flags = parseManyFlags([...FLAGS[name], ...(MANY_FLAGS[name] ?? [])], words);
  const command = MANY_COMMANDS.get(name);
  if ("problem" in flags || command === undefined) throw new Error("bad words");
  const wanted = threads === undefined ? undefined : { ...threads, filesEach: 3 };
  // The others do not know of threads.
  const code = await runMany(io, command, sopsFlags(flags), { useLocalKeys: true, threads: wanted ?? NONE });
  const said = String(stderr.read() ?? "")
    .replace(/in [\d.]+ s/, "in some time")
    .replace(/time="[^"]+"/g, "");
  return { code, stdout: String(stdout.read() ?? ""), stderr: said };
}

function altered(text: string): string {
  return text.replace(/data:(.)/, (_, letter: string) => `data:${letter === "A" ? "B" : "A"}`);
}

const NONE = { program: new URL("file:///nowhere"), most: 0, filesEach: 1 };
const both = (): Run[] => [{}, { threads: { program, most: 1 } }];

describe("sops -r in threads", () => {
  test("decrypts to the same bytes and says the same, what is left alone included", async () => {
    for (let at = 0; at < FILES; at++) write(`in/${at % 3}/s${at}.yaml`, at % 5 === 4 ? `clear: ${at}\n` : ENCRYPTED);
    const results = [];
    for (const [at, how] of both().entries()) {
      const said = await run("decrypt", ["-r", "--output-dir", `out${at}`, "in"], how);
      results.push({ said, files: Object.values(texts(`out${at}`)), names: Object.keys(texts(`out${at}`)).length });
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[0]).toMatchObject({ said: { code: 0 }, names: 10 });
  });

  test("encrypts, updates keys and rotates: other keys open the same clear text, and nothing is left beside", async () => {
    const clear: Record<string, string> = {};
    for (let at = 0; at < FILES; at++) clear[`s${String(at).padStart(2, "0")}.yaml`] = `password: canary-${at}\n`;
    for (const [path, text] of Object.entries(clear)) write(path, text);
    const [, threaded = {}] = both();
    expect(await run("encrypt", ["-r", "-i", "."], threaded)).toMatchObject({ code: 0 });
    expect(JSON.stringify(texts())).not.toContain("canary");
    write(".sops.yaml", rulesFor(`${RECIPIENT_A},${RECIPIENT_B}`));
    const updated = await run("updatekeys", ["-r", "-y", "."], threaded);
    expect(updated.stderr).toBe("Updated the keys of 12 files in some time; 0 failed.\n");
    const before = texts();
    expect(await run("rotate", ["-r", "-i", "."], { ...threaded, env: { SOPS_AGE_KEY: IDENTITY_B } })).toMatchObject({
      code: 0,
    });
    const after = texts();
    expect(Object.keys(after)).toEqual([".sops.yaml", ...Object.keys(clear)]);
    for (const path of Object.keys(clear)) expect(after[path]).not.toBe(before[path]);
    await run("decrypt", ["-r", "-i", "."], threaded);
    expect(texts()).toMatchObject(clear);
  });

  test("files that are altered, for somebody else or no YAML end as without threads, and nothing is written", async () => {
    const other = { recipients: [RECIPIENT_B], now: 0 };
    const bad = [altered(ENCRYPTED), `${ENCRYPTED}\n]`, DOUBTFUL, (await encrypt("a: b\n", "yaml", other)).text];
    for (let at = 0; at < FILES; at++) write(`s${at}.yaml`, bad[at - 6] ?? ENCRYPTED);
    const before = texts();
    const ends = [];
    for (const how of both()) ends.push(await run("rotate", ["-r", "-i", "."], how));
    const [alone, threaded] = ends;
    expect(threaded).toEqual(alone);
    expect(alone).toMatchObject({ code: 1, stdout: "" });
    expect(alone?.stderr).toContain("Nothing was written: 3 of 12 files failed");
    expect(texts()).toEqual(before);
  });

  test("a thread that dies: the run says so, and every file is as before", async () => {
    for (let at = 0; at < FILES; at++) write(`s${at}.yaml`, ENCRYPTED);
    write("dies.cjs", "require('node:worker_threads').parentPort.once('message', () => process.exit(1));");
    const before = texts();
    const dying = pathToFileURL(join(folder, "dies.cjs"));
    await expect(run("rotate", ["-r", "-i", "."], { threads: { program: dying, most: 1 } })).rejects.toMatchObject({
      code: "THREADS_ENDED",
    });
    expect(texts()).toEqual(before);
  });

  test("no thread is started for few files, or for nothing to decrypt with", async () => {
    write("a.yaml", ENCRYPTED);
    const nowhere = { threads: { program: new URL("file:///nowhere.cjs"), most: 2 } };
    expect(await run("decrypt", ["-r", "-i", "."], nowhere)).toMatchObject({ code: 0 });
    for (let at = 0; at < FILES; at++) write(`s${at}.yaml`, ENCRYPTED);
    expect(await run("decrypt", ["-r", "-i", "."], { ...nowhere, env: {} })).toMatchObject({ code: 128 });
  });
});

describe("a thread", () => {
  test("does what asks nobody, and leaves the rest to the main thread", async () => {
    const paths = ["a.yaml", "doubtful.yaml", "clear.yaml", "bad.yaml", "b.yaml"];
    for (const path of paths) write(path, ENCRYPTED);
    write("doubtful.yaml", DOUBTFUL);
    write("clear.yaml", "a: b\n");
    write("bad.yaml", altered(ENCRYPTED));
    const identity = ClearText.fromText(IDENTITY_A).reveal();
    const text = new Uint8Array(identity);
    const answer = await makeHere({
      command: "decrypt",
      cwd: folder,
      env: {},
      flags: new Map(),
      config: undefined,
      identities: [{ where: "here", text, isSshKey: false, sshPublicKey: undefined }],
      decryptionOrder: [],
      paths,
      base: folder,
      list: new SharedList(paths.length).memory,
      stage: undefined,
    });
    expect(answer).toEqual({
      outcomes: [
        { file: "b.yaml", state: "done", changes: undefined },
        { file: "clear.yaml", state: "skipped", why: "not encrypted" },
        { file: "a.yaml", state: "done", changes: undefined },
      ],
      left: [3, 1],
      staged: [],
    });
    expect(text.every((byte) => byte === 0)).toBe(true);
  });
});

describe("SharedList", () => {
  test("gives each number once, from both ends", () => {
    const list = new SharedList(5);
    const other = new SharedList(5, list.memory).fromEnd();
    const own = list.fromStart();
    const taken = [own, other, other, own, own, other].map((from) => from.next().value);
    expect(taken).toEqual([0, 4, 3, 1, 2, undefined]);
  });

  test("gives none after it was stopped", () => {
    const list = new SharedList(5);
    const own = list.fromStart();
    own.next();
    list.stop();
    expect([...own, ...new SharedList(5, list.memory).fromEnd()]).toEqual([]);
  });
});
