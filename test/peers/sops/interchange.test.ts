import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { decrypt, encrypt, type Selector, SopsError } from "../../../src/sops/index.ts";
import { IDENTITY_A, KEYS_A, RECIPIENT_A, skeleton } from "../../helpers/sops.ts";
import { jsonObject, Random, yamlStream } from "./documents.ts";
import { original, workspace } from "./original.ts";
import { converted, remade } from "./remade.ts";

const COUNT = Number(process.env["SEALKIT_PEER_CASES"] ?? 160);
/** Documents that share one run of the original: a program that starts costs more than a document. */
const BATCHES = Number(process.env["SEALKIT_PEER_CASES"] ?? 400) / 10;
const IN_BATCH = 10;
const AT_ONCE = 3;
const folder = workspace();
const env = { SOPS_AGE_KEY: IDENTITY_A };

afterAll(() => folder.end());

/** Documents that both tools took, and so were compared. */
let compared = 0;

interface Outcome {
  readonly seed: number;
  readonly text: string;
  readonly problem: string;
}

async function compare(seed: number, text: string, format: "yaml" | "json"): Promise<string | undefined> {
  return await compareBoth(seed, text, format).catch((error: unknown) => String(error));
}

const SELECTORS: readonly (Selector | undefined)[] = [
  undefined,
  undefined,
  { kind: "encrypted_regex", pattern: "^(token|host)[0-9]*$" },
  { kind: "unencrypted_regex", pattern: "(?i)^beta|\\d$" },
  { kind: "encrypted_suffix", pattern: "1" },
  { kind: "unencrypted_suffix", pattern: "2" },
  { kind: "encrypted_comment_regex", pattern: "note|two" },
  { kind: "unencrypted_comment_regex", pattern: "^tight|^ note" },
];

function selection(seed: number): { selector: Selector | undefined; macOnlyEncrypted: boolean } {
  return { selector: SELECTORS[seed % SELECTORS.length], macOnlyEncrypted: seed % 3 === 0 };
}

/** Encrypts with both, decrypts each with the other; every clear text and every layout must be the same. */
async function compareBoth(seed: number, text: string, format: "yaml" | "json"): Promise<string | undefined> {
  const path = join(folder.path, `${seed}.${format}`);
  writeFileSync(path, text);
  const { selector, macOnlyEncrypted } = selection(seed);
  const flags = selector === undefined ? [] : [`--${selector.kind.replaceAll("_", "-")}`, selector.pattern];
  const global = macOnlyEncrypted ? ["--mac-only-encrypted"] : [];
  const theirs = await original([...global, "-e", ...flags, "--age", RECIPIENT_A, path], { cwd: folder.path });
  const options = { recipients: [RECIPIENT_A], now: 0, isLenient: true, selector, macOnlyEncrypted };
  const ours = await encrypt(text, format, options).catch((error: unknown) => error);
  if (theirs.code !== 0) return ours instanceof Error ? undefined : `only the original refuses: ${theirs.stderr}`;
  if (ours instanceof SopsError && ours.code === "SOPS_COMMENT_CONFLICT") {
    const own = join(folder.path, `${seed}.own.${format}`);
    writeFileSync(own, theirs.stdout);
    const again = await original(["decrypt", own], { cwd: folder.path, env });
    return again.code === 0 ? `we refuse what the original can read again: ${ours.message}` : undefined;
  }
  if (ours instanceof Error) return `only we refuse: ${ours.message}`;
  const { text: encrypted } = ours as { text: string };
  compared++;
  const [theirLayout, ourLayout] = [layout(theirs.stdout), layout(encrypted)];
  if (ourLayout !== theirLayout) return difference("layouts", theirLayout, ourLayout);
  // A negative zero in clear is written in another way on purpose.
  if (ourLayout === skeleton(encrypted) && theirLayout === skeleton(theirs.stdout)) {
    const { wanted, got } = await remade(theirs.stdout, text, format, { selector, macOnlyEncrypted });
    if (got !== wanted) return difference("bytes with its data key and IVs", wanted, got);
  }
  const encryptedPath = join(folder.path, `${seed}.enc.${format}`);
  writeFileSync(encryptedPath, theirs.stdout);
  const theirClear = await original(["decrypt", encryptedPath], { cwd: folder.path, env });
  // The original writes some files that it cannot read: a negative zero in clear. Ours must be readable all the same.
  if (theirClear.code === 0) {
    const ourClear = (await decrypt(theirs.stdout, format, KEYS_A, { isLenient: true })).clearText.revealText();
    if (ourClear !== theirClear.stdout) return difference("clear texts of its file", theirClear.stdout, ourClear);
  }
  writeFileSync(encryptedPath, encrypted);
  const ofOurs = await original(["decrypt", encryptedPath], { cwd: folder.path, env });
  if (ofOurs.code !== 0) return `the original refuses ours: ${ofOurs.stderr}`;
  const again = (await decrypt(encrypted, format, KEYS_A, { isLenient: true })).clearText.revealText();
  if (again !== ofOurs.stdout) return difference("clear texts of our file", ofOurs.stdout, again);
  return undefined;
}

/** A negative zero in clear is written as the zero that it is read as. */
function layout(text: string): string {
  return skeleton(text).replaceAll(/(^|[ \t])-0(?=,?$)/gm, "$10");
}

function difference(what: string, wanted: string, got: string): string {
  const [a, b] = [wanted.split("\n"), got.split("\n")];
  const at = a.findIndex((line, index) => line !== b[index]);
  return `${what} differ in line ${at + 1}: ${JSON.stringify(a[at])} became ${JSON.stringify(b[at])}`;
}

async function run(format: "yaml" | "json", make: (random: Random) => string): Promise<Outcome[]> {
  const problems: Outcome[] = [];
  let next = 0;
  const worker = async () => {
    while (next < COUNT) {
      const seed = next++;
      const text = make(new Random(seed * 7919 + (format === "json" ? 1 : 0)));
      const problem = await compare(seed, text, format);
      if (problem !== undefined) problems.push({ seed, text, problem });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return problems;
}

/** Documents that we take, joined to one file. */
async function batch(format: "yaml" | "json", make: (random: Random) => string, from: number): Promise<string> {
  const documents: string[] = [];
  for (let seed = from; documents.length < IN_BATCH; seed++) {
    const text = make(new Random(seed * 104_729 + 3));
    const taken = await encrypt(text, format, { recipients: [RECIPIENT_A], now: 0, isLenient: true }).catch(
      () => undefined,
    );
    if (taken !== undefined) documents.push(text);
  }
  if (format === "yaml") return documents.join("---\n");
  return `{${documents.map((text, index) => `"d${index}": ${text}`).join(", ")}}`;
}

async function runBatches(format: "yaml" | "json", make: (random: Random) => string): Promise<Outcome[]> {
  const problems: Outcome[] = [];
  let next = 0;
  const worker = async () => {
    while (next < BATCHES) {
      const seed = 10_000 + next++;
      const text = await batch(format, make, seed * 1_000);
      const problem = await compare(seed, text, format);
      if (problem !== undefined) problems.push({ seed, text, problem });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return problems;
}

describe("interchange with the original", () => {
  test(`${COUNT} YAML streams, each way`, { timeout: 600_000 }, async () => {
    compared = 0;
    expect(await run("yaml", yamlStream)).toEqual([]);
    expect(compared).toBeGreaterThanOrEqual(COUNT * 0.85);
  });

  test(`${COUNT} JSON objects, each way`, { timeout: 600_000 }, async () => {
    compared = 0;
    expect(await run("json", jsonObject)).toEqual([]);
    expect(compared).toBeGreaterThanOrEqual(COUNT * 0.85);
  });

  test.each([
    ["yaml", yamlStream],
    ["json", jsonObject],
  ] as const)(`${BATCHES * IN_BATCH} %s documents more, ten in a file`, { timeout: 600_000 }, async (format, make) => {
    compared = 0;
    expect(await runBatches(format, make)).toEqual([]);
    expect(compared).toBeGreaterThanOrEqual(BATCHES * 0.85);
  });

  test("files of the original in other formats", { timeout: 600_000 }, async () => {
    const text = await batch("json", jsonObject, 77_000);
    const path = join(folder.path, "convert.json");
    writeFileSync(path, text.replaceAll(/: null\b/g, ": 0"));
    const made = await original(["encrypt", "--age", RECIPIENT_A, path], { cwd: folder.path });
    const clearPath = join(folder.path, "convert.enc.json");
    writeFileSync(clearPath, made.stdout);
    const asYaml = await original(["decrypt", "--output-type", "yaml", clearPath], { cwd: folder.path, env });
    expect(await converted(made.stdout, "json", "yaml")).toBe(asYaml.stdout);
    for (const to of ["yaml", "json", "dotenv", "ini"] as const) {
      const flat = join(folder.path, `flat-${to}.json`);
      writeFileSync(
        flat,
        to === "ini" ? '{"s": {"a": "x y", "b": ""}, "t": {"c": "é"}}' : '{"a": "x y", "b": 1.5, "c": true}',
      );
      const theirs = await original(["encrypt", "--age", RECIPIENT_A, "--output-type", to, flat], { cwd: folder.path });
      const ours = await encrypt(readFileSync(flat), "json", { recipients: [RECIPIENT_A], now: 0, outputFormat: to });
      expect(skeleton(ours.text)).toBe(skeleton(theirs.stdout));
      for (const back of ["yaml", "json"] as const) {
        const encrypted = join(folder.path, `flat.${to === "dotenv" ? "env" : to}`);
        writeFileSync(encrypted, theirs.stdout);
        const clear = await original(["decrypt", "--output-type", back, encrypted], { cwd: folder.path, env });
        expect(await converted(theirs.stdout, to, back)).toBe(clear.stdout);
      }
    }
  });

  test("values of 1 MB and bytes that are no text", async () => {
    const bytes = Buffer.from(Array.from({ length: 1_000_000 }, (_, at) => (at * 31) % 256));
    const text = `text: ${"x1".repeat(500_000)}\nraw: !!binary ${bytes.toString("base64")}\n`;
    expect(await compare(1_000_000, text, "yaml")).toBeUndefined();
    expect(await compare(1_000_001, JSON.stringify({ big: "é".repeat(500_000) }), "json")).toBeUndefined();
  });

  test("10,000 values", async () => {
    const lines = Array.from({ length: 10_000 }, (_, at) => `key${at}: "value ${at}"\n`);
    expect(await compare(1_000_002, lines.join(""), "yaml")).toBeUndefined();
  });

  test("every fixture is still what the original makes of it", async () => {
    const path = join(folder.path, "values.yaml");
    writeFileSync(path, readFileSync(new URL("../../../fixtures/sops/encrypted/values.yaml", import.meta.url)));
    const { stdout } = await original(["decrypt", path], { cwd: folder.path, env });
    expect(stdout).toBe(readFileSync(new URL("../../../fixtures/sops/decrypted/values.yaml", import.meta.url), "utf8"));
  });
});
