import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CredentialHelper, loginFor, parseReference, referenceText } from "../../../src/oci/index.ts";

describe("parseReference()", () => {
  test.each([
    { text: "oci://ghcr.io/team/keys:prod", want: "oci://ghcr.io/team/keys:prod" },
    { text: "oci://ghcr.io/team/keys", want: "oci://ghcr.io/team/keys:latest" },
    { text: "oci://localhost:5000/keys:v1", want: "oci://localhost:5000/keys:v1" },
    {
      text: `oci://ghcr.io/team/keys@sha256:${"a".repeat(64)}`,
      want: `oci://ghcr.io/team/keys@sha256:${"a".repeat(64)}`,
    },
    { text: `oci://ghcr.io/keys:v1@sha256:${"0".repeat(64)}`, want: `oci://ghcr.io/keys:v1@sha256:${"0".repeat(64)}` },
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
    "oci://ghcr.io/keys@sha256:abc",
    `oci://ghcr.io/keys@sha512:${"a".repeat(128)}`,
    `oci://ghcr.io/keys@sha256:${"A".repeat(64)}`,
    `oci://ghcr.io/keys@sha256:${"a".repeat(64)}@sha256:${"a".repeat(64)}`,
    `oci://ghcr.io/${"a".repeat(600)}`,
  ])("refuses %s", (text) => {
    expect(() => parseReference(text)).toThrow(expect.objectContaining({ code: "OCI_BAD_REFERENCE" }));
  });
});

const helperOf =
  (answers: Readonly<Record<string, string | number | undefined>>): CredentialHelper =>
  async (name, server) => {
    const answer = answers[`${name} ${server}`];
    if (answer === undefined) return { kind: "failed", problem: `docker-credential-${name} cannot be started: ENOENT` };
    if (typeof answer === "number") return { kind: "ended", status: answer, stdout: Buffer.from("hunter2") };
    return { kind: "ended", status: answer.startsWith("credentials") ? 1 : 0, stdout: Buffer.from(answer) };
  };

describe("loginFor()", () => {
  const auth = Buffer.from("ann:pass:word").toString("base64");
  const ann = { kind: "password", username: "ann", password: "pass:word" };
  const bob = { kind: "password", username: "bob", password: "kept" };
  const says = (Username: string, Secret: string) => JSON.stringify({ ServerURL: "x", Username, Secret });
  const NONE = "credentials not found in native keychain\n";
  test.each([
    { name: "a host", config: { auths: { "r.io": { auth } } }, want: ann },
    { name: "an address", config: { auths: { "https://r.io/v1/": { auth } } }, want: ann },
    {
      name: "name and password apart",
      config: { auths: { "r.io": { username: "bob", password: "kept" } } },
      want: bob,
    },
    {
      name: "an identity token beside a name",
      config: { auths: { "r.io": { auth: "YW5uOg==", identitytoken: "t" } } },
      want: { kind: "identity token", token: "t" },
    },
    {
      name: "a token of the registry",
      config: { auths: { "r.io": { registrytoken: "t" } } },
      want: { kind: "registry token", token: "t" },
    },
    {
      name: "the registry of Docker",
      config: { auths: { "https://index.docker.io/v1/": { auth } } },
      want: ann,
      registry: "docker.io",
    },
    { name: "another host", config: { auths: { "other.io": { auth } } }, want: undefined },
    { name: "an empty file", config: {}, want: undefined },
    { name: "an empty entry", config: { auths: { "r.io": {} } }, want: undefined },
    { name: "another shape", config: { auths: [], credHelpers: 7 }, want: undefined },
    {
      name: "a name of every object",
      config: { auths: {}, credHelpers: {} },
      want: undefined,
      registry: "constructor",
    },
    {
      name: "a program for this registry, before one for all",
      config: { auths: { "r.io": { auth } }, credHelpers: { "r.io": "own" }, credsStore: "all" },
      helper: { "own r.io": says("bob", "kept"), "all r.io": says("x", "y") },
      want: bob,
    },
    {
      name: "a program for all",
      config: { credsStore: "all" },
      helper: { "all r.io": says("bob", "kept") },
      want: bob,
    },
    {
      name: "a program that keeps an identity token",
      config: { credsStore: "all" },
      helper: { "all r.io": says("<token>", "t") },
      want: { kind: "identity token", token: "t" },
    },
    {
      name: "a program that keeps that of Docker",
      config: { credsStore: "all" },
      helper: { "all https://index.docker.io/v1/": says("bob", "kept") },
      want: bob,
      registry: "docker.io",
    },
    { name: "a program that has none", config: { credsStore: "all" }, helper: { "all r.io": NONE }, want: undefined },
    {
      name: "one that has none, but the file has",
      config: { auths: { "r.io": { auth } }, credsStore: "all" },
      helper: { "all r.io": NONE },
      want: ann,
    },
    { name: "empty names", config: { credsStore: "all" }, helper: { "all r.io": says("", "") }, want: undefined },
    {
      name: "a program that is not there, for a registry nobody logged in to",
      config: { credsStore: "desktop" },
      want: undefined,
    },
  ])("$name", async ({ config, want, registry = "r.io", helper = {} }) => {
    const given = { text: JSON.stringify(config), file: "f", helper: helperOf(helper) };
    expect(await loginFor(registry, given)).toEqual(want);
  });

  const own = (name: string) => ({ credHelpers: { "r.io": name } });
  test.each([
    { name: "no JSON", text: "{", says: "it is no JSON" },
    { name: "no login", config: { auths: { "r.io": { auth: "hunter2" } } }, says: "is no login" },
    {
      name: "a program that is not there",
      config: own("pass"),
      says: "docker-credential-pass cannot be started: ENOENT",
    },
    {
      name: "one that keeps what was logged in to",
      config: { auths: { "r.io": {} }, credsStore: "gone" },
      says: "docker-credential-gone cannot",
    },
    { name: "a program that fails", config: own("fails"), says: "docker-credential-fails ended with exit status 3" },
    {
      name: "a program that says something else",
      config: own("odd"),
      says: "what docker-credential-odd prints is no login",
    },
    { name: "a way to another folder", config: own("../../tmp/x"), says: "its name is none" },
    { name: "a command line", config: own("x; rm -rf /"), says: "its name is none" },
    { name: "an option", config: own("-x"), says: "its name is none" },
  ])("$name is refused, and nothing of it shown", async ({ text, config, says }) => {
    const helper = helperOf({ "fails r.io": 3, "odd r.io": '{"Username": 7, "Secret": "hunter2"}' });
    const reading = loginFor("r.io", { text: text ?? JSON.stringify(config), file: "f", helper });
    await expect(reading).rejects.toMatchObject({ code: "OCI_CREDENTIALS", message: expect.stringContaining(says) });
    await expect(reading).rejects.not.toThrow(/hunter2/);
  });

  test("whatever stands in a file, and whatever a program prints: a login, none, or an error of ours", async () => {
    const entry = fc.record(
      { auth: fc.anything(), identitytoken: fc.anything(), username: fc.anything() },
      { requiredKeys: [] },
    );
    const config = fc.record(
      {
        auths: fc.oneof(fc.anything(), fc.dictionary(fc.constant("r.io"), entry)),
        credsStore: fc.anything(),
        credHelpers: fc.anything(),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(config, fc.string(), async (value, printed) => {
        const helper: CredentialHelper = async () => ({ kind: "ended", status: 0, stdout: Buffer.from(printed) });
        const text = JSON.stringify(value, (_, part) => (typeof part === "bigint" ? Number(part) : part));
        const login = await loginFor("r.io", { text, file: "f", helper }).catch((cause: unknown) => cause);
        if (login instanceof Error) expect(login).toMatchObject({ name: "OciError", code: "OCI_CREDENTIALS" });
        else if (login !== undefined) expect(login).toHaveProperty("kind");
      }),
      { numRuns: 40 },
    );
  });

  test("where no program may be started, that is said", async () => {
    const config = { text: JSON.stringify(own("pass")), file: "f" };
    await expect(loginFor("r.io", config)).rejects.toThrow(/docker-credential-pass may not be started here/);
  });
});
