import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Invocation, openTheatre, type Trace, unlike } from "../../helpers/kubeseal/comparison.ts";
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

const TIMEOUT_MS = 90_000;

const OFFLINE: Readonly<Record<string, readonly Invocation[]>> = {
  "scopes and namespaces": scopeRows(),
  "one value": rawRows(),
  "what the input holds": documentRows(),
  "flags and variables": flagRows(),
  certificates: certificateRows(),
  files: fileRows(),
  "several modes": modeRows(),
  merging: mergeRows(),
  recovery: recoveryRows(),
};

function check(original: Trace, ours: Trace, { differs }: Invocation): void {
  if (differs === undefined) {
    expect(unlike(original, ours)).toEqual([]);
    return;
  }
  const { code, stderr = /^/, stdout = /^/ } = differs;
  expect(unlike(original, ours)).not.toEqual([]);
  expect(ours).toEqual({ ...ours, code, stderr: expect.stringMatching(stderr), stdout: expect.stringMatching(stdout) });
}

const named = (rows: readonly Invocation[]) => rows.map((row) => ({ row, name: row.name }));
const all = [...Object.values(OFFLINE).flat(), ...clusterRows()];

test("there are many rows, each with a name of its own in its group", () => {
  expect(all.length).toBeGreaterThan(1000);
  for (const rows of [...Object.values(OFFLINE), clusterRows()]) {
    expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
  }
});

test("each kind of difference has its row in the documentation", () => {
  const page = readFileSync(join(import.meta.dirname, "../../../docs/compatibility/kubeseal.md"), "utf8");
  const rows = new Set(all.flatMap(({ differs }) => (differs === undefined ? [] : [differs.row])));
  expect([...rows].filter((row) => !page.includes(`| ${row}`))).toEqual([]);
});

describe.each(Object.entries(OFFLINE))("%s", { concurrent: true }, (_, rows) => {
  test.each(named(rows))("$name", { timeout: TIMEOUT_MS }, async ({ row }) => {
    const [original, ours] = await Promise.all([theatre.original(row), theatre.ours(row)]);
    check(original, ours, row);
  });
});

/** One after the other, because what each of the two asks is written down. */
describe("through the cluster", () => {
  test.each(named(clusterRows()))("$name", { timeout: TIMEOUT_MS }, async ({ row }) => {
    check(await theatre.original(row), await theatre.ours(row), row);
  });
});
