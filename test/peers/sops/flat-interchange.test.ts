import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { decrypt, encrypt, type Format } from "../../../src/sops/index.ts";
import { IDENTITY_A, KEYS_A, RECIPIENT_A, skeleton } from "../../helpers/sops.ts";
import { Random } from "./documents.ts";
import { anyBytes, dotenvFile, iniFile } from "./flat-documents.ts";
import { original, workspace } from "./original.ts";
import { remade } from "./remade.ts";

const COUNT = Number(process.env["SEALKIT_PEER_CASES"] ?? 500);
const AT_ONCE = 3;
const ENDINGS = { dotenv: "env", ini: "ini", binary: "bin" } as const;
const folder = workspace();
const env = { SOPS_AGE_KEY: IDENTITY_A };

afterAll(() => folder.end());

/** What became of one document. `kept` is data that the original loses in its own output, and we do not. */
type Outcome = "same" | "both refuse" | "kept" | `differs: ${string}`;

async function seal(bytes: Uint8Array, format: Format): Promise<string> {
  return (await encrypt(bytes, format, { recipients: [RECIPIENT_A], now: 0 })).text;
}

async function open(text: string, format: Format, outputFormat: Format = format): Promise<Buffer> {
  return Buffer.from((await decrypt(text, format, KEYS_A, { outputFormat })).clearText.reveal());
}

async function compare(seed: number, bytes: Buffer, format: keyof typeof ENDINGS): Promise<Outcome> {
  const at = (name: string, content: string | Uint8Array) => {
    const path = join(folder.path, `${seed}.${name}.${ENDINGS[format]}`);
    writeFileSync(path, content);
    return path;
  };
  const theirs = await original(["encrypt", "--age", RECIPIENT_A, at("clear", bytes)], { cwd: folder.path });
  const ours = await seal(bytes, format).catch((error: unknown) => error);
  if (theirs.stderr.startsWith("panic: ")) return typeof ours === "string" ? "kept" : `differs: ${String(ours)}`;
  if (theirs.code !== 0) return ours instanceof Error ? "both refuse" : `differs: only they refuse: ${theirs.stderr}`;
  if (typeof ours !== "string") return `differs: only we refuse: ${String(ours)}`;

  const ofOurs = await original(["decrypt", at("ours", ours)], { cwd: folder.path, env });
  if (ofOurs.code !== 0) return `differs: they refuse ours: ${ofOurs.stderr}`;
  if (skeleton(ours) !== skeleton(theirs.stdout)) {
    const again = await original(["decrypt", at("theirs", theirs.stdout)], { cwd: folder.path, env });
    return again.code === 0 && !again.stderr.startsWith("panic: ")
      ? `differs: layouts ${skeleton(theirs.stdout)} and ${skeleton(ours)}`
      : "kept";
  }
  const { wanted, got } = await remade(theirs.stdout, bytes, format);
  if (got !== wanted) {
    const again = await original(["decrypt", at("theirs", theirs.stdout)], { cwd: folder.path, env });
    return again.stderr.startsWith("panic: ") ? "kept" : `differs: with its data key and IVs ${wanted} and ${got}`;
  }
  const opened = await open(theirs.stdout, format);
  const clear = format === "ini" ? await open(ours, format) : opened;
  if (!clear.equals(opened)) {
    const again = await original(["decrypt", at("theirs", theirs.stdout)], { cwd: folder.path, env });
    return again.stderr.startsWith("panic: ") ? "kept" : `differs: ${opened} and ${clear}`;
  }
  if (clear.toString() === ofOurs.stdout) return "same";
  const [data, fromOurs, fromTheirs] = await Promise.all([
    open(ours, format, "json"),
    open(await seal(clear, format), format, "json"),
    seal(Buffer.from(ofOurs.stdout), format).then((text) => open(text, format, "json")),
  ]);
  if (!fromOurs.equals(data)) return `differs: what we print is read as ${fromOurs}, and was ${data}`;
  return fromTheirs.equals(data) ? `differs: we print ${clear}, they print ${ofOurs.stdout}` : "kept";
}

const STORES = [
  { format: "dotenv", make: (random: Random) => Buffer.from(dotenvFile(random)), leastSame: 0.8 },
  { format: "ini", make: (random: Random) => Buffer.from(iniFile(random)), leastSame: 0.5 },
  { format: "binary", make: anyBytes, leastSame: 1 },
] as const;

describe("flat stores and the original", () => {
  test.each(STORES)(`${COUNT} $format files, each way`, { timeout: 300_000 }, async ({ format, make, leastSame }) => {
    const outcomes: Outcome[] = [];
    const problems: object[] = [];
    let next = 0;
    const worker = async () => {
      while (next < COUNT) {
        const seed = next++;
        const bytes = make(new Random(seed * 7919 + format.length));
        const outcome = await compare(seed, bytes, format).catch(
          (error: unknown) => `differs: ${String(error)}` as const,
        );
        outcomes.push(outcome);
        if (outcome.startsWith("differs")) problems.push({ seed, text: bytes.toString(), outcome });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    expect(problems).toEqual([]);
    expect(outcomes.filter((outcome) => outcome === "same").length).toBeGreaterThanOrEqual(COUNT * leastSame);
  });

  test("metadata with many keys, and every selector, both ways", async () => {
    const recipients = Array.from({ length: 12 }, () => RECIPIENT_A);
    const text = "[s]\n; c\na = 1\nb_unencrypted = x\n";
    const path = join(folder.path, "many.ini");
    writeFileSync(path, text);
    const flags = ["--age", recipients.join(","), "--encrypted-regex", "^a$"];
    const theirs = await original(["--mac-only-encrypted", "encrypt", ...flags, path], { cwd: folder.path });
    const ours = await encrypt(text, "ini", {
      recipients,
      now: 0,
      macOnlyEncrypted: true,
      selector: { kind: "encrypted_regex", pattern: "^a$" },
    });
    expect(skeleton(ours.text)).toBe(skeleton(theirs.stdout));
    expect((await open(theirs.stdout, "ini")).toString()).toBe(text.replace("a = 1", "a             = 1"));
  });
});
