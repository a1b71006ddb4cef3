import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect } from "vitest";
import { runCli } from "../../helpers/run-cli.ts";
import { IDENTITY_A, skeleton } from "../../helpers/sops.ts";
import { original, workspace } from "./original.ts";

/** Where the runs are; each test file ends it. */
export const folder = workspace();

/** One call for both. */
export interface Row {
  readonly name: string;
  readonly args: readonly string[];
  readonly files: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** Folder to run in, below that of the files. */
  readonly below?: string;
  /** We refuse what the original does, on purpose. */
  readonly ourCode?: number;
}

/** The same call of both, in folders of their own: exit code, output and files afterwards must be the same. */
export async function compare({
  args,
  files,
  env = { SOPS_AGE_KEY: IDENTITY_A },
  stdin,
  below,
  ourCode,
}: Row): Promise<number> {
  const [theirs, ours] = [place(files), place(files)];
  const input = stdin === undefined ? {} : { stdin };
  const wanted = await original(args, { cwd: join(theirs, below ?? ""), env, ...input });
  const got = await runCli(["sops", ...args], {
    cwd: ours,
    env: { PATH: process.env["PATH"] ?? "", ...env },
    ...input,
    ...(below === undefined ? {} : { below }),
  });
  expect({
    code: got.code,
    stderr: got.code === (ourCode ?? wanted.code) ? "" : `${got.stderr}\n---\n${wanted.stderr}`,
  }).toEqual({
    code: ourCode ?? wanted.code,
    stderr: "",
  });
  expect(got.stderr).not.toContain("AGE-SECRET-KEY-");
  if (ourCode !== undefined) {
    expect(contents(ours)).toEqual(contents(place(files)));
    return got.code;
  }
  expect(skeleton(got.stdout)).toBe(skeleton(wanted.stdout));
  expect(contents(ours)).toEqual(contents(theirs));
  return got.code;
}

export function place(files: Readonly<Record<string, string>>): string {
  const path = mkdtempSync(join(folder.path, "run-"));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    if (text.startsWith("-> ")) symlinkSync(text.slice(3), join(path, name));
    else writeFileSync(join(path, name), text, { mode: name.includes("private") ? 0o600 : 0o644 });
  }
  return path;
}

function contents(path: string): unknown[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((file) => ({
      name: file.slice(path.length),
      text: skeleton(readFileSync(file, "utf8")),
      // A new file with clear text is for its owner alone with us.
      mode: file.slice(path.length).includes("out") ? undefined : (statSync(file).mode & 0o777).toString(8),
    }));
}
