import { expect } from "vitest";
import { runPeer } from "../../helpers/peer-cli.ts";
import { runCli } from "../../helpers/run-cli.ts";

/** A file that the original and we encrypt for the same key, each for the other. */
export interface BothWays {
  readonly name: string;
  /** Flags of `encrypt` that name the key. */
  readonly flags: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What has to stand in the encrypted file, besides an entry of this type. */
  readonly type: "kms" | "hckms";
  readonly holds?: readonly string[];
}

const CLEAR = {
  "secret.yaml": "# a comment\ndb:\n    password: correct horse\n    port: 5432\nlist:\n    - true\n    - 1.5\n",
  "secret.json": '{\n\t"db": {\n\t\t"password": "correct horse",\n\t\t"port": 5432\n\t}\n}\n',
} as const;

/** Encrypts with each and decrypts with the other, in YAML and JSON. Time and `enc` aside, both write the same metadata. */
export async function expectBothWays({ flags, env = {}, type, holds = [] }: BothWays): Promise<void> {
  await Promise.all(
    Object.entries(CLEAR).map(async ([file, clear]) => {
      const encrypt = ["encrypt", ...flags, file];
      const [theirs, ours] = await Promise.all([
        runPeer("sops", encrypt, { files: { [file]: clear }, env }),
        runCli(["sops", ...encrypt], { files: { [file]: clear }, env }),
      ]);
      expect([theirs.stderr, theirs.code]).toEqual(["", 0]);
      expect([ours.stderr, ours.code]).toEqual(["", 0]);
      for (const text of [type, ...holds]) {
        expect(theirs.stdout).toContain(text);
        expect(ours.stdout).toContain(text);
      }
      expect(withoutSecrets(ours.stdout)).toBe(withoutSecrets(theirs.stdout));
      const [opened, openedByUs] = await Promise.all([
        runPeer("sops", ["decrypt", file], { files: { [file]: ours.stdout }, env }),
        runCli(["sops", "decrypt", file], { files: { [file]: theirs.stdout }, env }),
      ]);
      expect([opened.stderr, opened.stdout]).toEqual(["", clear]);
      expect([openedByUs.stderr, openedByUs.stdout]).toEqual(["", clear]);
    }),
  );
}

/** What both fail with: the same exit code, and the line of the original among ours. */
export async function expectSameFailure(
  file: string,
  env: Readonly<Record<string, string>>,
  says: string,
): Promise<void> {
  const files = { "secret.yaml": file };
  const [theirs, ours] = await Promise.all([
    runPeer("sops", ["decrypt", "secret.yaml"], { files, env }),
    runCli(["sops", "decrypt", "secret.yaml"], { files, env }),
  ]);
  expect([ours.code, theirs.code]).toEqual([128, 128]);
  for (const { stderr } of [ours, theirs]) expect(unwrapped(stderr)).toContain(says);
}

/** The report breaks lines at 60 characters behind `|`. */
function unwrapped(report: string): string {
  return report.replace(/\s*\n\s*\|\s*/g, " ");
}

function withoutSecrets(text: string): string {
  return text
    .replace(/ENC\[AES256_GCM,[^\]]*\]/g, "ENC[]")
    .replace(/("?(?:enc|created_at|lastmodified)"?: ?)[^\n]*/g, "$1…");
}
