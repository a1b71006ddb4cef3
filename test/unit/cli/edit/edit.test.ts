import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { editorCommand } from "../../../../cli/edit/editor-command.ts";
import { readManifests } from "../../../../src/yaml/index.ts";
import { type CaseKeys, caseKeys, labelOf, open } from "../../../helpers/kubeseal/cases.ts";
import { type CliRun, runCli } from "../../../helpers/run-cli.ts";

let keys: CaseKeys;
let sealed: string;
beforeAll(async () => {
  keys = await caseKeys(async () => "");
  const stdin =
    "apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: apps}\nstringData: {user: admin, pass: canary-old}\n";
  const { stdout } = await runCli("seal --cert cert.pem", { stdin, files: { "cert.pem": keys.certificate } });
  sealed = `# kept\n${stdout.replace(/^---\n/, "").replace("spec:", "spec: # kept too")}`;
});

const PATH = process.env["PATH"] ?? "";
const run = (line: string, editor: string, more: CliRun = {}) =>
  runCli(["edit", ...line.split(" ")], {
    ...more,
    env: { PATH, EDITOR: editor, ...more.env },
    files: {
      "cert.pem": keys.certificate,
      "key.pem": keys.tokens.get("@KEY") ?? "",
      "other.pem": keys.tokens.get("@KEY_OTHER") ?? "",
      "s.yaml": sealed,
      ...more.files,
    },
  });
const opened = (text = "") => {
  const object = JSON.parse(JSON.stringify(readManifests(text).manifests[0]?.value));
  const entries = Object.entries<string>(object.spec.encryptedData);
  return Object.fromEntries(entries.map(([key, item]) => [key, open(item, labelOf(object), keys)]));
};
const lineOf = (text: string, key: string) => text.split("\n").find((line) => line.startsWith(`    ${key}:`));

/** An editor that notes where its file was, and then does what it is told. */
const noting = (command: string) => `sh -c 'echo "$0" > seen-path; ${command}'`;
/** Whether what such an editor saw is gone, with its folder. */
const isGone = (path = "") => path.trim().endsWith("/db.yaml") && !existsSync(dirname(path.trim()));

describe("sealkit edit", () => {
  test("seals what was changed, and leaves every other byte", async () => {
    const result = await run("s.yaml -k key.pem --cert cert.pem", noting('exec sed -i s/canary-old/new/ "$0"'));
    expect([result.code, result.stdout, result.stderr]).toEqual([0, "", "Changed pass in apps/db (s.yaml)\n"]);
    const after = result.files["s.yaml"]?.text ?? "";
    expect(opened(after)).toEqual({ user: "admin", pass: "new" });
    expect(lineOf(after, "user")).toBe(lineOf(sealed, "user"));
    const others = (text: string) => text.split("\n").filter((line) => !/ (pass|sealkit.dev\/hints):/.test(line));
    expect(others(after)).toEqual(others(sealed));
    expect(isGone(result.files["seen-path"]?.text)).toBe(true);
  });

  test("without keys values are replaced, removed and added, not read", async () => {
    const editor =
      "sed -i -e 's/user: #.*/user: root/' -e '/pass: # unchanged (10 bytes)/d' -e '/^stringData/a\\  token: t'";
    const result = await run("s.yaml --cert cert.pem", editor);
    expect(result.stderr).toBe("Changed user; Added token; Removed pass in apps/db (s.yaml)\n");
    expect(opened(result.files["s.yaml"]?.text)).toEqual({ user: "root", token: "t" });
  });

  test("no name of the file makes a line of its own in what is edited", async () => {
    const named = sealed.replaceAll("name: db", 'name: "db\\nother: line"');
    const result = await run("s.yaml --cert cert.pem", `sh -c 'cp "$0" seen; exit 0'`, { files: { "s.yaml": named } });
    expect(result.files["seen"]?.text).toMatch(/^(#.*\n)+apiVersion: v1\n/);
    expect(result.files["s.yaml"]?.text).toBe(named);
  });

  test("an item that the keys do not open is shown without its value", async () => {
    const result = await run("s.yaml -k other.pem --cert cert.pem", "grep -q canary");
    expect(result.stderr).toContain("warning: the keys do not open pass, user: shown without a value");
    expect(result.stderr).toContain("it ended with status 1");
    expect([result.code, result.files["s.yaml"]?.text]).toEqual([1, sealed]);
  });

  test("the file is for its owner alone, in a folder of its own", async () => {
    const editor = `sh -c 'stat -c "mode: %a" "$(dirname "$0")" "$0" > seen; echo "$0" >> seen'`;
    const { files, stderr } = await run("s.yaml -k key.pem --cert cert.pem", editor);
    const [folder, file, path = ""] = (files["seen"]?.text ?? "").split("\n");
    expect([folder, file, stderr]).toEqual(["mode: 700", "mode: 600", "Nothing was changed: s.yaml is as it was\n"]);
    expect(path).toMatch(existsSync("/dev/shm") ? /^\/dev\/shm\/sealkit-[-\w]+\/db\.yaml$/ : /\/db\.yaml$/);
    expect(existsSync(path)).toBe(false);
    expect(files["s.yaml"]?.text).toBe(sealed);
  });

  test("shows what was refused again, with the reason and its line, until it is right", async () => {
    // The first time it breaks the text, the second time it keeps what it sees and mends it.
    const editor = `sh -c 'if grep -q "^# error" "$0"; then cp "$0" seen; sed -i "s/pass: \\[/pass: x/" "$0"; else sed -i "s/pass: .*/pass: [/" "$0"; fi'`;
    const { code, files, stderr } = await run("s.yaml -k key.pem --cert cert.pem", editor);
    expect([code, stderr]).toEqual([0, "Changed pass in apps/db (s.yaml)\n"]);
    const seen = files["seen"]?.text ?? "";
    const line = Number(/line (\d+)/.exec(seen)?.[1]);
    expect(seen).toMatch(/^# error: Cannot read "the edited Secret": line \d+, column \d+: /);
    expect(
      seen
        .split("\n")
        .slice(line - 3, line)
        .join("\n"),
    ).toContain("pass: [");
    expect(opened(files["s.yaml"]?.text)["pass"]).toBe("x");
  });

  test.each([
    {
      name: "left as it was refused",
      editor: `sh -c 'grep -q "^# error" "$0" || sed -i s/admin/5/ "$0"'`,
      why: "left as it was refused",
    },
    { name: "emptied", editor: "cp /dev/null", why: "the file was emptied" },
    { name: "an editor that fails", editor: noting("exit 1"), why: 'Cannot edit with "sh": it ended with status 1' },
    { name: "an editor that is not there", editor: "no-such-editor-x -n", why: "there is no such program" },
    { name: "an editor that is killed", editor: noting("kill -9 $$"), why: "it ended with signal SIGKILL" },
    {
      name: "a file that changes meanwhile",
      editor: `sh -c 'sed -i s/admin/root/ "$0"; sed -i s/user:./user:\\ B/ s.yaml'`,
      why: 'somebody else changed "s.yaml" meanwhile',
      changes: true,
    },
  ])("gives up when it is $name", async ({ editor, why, changes }) => {
    const result = await run("s.yaml -k key.pem --cert cert.pem", editor);
    expect(result.stderr).toContain(why);
    expect(result.stderr).not.toContain("canary-old");
    expect(result.code).toBe(1);
    if (changes !== true) expect(result.files["s.yaml"]?.text).toBe(sealed);
    const seen = result.files["seen-path"]?.text;
    if (seen !== undefined) expect(isGone(seen)).toBe(true);
  });

  test.each([
    { name: "stdin", line: "-", code: 2, why: "it changes a file, not stdin" },
    { name: "no file", line: "none.yaml --cert cert.pem", code: 1, why: 'Cannot read "none.yaml"' },
    { name: "an open quote", line: "s.yaml --editor vim' --cert cert.pem", code: 2, why: "is not closed" },
    { name: "no certificate", line: "s.yaml --cert none.pem", code: 1, why: 'Cannot read "none.pem"' },
    {
      name: "a layout that cannot be edited",
      line: "anchored.yaml --cert cert.pem",
      code: 1,
      why: "repeats what stands here",
    },
    { name: "no namespace", line: "bare.yaml --cert cert.pem", code: 1, why: "it has no namespace" },
  ])("refuses $name before anybody types", async ({ line, code, why }) => {
    const head = "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: a, namespace: b}\n";
    const files = {
      "anchored.yaml": `${head}spec: &s {encryptedData: {}}\nx: *s\n`,
      "bare.yaml": `${head.replace(", namespace: b", "")}spec: {encryptedData: {}}\n`,
    };
    const result = await run(line, "sh -c 'touch started'", { files });
    expect([result.code, result.stderr.includes(why), result.files["started"]]).toEqual([code, true, undefined]);
  });

  test("an interrupt ends the editor and leaves nothing behind", async () => {
    const cwd = mkdtempSync(join(tmpdir(), "sealkit-edit-test-"));
    try {
      const interrupt = new AbortController();
      const editor = noting("exec sleep 60");
      const running = run("s.yaml -k key.pem --cert cert.pem", editor, { signal: interrupt.signal, cwd });
      const seen = join(cwd, "seen-path");
      while (!existsSync(seen) || statSync(seen).size === 0) await new Promise((done) => setTimeout(done, 5));
      interrupt.abort();
      expect([(await running).code, readFileSync(join(cwd, "s.yaml"), "utf8")]).toEqual([130, sealed]);
      expect(isGone(readFileSync(seen, "utf8"))).toBe(true);
    } finally {
      rmSync(cwd, { recursive: true, force: true });
    }
  });
});

describe("editorCommand()", () => {
  test.each([
    { env: {}, want: ["vi"] },
    { env: { EDITOR: "nano -w" }, want: ["nano", "-w"] },
    { env: { EDITOR: "nano", VISUAL: "code --wait" }, want: ["code", "--wait"] },
    { env: { EDITOR: " ", VISUAL: "" }, want: ["vi"] },
    { env: { EDITOR: `'/my apps/ed' "a b"c d\\ e '' "x\\"y"` }, want: ["/my apps/ed", "a bc", "d e", "", 'x"y'] },
    { env: { EDITOR: "ed; rm -rf $HOME" }, want: ["ed;", "rm", "-rf", "$HOME"] },
    { env: { EDITOR: "nano" }, asked: "ed -s", want: ["ed", "-s"] },
  ])("$env", ({ env, asked, want }) => expect(editorCommand({ env }, asked)).toEqual(want));
});
