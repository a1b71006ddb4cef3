import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseAllDocuments } from "yaml";
import { peer } from "./peers.ts";
import { mayBeMissing } from "./vitest/if-present.ts";

/** Our chart. */
export const CHART = fileURLToPath(new URL("../../deploy/charts/sealed-secrets", import.meta.url));

// biome-ignore lint/suspicious/noExplicitAny: rendered objects are of any kind
export type Rendered = any;

/** Runs the original helm with an empty home. */
export function helm(args: readonly string[], values?: unknown): { code: number; stdout: string; stderr: string } {
  const folder = mkdtempSync(join(tmpdir(), "sealkit-helm-"));
  try {
    writeFileSync(join(folder, "values.json"), JSON.stringify(values ?? {}));
    const given = values === undefined ? [] : ["--values", join(folder, "values.json")];
    const { status, stdout, stderr } = spawnSync(peer("helm"), [...args, ...given], {
      encoding: "utf8",
      timeout: 60_000,
      maxBuffer: 64 * 1024 * 1024,
      env: { PATH: process.env["PATH"], HOME: folder },
    });
    return { code: status ?? -1, stdout, stderr };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The objects of a chart with these values, as release `release` in kube-system. */
export function render(chart: string, values: unknown = {}, release = "sealed-secrets"): Rendered[] {
  const { code, stdout, stderr } = helm(["template", release, chart, "--namespace", "kube-system"], values);
  if (code !== 0) throw new Error(`helm template ended with ${code}\n${stderr}`);
  return parseAllDocuments(stdout)
    .map((document) => document.toJS())
    .filter((object) => object !== null);
}

/** The folder of the original's chart, in Go's cache of the module that pins it; undefined where it may be missing, and is. */
export function originalChart(): string | undefined {
  const cwd = fileURLToPath(new URL("../peers/modules/sealed-secrets", import.meta.url));
  const found = spawnSync("go", ["mod", "download", "-json", "github.com/bitnami/sealed-secrets"], {
    cwd,
    encoding: "utf8",
    timeout: 60_000,
    env: { ...process.env, GOTOOLCHAIN: "local", GOWORK: "off", GOFLAGS: "-mod=readonly" },
  });
  if (found.status !== 0 && !mayBeMissing) throw new Error(`Cannot find the original's chart\n${found.stderr}`);
  return found.status === 0 ? join(JSON.parse(found.stdout).Dir, "helm/sealed-secrets") : undefined;
}
