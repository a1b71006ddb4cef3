import { describe, expect, test } from "vitest";
import { generateX25519Identity, parseIdentity } from "../../../src/age/index.ts";
import { decrypt, encrypt, type Format, SopsError } from "../../../src/sops/index.ts";
import { source } from "../../helpers/sops.ts";

const identities = Array.from({ length: 4 }, () => generateX25519Identity());
const names = identities.map((identity) => parseIdentity(identity).name);
const groups = names.slice(0, 3).map((name) => [name]);

/** The identities with these numbers. */
function keysOf(...numbers: readonly number[]) {
  return numbers.map((number) => source(`key-${number}.txt`, identities[number] ?? ""));
}

async function seal(shamirThreshold: number, recipientGroups: readonly (readonly string[])[] = groups) {
  return (await encrypt("a: 1\n", "yaml", { recipientGroups, shamirThreshold, now: 0 })).text;
}

async function errorOf(work: Promise<unknown>): Promise<SopsError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof SopsError)) throw new Error("no SopsError was thrown");
  return error;
}

/** A file with the entry of group `from` in the place of that of group `to`. */
function withEntry(text: string, from: number, to: number): string {
  const entries = text.match(/-----BEGIN[\s\S]*?-----END AGE ENCRYPTED FILE-----\n\s+recipient: \w+/g) ?? [];
  return text.replace(entries[to] ?? "", entries[from] ?? "");
}

const NO_MATCH =
  "    - | failed to create reader for decrypting sops data key with\n" +
  "      | age: identity did not match any of the recipients: incorrect\n" +
  "      | identity for recipient block";

describe("key groups", () => {
  const pairs: readonly (readonly number[])[] = [
    [0, 1],
    [0, 2],
    [1, 2],
    [2, 0],
    [0, 1, 2],
  ] as const;
  test.each(pairs)("two of three open a file: %i, %i", async (...numbers) => {
    const { clearText } = await decrypt(await seal(2), "yaml", keysOf(...numbers));
    expect(clearText.revealText()).toBe("a: 1\n");
  });

  const formats: readonly Format[] = ["yaml", "json", "dotenv", "binary"];
  test.each(formats)("are kept by %s", async (format) => {
    const text = format === "json" ? '{"a": "x"}' : format === "yaml" ? "a: x\n" : "a=x\n";
    const { text: sealed } = await encrypt(text, format, { recipientGroups: groups, shamirThreshold: 2, now: 0 });
    const { clearText, metadata } = await decrypt(sealed, format, keysOf(0, 2));
    expect([metadata.keyGroups.length, metadata.shamirThreshold]).toEqual([3, 2]);
    expect(clearText.revealText()).toContain("x");
  });

  test("any key of a group opens it, and without a threshold it takes all groups", async () => {
    const text = await seal(0, [[names[0] ?? "", names[3] ?? ""], [names[1] ?? ""]]);
    expect(text).toContain("shamir_threshold: 2\n");
    expect((await decrypt(text, "yaml", keysOf(3, 1))).clearText.revealText()).toBe("a: 1\n");
  });

  test("one group holds the whole key, whatever the threshold says", async () => {
    const text = await seal(2, [[names[0] ?? ""]]);
    expect(text).not.toContain("key_groups");
    expect((await decrypt(text, "yaml", keysOf(0))).clearText.revealText()).toBe("a: 1\n");
  });

  test("too few groups: the error has the original's report, and says which were opened", async () => {
    const error = await errorOf(decrypt(await seal(2), "yaml", keysOf(0), { file: "f.yaml" }));
    expect(error.code).toBe("SOPS_NO_DATA_KEY");
    expect(error.message).toBe('Cannot decrypt "f.yaml": 1 of its 3 key groups can be opened, and it takes 2');
    expect(error.details[0]).toMatch(/^group 0: its share of the data key was opened for age1/);
    expect(error.upstream).toBe(
      `Failed to get the data key required to decrypt the SOPS file.\n\nGroup 0: SUCCESS\n\nGroup 1: FAILED\n  ${names[1]}: FAILED\n${NO_MATCH}\n\nGroup 2: FAILED\n  ${names[2]}: FAILED\n${NO_MATCH}\n\n` +
        "Recovery failed because the file was encrypted with a Shamir threshold of\n2, but only 1 part(s) were successfully recovered, one for each successful\nkey group. In order for SOPS to recover the file, at least 2 groups have to\nbe successful. In order for a group to be successful, decryption has to\nsucceed with any of the keys in that key group.",
    );
  });

  test("a share that is there twice", async () => {
    const error = await errorOf(decrypt(withEntry(await seal(2), 0, 1), "yaml", keysOf(0, 1, 2)));
    expect([error.code, error.upstream]).toEqual([
      "SOPS_BAD_SHARES",
      "could not get data key from shamir parts: duplicate part detected",
    ]);
  });

  test("a share of another file gives no clear text", async () => {
    const [text, other] = [await seal(2), await seal(2)];
    const mixed = text.replace(/-----BEGIN[\s\S]*?recipient/, /-----BEGIN[\s\S]*?recipient/.exec(other)?.[0] ?? "");
    expect((await errorOf(decrypt(mixed, "yaml", keysOf(0, 1)))).code).toBe("SOPS_WRONG_KEY_OR_ALTERED");
    // A wrong share beyond the threshold counts too.
    expect((await errorOf(decrypt(mixed, "yaml", keysOf(0, 1, 2)))).code).toBe("SOPS_WRONG_KEY_OR_ALTERED");
  });

  test("a threshold that was lowered in the file opens nothing", async () => {
    const text = (await seal(3)).replace("shamir_threshold: 3", "shamir_threshold: 1");
    expect((await errorOf(decrypt(text, "yaml", keysOf(0)))).code).toBe("SOPS_NO_DATA_KEY");
    expect((await errorOf(decrypt(text, "yaml", keysOf(0, 1)))).code).toBe("SOPS_WRONG_KEY_OR_ALTERED");
  });

  test("hundreds of groups are refused before any is opened", async () => {
    const text = (await seal(2)).replace(/key_groups:\n/, `$&${"        - age: []\n".repeat(300)}`);
    expect((await errorOf(decrypt(text, "yaml", keysOf(0, 1)))).code).toBe("SOPS_TOO_LARGE");
  });

  const refusals = [
    {
      name: "a threshold of 1",
      threshold: 1,
      more: groups,
      code: "SOPS_BAD_THRESHOLD",
      reason: "threshold must be at least 2",
    },
    {
      name: "more than there are",
      threshold: 4,
      more: groups,
      code: "SOPS_BAD_THRESHOLD",
      reason: "parts cannot be less than threshold",
    },
    {
      name: "an empty group",
      threshold: 2,
      more: [...groups, []],
      code: "SOPS_NO_RECIPIENTS",
      reason: "empty key group provided",
    },
    {
      name: "256 groups",
      threshold: 2,
      more: Array.from({ length: 256 }, () => ["age1x"]),
      code: "SOPS_BAD_THRESHOLD",
      reason: "parts cannot exceed 255",
    },
  ];
  test.each(refusals)("$name: not encrypted", async ({ threshold, more, code, reason }) => {
    const error = await errorOf(seal(threshold, more));
    expect([error.code, error.upstream]).toEqual([code, expect.stringContaining(reason)]);
  });
});
