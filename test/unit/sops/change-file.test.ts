import { describe, expect, test } from "vitest";
import {
  type Change,
  changeFile,
  decrypt,
  loadKeyring,
  type PathStep,
  parsePath,
  rotate,
  setting,
  unsetting,
} from "../../../src/sops/index.ts";
import { KEYS_A, sopsFixture } from "../../helpers/sops.ts";

const FILE = Buffer.from(sopsFixture("encrypted/values-two-recipients.yaml").replace(/ *#ENC.*/g, ""));
const KEYRING = loadKeyring(KEYS_A);
const CANARY = "canary-91c4";

async function changed(change: Change): Promise<string> {
  return (await changeFile(FILE, "yaml", KEYRING, change, { now: 0, file: "f.yaml" })).text;
}

const lines = (text: string) =>
  text.split("\n").filter((line) => line !== "" && !/^ {4}(mac|lastmodified): /.test(line));
const CLEAR = async (text: string) => (await decrypt(text, "yaml", KEYRING)).clearText.revealText();

describe("changing a file", () => {
  test("leaves every line alone that it does not touch, and what the original wrote can be read again", async () => {
    const text = await changed(setting(["added"], CANARY));
    const [before, after] = [lines(FILE.toString()), lines(text)];
    expect(after.filter((line) => !before.includes(line))).toEqual([expect.stringMatching(/^added: ENC\[/)]);
    expect(before.filter((line) => !after.includes(line))).toEqual([]);
    expect(text).not.toContain(CANARY);
    expect(await CLEAR(text)).toBe(`${await CLEAR(FILE.toString())}added: ${CANARY}\n`);
  });

  test("setting and unsetting leads back", async () => {
    const text = await changed((document) => setting(["x", "y"], true)(document) && unsetting(["x"])(document));
    expect(lines(text)).toEqual(lines(FILE.toString()));
  });

  test("a value that is there already is no change", async () => {
    const twice: Change = (document) => setting(["x"], [1n, CANARY].length)(document) && setting(["x"], 2)(document);
    expect((await changeFile(FILE, "yaml", KEYRING, twice, { now: 0 })).hasChanged).toBe(false);
  });

  const refused: readonly { path: readonly PathStep[]; code: string }[] = [
    { path: [], code: "SOPS_BAD_PATH" },
    { path: [0], code: "SOPS_BAD_PATH" },
    { path: ["sops"], code: "SOPS_ALREADY_ENCRYPTED" },
    { path: ["fresh", 0, -1, "x"], code: "" },
  ];
  test.each(refused)("setting $path: $code", async ({ path, code }) => {
    const error = await changed(setting(path, CANARY)).then(
      () => undefined,
      (cause: unknown) => cause,
    );
    if (code === "") expect(error).toBeUndefined();
    else expect(error).toMatchObject({ code });
    expect(JSON.stringify(error) ?? "").not.toContain(CANARY);
  });

  test("__proto__ is a key like any other", async () => {
    expect(await CLEAR(await changed(setting(["__proto__", "polluted"], true)))).toContain("__proto__:\n");
    expect("polluted" in {}).toBe(false);
  });

  test("a rotated file has another data key, other texts and the same clear text", async () => {
    const text = await rotate(FILE, "yaml", KEYRING, { now: 0 });
    const values = (all: string) => all.match(/ENC\[AES256_GCM,data:[^\]]*\]/g) ?? [];
    const before = new Set(values(FILE.toString()));
    expect(values(text).filter((value) => before.has(value))).toEqual([]);
    expect(values(text).length).toBeGreaterThan(10);
    expect(await CLEAR(text)).toBe(await CLEAR(FILE.toString()));
  });
});

test.each(["[9223372036854775808]", "[-9223372036854775809]", '["a"][1', "[]"])("%s is no path", (text) => {
  expect(() => parsePath(text)).toThrow(expect.objectContaining({ code: "SOPS_BAD_PATH" }));
});
