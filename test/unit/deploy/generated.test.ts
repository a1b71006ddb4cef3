import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { CRDS } from "../../../controller/api/index.ts";

describe("deploy/", () => {
  test("what is generated is current", () => {
    const tool = fileURLToPath(new URL("../../../tools/generate-deploy.mjs", import.meta.url));
    expect(() => execFileSync(process.execPath, [tool, "--check"], { stdio: "pipe" })).not.toThrow();
  });

  test("there is a CRD for every kind that the controller works with", () => {
    expect(CRDS.map((crd) => crd.metadata.name)).toEqual([
      "sealedsecrets.bitnami.com",
      "gitrepositories.source.toolkit.fluxcd.io",
      "kustomizations.kustomize.toolkit.fluxcd.io",
    ]);
  });
});
