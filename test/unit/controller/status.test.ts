import { describe, expect, test } from "vitest";
import type { Outcome } from "../../../controller/outcome.ts";
import type { Pass } from "../../../controller/pass.ts";
import { conditionsOf, withConditions } from "../../../controller/status/conditions.ts";
import { readyProfile } from "../../../controller/status/profile.ts";
import { fields, items, only, supported, unsupportedField } from "../../../controller/unsupported-fields.ts";
import type { KubeObject } from "../../../src/objects/index.ts";

const at = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const time = "2026-01-02T03:04:05Z";

describe("withConditions()", () => {
  const old = {
    type: "Ready",
    status: "True",
    reason: "A",
    message: "",
    lastTransitionTime: "2020-01-01T00:00:00Z",
  } as const;
  test.each([
    { name: "a new condition gets the time of now", before: [], status: "True", want: time },
    { name: "a changed status moves the time", before: [old], status: "False", want: time },
    { name: "a changed message alone does not", before: [old], status: "True", want: old.lastTransitionTime },
  ] as const)("$name", ({ before, status, want }) => {
    const [condition] = withConditions(before, {
      set: [{ type: "Ready", status, reason: "B", message: "m" }],
      nowMs: at,
    });
    expect(condition).toMatchObject({ status, reason: "B", message: "m", lastTransitionTime: want });
  });

  test("conditions that are not named stay, in their order", () => {
    const before = ["A", "B", "C"].map((type) => ({ ...old, type }));
    const after = withConditions(before, { set: [{ ...old, type: "B", status: "False" }], removed: ["A"], nowMs: at });
    expect(after.map(({ type, status }) => `${type}=${status}`)).toEqual(["B=False", "C=True"]);
  });

  test.each([undefined, null, "x", { conditions: "x" }, { conditions: [null, 1, {}] }])(
    "conditionsOf() reads nothing from status %o",
    (status) => {
      expect(conditionsOf({ apiVersion: "a/v1", kind: "K", metadata: {}, status })).toEqual([]);
    },
  );
});

describe("readyProfile", () => {
  const object = (status?: unknown, annotations: Record<string, string> = {}): KubeObject => ({
    apiVersion: "a/v1",
    kind: "K",
    metadata: { name: "n", generation: 3, annotations },
    status,
  });
  const shown = (outcome: Outcome, more: Partial<Pass> = {}, from = object()) => {
    const status = readyProfile.after(from, { outcome, ...more }, at);
    const conditions = conditionsOf(object(status)).map(({ type, status, reason }) => `${type}=${status} ${reason}`);
    return { ...status, conditions };
  };

  test.each([
    { outcome: { kind: "done", reason: "Succeeded", message: "" }, conditions: ["Ready=True Succeeded"], observed: 3 },
    {
      outcome: { kind: "stalled", reason: "Bad", message: "" },
      conditions: ["Stalled=True Bad", "Ready=False Bad"],
      observed: 3,
    },
    {
      outcome: { kind: "failed", reason: "Net", message: "" },
      conditions: ["Reconciling=True ProgressingWithRetry", "Ready=False Net"],
      observed: undefined,
    },
    {
      outcome: { kind: "waiting", reason: "Dep", message: "", retryAfterMs: 1 },
      conditions: ["Reconciling=True ProgressingWithRetry", "Ready=False Dep"],
      observed: undefined,
    },
  ] as const)("$outcome.kind shows $conditions", ({ outcome, conditions, observed }) => {
    const status: Record<string, unknown> = shown(outcome);
    expect(status["conditions"]).toEqual(conditions);
    expect(status["observedGeneration"]).toBe(observed);
  });

  test("success takes Stalled and Reconciling away", () => {
    const stalled = readyProfile.after(object(), { outcome: { kind: "stalled", reason: "Bad", message: "" } }, at);
    const running = readyProfile.during(object(stalled), { reason: "Progressing", message: "x" }, at);
    const done = shown({ kind: "done", reason: "Succeeded", message: "" }, {}, object(running));
    expect(done.conditions).toEqual(["Ready=True Succeeded"]);
  });

  test("fields of a pass are set, kept and removed; the request is marked as handled", () => {
    const from = object({ artifact: { a: 1 }, old: 1, keep: 2 }, { "reconcile.fluxcd.io/requestedAt": "r1" });
    const status = shown(
      { kind: "done", reason: "Succeeded", message: "" },
      { status: { artifact: { b: 2 }, old: undefined } },
      from,
    );
    expect(status).toMatchObject({ artifact: { b: 2 }, keep: 2, lastHandledReconcileAt: "r1" });
    expect(status).not.toHaveProperty("old");
  });
});

describe("unsupportedField()", () => {
  const support = fields({
    url: supported,
    provider: only("generic"),
    ref: fields({ branch: supported }),
    patches: items(fields({ patch: supported })),
  });
  const rows: readonly { readonly name: string; readonly spec: unknown; readonly want: string | undefined }[] = [
    { name: "a field that nobody knows", spec: { verify: { mode: "HEAD" } }, want: "spec.verify" },
    { name: "a value that is not implemented", spec: { url: "x", provider: "aws" }, want: "spec.provider" },
    { name: "a field deep inside", spec: { ref: { branch: "b", semver: "1" } }, want: "spec.ref.semver" },
    {
      name: "a field of a list item",
      spec: { patches: [{ patch: "x" }, { target: { kind: "X" } }] },
      want: "spec.patches[1].target",
    },
    { name: "a number zero, which may mean something", spec: { depth: 0 }, want: "spec.depth" },
    { name: "a prototype's name", spec: { constructor: { a: 1 } }, want: "spec.constructor" },
    {
      name: "nothing but known fields",
      spec: { url: "x", provider: "generic", ref: { branch: "b" } },
      want: undefined,
    },
    {
      name: "unknown fields that are empty",
      spec: { verify: null, ignore: "", include: [], suspend: false, x: {} },
      want: undefined,
    },
    { name: "no spec", spec: undefined, want: undefined },
  ];
  test.each(rows)("$name: $want", ({ spec, want }) => {
    expect(unsupportedField({ spec }, support)).toBe(want);
  });
});
