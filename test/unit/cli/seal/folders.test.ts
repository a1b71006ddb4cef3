import { lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { readCertificate } from "../../../../src/x509/index.ts";
import { readManifests } from "../../../../src/yaml/index.ts";
import { type CaseKeys, caseKeys, labelOf, open } from "../../../helpers/kubeseal/cases.ts";
import { type CliRun, runCli } from "../../../helpers/run-cli.ts";
import { makeSealingKey } from "../../../helpers/sealing-keys.ts";

const secret = (name: string, value: string) =>
  `apiVersion: v1\nkind: Secret\nmetadata:\n  name: ${name}\n  namespace: apps\nstringData:\n  pass: ${value} # ${value}-comment\n`;
const MAP = "# map\napiVersion: v1\nkind: ConfigMap\nmetadata: {name:   m}\n";

let keys: CaseKeys;
let sealed: string;
let otherCertificate: string;
beforeAll(async () => {
  otherCertificate = (await makeSealingKey()).certificatePem;
  keys = await caseKeys(async () => "");
  sealed = (
    await runCli("seal --cert cert.pem", { stdin: secret("old", "x"), files: { "cert.pem": keys.certificate } })
  ).stdout;
});

const FILES = {
  "repo/a.yaml": `# head\n${secret("a", "canary-a")}`,
  "repo/deep/er/multi.yaml": `${MAP}--- # two\n${secret("b", "canary-b")}# below: canary-b\n---\n${secret("c", "canary-c")}---\n${MAP}`,
  "repo/list.json": JSON.stringify({
    apiVersion: "v1",
    kind: "List",
    items: [
      { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "m" } },
      {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "d", namespace: "apps" },
        stringData: { pass: "canary-d" },
      },
    ],
  }),
  "repo/sops.yaml":
    "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {pass: ENC}\nsops: {version: 3.9.0}\n",
  "repo/map.yaml": MAP,
  "repo/patch.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: a, labels: {x: z}}\ndata: {}\n",
  "repo/text.txt": secret("t", "canary-t"),
  "repo/.git/x.yaml": secret("g", "canary-g"),
  "repo/build/x.yaml": secret("i", "canary-i"),
  "repo/.gitignore": "build/\n*.secret.yaml\n",
  "repo/plain.secret.yaml": secret("p", "canary-p"),
  "repo/chart.yaml": "kind: Secret\nx: {{ .Values.x }}\n",
};

const run = (line: string, more: CliRun = {}) =>
  runCli(`seal ${line}`, {
    ...more,
    files: {
      "cert.pem": keys.certificate,
      "key.pem": keys.tokens.get("@KEY") ?? "",
      "other.pem": keys.tokens.get("@KEY_OTHER") ?? "",
      ...FILES,
      "repo/sealed.yaml": sealed,
      ...more.files,
    },
  });
const values = (text = "") => readManifests(text).manifests.map(({ value }) => JSON.parse(JSON.stringify(value)));
const opened = (object: Parameters<typeof labelOf>[0]) =>
  open(JSON.parse(JSON.stringify(object)).spec.encryptedData.pass, labelOf(object), keys);

describe("sealkit seal DIR", () => {
  test("seals the Secrets of all manifests in place, and nothing else", async () => {
    const { code, stdout, stderr, files } = await run("repo --in-place --cert cert.pem");
    expect([code, stdout]).toEqual([0, ""]);
    expect(stderr).toBe(
      'warning: "repo/chart.yaml" is passed over: it is a template, no manifest\n' +
        `Sealed 5 Secrets in 4 files for ${readCertificate(keys.certificate).fingerprint}; 1 sealed already; 1 encrypted with SOPS\n`,
    );
    const text = (path: string) => files[`repo/${path}`]?.text ?? "";
    expect(text("a.yaml").startsWith("# head\napiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\n")).toBe(true);
    expect(opened(values(text("a.yaml"))[0])).toBe("canary-a");
    const multi = text("deep/er/multi.yaml");
    expect(multi.startsWith(`${MAP}--- # two\napiVersion: bitnami`)).toBe(true);
    expect(multi.endsWith(`---\n${MAP}`)).toBe(true);
    expect(values(multi).slice(1, 3).map(opened)).toEqual(["canary-b", "canary-c"]);
    const [list] = values(text("list.json"));
    expect([list.items[0].kind, opened(list.items[1])]).toEqual(["ConfigMap", "canary-d"]);
    for (const path of ["a.yaml", "deep/er/multi.yaml", "list.json", "plain.secret.yaml"]) {
      expect(text(path)).not.toContain("canary");
    }
    for (const path of [
      "sops.yaml",
      "map.yaml",
      "patch.yaml",
      "text.txt",
      ".git/x.yaml",
      "build/x.yaml",
      "chart.yaml",
    ] as const) {
      expect(text(path)).toBe(FILES[`repo/${path}`]);
    }
    expect(text("sealed.yaml")).toBe(sealed);
    const again = await run("repo --in-place --cert cert.pem", {
      files: Object.fromEntries(Object.entries(files).map(([path, { bytes }]) => [path, bytes])),
    });
    expect(again.stderr).toContain("Sealed 0 Secrets in 0 files; 6 sealed already; 1 encrypted with SOPS");
    expect(again.files["repo/deep/er/multi.yaml"]?.text).toBe(multi);
  });

  test("writes the results below another folder", async () => {
    const { code, files } = await run("repo --out out --cert cert.pem");
    expect(code).toBe(0);
    expect(
      Object.keys(files)
        .filter((path) => path.startsWith("out/"))
        .sort(),
    ).toEqual(["out/a.yaml", "out/deep/er/multi.yaml", "out/list.json", "out/plain.secret.yaml"]);
    expect(files["repo/a.yaml"]?.text).toBe(FILES["repo/a.yaml"]);
  });

  test("--dry-run says what it would do and changes nothing, without a certificate", async () => {
    const { code, stdout, stderr, files } = await run("repo --dry-run");
    expect(code).toBe(0);
    expect(stdout).toBe(
      "would seal apps/a (repo/a.yaml)\nwould seal apps/b (repo/deep/er/multi.yaml)\nwould seal apps/c (repo/deep/er/multi.yaml)\n" +
        "would seal apps/d (repo/list.json)\nwould seal apps/p (repo/plain.secret.yaml)\n",
    );
    expect(stderr).toContain("Would seal 5 Secrets in 4 files");
    expect(files["repo/a.yaml"]?.text).toBe(FILES["repo/a.yaml"]);
  });

  test("-n is for Secrets that name no namespace; a file that fails stays, the others are sealed", async () => {
    const bare = secret("bare", "x").replace("  namespace: apps\n", "");
    const files = {
      "d/bare.yaml": bare,
      "d/bad.yaml": `${secret("x", "canary-x")}  data: 5\n`,
      "d/ok.yaml": secret("o", "o"),
    };
    const without = await run("d --in-place --cert cert.pem", { files });
    expect(without.code).toBe(1);
    expect(without.stderr).toContain('in "d/bare.yaml", document 1 (line 1)');
    expect(without.stderr).toContain("Sealed 1 Secret in 1 file for");
    expect(without.stderr).toContain("; 2 files failed\n");
    expect(without.stderr).not.toContain("canary-x");
    expect(without.files["d/bad.yaml"]?.text).toBe(files["d/bad.yaml"]);
    const given = await run("d/bare.yaml d --in-place --cert cert.pem -n team", { files });
    expect(values(given.files["d/bare.yaml"]?.text)[0].metadata.namespace).toBe("team");
    expect(values(given.files["d/ok.yaml"]?.text)[0].metadata.namespace).toBe("apps");
  });

  test("a place that cannot be written to fails alone", async () => {
    const files = {
      "d/a/x.yaml": secret("x", "x"),
      "d/b.yaml": secret("b", "b"),
      "out/a": "a file where a folder is wanted",
    };
    const result = await run("d --out out --cert cert.pem", { files });
    expect([result.code, result.files["out/b.yaml"]?.text.includes("SealedSecret")]).toEqual([1, true]);
    expect(result.stderr).toMatch(
      /error: Cannot write "out\/a": .*\n[\s\S]*Sealed 1 Secret in 1 file for .*; 1 file failed\n$/,
    );
    const missing = await run("d nothing.yaml --out out2 --cert cert.pem", { files });
    expect([missing.code, missing.stderr.includes('Cannot read "nothing.yaml"')]).toEqual([1, true]);
    const checked = await run("--check d/b.yaml nothing.yaml", { files });
    expect(checked.stdout).toMatch(/error +nothing.yaml +Cannot read "nothing.yaml": no such file or directory\n/);
  });

  test("follows no symbolic link", async () => {
    const cwd = mkdtempSync(join(tmpdir(), "sealkit-links-"));
    try {
      mkdirSync(join(cwd, "d"));
      mkdirSync(join(cwd, "outside"));
      writeFileSync(join(cwd, "outside/x.yaml"), secret("x", "canary-x"));
      symlinkSync("../outside", join(cwd, "d/folder"));
      symlinkSync("../outside/x.yaml", join(cwd, "d/file.yaml"));
      const { code, stderr } = await run("d --in-place --cert cert.pem", { cwd });
      expect([code, stderr]).toEqual([0, "2 symbolic links not followed\nSealed 0 Secrets in 0 files\n"]);
      expect(readFileSync(join(cwd, "outside/x.yaml"), "utf8")).toContain("canary-x");
      expect(lstatSync(join(cwd, "d/file.yaml")).isSymbolicLink()).toBe(true);
    } finally {
      rmSync(cwd, { recursive: true, force: true });
    }
  });

  test("warns of a value that ends in what echo added", async () => {
    const files = { "d/s.yaml": `${secret("s", "x")}  echoed: "canary-e\\n"\n  lines: "a\\nb\\n"\n` };
    for (const line of ["d --in-place --cert cert.pem", "d/s.yaml --cert cert.pem"]) {
      const { stderr } = await run(line, { files });
      expect(stderr).toContain(
        'warning: the value of echoed in "d/s.yaml", document 1 (line 1) ends in a line end, which is sealed too\n',
      );
      expect(stderr).not.toMatch(/canary-e|value of lines/);
    }
  });

  test("warns of a key that is read as something else", async () => {
    const files = { "d/s.yaml": `${secret("s", "x")}  on: a\n  010: b\n  "y": c\n---\nkind: Workflow\non: push\n` };
    const folder = await run("d --in-place --cert cert.pem", { files });
    expect(folder.stderr.match(/^warning: .*/gm)).toEqual([
      expect.stringMatching(/^warning: in "d\/s.yaml", line \d+: the key on is read as "true": put quotes around it$/),
      expect.stringMatching(/: the key 010 is read as "8": put quotes around it$/),
    ]);
    const only = { "d/s.yaml": files["d/s.yaml"].split("---\n")[0] ?? "" };
    const single = await run("d/s.yaml --cert cert.pem", { files: only });
    expect(single.stderr).toBe(folder.stderr.match(/^warning: .*\n/gm)?.join(""));
  });

  test.each([
    { name: "no place for the results", line: "repo --cert cert.pem", why: "not said where the results go" },
    { name: "two places", line: "repo --in-place --out x --cert cert.pem", why: "do not go together" },
    { name: "one file for all results", line: "repo -w x --cert cert.pem", why: "-w is for one result" },
    { name: "one name for all", line: "repo --name x --in-place --cert cert.pem", why: "--name is for one Secret" },
    { name: "age", line: "repo --age age1x --in-place", why: "--age seals single files" },
    {
      name: "several certificates",
      line: "repo --in-place --cert cert.pem --cert cert.pem",
      why: "one certificate at a time",
    },
    { name: "--verify without --check", line: "repo --verify", why: "--verify is of use with --check only" },
    { name: "keys without --check", line: "a.yaml -k key.pem", why: "a private key is of use with --check only" },
  ])("refuses $name", async ({ line, why }) => {
    const result = await run(line);
    expect([result.code, result.stdout, result.files["repo/a.yaml"]?.text]).toEqual([2, "", FILES["repo/a.yaml"]]);
    expect(result.stderr).toContain(why);
  });
});

describe("sealkit seal --check", () => {
  const check = (line: string, files: CliRun["files"] = {}) =>
    runCli(`seal --check ${line}`, {
      files: {
        "cert.pem": keys.certificate,
        "key.pem": keys.tokens.get("@KEY") ?? "",
        "other.pem": keys.tokens.get("@KEY_OTHER") ?? "",
        ...files,
      },
    });

  test("finds what is in the clear, and what cannot be read", async () => {
    const { code, stdout, stderr } = await check("repo", { ...FILES, "repo/bad.yaml": "kind: Secret\na: [\n" });
    expect(code).toBe(1);
    const rows = stdout
      .trimEnd()
      .split("\n")
      .slice(1)
      .map((line) => line.split(/ {3,}/));
    expect(
      rows.map(([level, file, , problem]) => [level, file, problem ?? ""].join(" ").slice(0, 60)).sort(),
    ).toHaveLength(7);
    expect(stdout).toContain("a Secret in the clear");
    expect(stdout).toMatch(/error +repo\/bad.yaml +it cannot be read: line 3/);
    expect(stdout).toMatch(/warning +repo\/chart.yaml +not looked at: it is a template/);
    expect(stderr).toBe("Checked 0 SealedSecrets with 0 items in 0 files; 6 errors, 1 warning\n");
    expect(stdout + stderr).not.toContain("canary");
  });

  test("reports what hints claim, and never more", async () => {
    const good = await check("d --cert cert.pem", { "d/s.yaml": sealed });
    expect([good.code, good.stdout]).toEqual([0, ""]);
    expect(good.stderr).toMatch(
      /^Checked 1 SealedSecret with 1 item in 1 file; hints claim SHA256:\S+ for 1; 0 errors, 0 warnings\n$/,
    );
    const stale = await check("d", { "d/s.yaml": sealed.replace(/pass=[0-9a-f]{12}/, "pass=000000000000") });
    expect(stale.stderr).toContain("hints claim nothing, unknown 1;");
    const other = sealed.replace(/SHA256:.{43}/, `SHA256:${"A".repeat(43)}`);
    const foreign = await check("d --cert cert.pem", { "d/s.yaml": other });
    expect([foreign.code, foreign.stdout]).toEqual([
      0,
      expect.stringMatching(
        /warning +d\/s.yaml +apps\/old +pass +claims SHA256:AAAA…AAAA, not the certificate given\n/,
      ),
    ]);
    expect((await check("d --cert cert.pem --strict", { "d/s.yaml": other })).code).toBe(1);
    const both = await check("d --cert other-cert.pem --cert cert.pem --strict", {
      "d/s.yaml": sealed,
      "other-cert.pem": otherCertificate,
    });
    expect([both.code, both.stdout]).toEqual([0, ""]);
    const plain = sealed.replace(/ +annotations:\n.*\n/, "").replace(/pass: AQ/, "pass: AY");
    const short = await check("d --cert cert.pem", { "d/s.yaml": plain });
    expect(short.stdout).toContain("damaged: it is cut off");
    expect(good.stdout + good.stderr + foreign.stdout).not.toMatch(/prove/);
  });

  test("with keys, says what is so", async () => {
    const files = { "d/s.yaml": sealed, "d/moved.yaml": sealed.replaceAll("name: old", "name: moved") };
    const { code, stdout, stderr } = await check("d -k key.pem", files);
    expect(code).toBe(1);
    expect(stdout).toMatch(/error +d\/moved.yaml +apps\/moved +pass +sealed for apps\/old \(strict\)\n/);
    expect(stderr).toContain("; 1 open;");
    const other = await check("d/s.yaml -k other.pem -o json", files);
    expect(JSON.parse(other.stdout)).toEqual([
      { level: "error", file: "d/s.yaml", object: "apps/old", item: "pass", problem: "no key opens it" },
    ]);
    const lie = await check("d -k key.pem", { "d/s.yaml": sealed.replace(/SHA256:.{43}/, `SHA256:${"A".repeat(43)}`) });
    expect([lie.code, lie.stdout]).toEqual([
      0,
      expect.stringMatching(/warning .* its hint claims SHA256:AAAA…AAAA, but SHA256:.* opens it\n/),
    ]);
  });

  test("a name cannot send commands to the terminal", async () => {
    const { stdout, stderr } = await check(".", { "s.yaml": sealed.replace(/ {4}pass: A\S+/, '    "\\e[2Jx": AQAA') });
    expect(stdout).toContain("\ufffd[2Jx");
    expect(stdout + stderr).not.toContain("\u001b");
  });

  test("a SealedSecret of a version that nobody knows is an error of its file", async () => {
    const { code, stdout } = await check(".", { "s.yaml": sealed.replace("v1alpha1", "v9") });
    expect([code, stdout]).toEqual([
      1,
      expect.stringMatching(/error +s.yaml +it cannot be read: Cannot read SealedSecret/),
    ]);
  });

  test("tells damaged items", async () => {
    const { code, stdout } = await check(".", { "s.yaml": sealed.replace(/pass: A\S+/, "pass: AQAA") });
    expect([code, stdout]).toEqual([1, expect.stringContaining("damaged: it is cut off")]);
  });

  test("fails for a certificate that has expired", async () => {
    const files = { "e.pem": keys.tokens.get("@CERT_EXPIRED") ?? "", "d/s.yaml": sealed };
    expect((await check("d --cert e.pem", files)).stderr).toContain("it has expired");
  });
});
