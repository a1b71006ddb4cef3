import { beforeAll, describe, expect, test } from "vitest";
import { type CliRun, runCli } from "../../helpers/run-cli.ts";
import { IDENTITY_A, RECIPIENT_A } from "../../helpers/sops.ts";

const TEXT = "# head\n\ndb:\n  user: 'ann'   # who\n\n  port:  0x1F\n";
const files: Record<string, string> = { "keys.txt": IDENTITY_A };
const sops = (words: readonly string[], run: CliRun = {}) =>
  runCli(["sops", ...words], { ...run, files: { ...files, ...run.files }, env: { SOPS_AGE_KEY_FILE: "keys.txt" } });

beforeAll(async () => {
  const made = await sops(["encrypt", "--preserve", "-i", "--age", RECIPIENT_A, "f.yaml"], {
    files: { "f.yaml": TEXT },
  });
  expect([made.code, made.stderr]).toEqual([0, ""]);
  files["f.yaml"] = made.files["f.yaml"]?.text ?? "";
});

/** What a file decrypts to, its layout kept. */
async function clear(text: string | undefined): Promise<string> {
  const { code, stdout, stderr } = await sops(["decrypt", "--preserve", "x.yaml"], { files: { "x.yaml": text ?? "" } });
  expect([code, stderr]).toEqual([0, ""]);
  return stdout;
}

describe("sealkit sops --preserve", () => {
  test("encrypt and decrypt give the file back; without the flag it is what sops prints", async () => {
    expect(await clear(files["f.yaml"])).toBe(TEXT);
    expect((await sops(["decrypt", "f.yaml"])).stdout).toBe("# head\ndb:\n    # who\n    user: ann\n    port: 31\n");
    expect((await sops(["-d", "--preserve", "f.yaml"])).stdout).toBe(TEXT);
  });

  test.each([
    {
      name: "set",
      words: ["set", "--preserve", "f.yaml", '["db"]["user"]', '"bob"'],
      want: TEXT.replace("ann", "bob"),
    },
    {
      name: "unset",
      words: ["unset", "--preserve", "f.yaml", '["db"]["port"]'],
      want: TEXT.replace("  port:  0x1F\n", ""),
    },
    { name: "rotate", words: ["rotate", "--preserve", "-i", "f.yaml"], want: TEXT },
  ])("$name leaves the rest of the text", async ({ words, want }) => {
    const { code, stderr, files: after } = await sops(words);
    expect([code, stderr]).toEqual([0, ""]);
    expect(await clear(after["f.yaml"]?.text)).toBe(want);
  });

  test.each([
    { name: "another format", words: ["decrypt", "--preserve", "--output-type", "json", "f.yaml"] },
    { name: "a key twice in INI", words: ["encrypt", "--preserve", "--age", RECIPIENT_A, "-i", "f.ini"] },
    { name: "an alias of a secret", words: ["encrypt", "--preserve", "--age", RECIPIENT_A, "-i", "alias.yaml"] },
  ])("$name is refused, nothing is written and nothing shown", async ({ words }) => {
    const given = { "f.ini": "[a]\nb = canary\nb = canary\n", "alias.yaml": "a: &x canary\nb: *x\n" };
    const { code, stdout, stderr, files: after } = await sops(words, { files: given });
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^error: Cannot keep the layout of "[^"]+": .+\nhint: without --preserve/);
    expect(stderr).not.toContain("canary");
    for (const [name, text] of Object.entries({ ...files, ...given })) expect(after[name]?.text).toBe(text);
  });
});
