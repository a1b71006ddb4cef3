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
    { name: "a rate of zero", line: ["--rate-limit=0"], code: 2, stderr: "it is not a whole number of 1 or more" },
    { name: "a rate below zero", line: ["--rate-limit=-1"], code: 2, stderr: "it is not a whole number of 1 or more" },
    { name: "a burst below zero", line: ["--rate-limit-burst=-1"], code: 2, stderr: "whole number of 0 or more" },
    { name: "no worker", line: ["--unseal-workers=0"], code: 2, stderr: "whole number from 1 to 256" },
    { name: "too many workers", line: ["--unseal-workers=257"], code: 2, stderr: "whole number from 1 to 256" },
    { name: "a key that is too small", line: ["--key-size=1024"], code: 2, stderr: "from 2048 to 16384" },
    { name: "a negative span", line: ["--key-ttl=-5h"], code: 2, stderr: "it is not a duration" },
    { name: "a span that no clock has", line: ["--key-ttl=99999999h"], code: 2, stderr: "it is not a duration" },
    { name: "a cutoff in another form", line: ["--key-cutoff-time=2026-01-01"], code: 2, stderr: "RFC 1123" },
    { name: "a prefix in capitals", line: ["--key-prefix=BAD"], code: 2, stderr: "name contains illegal character B" },
    {
      name: "a prefix that leaves no room",
      line: [`--key-prefix=${"a".repeat(246)}`],
      code: 2,
      stderr: "name is too long, must be shorter than 245, got 246",
    },
    { name: "labels without a value", line: ["--privatekey-labels=a"], code: 2, stderr: "k=v,k=v" },
    { name: "no cluster to be found", line: [], code: 1, stderr: "there is no kubeconfig and this is no pod" },
    {
      name: "a kubeconfig that is none",
      line: ["--kubeconfig=a.yaml"],
      files: { "a.yaml": "kind: Secret\n" },
      code: 1,
      stderr: 'Cannot find a cluster: the kubeconfig "a.yaml" names none',
    },
    {
      name: "a kubeconfig that is not there",
      line: ["--kubeconfig=none"],
      code: 1,
      stderr: 'Cannot read the kubeconfig "none": there is no such file',
    },
  ])("$name ends with $code and says why", async ({ line, code, stderr, files = {} }) => {
    const result = await runCli(["controller", ...line], { files });
    expect(result.stderr).toContain(stderr);
    expect(result.stderr).toMatch(/^error: Cannot /);
    expect(result.code).toBe(code);
    expect(result.stdout.replace(/^time=\S+ level=INFO msg="Starting .*\n/, "")).toBe("");
  });

  test("a bad prefix or cutoff in the environment is not passed over: keys would be made otherwise than wanted", async () => {
    for (const env of [{ SEALED_SECRETS_KEY_PREFIX: "BAD" }, { SEALED_SECRETS_KEY_CUTOFF_TIME: "soon" }]) {
      const { code, stderr } = await runCli("controller", { env });
      expect([code, stderr]).toEqual([2, expect.stringMatching(/^error: Cannot use "(BAD|soon)" for --key-/)]);
    }
  });

  test("what starts is named by what runs", async () => {
    const first = async (names: string) => (await runCli(`controller --controllers=${names}`)).stdout.split("\n")[0];
    expect(await first("sealedsecret,source")).toContain(
      'level=INFO msg="Starting sealed-secrets controller" version=',
    );
    expect(await first("source,kustomization")).toContain('level=INFO msg="Starting controllers" version=');
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

describe("a program called controller", () => {
  const controller = (line: string, env: Readonly<Record<string, string>> = {}) =>
    runCli(line, { argv0: "/usr/local/bin/controller", env });

  test("asks for help on stderr and succeeds", async () => {
    const { code, stdout, stderr } = await controller("--help");
    expect([code, stdout]).toEqual([0, ""]);
    expect(stderr).toMatch(/^Usage of \/usr\/local\/bin\/controller:\n {6}--accept-deprecated-v1-data +/);
    expect(stderr).not.toContain("rotate-period");
  });

  test("an unknown flag shows all flags, then what is wrong, on stderr", async () => {
    const { code, stdout, stderr } = await controller("--key-prefx=x");
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(
      /\n {6}--write-timeout span .*\nunknown flag: --key-prefx\nhint: did you mean: --key-prefix\n$/,
    );
  });

  test("the old name of a flag works and says the new one", async () => {
    expect(await controller("--rotate-period=1h --version")).toMatchObject({
      code: 0,
      stdout: `controller version: ${packageJson.version}\n`,
      stderr: "Flag --rotate-period has been deprecated, please use key-renew-period instead\n",
    });
  });
});

describe("the values that Go reads", () => {
  const { keySize, keyTtl } = sealedSecretFlags;
  test.each([
    ["4096", 4096],
    ["+4096", 4096],
    ["0x1000", 4096],
    ["010000", 4096],
    ["0o10_000", 4096],
    ["0b1_0000_0000_0000", 4096],
    ["4_096", 4096],
  ])("the number %s", (text, value) => {
    expect(keySize.check?.(text)).toBeUndefined();
    expect(keySize.read([text])).toBe(value);
  });
  test.each(["", "4096.0", "4e3", "4__096", "_4096", "09", "0x", "4096 ", "٤٠٩٦", "99999999999999999999"])(
    "no number: %o",
    (text) => {
      expect(keySize.check?.(text)).toContain("it is not a whole number");
    },
  );
  test.each([
    ["0", 0],
    ["1h30m", 5_400_000],
    ["+1.5h", 5_400_000],
    [".5h", 1_800_000],
    ["1.h", 3_600_000],
    ["1s250ms", 1250],
    ["1500us", 1.5],
    ["1500\u00b5s", 1.5],
    ["2d", 172_800_000],
  ])("the span %s", (text, ms) => {
    expect(keyTtl.check?.(text)).toBeUndefined();
    expect(keyTtl.read([text])).toBe(ms);
  });
  test.each(["", "1", "h", ".h", "-1h", "1h ", "1hh", "1h-30m", "1e3s", "300000h000000000", `1${"0".repeat(70)}s`])(
    "no span: %o",
    (text) => {
      expect(keyTtl.check?.(text)).toContain("it is not a duration");
    },
  );
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
    expect(() => parseRfc1123(text, "--x")).toThrow(expect.objectContaining({ code: "CLI_BAD_FLAG" }));
  });
});
