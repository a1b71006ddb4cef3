import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { duplicateFields } from "../../../sandbox/http/duplicate-fields.ts";
import { negotiate } from "../../../sandbox/http/negotiate.ts";
import { parsePath } from "../../../sandbox/http/route.ts";
import { canonicalQuantity } from "../../../sandbox/schema/quantity.ts";
import { since } from "../../../sandbox/table/age.ts";
import { jsonPathCell } from "../../../sandbox/table/json-path.ts";

describe("canonicalQuantity()", () => {
  test.each([
    ["1", "1"],
    ["1000m", "1"],
    ["0.5", "500m"],
    [".5", "500m"],
    ["1.", "1"],
    ["1024Ki", "1Mi"],
    ["0.5Gi", "512Mi"],
    ["1500Mi", "1500Mi"],
    ["512Ki", "512Ki"],
    ["1000", "1k"],
    ["1000k", "1M"],
    ["0", "0"],
    ["-0", "0"],
    ["-1000m", "-1"],
    ["1e3", "1e3"],
    ["100e-3", "100e-3"],
    ["0.1n", "1n"],
    ["1.5Gi", "1536Mi"],
  ])("%s is written %s", (text, want) => {
    expect(canonicalQuantity(text)).toBe(want);
  });

  test.each([[""], ["."], ["lots"], ["1.5.5"], ["1 Gi"], ["1gi"], ["--1"], ["9".repeat(80)], [{}], [null]])(
    "%j is none",
    (text) => {
      expect(canonicalQuantity(text)).toBeUndefined();
    },
  );

  test("the canonical form of a canonical form is itself", () => {
    const suffix = fc.constantFrom("", "n", "u", "m", "k", "M", "G", "Ki", "Mi", "Gi", "e3");
    fc.assert(
      fc.property(fc.nat(10_000_000), suffix, (number, unit) => {
        const once = canonicalQuantity(`${number}${unit}`);
        expect(canonicalQuantity(once)).toBe(once);
      }),
    );
  });
});

describe("since()", () => {
  const now = Date.parse("2026-01-10T00:00:00Z");
  const ago = (seconds: number) => new Date(now - seconds * 1000).toISOString();
  test.each([
    [0, "0s"],
    [119, "119s"],
    [120, "2m"],
    [125, "2m5s"],
    [600, "10m"],
    [10_799, "179m"],
    [10_800, "3h"],
    [10_860, "3h1m"],
    [28_800, "8h"],
    [172_800, "2d"],
    [176_400, "2d1h"],
    [691_200, "8d"],
    [63_072_000, "2y"],
    [-30, "<invalid>"],
  ])("%d seconds are %s", (seconds, want) => {
    expect(since(ago(seconds), now)).toBe(want);
  });

  test("no time is unknown", () => {
    expect(since(null, now)).toBe("<unknown>");
  });
});

describe("jsonPathCell()", () => {
  const object = {
    apiVersion: "v1",
    kind: "X",
    metadata: { name: "n", annotations: { "a.b/c": "dotted" } },
    spec: {
      list: [
        { type: "A", status: "1" },
        { type: "Ready", status: "True" },
      ],
      number: 3,
      flag: false,
      map: { k: [1] },
    },
  };
  test.each([
    [".spec.number", 3],
    [".spec.flag", false],
    [".spec.list[0].status", "1"],
    ['.spec.list[?(@.type=="Ready")].status', "True"],
    [".spec.list[*].type", "A"],
    [".metadata.annotations.a\\.b/c", "dotted"],
    [".metadata.annotations['a.b/c']", "dotted"],
    [".spec.map", '{"k":[1]}'],
    [".spec.nothing", null],
    [".spec.list[9].type", null],
    [".spec.list[?(@.type==", null],
    [".constructor", null],
  ])("%s", (path, want) => {
    expect(jsonPathCell(object, path)).toEqual(want);
  });
});

describe("duplicateFields()", () => {
  test.each([
    ['{"a":1}', []],
    ['{"a":1,"a":2}', ["a"]],
    ['{"a":{"b":1,"c":{},"b":2}}', ["a.b"]],
    ['{"l":[{"x":1},{"x":1,"x":2}]}', ["l[1].x"]],
    ['{"a":"{\\"a\\":1,\\"a\\":2}"}', []],
    ['{"a\\"b":1,"a\\"b":2}', ['a"b']],
    ['{"a":1,"\\u0061":2}', ["a"]],
    ['["a","a"]', []],
  ])("%s", (text, want) => {
    expect(duplicateFields(text)).toEqual(want);
  });

  test("what JSON itself writes has none", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(duplicateFields(text)).toEqual([]);
      }),
    );
  });
});

describe("parsePath()", () => {
  test.each([
    ["/api/v1/pods", { group: "", version: "v1", plural: "pods", namespace: undefined, name: undefined }],
    ["/api/v1/namespaces", { plural: "namespaces", namespace: undefined, name: undefined }],
    ["/api/v1/namespaces/x", { plural: "namespaces", namespace: undefined, name: "x" }],
    ["/api/v1/namespaces/x/status", { plural: "namespaces", name: "x", subresource: "status" }],
    ["/api/v1/namespaces/x/finalize", { plural: "namespaces", name: "x", subresource: "finalize" }],
    ["/api/v1/namespaces/x/pods/y/status", { plural: "pods", namespace: "x", name: "y", subresource: "status" }],
    ["/apis/apps/v1/namespaces/x/deployments/y", { group: "apps", plural: "deployments", namespace: "x", name: "y" }],
    [
      "/api/v1/namespaces/x/services/http:y:/proxy/a/b",
      { plural: "services", name: "http:y:", subresource: "proxy", rest: "/a/b" },
    ],
    ["/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Abasic", { name: "system:basic" }],
  ])("%s", (path, want) => {
    expect(parsePath(path)).toMatchObject(want);
  });

  test.each([
    "/",
    "/api",
    "/api/v1",
    "/apis/apps",
    "/apis/apps/v1",
    "/healthz",
    "/openapi/v3/apis/apps/v1",
    "/api/v1/",
  ])("%s is no resource", (path) => {
    expect(parsePath(path)).toBeUndefined();
  });
});

describe("negotiate()", () => {
  test.each([
    ["", { as: "object", yaml: false }],
    ["*/*", { as: "object", yaml: false }],
    ["application/vnd.kubernetes.protobuf,application/json", { as: "object", yaml: false }],
    ["application/yaml", { as: "object", yaml: true }],
    ["application/json;as=Table;v=v1;g=meta.k8s.io,application/json", { as: "table", version: "v1" }],
    ["application/json;as=PartialObjectMetadata;v=v1beta1;g=meta.k8s.io", { as: "partial", version: "v1beta1" }],
    ["application/json;as=Unknown;v=v1;g=meta.k8s.io,application/json", { as: "object" }],
    ["application/yaml;q=0.1,application/json;q=0.9", { as: "object", yaml: false }],
  ])("%s", (accept, want) => {
    expect(negotiate(accept)).toMatchObject(want);
  });

  test.each([
    "text/html",
    "application/vnd.kubernetes.protobuf",
    "application/json;q=0",
    "application/json;as=Table;v=v2;g=meta.k8s.io",
  ])("%s is refused with 406", (accept) => {
    expect(() => negotiate(accept)).toThrow(expect.objectContaining({ code: 406 }));
  });
});
