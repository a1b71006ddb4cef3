import { beforeAll, describe, expect, test } from "vitest";
import {
  changeFile,
  type DiffOptions,
  diffFiles,
  encrypt,
  loadKeyring,
  outlineFile,
  readSetValue,
  rotate,
  setting,
} from "../../../../src/sops/index.ts";
import { KEYS_A, RECIPIENT_A, RECIPIENT_B } from "../../../helpers/sops.ts";

const keyring = loadKeyring(KEYS_A);
const nobody = loadKeyring([]);
const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const bytes = (text: string) => Buffer.from(text);
const sealed = async (text: string, more: object = {}) =>
  (await encrypt(text, "yaml", { recipients: [RECIPIENT_A], now: NOW, ...more })).text;
const BASE = "# note\ndb:\n    user: canary-a\n    port: 1\nlist:\n    - canary-b\n    - x\n";

async function set(text: string, path: readonly (string | number)[], json: string) {
  const read = readSetValue(json);
  if (read === undefined || read === "list") throw new Error("no value");
  return (await changeFile(bytes(text), "yaml", keyring, setting(path, read.value), { now: NOW })).text;
}
async function diff(before: string, after: string, options: DiffOptions = {}, keys = keyring) {
  const side = (text: string) => ({ input: bytes(text), format: "yaml" as const, options: {} });
  return await diffFiles(side(before), side(after), keys, options);
}
const changes = ({ differences }: Awaited<ReturnType<typeof diff>>) =>
  differences.map(({ change, path }) => `${change} ${path.join(".")}`);

let base = "";
beforeAll(async () => {
  base = await sealed(BASE);
});

describe("diffFiles()", () => {
  test.each([
    { name: "nothing", text: BASE, want: [] },
    { name: "a value", text: BASE.replace("canary-a", "canary-z"), want: ["changed db.user"] },
    { name: "a type", text: BASE.replace("port: 1", 'port: "1"'), want: ["type changed db.port"] },
    {
      name: "a mapping in place of a value",
      text: BASE.replace("port: 1", "port: {a: 1}"),
      want: ["type changed db.port"],
    },
    { name: "a new key", text: `${BASE}new: 1\n`, want: ["added new"] },
    { name: "a key less", text: BASE.replace("    port: 1\n", ""), want: ["removed db.port"] },
    { name: "an item", text: BASE.replace("- x", "- y"), want: ["changed list.1"] },
    { name: "a shorter list", text: BASE.replace("    - x\n", ""), want: ["removed list.1"] },
    { name: "a comment", text: BASE.replace("# note", "# other"), want: ["comments changed "] },
    { name: "a document more", text: `${BASE}---\na: 1\n`, want: ["added "] },
  ])("finds $name, encrypted anew under another key", async ({ text, want }) => {
    expect(changes(await diff(base, await sealed(text)))).toEqual(want);
  });

  test("holds no clear text unless it is asked for", async () => {
    const after = await set(base, ["db", "user"], '"canary-z"');
    const quiet = await diff(base, after);
    expect(JSON.stringify(quiet)).not.toContain("canary");
    expect(quiet.differences[0]?.before).toBeUndefined();
    const shown = (await diff(base, after, { showValues: true })).differences[0];
    expect([shown?.before?.revealText(), shown?.after?.revealText()]).toEqual(["canary-a", "canary-z"]);
    expect(JSON.stringify(shown)).not.toContain("canary");
  });

  test.each([
    { name: "the same ciphertext is the same value", path: [], json: "", want: [] },
    {
      name: "another length is a change",
      path: ["db", "user"],
      json: '"longer than before"',
      want: ["changed db.user"],
    },
    { name: "another type label is one too", path: ["db", "port"], json: '"7"', want: ["type changed db.port"] },
    { name: "one length says nothing", path: ["db", "user"], json: '"canary-z"', want: ["unknown db.user"] },
  ])("without keys: $name", async ({ path, json, want }) => {
    const after = path.length === 0 ? base : await set(base, path, json);
    for (const [options, keys] of [
      [{}, nobody],
      [{ withoutKeys: true }, keyring],
    ] as const) {
      const found = await diff(base, after, options, keys);
      expect(changes(found)).toEqual(want);
      expect(found.notOpened).toBeDefined();
    }
  });

  test("tells what changed of the encryption, and nothing of MAC and time", async () => {
    const after = await rotate(bytes(base), "yaml", keyring, { add: [RECIPIENT_B], now: NOW + 1 });
    expect(await diff(base, after)).toMatchObject({
      differences: [],
      metadata: [{ what: "recipient", after: `age ${RECIPIENT_B}` }],
    });
    const other = await sealed(BASE, {
      selector: { kind: "encrypted_regex", pattern: "user" },
      macOnlyEncrypted: true,
    });
    expect((await diff(base, other)).metadata.map(({ what }) => what)).toEqual(["selector", "mac_only_encrypted"]);
  });

  test("a file in clear is compared as well, and said to be one", async () => {
    const found = await diff(base, BASE.replace("x", "y"));
    expect(found).toMatchObject({ metadata: [{ what: "encryption", before: "SOPS", after: "none" }] });
    expect(changes(found)).toEqual(["changed list.1"]);
  });

  test.each([
    {
      name: "a forged value",
      text: () => base.replace("user: ENC[AES256_GCM,data:", "user: ENC[AES256_GCM,data:AAAA"),
      want: /^SOPS_/,
    },
    { name: "no YAML", text: () => "a: [", want: /SOPS_BAD_SYNTAX/ },
  ])("refuses $name", async ({ text, want }) => {
    await expect(diff(base, text())).rejects.toMatchObject({ code: expect.stringMatching(want) });
  });
});

describe("outlineFile()", () => {
  const outlined = (text: string, keys = keyring) => outlineFile(bytes(text), "yaml", keys, {});

  test("shows keys and types, and digests in place of values", async () => {
    const { text, state } = await outlined(base);
    expect(state).toBe("opened");
    expect(text).toMatch(/^# <comment [0-9a-f]{16}>\ndb:\n {2}user: <str [0-9a-f]{16}>\n {2}port: <int [0-9a-f]{16}>/);
    expect(text).toContain(`- age ${RECIPIENT_A}`);
    expect(text).not.toMatch(/canary|note|ENC\[/);
  });

  test("a digest stays while value, path and data key do, and changes with each of them", async () => {
    const lines = async (text: string) => (await outlined(text)).text.split("\n");
    const before = await lines(base);
    const after = await lines(await set(base, ["db", "user"], '"canary-z"'));
    expect(after.filter((line, at) => line !== before[at])).toEqual([expect.stringContaining("user:")]);
    const same = await lines(await sealed("a: canary\nb: canary\n"));
    expect(same[0]?.slice(3)).not.toBe(same[1]?.slice(3));
    expect((await lines(await sealed(BASE)))[2]).not.toBe(before[2]);
  });

  test("without a key it shows digests of ciphertexts", async () => {
    const { text, state, cause } = await outlined(base, nobody);
    expect([state, cause?.code]).toEqual(["closed", "SOPS_NO_DATA_KEY"]);
    expect(text).toMatch(/user: <str, encrypted [0-9a-f]{16}>/);
  });

  test("a MAC that does not fit makes it doubtful", async () => {
    const clear = await sealed("a: 1\nb_unencrypted: x\n");
    expect((await outlined(clear.replace("b_unencrypted: x", "b_unencrypted: y"))).state).toBe("doubtful");
  });

  test("of a file in clear it shows keys and types alone", async () => {
    const { text, state } = await outlined(BASE);
    expect(state).toBe("not encrypted");
    expect(text).toContain("user: <str, not shown>");
    expect(text).not.toMatch(/canary|note/);
  });

  test.each(["a: [", "- list", "<<<<<<< ours"])("refuses %j", async (text) => {
    await expect(outlined(text)).rejects.toMatchObject({ code: expect.stringMatching(/^SOPS_/) });
  });
});
