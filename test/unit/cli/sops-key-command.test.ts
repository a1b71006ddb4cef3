import { expect, test } from "vitest";
import { generateX25519Identity, parseIdentity } from "../../../src/age/index.ts";
import { encrypt } from "../../../src/sops/index.ts";
import { runCli } from "../../helpers/run-cli.ts";

test("a recipient that no program can be told about is a malformed file, not a crash", async () => {
  const recipients = [parseIdentity(generateX25519Identity()).name];
  const { text } = await encrypt('{"a": "b"}', "json", { recipients, now: Date.UTC(2026, 0, 1) });
  const { code, stderr } = await runCli(["sops", "decrypt", "f.json"], {
    files: { "f.json": text.replace(/"recipient": "[^"]*"/, '"recipient": "age1\\u0000"') },
    env: { PATH: process.env["PATH"] ?? "", SOPS_AGE_KEY_CMD: "cat none" },
  });
  expect([code, stderr.includes("SOPS_AGE_KEY_CMD: a recipient of the file is malformed")]).toEqual([128, true]);
});
