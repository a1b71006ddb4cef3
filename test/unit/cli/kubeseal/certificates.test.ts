import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { fingerprintProblem } from "../../../../cli/certificates/fingerprint.ts";
import type { SealingKeyPair } from "../../../../src/x509/index.ts";
import { type FakeApi, kubeconfigOf, startFakeApi } from "../../../helpers/fakes/api.ts";
import { openItem } from "../../../helpers/open-item.ts";
import { type CliResult, runCli } from "../../../helpers/run-cli.ts";
import { makeSealingKey } from "../../../helpers/sealing-keys.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 5, 1);
const SECRET = '{"kind":"Secret","metadata":{"name":"db","namespace":"apps"},"stringData":{"p":"hello"}}';
const SECOND = SECRET.replace('"db"', '"web"');

let first: SealingKeyPair;
let second: SealingKeyPair;
let api: FakeApi;
beforeAll(async () => {
  first = await makeSealingKey({ now: NOW - 100 * DAY });
  second = await makeSealingKey({ now: NOW - 100 * DAY });
  const short = await makeSealingKey({ now: NOW - DAY, lifetimeMs: 2 * DAY });
  api = await startFakeApi({
    certificates: { "*": first.certificatePem, other: second.certificatePem, short: short.certificatePem },
  });
});
afterAll(() => api.close());

const itemsOf = ({ stdout }: CliResult) => [...stdout.matchAll(/"p": "([^"]+)"/g)].map(([, item = ""]) => item);
const opens = (item: string, { privateKey }: SealingKeyPair, label = "apps/db") =>
  openItem(item, label, privateKey.pkcs8)?.toString();

describe("several certificates", () => {
  const files = () => ({ "a.pem": first.certificatePem, "b.pem": second.certificatePem });

  test("without --each-cert the last one counts, as in the original", async () => {
    const result = await runCli("kubeseal --cert a.pem --cert b.pem", { stdin: SECRET, files: files(), now: NOW });
    expect(itemsOf(result).map((item) => opens(item, second))).toEqual(["hello"]);
  });

  test("with --each-cert the whole input is sealed for each, in the order of the flags", async () => {
    const stdin = `${SECRET}${SECOND}`;
    const result = await runCli("kubeseal --each-cert --cert b.pem --cert a.pem", { stdin, files: files(), now: NOW });
    expect(result.code).toBe(0);
    const [one = "", two = "", three = "", four = "", ...more] = itemsOf(result);
    expect(more).toEqual([]);
    expect([opens(one, second), opens(two, second, "apps/web")]).toEqual(["hello", "hello"]);
    expect([opens(three, first), opens(four, first, "apps/web")]).toEqual(["hello", "hello"]);
  });

  test("one file holds the documents of all", async () => {
    const line = "kubeseal --each-cert --cert a.pem --cert b.pem -w out.yaml";
    const result = await runCli(line, { stdin: SECRET, files: files(), now: NOW });
    expect(result.files["out.yaml"]?.text.match(/^---$/gm)).toHaveLength(2);
  });

  test("--raw prints a line for each", async () => {
    const line = "kubeseal --each-cert --cert a.pem --cert b.pem --raw --scope cluster-wide";
    const result = await runCli(line, { stdin: "v", files: files(), now: NOW });
    const [one = "", two = "", rest] = result.stdout.split("\n");
    expect([opens(one, first, ""), opens(two, second, ""), rest]).toEqual(["v", "v", ""]);
  });

  test("an empty one among them is the controller", async () => {
    const line = "kubeseal --each-cert --cert= --cert b.pem";
    const env = { KUBECONFIG: "kc" };
    const result = await runCli(line, {
      stdin: SECRET,
      files: { ...files(), kc: kubeconfigOf(api.url) },
      env,
      now: NOW,
    });
    const [one = "", two = ""] = itemsOf(result);
    expect([opens(one, first), opens(two, second)]).toEqual(["hello", "hello"]);
  });

  test.each([
    ["a second that is missing", "--cert a.pem --cert none.pem", "error: open none.pem: no such file or directory\n"],
    ["--merge-into", "--cert a.pem --cert b.pem --merge-into t.yaml", "error: Cannot merge for several certificates"],
  ])("%s is refused before anything is printed", async (_, line, stderr) => {
    const result = await runCli(`kubeseal --each-cert ${line}`, { stdin: SECRET, files: files(), now: NOW });
    expect([result.code, result.stdout]).toEqual([1, ""]);
    expect(result.stderr).toContain(stderr);
  });
});

describe("a pinned key", () => {
  const seal = (line: string, env: Record<string, string> = {}) =>
    runCli(`kubeseal ${line}`, {
      stdin: SECRET,
      files: { "a.pem": first.certificatePem, kc: kubeconfigOf(api.url) },
      env: { KUBECONFIG: "kc", ...env },
      now: NOW,
    });

  test.each(["--cert a.pem", "", "--cert a.pem --raw --name x -n y", "--fetch-cert", "--fetch-cert --cert a.pem"])(
    "%s is sealed or printed for the wanted key only",
    async (line) => {
      const good = await seal(`${line} --cert-fingerprint ${first.certificate.fingerprint}`);
      expect([good.code, good.stderr]).toEqual([0, ""]);
      const bad = await seal(`${line} --cert-fingerprint ${second.certificate.fingerprint}`);
      expect([bad.code, bad.stdout]).toEqual([1, ""]);
      expect(bad.stderr).toMatch(
        /^error: Cannot seal with the certificate (in "a.pem"|from the controller): its key is another one\n/,
      );
      expect(bad.stderr).toContain(
        `its key is ${first.certificate.fingerprint}\n  wanted is ${second.certificate.fingerprint}\n`,
      );
    },
  );

  test("any of several is accepted", async () => {
    const { fingerprint } = first.certificate;
    const line = `--cert a.pem --cert-fingerprint ${second.certificate.fingerprint} --cert-fingerprint ${fingerprint}`;
    expect((await seal(line)).code).toBe(0);
  });

  test("the environment pins too", async () => {
    const env = { SEALED_SECRETS_CERT_FINGERPRINT: second.certificate.fingerprint };
    expect((await seal("--cert a.pem", env)).code).toBe(1);
  });

  test.each(["sha256:x", "SHA256:", `SHA256:${"a".repeat(42)}`, `SHA256:${"a".repeat(44)}`, "MD5:00", ""])(
    "'%s' is no fingerprint",
    (typed) => expect(fingerprintProblem(typed)).toMatch(/^it is not SHA256:/),
  );

  test("a flag that is no fingerprint ends with exit code 2", async () => {
    expect((await seal("--cert a.pem --cert-fingerprint abc")).code).toBe(2);
  });
});

describe("the certificate cache", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "sealkit-cache-"));
    api.forget();
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  interface Cached {
    readonly now?: number;
    readonly server?: string;
    readonly cluster?: object;
    readonly env?: Record<string, string>;
  }
  const seal = (line: string, { now = NOW, server = api.url, cluster, env = {} }: Cached = {}) =>
    runCli(`kubeseal ${line}`, {
      stdin: SECRET,
      files: { kc: kubeconfigOf(server, cluster === undefined ? {} : { cluster }) },
      env: { KUBECONFIG: "kc", XDG_CACHE_HOME: folder, ...env },
      now,
    });
  /** Puts a link in place of something, and gives the place that it leads to. */
  const relink = (path: string) => {
    const target = join(folder, "elsewhere");
    renameSync(path, target);
    symlinkSync(target, path);
    return target;
  };
  const kept = () => {
    const inside = join(folder, "sealkit", "certificates");
    return readdirSync(inside).map((name) => join(inside, name));
  };

  test("is off unless asked for", async () => {
    await seal("");
    await seal("--cert-max-age 0");
    expect([readdirSync(folder), api.requests.length]).toEqual([[], 4]);
  });

  test("keeps the certificate for its owner alone, and asks nobody while it is young", async () => {
    expect((await seal("--cert-max-age 12h")).code).toBe(0);
    const [path = ""] = kept();
    expect(path).toMatch(/\/[0-9a-f]{64}\.pem$/);
    expect([statSync(path).mode & 0o777, statSync(join(path, "..")).mode & 0o777]).toEqual([0o600, 0o700]);
    api.forget();
    const again = await seal("--cert-max-age 12h", { now: NOW + 12 * HOUR });
    expect([again.code, again.stderr, api.requests.length]).toEqual([0, "", 0]);
    expect(itemsOf(again).map((item) => opens(item, first))).toEqual(["hello"]);
  });

  test("one that is too old is not used when the cluster is away; the hint says which age would do", async () => {
    const moving = await startFakeApi({ certificates: { "*": first.certificatePem } });
    await seal("--cert-max-age 1h", { server: moving.url });
    await moving.close();
    const young = await seal("--cert-max-age 1h", { server: moving.url, now: NOW + HOUR });
    expect([young.code, young.stderr]).toEqual([0, ""]);
    const old = await seal("--cert-max-age 1h", { server: moving.url, now: NOW + 5 * HOUR });
    expect(old.code).toBe(1);
    expect(old.stderr).toMatch(/^error: cannot get sealed secret service: Get "http:.*connection refused\.\n/);
    expect(old.stderr).toContain("hint: one fetched 5h ago is in the cache: --cert-max-age 6h uses it\n");
  });

  test.each<[string, Cached, string]>([
    ["another server", { cluster: { server: "http://127.0.0.1:1" } }, ""],
    ["another authority", { cluster: { "certificate-authority-data": Buffer.from("x").toString("base64") } }, ""],
    ["no check of the server", { cluster: { "insecure-skip-tls-verify": true } }, ""],
    ["another name of the server", { cluster: { "tls-server-name": "b" } }, ""],
    ["another controller", {}, "--controller-name b"],
    ["another namespace", {}, "--controller-namespace b"],
  ])("%s never shares it", async (_, changed, flags) => {
    await seal("--cert-max-age 12h");
    await seal(`--cert-max-age 12h ${flags}`, { ...changed });
    const asked = api.requests.length;
    expect(kept().length === 2 || asked === 2).toBe(true);
    await seal("--cert-max-age 12h");
    expect(api.requests.length).toBe(asked);
  });

  test("--fetch-cert asks in any case, and keeps what it got", async () => {
    await seal("--cert-max-age 12h");
    api.forget();
    expect((await seal("--fetch-cert --cert-max-age 12h", { now: NOW + HOUR })).stdout).toBe(first.certificatePem);
    expect(api.requests.length).toBe(2);
    expect(readFileSync(kept()[0] ?? "", "utf8")).toContain(new Date(NOW + HOUR).toISOString());
  });

  test.each<[string, (path: string) => void]>([
    ["others may write it", (path) => chmodSync(path, 0o666)],
    ["it does not say when it was fetched", (path) => writeFileSync(path, first.certificatePem)],
    ["it is of the future", (path) => writeFileSync(path, `# fetched 2030-01-01T00:00:00Z\n${first.certificatePem}`)],
    ["it holds none", (path) => writeFileSync(path, `# fetched ${new Date(NOW).toISOString()}\ngarbage`)],
    ["it is far too big", (path) => writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.alloc(70_000, 10)]))],
    ["it is a folder", (path) => [rmSync(path), mkdirSync(path)]],
  ])("is asked for again when %s", async (_, change) => {
    await seal("--cert-max-age 12h");
    const [path = ""] = kept();
    change(path);
    api.forget();
    expect((await seal("--cert-max-age 12h")).code).toBe(0);
    expect(api.requests.length).toBe(2);
  });

  test("one of another key than the pinned one is asked for again, and not kept", async () => {
    await seal("--cert-max-age 12h");
    const [path = ""] = kept();
    const before = readFileSync(path);
    api.forget();
    const wrong = await seal(`--cert-max-age 12h --cert-fingerprint ${second.certificate.fingerprint}`, {
      now: NOW + 1,
    });
    expect([wrong.code, api.requests.length]).toEqual([1, 2]);
    expect(readFileSync(path)).toEqual(before);
    api.forget();
    const right = await seal(`--cert-max-age 12h --cert-fingerprint ${first.certificate.fingerprint}`);
    expect([right.code, api.requests.length]).toEqual([0, 0]);
  });

  test("one that is out of date is asked for again", async () => {
    await seal("--controller-namespace short --cert-max-age 90d");
    api.forget();
    const late = await seal("--controller-namespace short --cert-max-age 90d", { now: NOW + 3 * DAY });
    expect(api.requests.length).toBe(2);
    expect(late.stderr).toContain("failed to encrypt using an expired certificate");
  });

  test("says so when the controller may have renewed its key, and with -v which one it is", async () => {
    await seal("--cert-max-age 90d");
    const quiet = await seal("--cert-max-age 90d", { now: NOW + 29 * DAY });
    expect(quiet.stderr).toBe("");
    const verbose = await seal("--cert-max-age 90d -v 1", { now: NOW + 3 * HOUR });
    expect(verbose.stderr).toBe(`Sealing for key ${first.certificate.fingerprint}, fetched 3h ago\n`);
    const old = await seal("--cert-max-age 90d", { now: NOW + 31 * DAY });
    expect(old.stderr).toBe(
      "warning: the certificate was fetched 31d ago, and the controller may have renewed its key since\n",
    );
  });

  test.each([
    ["its folder can be written by others", (path: string) => chmodSync(join(path, ".."), 0o777)],
    ["its folder is a link", (path: string) => relink(join(path, ".."))],
    ["it can be written by others", (path: string) => chmodSync(path, 0o666)],
    ["it is a link", (path: string) => relink(path)],
  ])("is not read when %s", async (_, spoil) => {
    await seal("--cert-max-age 12h");
    const [path = ""] = kept();
    spoil(path);
    api.forget();
    expect([(await seal("--cert-max-age 12h")).code, api.requests.length]).toEqual([0, 2]);
  });

  test("nothing is written through a link, nor where others can write", async () => {
    await seal("--cert-max-age 12h");
    const [path = ""] = kept();
    const target = relink(path);
    writeFileSync(target, "mine");
    const linked = await seal("--cert-max-age 12h");
    expect([linked.code, readFileSync(target, "utf8")]).toEqual([0, "mine"]);
    expect(linked.stderr).toMatch(/^warning: the certificate was not kept: .*others could change what is there/);
    rmSync(path);
    chmodSync(join(path, ".."), 0o777);
    expect((await seal("--cert-max-age 12h")).stderr).toContain("others could change");
    expect(kept()).toEqual([]);
  });

  test("a cache that cannot be written is a warning", async () => {
    writeFileSync(join(folder, "sealkit"), "a file");
    const result = await seal("--cert-max-age 12h");
    expect(result.code).toBe(0);
    expect(result.stderr).toMatch(/^warning: the certificate was not kept: /);
  });

  test("~/.cache is where it is without XDG_CACHE_HOME, or with a relative one", async () => {
    const env = { HOME: folder, XDG_CACHE_HOME: "relative" };
    await seal("--cert-max-age 12h", { env });
    expect(readdirSync(join(folder, ".cache", "sealkit", "certificates"))).toHaveLength(1);
  });

  test("no login plugin is asked while the certificate is young", async () => {
    await seal("--cert-max-age 12h");
    const user = {
      exec: { apiVersion: "client.authentication.k8s.io/v1", command: "none-such", interactiveMode: "Never" },
    };
    const line = "kubeseal --cert-max-age 12h";
    const env = { KUBECONFIG: "kc", XDG_CACHE_HOME: folder };
    const result = await runCli(line, { stdin: SECRET, files: { kc: kubeconfigOf(api.url, { user }) }, env, now: NOW });
    expect([result.code, result.stderr]).toEqual([0, ""]);
  });

  test.each(["yesterday", "-1h", "1y", ""])("--cert-max-age '%s' is no age", async (age) => {
    expect((await seal(`--cert-max-age=${age}`)).code).toBe(2);
  });
});
