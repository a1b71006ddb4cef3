import { createPrivateKey, type KeyObject } from "node:crypto";
import {
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { readManifests, YamlError, type YamlValue } from "../../../src/yaml/index.ts";
import { openItem } from "../open-item.ts";
import { peer } from "../peers.ts";
import { runProcess } from "../process.ts";
import { runCli } from "../run-cli.ts";
import { labelOf } from "./cases.ts";

/** One command line of kubeseal, to be run by the original and by ours on the same files. */
export interface Invocation {
  readonly name: string;
  readonly args: readonly string[];
  readonly stdin?: string | Uint8Array;
  /** Beside those that every run finds. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Last touches to the folder: links, modes. */
  readonly prepare?: (folder: string) => void;
  /** Ours answers otherwise, on purpose: a row of docs/compatibility/kubeseal.md. */
  readonly differs?: Difference;
}

export interface Difference {
  /** How the first cell of the row in docs/compatibility/kubeseal.md begins. */
  readonly row: string;
  readonly code: number;
  readonly stderr?: RegExp;
  readonly stdout?: RegExp;
  /** The original never ends. */
  readonly hangs?: true;
}

/** What a run left behind, with everything that is random replaced. */
export interface Trace {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Created, changed or removed: type, mode and content. */
  readonly files: Readonly<Record<string, string>>;
  readonly asked: unknown;
}

/** Keys and files that all runs share. */
export interface Stage {
  /** Copied into the folder of every run. */
  readonly files: Readonly<Record<string, string>>;
  /** PKCS#8 PEM texts of the keys that open what is sealed. */
  readonly keys: readonly string[];
  /** Namespaces and names that items may be sealed for, beside those of the object they stand in. */
  readonly words: readonly string[];
  /** What stands for addresses that are known only now, in arguments and variables: `@API`. */
  readonly places?: Readonly<Record<string, string>>;
  /** What was asked of the servers of the stage since the last call; it is compared too. */
  readonly asked?: () => unknown;
}

const HANG_MS = 1_500;
const TIMEOUT_MS = 60_000;

/** A runner of both programs over the same folder of files. Call `close` at the end. */
export function openTheatre(stage: Stage) {
  const base = mkdtempSync(join(tmpdir(), "sealkit-same-"));
  const template = join(base, "template");
  put(template, stage.files);
  const keys = stage.keys.map((pem) => createPrivateKey(pem));
  const labels = ["", ...stage.words, ...stage.words.flatMap((one) => stage.words.map((two) => `${one}/${two}`))];
  const placed = (text: string) =>
    Object.entries(stage.places ?? {}).reduce((sofar, [word, place]) => sofar.replaceAll(word, place), text);
  let count = 0;

  const inFolder = async (invocation: Invocation, argv0: string, run: (cwd: string, env: Env) => Promise<Ran>) => {
    const folder = join(base, String(++count));
    const cwd = join(folder, "work");
    for (const name of ["home", "tmp"]) mkdirSync(join(folder, name), { recursive: true });
    cpSync(template, cwd, { recursive: true });
    put(cwd, invocation.files ?? {});
    invocation.prepare?.(cwd);
    const before = listing(cwd);
    stage.asked?.();
    const env = { HOME: join(folder, "home"), TMPDIR: join(folder, "tmp"), ...invocation.env };
    const ran = await run(cwd, Object.fromEntries(Object.entries(env).map(([name, value]) => [name, placed(value)])));
    const asked = stage.asked?.();
    const after = listing(cwd);
    rmSync(folder, { recursive: true, force: true });
    const shown = (text: string) => shownText(text, keys, labels).replaceAll(`Usage of ${argv0}:`, "Usage of <ARGV0>:");
    const changed = new Map<string, string>();
    for (const [path, state] of after) if (before.get(path) !== state) changed.set(path, shown(state));
    for (const path of before.keys()) if (!after.has(path)) changed.set(path, "removed");
    return {
      code: ran.code,
      stdout: shown(ran.stdout),
      stderr: shown(ran.stderr),
      files: Object.fromEntries([...changed].sort(([a], [b]) => (a < b ? -1 : 1))),
      asked,
    };
  };

  return {
    original: (invocation: Invocation): Promise<Trace> => {
      const program = peer("kubeseal");
      return inFolder(invocation, program, (cwd, env) => {
        const timeoutMs = invocation.differs?.hangs === true ? HANG_MS : TIMEOUT_MS;
        return runProcess([program, ...invocation.args.map(placed)], {
          input: invocation.stdin ?? "",
          env,
          cwd,
          timeoutMs,
        });
      });
    },
    ours: (invocation: Invocation): Promise<Trace> =>
      inFolder(invocation, "kubeseal", (cwd, env) =>
        runCli(invocation.args.map(placed), { stdin: invocation.stdin ?? "", env, cwd, argv0: "kubeseal" }),
      ),
    close: () => rmSync(base, { recursive: true, force: true }),
  };
}

type Env = Record<string, string>;
type Ran = Pick<Trace, "code" | "stdout" | "stderr">;

/**
 * What is not the same: exit code, stdout with items opened, files left, and that our stderr (without our warnings)
 * begins with the original's.
 */
export function unlike(original: Trace, ours: Trace): string[] {
  const found: string[] = [];
  const check = (what: string, theirs: unknown, own: unknown) => {
    if (JSON.stringify(theirs) !== JSON.stringify(own)) {
      found.push(`${what}\n  original: ${JSON.stringify(theirs)}\n  ours:     ${JSON.stringify(own)}`);
    }
  };
  check("exit code", original.code, ours.code);
  check("stdout", flagList(original.stdout), flagList(ours.stdout));
  const stderr = inOrder(ours.stderr.replace(/^warning: .*\n/gm, ""));
  const theirs = inOrder(original.stderr);
  check("stderr", theirs, theirs === "" ? stderr : stderr.slice(0, theirs.length));
  check("files", original.files, ours.files);
  check("asked", original.asked, ours.asked);
  return found;
}

const ITEM_ERROR = /^(error: )?((?:no key could decrypt secret|illegal base64 data at input byte \d+) \()([^)]*)\)$/;

/** Which of these the original says depends on what it was doing just then. */
const GAVE_UP = /(?:net\/http: request canceled|context deadline exceeded)(?: \(Client\.Timeout[^)]*\))?/g;

/** The original names items, and lists what is wrong with them, in the order of a hash map: another one each time. */
function inOrder(stderr: string): string {
  const lines = stderr.replace(GAVE_UP, "<timeout>").split("\n");
  const count = lines.findIndex((line) => !ITEM_ERROR.test(line));
  const sorted = lines
    .slice(0, count)
    .map((line) =>
      line.replace(ITEM_ERROR, (_, _word, text, items) => `${text}${items.split(", ").sort().join(", ")})`),
    )
    .sort();
  return [...sorted, ...lines.slice(count)].join("\n");
}

const FLAG = /^(?: {2}(-\w, )| {6})--([\w-]+)( \w+)? {2,}/;

/** Of a usage list only which flags there are, how they are spelt and what they take: its sentences are our own. */
function flagList(stdout: string): string {
  if (!/^ {6}--cert string /m.test(stdout)) return stdout;
  const lines = stdout.split("\n").filter((line) => !line.includes("(sealkit)"));
  return lines
    .map((line) => {
      const [, short = "", name, type = ""] = FLAG.exec(line) ?? [];
      return name === undefined ? line : `${short}${name}${type}`;
    })
    .join("\n");
}

function put(folder: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  mkdirSync(folder, { recursive: true });
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}

function listing(folder: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const mode = (lstatSync(path).mode & 0o7777).toString(8);
    const name = relative(folder, path);
    if (entry.isSymbolicLink()) found.set(name, `link to ${readlinkSync(path)}`);
    else if (entry.isDirectory()) found.set(name, `folder ${mode}`);
    else if (entry.isFile()) found.set(name, `file ${mode}\n${readFileSync(path, "utf8")}`);
  }
  return found;
}

const ITEM = /\bA[gQ][A-Za-z0-9+/]{300,}={0,2}/g;

/** Every sealed item replaced by what is in it and what it is bound to. */
function shownText(text: string, keys: readonly KeyObject[], labels: readonly string[]): string {
  if (text.search(ITEM) < 0) return text;
  const likely = labelsIn(text);
  return text.replace(ITEM, (item) => {
    for (const label of [...likely, ...labels]) {
      for (const key of keys) {
        const plain = openItem(item, label, key);
        if (plain !== undefined) return `<${JSON.stringify(plain.toString("latin1"))} for ${JSON.stringify(label)}>`;
      }
    }
    return "<does not open>";
  });
}

/** What the objects of a text say that their items are bound to: nearly always true. */
function labelsIn(text: string): readonly string[] {
  try {
    const values: YamlValue[] = readManifests(text.replace(/^file .*\n/, ""), { mode: "lenient" }).manifests.map(
      ({ value }) => value,
    );
    return [...new Set(values.map(labelOf))];
  } catch (error) {
    if (error instanceof YamlError) return [];
    throw error;
  }
}
