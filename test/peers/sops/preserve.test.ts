import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decrypt, encrypt, type Format, loadKeyring } from "../../../src/sops/index.ts";
import { IDENTITY_A, KEYS_A, RECIPIENT_A } from "../../helpers/sops.ts";
import { original, type Workspace, workspace } from "./original.ts";

const keyring = loadKeyring(KEYS_A);
const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const ENDINGS = { yaml: "yaml", json: "json", dotenv: "env", ini: "ini" } as const;

/** Files with a layout that the original prints anew. */
const FILES: readonly { readonly name: string; readonly format: keyof typeof ENDINGS; readonly text: string }[] = [
  { name: "quotes, blanks, comments", format: "yaml", text: "# top\n\na:   'x'   # c\n\n\nb: \"y\\u0041\"\n\n# end\n" },
  { name: "lists", format: "yaml", text: "a:\n- 1\n-  two # c\n# mid\n- {x: y, z: 'q'}\nb: [1, 'a', \"b\"] # d\n" },
  {
    name: "block scalars",
    format: "yaml",
    text: "a: |\n  one\n\n  two\n\n\nb: >-\n   folded\n   text\nc: |2-\n    x\n   y\nd: |+ # note\n  k\n\n",
  },
  { name: "braces", format: "yaml", text: "{a: 1, b: [x, 'y', \"z\"], c: {}}\n" },
  { name: "documents", format: "yaml", text: "---\n# one\na: x\n...\n---\nb: y\n" },
  { name: "forms", format: "yaml", text: "a: 0x1F\nb: 1_000\nc: ~\nd:\ne: yes\nf: 2020-01-01\ng: 1e3\nh: !!str 5\n" },
  { name: "CR LF", format: "yaml", text: "a: x\r\nb:\r\n  - y\r\nc: |\r\n  l\r\n  m\r\n" },
  { name: "comments that are lost", format: "yaml", text: "k: # after\n  s: v\na_unencrypted: 5 # clear\n" },
  { name: "no end", format: "yaml", text: "  a: 1\n  b: 2" },
  { name: "white space", format: "json", text: '{\n  "a": "x\\u0041",\n\n  "b": [1.0, 1e3, null, true]\n}\n' },
  { name: "one line", format: "json", text: '{"a": {"b": [1, "c"]}}' },
  {
    name: "columns",
    format: "ini",
    text: "; head\n\n[s]\nkey   =  'q'\nother=x ; behind\n\n\n# one\n# two\nlast : v\n",
  },
  { name: "blank lines", format: "dotenv", text: "A=1\n\n\n# c\nB=x\\ny" },
];

let place: Workspace;
beforeAll(() => {
  place = workspace();
  mkdirSync(join(place.path, "in"));
  writeFileSync(join(place.path, "keys.txt"), IDENTITY_A);
});
afterAll(() => place.end());

const seal = async (text: string, format: Format, preserve: boolean) =>
  (await encrypt(text, format, { recipients: [RECIPIENT_A], now: NOW, preserve, isLenient: true })).text;
const open = async (text: string, format: Format, preserve: boolean) =>
  (await decrypt(text, format, keyring, { preserve, isLenient: true })).clearText.revealText();

describe("files whose layout is kept, and the original", () => {
  test.each(FILES)("$format: $name", async ({ name, format, text }) => {
    const env = { SOPS_AGE_KEY_FILE: join(place.path, "keys.txt") };
    const file = join(place.path, "in", `${name.replaceAll(/\W/g, "-")}.${ENDINGS[format]}`);
    const locked = await seal(text, format, true);
    writeFileSync(file, locked);
    // It opens ours: same values, MAC fits, and prints what it prints of its own files.
    const read = await original(["decrypt", file], { cwd: place.path, env });
    expect([read.code, read.code === 0 ? "" : read.stderr]).toEqual([0, ""]);
    expect(read.stdout).toBe(await open(await seal(text, format, false), format, false));
    expect(read.stderr).not.toMatch(/level=(error|fatal)/);
    // What it wrote after a change of its own is opened in the layout it gave it.
    const rotated = await original(["rotate", file], { cwd: place.path, env });
    expect(rotated.code).toBe(0);
    const again = await open(rotated.stdout, format, true);
    expect(await open(await seal(again, format, true), format, true)).toBe(again);
  });
});
