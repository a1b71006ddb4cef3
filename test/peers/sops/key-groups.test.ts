import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { generateX25519Identity, parseIdentity } from "../../../src/age/index.ts";
import { decrypt, encrypt, formatOfName } from "../../../src/sops/index.ts";
import { skeleton, source } from "../../helpers/sops.ts";
import { original, workspace } from "./original.ts";

const folder = workspace();
const identities = Array.from({ length: 4 }, () => generateX25519Identity());
const names = identities.map((identity) => parseIdentity(identity).name);
const recipientGroups = [[names[0] ?? "", names[3] ?? ""], [names[1] ?? ""], [names[2] ?? ""]];

afterAll(() => folder.end());

/** Which identities are there, and whether they are enough for two of three groups. */
const HOLDERS = [
  { numbers: [0, 1], opens: true },
  { numbers: [1, 2], opens: true },
  { numbers: [3, 2], opens: true },
  { numbers: [0, 1, 2], opens: true },
  { numbers: [0, 3], opens: false },
  { numbers: [2], opens: false },
] as const;

describe("key groups and the original", () => {
  const files = [
    ["f.yaml", "a: 1\n"],
    ["f.json", '{\n\t"a": 1\n}\n'],
    ["f.env", "A=1\n"],
    ["f.ini", "[s]\na = 1\n"],
    ["f.bin", "any\n"],
  ] as const;
  test.each(files)("%s opens on both sides with the same holders", async (name, text) => {
    const path = join(folder.path, name);
    writeFileSync(path, text);
    const rule = `creation_rules:\n  - shamir_threshold: 2\n    key_groups: ${JSON.stringify(recipientGroups.map((age) => ({ age })))}\n`;
    writeFileSync(join(folder.path, ".sops.yaml"), rule);
    const theirs = await original(["encrypt", path], { cwd: folder.path });
    const format = formatOfName(name);
    const ours = (await encrypt(text, format, { recipientGroups, shamirThreshold: 2, now: 0 })).text;
    expect(skeleton(ours)).toBe(skeleton(theirs.stdout));
    writeFileSync(path, ours);
    for (const { numbers, opens } of HOLDERS) {
      const held = numbers.map((number) => identities[number] ?? "").join("\n");
      const byThem = await original(["decrypt", path], { cwd: folder.path, env: { SOPS_AGE_KEY: held } });
      expect([byThem.code, byThem.stdout]).toEqual(opens ? [0, text] : [128, ""]);
      const byUs = await decrypt(theirs.stdout, format, [source("held", held)]).catch((error: unknown) => error);
      if (opens) expect((byUs as { clearText: { revealText(): string } }).clearText.revealText()).toBe(text);
      else expect(byUs).toMatchObject({ code: "SOPS_NO_DATA_KEY" });
    }
  });
});
