import { describe, expect, test } from "vitest";
import { environmentWords } from "../../../../cli/controller/environment.ts";
import { sealedSecretFlags } from "../../../../cli/controller/sealed-secret-flags.ts";
import { parsePairs, parseRfc1123 } from "../../../../cli/controller/values.ts";
import packageJson from "../../../../package.json" with { type: "json" };
import { runCli } from "../../../helpers/run-cli.ts";

describe("sealkit controller", () => {
  test("--version", async () => {
    expect(await runCli("controller --version")).toMatchObject({
      code: 0,
      stdout: `controller version: ${packageJson.version}\n`,
    });
  });

  test("--help names the flags of the original", async () => {
    const { stdout, code } = await runCli("controller --help");
    expect(code).toBe(0);
    for (const name of [
      "key-prefix",
      "key-renew-period",
      "key-cutoff-time",
      "additional-namespaces",
      "listen-metrics-addr",
      "log-info-stdout",
      "old-gc-behavior",
    ]) {
      expect(stdout).toContain(`--${name}`);
    }
  });

  test.each([
    { name: "an unknown flag", line: ["--key-prefx=x"], code: 2, stderr: "did you mean: --key-prefix" },
    {
      name: "an unknown controller",
      line: ["--controllers=sealedsecret,nope"],
      code: 2,
      stderr: 'there is no controller "nope"',
    },
    {
      name: "a duration in days and nonsense",
      line: ["--key-renew-period=soon"],
      code: 2,
      stderr: "it is not a duration",
    },
    { name: "a rate of zero", line: ["--rate-limit=0"], code: 2, stderr: "it is not a whole number from 1" },
    { name: "a cutoff in another form", line: ["--key-cutoff-time=2026-01-01"], code: 1, stderr: "RFC 1123" },
    { name: "labels without a value", line: ["--privatekey-labels=a"], code: 2, stderr: "k=v,k=v" },
    { name: "no cluster to be found", line: [], code: 1, stderr: "there is no kubeconfig and this is no pod" },
    {
      name: "a kubeconfig that is not there",
      line: ["--kubeconfig=none"],
      code: 1,
      stderr: 'Cannot read the kubeconfig "none": there is no such file',
    },
  ])("$name ends with $code and says why", async ({ line, code, stderr }) => {
    const result = await runCli(["controller", ...line]);
    expect(result.stderr).toContain(stderr);
    expect(result.stderr).toMatch(/^error: Cannot /);
    expect(result).toMatchObject({ code, stdout: "" });
  });

  test("a kubeconfig that points nowhere is one clear error", async () => {
    const kubeconfig = {
      clusters: [{ name: "c", cluster: { server: "http://127.0.0.1:9" } }],
      contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
      "current-context": "x",
    };
    const files = { kc: JSON.stringify(kubeconfig) };
    const result = await runCli(
      "controller --kubeconfig kc --listen-addr 127.0.0.1:0 --listen-metrics-addr 127.0.0.1:0",
      { files },
    );
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/^error: Cannot reach http:\/\/127\.0\.0\.1:9: nothing listens there\nhint: /);
  });
});

describe("environmentWords()", () => {
  test("takes good values and passes over bad ones", () => {
    const env = {
      SEALED_SECRETS_KEY_SIZE: "2048",
      SEALED_SECRETS_KEY_TTL: "forever",
      SEALED_SECRETS_UPDATE_STATUS: "false",
      SEALED_SECRETS_SKIP_RECREATE: "maybe",
      OTHER: "1",
    };
    expect(environmentWords(sealedSecretFlags, env)).toEqual(["--key-size=2048", "--update-status=false"]);
  });
});

describe("parsePairs()", () => {
  test.each([
    ["", {}],
    ["a=b", { a: "b" }],
    ["a=b, c=d=e,", { a: "b", c: "d=e" }],
    ["__proto__=x", Object.fromEntries([["__proto__", "x"]])],
    ["a", undefined],
    ["=b", undefined],
  ])("%o", (text, want) => {
    const pairs = parsePairs(text);
    expect(pairs === undefined ? undefined : Object.entries(pairs)).toEqual(
      want === undefined ? undefined : Object.entries(want),
    );
  });
});

describe("parseRfc1123()", () => {
  test("reads what date -R prints", () => {
    expect(parseRfc1123("Mon, 02 Jan 2006 15:04:05 -0700", "--x")).toBe(Date.UTC(2006, 0, 2, 22, 4, 5));
  });
  test.each([
    "2026-01-01",
    "Mon, 2 Jan 2006 15:04:05 -0700",
    "Mon, 02 Foo 2006 15:04:05 -0700",
    "Mon, 32 Jan 2006 15:04:05 +0000",
    "",
  ])("refuses %o", (text) => {
    expect(() => parseRfc1123(text, "--x")).toThrow(expect.objectContaining({ code: "CONTROLLER_OPTIONS" }));
  });
});
