import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Invocation, openTheatre, unlike } from "../../helpers/kubeseal-comparison.ts";
import { certificateRows } from "./rows/certificates.ts";
import { clusterRows } from "./rows/cluster.ts";
import { documentRows } from "./rows/documents.ts";
import { fileRows, modeRows } from "./rows/files.ts";
import { flagRows } from "./rows/flags.ts";
import { mergeRows } from "./rows/merging.ts";
import { recoveryRows } from "./rows/recovery.ts";
import { rawRows, scopeRows } from "./rows/scopes.ts";
import { makeStage } from "./stage.ts";

let stage: Awaited<ReturnType<typeof makeStage>>;
let theatre: ReturnType<typeof openTheatre>;
beforeAll(async () => {
  stage = await makeStage();
  theatre = openTheatre(stage);
});
afterAll(async () => {
  theatre.close();
  await stage.close();
});

const GROUPS: Readonly<Record<string, readonly Invocation[]>> = {
  "scopes and namespaces": scopeRows(),
  "one value": rawRows(),
  "what the input holds": documentRows(),
  "flags and variables": flagRows(),
  certificates: certificateRows(),
  files: fileRows(),
  "several modes": modeRows(),
  merging: mergeRows(),
  recovery: recoveryRows(),
  "through the cluster": clusterRows(),
};

describe.each(Object.entries(GROUPS))("%s", (_, rows) => {
  test("each row has a name of its own", () => {
    expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
  });

  test.each(rows.map((row) => ({ row, name: row.name })))("$name", { timeout: 25_000 }, async ({ row }) => {
    const [original, ours] = [await theatre.original(row), await theatre.ours(row)];
    if (row.differs === undefined) {
      expect(unlike(original, ours)).toEqual([]);
      return;
    }
    const { code, stderr = /^/, stdout = /^/ } = row.differs;
    expect(unlike(original, ours)).not.toEqual([]);
    expect(ours).toEqual({
      ...ours,
      code,
      stderr: expect.stringMatching(stderr),
      stdout: expect.stringMatching(stdout),
    });
  });
});
