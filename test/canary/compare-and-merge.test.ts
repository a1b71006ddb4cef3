import { beforeAll, describe, expect, test } from "vitest";
import { generateX25519Identity, parseIdentity } from "../../src/age/index.ts";
import { encrypt } from "../../src/sops/index.ts";
import { type CliRun, runCli } from "../helpers/run-cli.ts";
import { makeCanary, watchTemporaryFiles } from "./canary.ts";
import { expectRefused } from "./refused.ts";

const canary = makeCanary();
const identity = generateX25519Identity();
const recipient = parseIdentity(identity).name;
const env = { SOPS_AGE_KEY: identity };
const NOW = Date.UTC(2026, 0, 1);

const clear = (port: number) =>
  `# ${canary.text}\n\na: '${canary.text}'\nb:\n- ${canary.text} # ${canary.text}\nport: ${port}\n`;
const files: Record<string, string> = {};
beforeAll(async () => {
  const sealed = async (text: string) =>
    (await encrypt(text, "yaml", { recipients: [recipient], now: NOW, preserve: true })).text;
  files["base.yaml"] = await sealed(clear(1));
  files["ours.yaml"] = await sealed(clear(2).replace("a: '", "a: 'ours "));
  files["theirs.yaml"] = await sealed(clear(1).replace("a: '", "a: 'theirs "));
  files["plain.yaml"] = clear(3);
  files["forged.yaml"] = files["base.yaml"].replace(/^port:.*\n/m, "");
  files["broken.yaml"] = `a: "${canary.text}`;
  files["conflict.yaml"] = `<<<<<<< a\na: ${canary.text}\n=======\n>>>>>>> b\n`;
  files["list.yaml"] = `- ${canary.text}\n`;
});

/** Runs a command and searches all that it says, writes and leaves behind. */
async function quiet(words: readonly string[], code: number, run: CliRun = {}) {
  const temporary = watchTemporaryFiles();
  try {
    const result = await runCli(["sops", ...words], { files, env, ...run });
    expect([words, result.code, result.code === code ? "" : result.stderr]).toEqual([words, code, ""]);
    for (const said of [result.stdout, result.stderr]) expect(canary.seenIn(said)).toBeUndefined();
    for (const [path, { text }] of Object.entries(result.files)) {
      if (files[path] !== text) expect(canary.seenIn(text), path).toBeUndefined();
    }
    for (const { path, content } of temporary.leftovers()) expect(canary.seenIn(content), path).toBeUndefined();
  } finally {
    temporary.restore();
  }
}

describe("diff, textconv and merge show no value", () => {
  test.each([
    { words: ["diff", "base.yaml", "ours.yaml"], code: 1 },
    { words: ["diff", "base.yaml", "plain.yaml"], code: 1 },
    { words: ["diff", "plain.yaml", "plain.yaml"], code: 0 },
    { words: ["diff", "--format", "json", "plain.yaml", "ours.yaml"], code: 1 },
    { words: ["diff", "--without-keys", "base.yaml", "ours.yaml"], code: 1 },
    { words: ["diff", "base.yaml", "forged.yaml"], code: 2 },
    { words: ["diff", "base.yaml", "broken.yaml"], code: 2 },
    { words: ["textconv", "base.yaml"], code: 0 },
    { words: ["textconv", "plain.yaml"], code: 0 },
    { words: ["textconv", "forged.yaml"], code: 0 },
    { words: ["textconv", "broken.yaml"], code: 0 },
    { words: ["textconv", "conflict.yaml"], code: 0 },
    { words: ["textconv", "list.yaml"], code: 0 },
    { words: ["merge", "base.yaml", "ours.yaml", "theirs.yaml"], code: 1 },
    { words: ["merge", "base.yaml", "ours.yaml", "base.yaml"], code: 0 },
    { words: ["merge", "base.yaml", "ours.yaml", "forged.yaml"], code: 128 },
    { words: ["merge", "base.yaml", "ours.yaml", "plain.yaml"], code: 128 },
    { words: ["merge", "base.yaml", "ours.yaml", "broken.yaml"], code: 128 },
    { words: ["merge", "--resolve", "ours", "conflict.yaml"], code: 128 },
    { words: ["set", "--preserve", "base.yaml", '["port"]', "7"], code: 0 },
    { words: ["rotate", "--preserve", "-i", "base.yaml"], code: 0 },
    { words: ["encrypt", "--preserve", "--age", recipient, "plain.yaml"], code: 0 },
  ])("$words", async ({ words, code }) => await quiet(words, code));

  test.each(["base.yaml", "plain.yaml", "forged.yaml"])("textconv without a key: %s", async (file) => {
    await quiet(["textconv", file], 0, { env: {} });
  });
});

describe("--preserve shows nothing of what it does not keep", () => {
  test.each([
    { name: "an alias", file: "f.yaml", text: `a: &x ${canary.text}\nb: *x\n` },
    { name: "no YAML", file: "f.yaml", text: `a: "${canary.text}` },
    { name: "text behind JSON", file: "f.json", text: `{"a": 1} ${canary.text}` },
    { name: "a key twice", file: "f.ini", text: `[a]\nb = ${canary.text}\nb = c\n` },
    { name: "a line without =", file: "f.env", text: `${canary.text}\n` },
  ])("$name", async ({ file, text }) => {
    const words = ["sops", "encrypt", "--preserve", "--age", recipient, file];
    await expectRefused(canary, { words, files: { [file]: text } });
  });
});
