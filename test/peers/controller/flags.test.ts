import { describe, expect, test } from "vitest";
import { runPeer } from "../../helpers/peer-cli.ts";
import { runCli } from "../../helpers/run-cli.ts";

/** What both print, without what is each one's own: list of flags, names of programs, versions, stacks. */
function shape({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) {
  const lines = stderr
    .split("\n")
    .filter((line) => !/^ {6}--|^hint: /.test(line))
    .map((line) => line.replace(/^Usage of .*/, "Usage"));
  return { code, stdout: stdout.replace(/version: \S+/, "version: V"), stderr: lines.join("\n") };
}

async function both(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const theirs = await runPeer("sealed-secrets-controller", args, { env });
  const ours = await runCli(args, { argv0: "controller", env });
  return { theirs, ours };
}

const MORE_FLAGS = [
  "context",
  "controllers",
  "kubeconfig",
  "leader-elect",
  "leader-election-name",
  "own-namespace",
  "shutdown-delay",
  "trusted-proxies",
  "unseal-workers",
];

describe("the command line of the controller beside the original's", () => {
  test("every flag of the original is known, and what is ours is added", async () => {
    const { theirs, ours } = await both(["--help"]);
    const names = (text: string) => [...text.matchAll(/^ {6}--([a-z0-9-]+)/gm)].map((match) => match[1] ?? "");
    // A flag that does nothing here is accepted without being offered.
    const unlisted = ["watch-for-secrets"];
    expect(names(theirs.stderr).filter((name) => !names(ours.stderr).includes(name))).toEqual(unlisted);
    expect(names(ours.stderr)).toEqual(expect.arrayContaining(MORE_FLAGS));
    expect(shape(ours)).toEqual(shape(theirs));
  });

  test.each([
    { args: ["--version"] },
    { args: ["-h"] },
    { args: ["--version", "--help"] },
    { args: ["--version", "--", "--nope"] },
    { args: ["extra", "words", "--version"] },
    { args: ["--nope"] },
    { args: ["--nope=1"] },
    { args: ["-v", "3"] },
    { args: ["---nope"] },
    { args: ["--=x"] },
    { args: ["--privatekey-labels"] },
    { args: ["--rotate-period=1h", "--version"] },
    { args: ["--rotate-period", "1h", "--rotate-period=2h", "--version"] },
    { args: ["--all-namespaces=0", "--version"] },
    { args: ["--all-namespaces=F", "--version"] },
    { args: ["--update-status", "maybe", "--version"] },
    { args: ["--update-status=maybe"] },
    { args: ["--log-info-stdout="] },
    { args: ["--log-level=TRACE", "--log-format=xml", "--version"] },
    { args: ["--log-level", "debug", "--version"] },
    { args: ["--key-order-priority=x", "--version"] },
    { args: ["--privatekey-labels=", "--version"] },
    { args: ["--key-size=0x1000", "--version"] },
    { args: ["--key-size=4_096", "--version"] },
    { args: ["--key-ttl=+1.5h", "--version"] },
    { args: ["--key-ttl=.5h", "--version"] },
    { args: ["--key-ttl=1500us", "--version"] },
    { args: ["--kubeclient-qps=1e3", "--version"] },
    { args: ["--kubeclient-qps=-1", "--version"] },
    { args: ["--kubeclient-qps=inf", "--version"] },
    { args: ["--max-unseal-retries=0", "--version"] },
    { args: ["--watch-for-secrets", "--old-gc-behavior", "--skip-recreate", "--version"] },
    { args: ["--version"], env: { SEALED_SECRETS_KEY_SIZE: "abc", SEALED_SECRETS_UPDATE_STATUS: "maybe" } },
    { args: [], env: { SEALED_SECRETS_VERSION: "true" } },
    { args: ["--version"], env: { SEALED_SECRETS_HELP: "true", SEALED_SECRETS_NOPE: "1" } },
    { args: ["--version"], env: { SEALED_SECRETS_ROTATE_PERIOD: "1h" } },
    { args: ["--nope"], env: { SEALED_SECRETS_VERSION: "true" } },
  ] as readonly { args: string[]; env?: Record<string, string> }[])("$args $env: the same", async ({ args, env }) => {
    const { theirs, ours } = await both(args, env);
    expect(shape(ours)).toEqual(shape(theirs));
  });

  test.each([
    "--key-size=abc",
    "--key-size=",
    "--key-size=99999999999999999999",
    "--rate-limit=1.5",
    "--kubeclient-burst=2.5",
    "--kubeclient-qps=x",
    "--key-ttl=soon",
    "--key-ttl=99999999h",
    "--read-timeout=",
    "--rotate-period=xx",
  ])("%s: the same list, exit status and flag; the reason in our words", async (word) => {
    const { theirs, ours } = await both([word]);
    const upToReason = (result: { code: number; stdout: string; stderr: string }) => {
      const { stderr, ...rest } = shape(result);
      return { ...rest, stderr: stderr.replace(/ flag: .*/, " flag: …") };
    };
    expect(upToReason(ours)).toEqual(upToReason(theirs));
  });

  test.each([
    { word: "--key-ttl=-5h", why: "a certificate that has expired when it is made" },
    { word: "--max-unseal-retries=-1", why: "less than no retries" },
    { word: "--key-size=64", why: "a key that protects nothing" },
    { word: "--rate-limit=0", why: "the original panics on its first use" },
    { word: "--privatekey-labels=a", why: "the original ends after it has reached the cluster" },
  ])("$word is refused at once: $why", async ({ word }) => {
    expect((await runCli([word, "--version"], { argv0: "controller" })).code).toBe(2);
  });

  test("without a cluster both say so after the first line of the log; the original with a stack", async () => {
    const { theirs, ours } = await both([]);
    const first = (text: string) =>
      text
        .split("\n")[0]
        ?.replace(/time=\S+/, "time=T")
        .replace(/ version=.*/, "");
    expect(first(ours.stdout)).toBe(first(theirs.stdout));
    expect([theirs.code, theirs.stderr.split(" ")[0]]).toEqual([2, "panic:"]);
    expect([ours.code, ours.stderr]).toEqual([1, expect.stringMatching(/^error: Cannot .*\n(hint: .*\n)+$/)]);
  });
});
