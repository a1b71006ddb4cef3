import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { encrypt } from "../../../../src/sops/index.ts";
import { leftBehind } from "../../../helpers/private-folders.ts";
import { type CliRun, runCli } from "../../../helpers/run-cli.ts";
import { IDENTITY_A, IDENTITY_B, RECIPIENT_A, RECIPIENT_B } from "../../../helpers/sops.ts";

const CANARY = "canary-9d1e";
const NOW = Date.UTC(2026, 10, 20);
const PLAIN = `user: admin\npass: ${CANARY}\n`;
let enc: string;
beforeAll(async () => {
  enc = (await encrypt(PLAIN, "yaml", { recipients: [RECIPIENT_A], now: NOW })).text;
});

const PATH = process.env["PATH"] ?? "";

/** Runs `sealkit sops` with an editor that is a line for a shell; `$1` is the file. */
async function edit(words: readonly string[], script: string, more: CliRun = {}) {
  const base = mkdtempSync(join(tmpdir(), "sealkit-sops-edit-"));
  onTestFinished(() => rmSync(base, { recursive: true, force: true }));
  writeFileSync(join(base, "editor"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const work = join(base, "work");
  mkdirSync(join(work, "temporary"), { recursive: true });
  const run = await runCli(["sops", ...words], {
    ...more,
    cwd: work,
    files: { "f.yaml": enc, ...more.files },
    env: { PATH, SOPS_AGE_KEY: IDENTITY_A, EDITOR: join(base, "editor"), TMPDIR: join(work, "temporary"), ...more.env },
  });
  expect([...leftBehind(work, ["f.yaml", "n.yaml", "n.env"]), ...readdirSync(join(work, "temporary"))]).toEqual([]);
  return run;
}

async function clearOf(text: string, name = "x.yaml", identity = IDENTITY_A): Promise<string> {
  const run = await runCli(["sops", "decrypt", name], { files: { [name]: text }, env: { SOPS_AGE_KEY: identity } });
  expect([run.code, run.stderr]).toEqual([0, ""]);
  return run.stdout;
}

const lineOf = (text: string, key: string) => text.split("\n").find((line) => line.startsWith(`${key}:`));

describe("sealkit sops edit", () => {
  test("leaves values that were not touched as they are, and shows the text to its owner alone", async () => {
    const run = await edit(["f.yaml"], `stat -c %a "$(dirname "$1")" "$1"; sed -i s/admin/root/ "$1"`);
    expect([run.code, run.stdout, run.stderr]).toEqual([0, "700\n600\n", ""]);
    const after = run.files["f.yaml"]?.text ?? "";
    expect(await clearOf(after)).toBe(PLAIN.replace("admin", "root"));
    expect([lineOf(after, "pass"), lineOf(after, "user") === lineOf(enc, "user")]).toEqual([
      lineOf(enc, "pass"),
      false,
    ]);
  });

  test("keeps the edits with --show-master-keys, and changed keys, selector and threshold count", async () => {
    const changed = await edit(["-s", "f.yaml"], `sed -i s/admin/root/ "$1"`);
    expect([changed.code, await clearOf(changed.files["f.yaml"]?.text ?? "")]).toEqual([
      0,
      PLAIN.replace("admin", "root"),
    ]);
    const script = `sed -i -e 's/recipient: .*/recipient: ${RECIPIENT_B}/' -e 's/unencrypted_suffix: .*/encrypted_regex: ^pass$/' "$1"`;
    const moved = await edit(["edit", "f.yaml", "-s"], script);
    const after = moved.files["f.yaml"]?.text ?? "";
    expect(after).toContain("user: admin\n");
    expect(after).not.toContain(CANARY);
    expect(await clearOf(after, "x.yaml", IDENTITY_B)).toBe(PLAIN);
  });

  test.each([
    { version: "3.9.0", after: "3.13.3" },
    { version: "3.13.3", after: "3.13.3" },
    { version: "3.100.1", after: "3.100.1" },
  ])("raises the version $version to $after", async ({ version, after }) => {
    const files = { "f.yaml": enc.replace(/version: .*/, `version: ${version}`) };
    const run = await edit(["edit", "f.yaml"], `sed -i s/admin/root/ "$1"`, { files });
    expect(/version: (.*)/.exec(run.files["f.yaml"]?.text ?? "")?.[1]).toBe(after);
  });

  test("begins a file by the rules, in the format it is written in", async () => {
    const files = { ".sops.yaml": `creation_rules:\n  - age: ${RECIPIENT_A}\n    encrypted_regex: key$\n` };
    const run = await edit(["edit", "--output-type", "json", "n.yaml"], `cat "$1"; sed -i s/Welcome/Hi/ "$1"`, {
      files,
    });
    expect([run.code, run.stdout.slice(0, 20)]).toEqual([0, '{\n\t"hello": "Welcome']);
    expect(run.files["n.yaml"]?.text).toContain('"hello": "Hi to SOPS!');
    expect(run.files["n.yaml"]?.text).toContain('"example_key": "ENC[');
  });

  test("a text that is refused goes back to the editor, with the reason", async () => {
    const script = `if grep -q '\\[$' "$1"; then printf 'b: 2\\n' > "$1"; else echo 'pass: ${CANARY} [' > "$1"; echo 'x: [' >> "$1"; fi`;
    const run = await edit(["f.yaml"], script, { stdin: "\n" });
    expect([run.code, await clearOf(run.files["f.yaml"]?.text ?? "")]).toEqual([0, "b: 2\n"]);
    expect(run.stderr).toContain('level=error msg="Could not load tree, probably due to invalid syntax.');
    expect(run.stderr).toContain('error: Cannot read "f.yaml": line ');
    expect(run.stderr).not.toContain(CANARY);
  });

  test("an edit that nobody can mend is kept, encrypted", async () => {
    const run = await edit(["f.yaml"], `printf 'pass: [ ${CANARY}-2' > "$1"`);
    expect([run.code, run.files["f.yaml"]?.text]).toEqual([2, enc]);
    expect(run.stderr).toContain(
      'the edited text is kept, encrypted, in "f.yaml.edited"\nhint: show it: sealkit sops decrypt f.yaml.edited\n',
    );
    const kept = run.files["f.yaml.edited"];
    expect([kept?.mode, kept?.text.includes(CANARY)]).toEqual([0o600, false]);
    expect(await clearOf(kept?.text ?? "", "f.yaml.edited")).toBe(`pass: [ ${CANARY}-2`);
    expect(run.stderr).not.toContain(CANARY);
  });

  test.each([
    { name: "f.json", clear: '{"a": "x"}', text: `{"a": "${CANARY}" ${CANARY}` },
    { name: "f.env", clear: "A=x\n", text: `${CANARY}\n` },
    { name: "f.ini", clear: "[s]\na=x\n", text: `[s]\n${CANARY}\n` },
    { name: "f.yml", clear: "a: x\n", text: `a: "${CANARY}\n  - ${CANARY}: *${CANARY}\n` },
    { name: "g.yml", clear: "a: x\n", text: `${CANARY}: 1\n${CANARY}: 2\n18446744073709551615: ${CANARY}\n` },
  ])("no refusal of $name shows what was typed", async ({ name, clear, text }) => {
    const format = name.endsWith("yml")
      ? "yaml"
      : name.endsWith("env")
        ? "dotenv"
        : name.endsWith("ini")
          ? "ini"
          : "json";
    const file = (await encrypt(clear, format, { recipients: [RECIPIENT_A], now: NOW })).text;
    const run = await edit([name], `cat typed > "$1"`, { files: { [name]: file, typed: text } });
    expect([run.code, run.stderr.includes("Could not load tree")]).toEqual([2, true]);
    expect(run.stderr.replaceAll(JSON.stringify(CANARY), name === "g.yml" ? "" : "?")).not.toContain(CANARY);
    expect(run.files[`${name}.edited`]?.text).not.toContain(CANARY);
  });

  test("a file of a narrow selector is kept whole all the same", async () => {
    const { text } = await encrypt(PLAIN, "yaml", {
      recipients: [RECIPIENT_A],
      now: NOW,
      selector: { kind: "encrypted_regex", pattern: "^nothing$" },
    });
    const run = await edit(["f.yaml"], `printf '[ ${CANARY}-2' > "$1"`, { files: { "f.yaml": text } });
    expect(run.files["f.yaml.edited"]?.text).not.toContain(CANARY);
  });

  test.each([
    { name: "changed", meanwhile: "echo '# other' >> f.yaml" },
    { name: "removed", meanwhile: "rm f.yaml" },
  ])("a file that was $name meanwhile is not replaced, and the edit is kept beside it", async ({ meanwhile }) => {
    const files = { "f.edited.yaml": "taken" };
    const run = await edit(["edit", "f.yaml"], `${meanwhile}; sed -i s/admin/root/ "$1"`, { files });
    expect([run.code, run.files["f.edited.yaml"]?.text]).toEqual([1, "taken"]);
    expect(run.stderr).toContain('error: Cannot replace "f.yaml": somebody else changed it while it was edited\n');
    expect(run.stderr).toContain('is kept, encrypted, in "f.edited-2.yaml"');
    expect(await clearOf(run.files["f.edited-2.yaml"]?.text ?? "")).toBe(PLAIN.replace("admin", "root"));
    expect(run.files["f.yaml"]?.text).toBe(meanwhile === "rm f.yaml" ? undefined : `${enc}# other\n`);
  });

  test("a new file that somebody else made meanwhile is not replaced", async () => {
    const run = await edit(["edit", "--age", RECIPIENT_A, "n.env"], `echo theirs > n.env; echo 'A=${CANARY}' > "$1"`);
    expect([run.code, run.files["n.env"]?.text]).toEqual([1, "theirs\n"]);
    expect(await clearOf(run.files["n.edited.env"]?.text ?? "", "n.edited.env")).toBe(`A=${CANARY}\n`);
  });

  test("whoever edits the same file second is told, by another name of it too", async () => {
    // The editor of the first waits until the second is through.
    const base = mkdtempSync(join(tmpdir(), "sealkit-sops-edit-two-"));
    onTestFinished(() => rmSync(base, { recursive: true, force: true }));
    writeFileSync(join(base, "f.yaml"), enc);
    const wait = `sh -c 'touch "${base}/first"; while [ ! -e "${base}/second" ]; do sleep 0.01; done; sed -i s/admin/one/ "$0"'`;
    const env = (EDITOR: string) => ({ PATH, SOPS_AGE_KEY: IDENTITY_A, EDITOR });
    const first = runCli(["sops", "f.yaml"], { cwd: base, env: env(wait) });
    while (!existsSync(join(base, "first"))) await new Promise((done) => setTimeout(done, 5));
    const second = await runCli(["sops", "edit", `../${base.split("/").at(-1)}/f.yaml`], {
      cwd: base,
      env: env(`sh -c 'sed -i s/admin/two/ "$0"'`),
    });
    writeFileSync(join(base, "second"), "");
    expect([second.code, (await first).code]).toEqual([0, 1]);
    expect(second.stderr).toMatch(/level=warning msg="process \d+ edits .* too: who saves second will not replace/);
    expect((await first).stderr).toContain("somebody else changed it while it was edited");
    expect(await clearOf(readFileSync(join(base, "f.edited.yaml"), "utf8"))).toContain("user: one");
    expect(await clearOf(readFileSync(join(base, "f.yaml"), "utf8"))).toContain("user: two");
  });

  test("a helper of the editor that still writes beside the file costs no edit, and nothing stays", async () => {
    const helper = `i=0; while [ $i -lt 5000 ] && : > "$d/swap$i"; do i=$((i+1)); done`;
    const run = await edit(["f.yaml"], `d=$(dirname "$1"); sed -i s/admin/root/ "$1"; (${helper}) >&- 2>&- <&- &`);
    expect([run.code, run.stderr]).toEqual([0, ""]);
    expect(await clearOf(run.files["f.yaml"]?.text ?? "")).toBe(PLAIN.replace("admin", "root"));
  });

  test.each([
    { name: "killed", script: "kill -9 $$", says: "Could not run editor: signal: killed\n" },
    { name: "failing", script: "exit 7", says: "Could not run editor: exit status 7\n" },
    { name: "removing the file", script: 'rm "$1"', says: "Could not hash file: open /", code: 2 },
  ])("an editor $name leaves nothing behind", async ({ script, says, code = 201 }) => {
    const run = await edit(["f.yaml"], `cp "$1" "$1.swp"; ${script}`);
    expect([run.code, run.files["f.yaml"]?.text]).toEqual([code, enc]);
    expect(run.stderr).toContain(says);
  });

  test.each([
    { name: "a folder that is not there", words: ["edit", "--age", RECIPIENT_A, "no/n.yaml"], code: 3 },
    { name: "a recipient that is none", words: ["edit", "--age", "age1x", "n.yaml"], code: 1 },
    {
      name: "a rule without keys",
      words: ["--config", "none.yaml", "edit", "n.yaml"],
      code: 128,
      says: "Error encrypting the data key with one or more master keys: [empty key group provided]",
    },
    { name: "a mistyped command", words: ["decrpt"], code: 1, says: "did you mean: sealkit sops decrypt" },
    { name: "a selector that is no pattern", words: ["bad.yaml"], code: 1, says: "not a valid RE2 pattern" },
    {
      name: "key flags for a file that is there, with --strict",
      words: ["--strict", "edit", "--age", "x", "f.yaml"],
      code: 8,
    },
  ])("refuses $name before anybody types", async ({ words, code, says = "" }) => {
    const files = {
      ".sops.yaml": `creation_rules:\n  - age: ${RECIPIENT_A}\n`,
      "none.yaml": "creation_rules:\n  - key_groups: [{}]\n",
      "bad.yaml": enc.replace(/unencrypted_suffix: .*/, 'unencrypted_regex: "("'),
    };
    const run = await edit(words, "touch started", { files });
    expect([run.code, run.files["started"]]).toEqual([code, undefined]);
    expect(run.stderr).toContain(says);
  });

  test.each(["editor", "question"])("an interrupt of the %s ends it and leaves nothing behind", async (where) => {
    const interrupt = new AbortController();
    const { PassThrough } = await import("node:stream");
    const script = where === "editor" ? "echo up; exec sleep 60" : `echo '[' > "$1"`;
    const onOutput = (text: string) => {
      if (text.includes(where === "editor" ? "up" : "Press enter")) interrupt.abort();
    };
    const run = await edit(["f.yaml"], script, { signal: interrupt.signal, onOutput, stdin: new PassThrough() });
    expect([run.code, run.files["f.yaml"]?.text]).toEqual([1, enc]);
    expect(run.stderr).toContain("User canceled operation\n");
  });
});
