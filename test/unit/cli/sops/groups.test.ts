import { beforeAll, describe, expect, test } from "vitest";
import { encrypt } from "../../../../src/sops/index.ts";
import { runCli } from "../../../helpers/run-cli.ts";
import { IDENTITY_A, IDENTITY_B, RECIPIENT_A, RECIPIENT_B } from "../../../helpers/sops.ts";

const PLAIN = "a: canary-2b\n";
const BOTH = `${IDENTITY_A}\n${IDENTITY_B}`;
let one: string;
let three: string;
beforeAll(async () => {
  const now = Date.UTC(2026, 10, 20);
  one = (await encrypt(PLAIN, "yaml", { recipients: [RECIPIENT_A], now })).text;
  const recipientGroups = [[RECIPIENT_A], [RECIPIENT_B], [RECIPIENT_A]];
  three = (await encrypt(PLAIN, "yaml", { recipientGroups, now })).text;
});

const run = (words: readonly string[], text: string, identities = BOTH) =>
  runCli(["sops", ...words], { files: { "f.yaml": text }, env: { SOPS_AGE_KEY: identities } });

async function opens(text: string, identities: string): Promise<boolean> {
  const result = await run(["decrypt", "f.yaml"], text, identities);
  return result.code === 0 && result.stdout === PLAIN;
}

/** All but the keys. */
const unchanged = (text: string) => text.split("\n").filter((line) => /^(a|\s*(mac|lastmodified)):/.test(line));

describe("sealkit sops groups", () => {
  test("add: from then on it takes somebody of each group, and nothing but keys changes", async () => {
    const added = await run(["groups", "add", "-i", "-f", "f.yaml", "--age", RECIPIENT_B], one);
    const after = added.files["f.yaml"]?.text ?? "";
    expect([added.code, added.stdout, unchanged(after)]).toEqual([0, "", unchanged(one)]);
    expect(await Promise.all([IDENTITY_A, IDENTITY_B, BOTH].map((who) => opens(after, who)))).toEqual([
      false,
      false,
      true,
    ]);
  });

  test("add: several keys, with commas and flags, to the terminal", async () => {
    const words = ["groups", "add", "--file", "f.yaml", "--age", `${RECIPIENT_A},${RECIPIENT_B}`, "--age", RECIPIENT_B];
    const { stdout, files } = await run(words, one);
    expect([stdout.match(/recipient: /g)?.length, files["f.yaml"]?.text]).toEqual([4, one]);
    expect(await opens(stdout, IDENTITY_A)).toBe(true);
  });

  test("delete: two of two groups are left, and shares are new", async () => {
    const words = ["groups", "delete", "-f", "f.yaml", "-i", "--shamir-secret-sharing-threshold", "2", "0"];
    const after = (await run(words, three)).files["f.yaml"]?.text ?? "";
    expect(await Promise.all([IDENTITY_A, BOTH].map((who) => opens(after, who)))).toEqual([false, true]);
  });

  const threshold = "--shamir-secret-sharing-threshold";
  test.each([
    { name: "no keys", words: ["add", "-f", "f.yaml", "-i"], code: 1, says: "empty key group provided" },
    {
      name: "a recipient that is none",
      words: ["add", "-f", "f.yaml", "-i", "--age", "age1x"],
      code: 1,
      says: "it is no age recipient",
    },
    {
      name: "a threshold of one",
      words: ["add", "-f", "f.yaml", "-i", "--age", RECIPIENT_B, threshold, "1"],
      code: 1,
      says: "threshold must be at least 2",
    },
    {
      name: "a threshold beyond the groups",
      words: ["add", "-f", "f.yaml", "-i", "--age", RECIPIENT_B, threshold, "5"],
      code: 1,
      says: "parts cannot be less than threshold",
    },
    { name: "no file", words: ["add", "--age", RECIPIENT_B], code: 2, says: "Error reading file: open : no such file" },
    {
      name: "a word behind add",
      words: ["add", "-f", "f.yaml", "x"],
      code: 1,
      says: "error: no positional arguments allowed",
    },
    { name: "the only group", words: ["delete", "-f", "f.yaml", "-i", "0"], code: 1, says: "it is the only one" },
    {
      name: "a group that is not there",
      words: ["delete", "-f", "f.yaml", "-i", "1"],
      code: 2,
      says: "it has no group 1",
    },
    {
      name: "too few groups for the threshold",
      words: ["delete", "-f", "f.yaml", "-i", "0"],
      code: 1,
      says: "Shamir threshold is 3, but we only have 2 key groups",
      text: true,
    },
    {
      name: "no index",
      words: ["delete", "-f", "f.yaml"],
      code: 1,
      says: "exactly one positional argument (index) required",
    },
    {
      name: "a negative index",
      words: ["delete", "-f", "f.yaml", "--", "-1"],
      code: 1,
      says: 'ParseUint: parsing \\"-1\\": invalid syntax',
    },
    {
      name: "an enormous index",
      words: ["delete", "-f", "f.yaml", "99999999999999999999"],
      code: 1,
      says: "value out of range",
    },
    { name: "another word", words: ["list"], code: 3, says: "No help topic for 'list'\n" },
    {
      name: "nobody's key",
      words: ["add", "-f", "f.yaml", "--age", RECIPIENT_B],
      code: 1,
      says: "no identity opens its data key",
      identities: "",
    },
  ])("refuses $name, and leaves the file alone", async ({ words, code, says, text, identities }) => {
    const before = text === true ? three : one;
    const result = await run(["groups", ...words], before, identities);
    expect([result.code, result.stdout, result.files["f.yaml"]?.text]).toEqual([code, "", before]);
    expect(result.stderr).toContain(says);
  });
});
