import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { runCli } from "../../helpers/run-cli.ts";
import { original } from "./original.ts";

/** A service as both programs are led to it. */
export interface Scene {
  readonly flags: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Both programs encrypt the text, each opens what the other one wrote, and both files are the same but for ciphertexts. */
export async function goesBothWays(
  folder: string,
  { flags, env }: Scene,
  { name, text }: { readonly name: string; readonly text: string },
): Promise<void> {
  const inFolder = { cwd: folder, env: { HOME: folder, ...env } };
  const write = (suffix: string, content: string) => {
    const whole = join(folder, name.replace(/\.(\w+)$/, `-${suffix}.$1`));
    writeFileSync(whole, content);
    return whole;
  };
  const clear = write("clear", text);
  const [theirs, ours] = await Promise.all([
    original(["encrypt", ...flags, clear], inFolder),
    runCli(["sops", "encrypt", ...flags, clear], inFolder),
  ]);
  expect([theirs.code, theirs.stderr]).toEqual([0, ""]);
  expect([ours.code, ours.stderr]).toEqual([0, ""]);
  expect(withoutCiphertext(ours.stdout)).toBe(withoutCiphertext(theirs.stdout));
  const [byThem, byUs] = await Promise.all([
    original(["decrypt", write("ours", ours.stdout)], inFolder),
    runCli(["sops", "decrypt", write("theirs", theirs.stdout)], inFolder),
  ]);
  expect([byThem.code, byThem.stderr, byThem.stdout]).toEqual([0, "", text]);
  expect([byUs.code, byUs.stderr, byUs.stdout]).toEqual([0, "", text]);
}

/** An encrypted file without what differs from run to run. */
function withoutCiphertext(text: string): string {
  return text
    .replace(/ENC\[AES256_GCM,data:[^\]]*,type:(\w+)\]/g, "ENC[$1]")
    .replace(/("?enc"?: "?)[\w+/=:-]+/g, "$1ENC")
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, "TIME");
}
