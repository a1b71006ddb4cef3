import { describe, expect, test } from "vitest";
import { loginFor, parseReference, referenceText } from "../../src/oci/index.ts";

describe("parseReference()", () => {
  test.each([
    { text: "oci://ghcr.io/team/keys:prod", want: "oci://ghcr.io/team/keys:prod" },
    { text: "oci://ghcr.io/team/keys", want: "oci://ghcr.io/team/keys:latest" },
    { text: "oci://localhost:5000/keys:v1", want: "oci://localhost:5000/keys:v1" },
    { text: "oci://[::1]:5000/a/b_c/d-e.f:T_1", want: "oci://[::1]:5000/a/b_c/d-e.f:T_1" },
  ])("reads $text", ({ text, want }) => {
    expect(referenceText(parseReference(text))).toBe(want);
  });

  test.each([
    "oci://",
    "oci://ghcr.io",
    "oci:///keys",
    "oci://ghcr.io/Team/keys",
    "oci://ghcr.io/team/../keys",
    "oci://ghcr.io/team//keys",
    "oci://ghcr.io/keys:",
    "oci://ghcr.io/keys:.x",
    "oci://user@ghcr.io/keys",
    "oci://ghcr.io/keys?x=y",
    `oci://ghcr.io/${"a".repeat(600)}`,
  ])("refuses %s", (text) => {
    expect(() => parseReference(text)).toThrow(expect.objectContaining({ code: "OCI_BAD_REFERENCE" }));
  });
});

describe("loginFor()", () => {
  const auth = Buffer.from("ann:pass:word").toString("base64");
  test.each([
    { name: "a host", config: { auths: { "r.io": { auth } } }, want: { username: "ann", password: "pass:word" } },
    {
      name: "an address",
      config: { auths: { "https://r.io/v1/": { auth } } },
      want: { username: "ann", password: "pass:word" },
    },
    { name: "another host", config: { auths: { "other.io": { auth } } }, want: undefined },
    { name: "an empty file", config: {}, want: undefined },
    { name: "another shape", config: { auths: [] }, want: undefined },
    { name: "a name of every object", config: { auths: {} }, want: undefined, registry: "constructor" },
  ])("$name", ({ config, want, registry = "r.io" }) => {
    expect(loginFor(registry, JSON.stringify(config), "f")).toEqual(want);
  });

  test.each([
    { name: "no JSON", config: "{" },
    { name: "no login", config: JSON.stringify({ auths: { "r.io": { auth: "hunter2" } } }) },
    { name: "a program that keeps it", config: JSON.stringify({ auths: { "r.io": {} }, credsStore: "desktop" }) },
    { name: "a program for this registry", config: JSON.stringify({ credHelpers: { "r.io": "ecr-login" } }) },
  ])("$name is refused, and nothing of it shown", ({ config }) => {
    const reading = () => loginFor("r.io", config, "f");
    expect(reading).toThrow(expect.objectContaining({ code: "OCI_CREDENTIALS" }));
    expect(reading).not.toThrow(/hunter2/);
  });
});
