import { beforeAll, describe, expect, test } from "vitest";
import {
  ageKey,
  changeFile,
  decrypt,
  encrypt,
  type Format,
  loadKeyring,
  mergeFiles,
  readLocked,
  readSetValue,
  recoverDataKey,
  resolveConflict,
  rotate,
  type SopsError,
  setting,
  unsetting,
  withKeys,
} from "../../../../src/sops/index.ts";
import { KEYS_A, KEYS_B, RECIPIENT_A, RECIPIENT_B } from "../../../helpers/sops.ts";

const keyring = loadKeyring(KEYS_A);
const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const BASE = `# settings
db:
    # who
    user: canary-user
    password: canary-old # rotate me
    port: 5432
hosts:
    - one
    - two
clear_unencrypted: open
`;

const bytes = (text: string) => Buffer.from(text);
async function sealed(text: string, format: Format = "yaml", more: object = {}) {
  return (await encrypt(text, format, { recipients: [RECIPIENT_A], now: NOW, ...more })).text;
}
async function set(text: string, path: readonly (string | number)[], json: string, format: Format = "yaml") {
  const read = readSetValue(json);
  if (read === undefined || read === "list") throw new Error("no value");
  return (await changeFile(bytes(text), format, keyring, setting(path, read.value), { now: NOW + 1000 })).text;
}
async function unset(text: string, path: readonly (string | number)[]) {
  return (await changeFile(bytes(text), "yaml", keyring, unsetting(path), { now: NOW + 1000 })).text;
}
/** The same data key for others: as `sops updatekeys` leaves it. */
async function withRecipients(text: string, recipients: readonly string[]) {
  const locked = readLocked(bytes(text), "yaml", {});
  const dataKey = await recoverDataKey(locked.metadata, keyring, {});
  const options = { format: "yaml", keyring, now: NOW } as const;
  return await withKeys(locked, dataKey, [recipients.map(ageKey)], options);
}
/** A file with this clear text, under the data key of another: as `sops edit` leaves it. */
async function merge(base: string, ours: string, theirs: string, format: Format = "yaml") {
  const inputs = { base: bytes(base), ours: bytes(ours), theirs: bytes(theirs) };
  return await mergeFiles(inputs, format, keyring, { now: NOW + 9000, file: "f.yaml" });
}
async function clear(text: string, keys = KEYS_A, format: Format = "yaml") {
  return (await decrypt(text, format, keys)).clearText.revealText();
}
const envelopes = (text: string) => (text.match(/ENC\[[^\]]*\]/g) ?? []).slice(0, -1);

let base = "";
beforeAll(async () => {
  base = await sealed(BASE);
});

describe("mergeFiles()", () => {
  test("takes what each side changed and keeps every other ciphertext", async () => {
    const ours = await set(base, ["db", "user"], '"new-user"');
    const theirs = await set(await set(base, ["db", "password"], '"new-password"'), ["hosts", 1], '"three"');
    const { text, conflicts } = await merge(base, ours, theirs);
    expect(conflicts).toEqual([]);
    expect(await clear(text)).toBe(
      BASE.replace("canary-user", "new-user")
        .replace("canary-old # rotate me", "new-password")
        .replace("two", "three")
        .replace("    password", "    # rotate me\n    password"),
    );
    const made = new Set([...envelopes(ours), ...envelopes(theirs)]);
    expect(envelopes(text).filter((envelope) => !made.has(envelope))).toEqual([]);
  });

  test("is the same from the other side but for the time and the MAC", async () => {
    const ours = await set(base, ["db", "user"], '"new-user"');
    const theirs = await set(base, ["db", "port"], "1");
    const [one, other] = [await merge(base, ours, theirs), await merge(base, theirs, ours)];
    expect(envelopes(one.text)).toEqual(envelopes(other.text));
  });

  test.each([
    { name: "an added key goes behind its neighbour", ours: ["x", "db"], theirs: ["db", "user2"], want: /user2: t/ },
    { name: "a key that one side alone added", ours: ["db", "port"], theirs: ["new"], want: /new: t/ },
  ])("$name", async ({ ours, theirs, want }) => {
    const { text, conflicts } = await merge(base, await set(base, ours, '"o"'), await set(base, theirs, '"t"'));
    expect(conflicts).toEqual([]);
    expect(await clear(text)).toMatch(want);
  });

  test("takes a removal, and a version that changed nothing gives the other as it is", async () => {
    const theirs = await unset(base, ["db", "user"]);
    expect((await merge(base, base, theirs)).text).toBe(theirs);
    expect((await merge(base, theirs, base)).text).toBe(theirs);
    const { text } = await merge(base, await set(base, ["db", "port"], "1"), theirs);
    expect(await clear(text)).not.toContain("user:");
  });

  test.each([
    { name: "one value", ours: ["db", "user"], theirs: ["db", "user"], path: ["db", "user"] },
    { name: "a value and the mapping that holds it", ours: ["db", "user"], theirs: ["db"], path: ["db"] },
    { name: "an item", ours: ["hosts", 0], theirs: ["hosts", 0], path: ["hosts", 0] },
    { name: "a list that got longer and an item", ours: ["hosts", 2], theirs: ["hosts", 0], path: ["hosts"] },
    { name: "a key that both added", ours: ["new"], theirs: ["new"], path: ["new"] },
  ])("$name, changed on both sides, is a conflict without clear text", async ({ ours, theirs, path }) => {
    const left = await set(base, ours, '"canary-ours"');
    const right = await set(base, theirs, '"canary-theirs"');
    const { text, conflicts } = await merge(base, left, right);
    expect(conflicts.map((conflict) => conflict.path)).toEqual([path]);
    expect(text).toMatch(/^<{7} ours$[\s\S]*^={7}$[\s\S]*^>{7} theirs$/m);
    expect(text).not.toContain("canary");
    const one = await resolveConflict(bytes(text), "yaml", keyring, { side: "ours", paths: [] }, { now: NOW });
    expect(await clear(one.text)).toContain("canary-ours");
    expect(await clear(one.text)).not.toContain("canary-theirs");
    const other = await resolveConflict(bytes(text), "yaml", keyring, { side: "theirs", paths: [] }, { now: NOW });
    expect(await clear(other.text)).toContain("canary-theirs");
  });

  test("a conflict is settled path by path", async () => {
    const left = await set(await set(base, ["db", "user"], '"ours-1"'), ["db", "port"], '"ours-2"');
    const right = await set(await set(base, ["db", "user"], '"theirs-1"'), ["db", "port"], '"theirs-2"');
    const { text } = await merge(base, left, right);
    const half = await resolveConflict(
      bytes(text),
      "yaml",
      keyring,
      { side: "ours", paths: [["db", "user"]] },
      { now: NOW },
    );
    expect(half.conflicts.map(({ path }) => path)).toEqual([["db", "port"]]);
    const whole = await resolveConflict(
      bytes(half.text),
      "yaml",
      keyring,
      { side: "theirs", paths: [["db"]] },
      { now: NOW },
    );
    expect(whole.conflicts).toEqual([]);
    expect(await clear(whole.text)).toMatch(/user: ours-1[\s\S]*port: theirs-2/);
  });

  test("a removal against a change, and both sides of a comment, are conflicts", async () => {
    const removed = await merge(base, await unset(base, ["db", "user"]), await set(base, ["db", "user"], '"x"'));
    expect(removed.conflicts).toMatchObject([{ path: ["db", "user"], about: "value" }]);
    const one = await sealed(BASE.replace("# who", "# me"));
    const other = await sealed(BASE.replace("# who", "# you"));
    const { conflicts, metadataConflicts, text } = await merge(base, one, other);
    expect(conflicts).toMatchObject([{ path: ["db", "user"], about: "comments" }]);
    expect(metadataConflicts).toEqual([]);
    expect(text).not.toMatch(/# (me|you)/);
  });

  test("without an ancestor, equal values are no conflict", async () => {
    expect((await merge("", await sealed("a: 1\n"), await sealed("a: 1\nb: 2\n"))).conflicts).toEqual([]);
    expect((await merge("", await sealed("a: 1\n"), await sealed("a: 2\n"))).conflicts).toHaveLength(1);
  });

  test("a layout of its own stays where it can", async () => {
    const text = "a:   'x'   # c\n\n\nb: 2\n\n# end\n";
    const spaced = await sealed(text, "yaml", { preserve: true });
    const change = async (path: string, json: string) => {
      const read = readSetValue(json);
      if (read === undefined || read === "list") throw new Error("no value");
      const options = { now: NOW + 1000, preserve: true };
      return (await changeFile(bytes(spaced), "yaml", keyring, setting([path], read.value), options)).text;
    };
    const open = async (merged: string) =>
      (await decrypt(merged, "yaml", KEYS_A, { preserve: true })).clearText.revealText();
    const { text: merged } = await merge(spaced, await change("a", '"y"'), await change("b", '"three"'));
    expect(await open(merged)).toBe(text.replace("'x'", "'y'").replace("2", "three"));
    const conflict = await merge(spaced, await change("a", '"y"'), await change("a", '"z"'));
    const options = { now: NOW };
    const settled = await resolveConflict(
      bytes(conflict.text),
      "yaml",
      keyring,
      { side: "theirs", paths: [["a"]] },
      options,
    );
    expect(await open(settled.text)).toBe(text.replace("'x'", "'z'"));
  });

  test("other formats and several documents are merged too", async () => {
    const json = await sealed('{"a": 1, "b": "x"}', "json");
    const merged = await merge(
      json,
      await set(json, ["a"], "2", "json"),
      await set(json, ["b"], '"y"', "json"),
      "json",
    );
    expect(JSON.parse(await clear(merged.text, KEYS_A, "json"))).toEqual({ a: 2, b: "y" });
    const env = await sealed("A=1\nB=2\n", "dotenv");
    const two = await merge(
      env,
      await set(env, ["A"], '"3"', "dotenv"),
      await set(env, ["B"], '"4"', "dotenv"),
      "dotenv",
    );
    expect(await clear(two.text, KEYS_A, "dotenv")).toBe("A=3\nB=4\n");
    const stream = await sealed("a: 1\n---\nb: 2\n");
    const third = await merge(stream, await sealed("a: 1\n---\nb: 3\n"), await set(stream, ["a"], "9"));
    expect(await clear(third.text)).toBe("a: 9\n---\nb: 3\n");
    const longer = await merge(stream, await set(stream, ["a"], "9"), await sealed("a: 1\n---\nb: 2\n---\nc: 3\n"));
    expect(longer.conflicts).toMatchObject([{ about: "documents" }]);
  });
});

describe("mergeFiles() and metadata", () => {
  test("recipients that one side changed are taken", async () => {
    const theirs = await withRecipients(base, [RECIPIENT_A, RECIPIENT_B]);
    const { text, conflicts } = await merge(base, await set(base, ["db", "port"], "1"), theirs);
    expect(conflicts).toEqual([]);
    expect(await clear(text, KEYS_B)).toContain("port: 1");
    const back = await merge(base, theirs, await set(base, ["db", "port"], "1"));
    expect(await clear(back.text, KEYS_B)).toContain("port: 1");
  });

  test("a data key that we rotated wins; one that they rotated is for a person to take", async () => {
    const both = await sealed(BASE, "yaml", { recipients: [RECIPIENT_A, RECIPIENT_B] });
    const rotated = await rotate(bytes(both), "yaml", keyring, { remove: [RECIPIENT_B], now: NOW });
    const edited = await set(both, ["db", "port"], "1");
    const own = await merge(both, rotated, edited);
    await expect(clear(own.text, KEYS_B)).rejects.toMatchObject({ code: "SOPS_NO_DATA_KEY" });
    expect(await clear(own.text)).toContain("port: 1");
    const foreign = await merge(both, edited, rotated);
    expect([foreign.conflicts, foreign.metadataConflicts]).toEqual([[], ["data key"]]);
    const settle = async (text: string, side: "ours" | "theirs", paths: readonly (readonly string[])[]) =>
      await resolveConflict(bytes(text), "yaml", keyring, { side, paths }, { now: NOW, file: "f.yaml" });
    await expect(settle(foreign.text, "ours", [["db", "port"]])).rejects.toMatchObject({
      code: "SOPS_NO_CONFLICT",
      message: 'Cannot resolve paths of "f.yaml": its encryption is in conflict',
    });
    const taken = await settle(foreign.text, "theirs", [["sops"]]);
    const { text } = await settle(taken.text, "ours", []);
    await expect(clear(text, KEYS_B)).rejects.toMatchObject({ code: "SOPS_NO_DATA_KEY" });
    expect(await clear(text)).toContain("port: 1");
  });

  test("somebody without a key, who encrypted anew to us, learns nothing of what we added", async () => {
    const recipients = [RECIPIENT_A, RECIPIENT_B];
    const ours = await set(base, ["db", "token"], '"canary-token"');
    for (const forged of [
      // They know the data key that they made, and what they deleted cannot be in conflict.
      await sealed("{}\n", "yaml", { recipients }),
      await sealed("hosts: [one]\n", "yaml", { recipients }),
      await sealed(BASE, "yaml", { recipients }),
      await sealed(BASE, "yaml"),
      await sealed(BASE, "yaml", { selector: { kind: "encrypted_regex", pattern: "^password$" } }),
    ]) {
      const { text, metadataConflicts } = await merge(base, ours, forged);
      expect(metadataConflicts).toContain("data key");
      const theirSide = text.slice(text.indexOf("\n=======\n"));
      expect(theirSide).not.toMatch(/^\s+token:/m);
      expect(text).not.toContain("canary-token");
    }
  });

  test("a selector that was changed without a key leaves nothing in clear that we added", async () => {
    const ours = await set(base, ["db", "token"], '"canary-token"');
    // All that is there stays encrypted, so that data key and MAC fit as before.
    const forged = base.replace("unencrypted_suffix: _unencrypted", "encrypted_regex: ^(db|hosts)$");
    expect(await clear(forged)).toContain("canary-old");
    const narrow = base.replace("unencrypted_suffix: _unencrypted", "encrypted_regex: ^(user|password|port|hosts)$");
    for (const theirs of [forged, narrow]) {
      const { text, metadataConflicts } = await merge(base, ours, theirs);
      expect(metadataConflicts).toEqual(["selector"]);
      expect(text).not.toContain("canary-token");
    }
  });

  test("recipients on one side and a new data key on the other are a conflict by name", async () => {
    const ours = await rotate(bytes(base), "yaml", keyring, { now: NOW });
    const theirs = await rotate(bytes(base), "yaml", keyring, { add: [RECIPIENT_B], now: NOW });
    const { text, conflicts, metadataConflicts } = await merge(base, ours, theirs);
    expect([conflicts, metadataConflicts]).toEqual([[], ["recipients"]]);
    const options = { now: NOW, file: "f.yaml" };
    const settled = await resolveConflict(bytes(text), "yaml", keyring, { side: "theirs", paths: [["sops"]] }, options);
    expect(await clear(settled.text, KEYS_B)).toContain("canary-user");
  });

  test("selectors: one side's is taken, two are a conflict", async () => {
    const suffix = await sealed(BASE, "yaml", { selector: { kind: "encrypted_regex", pattern: "^(password|user)$" } });
    const other = await sealed(BASE, "yaml", { selector: { kind: "encrypted_regex", pattern: "^user$" } });
    expect((await merge(base, suffix, base)).metadataConflicts).toEqual([]);
    expect((await merge(base, suffix, other)).metadataConflicts).toContain("selector");
  });
});

describe("mergeFiles() refuses", () => {
  const spoilt = (text: string) => text.replace("clear_unencrypted: open", "clear_unencrypted: forged");
  test.each([
    { name: "a base", place: "base", at: 0 },
    { name: "our version", place: "ours", at: 1 },
    { name: "their version", place: "theirs", at: 2 },
  ])("$name whose MAC does not fit", async ({ place, at }) => {
    const texts = [base, await set(base, ["db", "port"], "1"), await set(base, ["db", "user"], "2")];
    const [one = "", two = "", three = ""] = texts.map((text, index) => (index === at ? spoilt(text) : text));
    const failure: SopsError = await merge(one, two, three).then(
      () => Promise.reject(new Error("merged")),
      (error) => error,
    );
    expect(failure).toMatchObject({ code: "SOPS_MAC_MISMATCH", message: expect.stringContaining(`(${place})`) });
  });

  test.each([
    { name: "a version in clear", ours: "a: 1\n", want: "SOPS_NO_METADATA" },
    { name: "an empty version", ours: "", want: "SOPS_NO_METADATA" },
    { name: "conflict markers", ours: "<<<<<<< ours\na: 1\n=======\na: 2\n>>>>>>> theirs\n", want: "SOPS_BAD_SYNTAX" },
  ])("$name", async ({ ours, want }) => {
    await expect(merge(base, ours, base)).rejects.toMatchObject({ code: want });
  });

  test.each([
    { name: "no markers", text: "a: 1\n" },
    { name: "a conflict without an end", text: "<<<<<<< a\n=======\n" },
    { name: "an end without a start", text: ">>>>>>> b\n" },
    { name: "a common ancestor, as diff3 writes it", text: "<<<<<<< a\n||||||| b\n=======\n>>>>>>> c\n" },
  ])("resolveConflict(): $name", async ({ text }) => {
    const resolution = { side: "ours", paths: [] } as const;
    await expect(resolveConflict(bytes(text), "yaml", keyring, resolution, { now: NOW })).rejects.toMatchObject({
      code: "SOPS_NO_CONFLICT",
    });
  });

  test("a path without a conflict", async () => {
    const { text } = await merge(base, await set(base, ["db", "port"], "1"), await set(base, ["db", "port"], "2"));
    const resolution = { side: "ours", paths: [["db", "user"]] } as const;
    await expect(resolveConflict(bytes(text), "yaml", keyring, resolution, { now: NOW })).rejects.toMatchObject({
      code: "SOPS_NOTHING_THERE",
    });
  });

  test("a side that somebody edited between the markers", async () => {
    const { text } = await merge(base, await set(base, ["db", "port"], "1"), await set(base, ["db", "port"], "2"));
    const forged = text.replace("clear_unencrypted: open", "clear_unencrypted: forged");
    const resolution = { side: "ours", paths: [] } as const;
    await expect(resolveConflict(bytes(forged), "yaml", keyring, resolution, { now: NOW })).rejects.toMatchObject({
      code: "SOPS_MAC_MISMATCH",
    });
  });
});
