import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { generateX25519Identity, parseIdentity } from "../../../src/age/index.ts";
import { encrypt, type Format } from "../../../src/sops/index.ts";
import { runCli } from "../../helpers/run-cli.ts";
import { sopsFixture } from "../../helpers/sops.ts";

/** One recorded call of the original. See `fixtures/sops/SOURCES.md` for the placeholders. */
interface Case {
  readonly name: string;
  readonly args: readonly string[];
  readonly fixtures?: readonly string[];
  readonly files?: Readonly<Record<string, string>>;
  readonly ".sops.yaml"?: string;
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly identities?: string;
  readonly exit: number | string;
  readonly stdout?: string;
  readonly stderr?: string;
  readonly changed?: Readonly<Record<string, string | null>>;
}

interface Recorded {
  readonly constants: Readonly<Record<string, string>>;
  readonly fixtures: Readonly<Record<string, string>>;
  readonly cases: readonly Case[];
}

const recorded: Recorded = JSON.parse(sopsFixture("cases.json"));

/** Where we end in another way on purpose. Each has its line in docs/compatibility/sops.md. */
const DELIBERATE: Readonly<Record<string, number>> = {
  "encrypt invalid regex": 1,
  "encrypt invalid unencrypted regex": 1,
  // The original asks for ever when standard input is over.
  "groups add no key": 1,
  "completion fish": 0,
  "edit invalid yaml then EOF": 2,
  "edit empty file": 2,
  "edit add sops key": 2,
};

/** Why a recorded call is not compared yet; undefined when it is. */
function reasonToSkip({ args, name }: Case): string | undefined {
  if (args.includes("--user") && process.getuid?.() !== 0) return "for root alone";
  if (args.includes("--help") || args[0] === "help" || name === "groups none") return "a help page, which is our own";
  if (name === "decrypt keys.txt in config dir") return "a path of the machine it was recorded on";
  return undefined;
}

const identities = Object.fromEntries(["a", "b", "c"].map((letter) => [letter, generateX25519Identity()]));
const recipients = Object.fromEntries(
  Object.entries(identities).map(([letter, identity]) => [letter, parseIdentity(identity).name]),
);
const files = new Map<string, string>();

const PLAIN = recorded.fixtures["plain.yaml"] ?? "";
const TYPES =
  'i: 1\nf: 1.50\nt: true\nn: null\ne: ""\nd: 2024-01-01\ns: "x\\ny\\n"\nm: {}\nl: []\nu_unencrypted: clear\n';

beforeAll(async () => {
  const seal = async (text: string, to: readonly string[], format: Format = "yaml") =>
    (await encrypt(text, format, { recipients: to.map((letter) => recipients[letter] ?? ""), now: 0 })).text;
  const enc = await seal(PLAIN, ["a"]);
  const types = await seal(TYPES, ["a"]);
  /** With the first of `to` that is not there already: a ciphertext of one byte is any, now and then. */
  const change = (text: string, from: string | RegExp, ...to: string[]) => {
    const after = to.map((other) => text.replace(from, other)).find((changed) => changed !== text);
    if (after === undefined) throw new Error(`nothing was changed by ${from}`);
    return after;
  };
  const made: Record<string, string> = {
    "plain.yaml": PLAIN,
    "nometa.yaml": PLAIN,
    "plain.json": recorded.fixtures["plain.json"] ?? "",
    "enc.yaml": enc,
    "plain.env": recorded.fixtures["plain.env"] ?? "",
    "plain.txt": recorded.fixtures["plain.txt"] ?? "",
    "secret.bin": "any",
    "enc.env": await seal("# c\nA=1\nB=x y\n", ["a"], "dotenv"),
    "enc.ini": await seal("[s]\na=1\n", ["a"], "ini"),
    "enc.txt": await seal("hello\n", ["a"], "binary"),
    "enc.json": await seal('{"a": 1, "b": {"c": "x"}, "l": ["p", "q"]}', ["a"], "json"),
    "groups.yaml": (
      await encrypt(PLAIN, "yaml", {
        recipientGroups: ["a", "b", "c"].map((letter) => [recipients[letter] ?? ""]),
        shamirThreshold: 2,
        now: 0,
      })
    ).text,
    "multi.yaml": await seal("a: 1\n---\nb: 2\n", ["a"]),
    "bonly.yaml": await seal(PLAIN, ["b"]),
    "two.yaml": await seal(PLAIN, ["a", "b"]),
    "types.yaml": types,
    "envflat.yaml": await seal('A: 1\nB: x y\nC: true\nD: 1.5\nE: ""\nF: null\n', ["a"]),
    "nomac.yaml": change(enc, / {4}mac: .*\n/, ""),
    "badmac.yaml": change(enc, /(mac: ENC\[AES256_GCM,data:)../, "$1++", "$1//"),
    "clearedit.yaml": change(types, "clear\n", "edited\n"),
    "tampered.yaml": change(enc, /(a: ENC\[AES256_GCM,data:)[^,]*/, "$1AA==", "$1AQ=="),
    "swapped.yaml": change(enc, "\nb:", "\nb2:"),
    "clearvalue.yaml": change(enc, /a: ENC.*/, "a: 1"),
    "clearstr.yaml": change(enc, /a: ENC.*/, "a: plain"),
    "renamed.txt": enc,
    "sopsstr.yaml": "a: 1\nsops: x\n",
    "nokeys.yaml": change(enc, / {4}age:\n( {8}.*\n)+/, ""),
    "nolastmod.yaml": change(enc, / {4}lastmodified: .*\n/, ""),
    "unquotedtime.yaml": change(enc, /lastmodified: "(.*)"/, "lastmodified: $1"),
    "twosel.yaml": change(enc, "    unencrypted_suffix", "    encrypted_regex: x\n    unencrypted_suffix"),
    "upper.yaml": change(change(enc, "lastmodified", "LastModified"), "    mac:", "    MAC:"),
  };
  for (const [name, text] of Object.entries(made)) files.set(name, text);
});

function fill(text: string): string {
  if (text === "<PLAIN-ENC><META:yaml>") return files.get("enc.yaml") ?? "";
  return text.replace(/<(SEC-)?([abc])>/g, (_, secret: string | undefined, letter: string) =>
    String((secret === undefined ? recipients : identities)[letter]),
  );
}

/** Our result in the form of the records. */
function normalise(text: string): string {
  let result = text
    .replace(/\/\S*\/sealkit-[^/]*\/tmp-file\b/g, "/tmp/.sops/tmp-file")
    .replace(/\btmp-file\d+/g, "tmp-file<n>")
    .replace(/ENC\[AES256_GCM,data:[^\]]*,type:(\w+)\]/g, "ENC[$1]")
    .replace(/-----BEGIN AGE ENCRYPTED FILE-----[\s\S]*?-----END AGE ENCRYPTED FILE-----/g, "<AGE>")
    .replace(/("?lastmodified"?: )"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"/g, '$1"<TIME>"')
    .replace(/^(sops_lastmodified=|lastmodified += ).*/gm, "$1<TIME>");
  for (const letter of ["a", "b", "c"]) result = result.replaceAll(recipients[letter] ?? "", `<${letter}>`);
  return result;
}

function expand(text: string): string {
  let result = text;
  for (let round = 0; round < 3; round++) {
    for (const [name, value] of Object.entries(recorded.constants)) result = result.replaceAll(name, value);
  }
  return result;
}

function expectText(actual: string, wanted: string): void {
  const shown = normalise(actual);
  const whole = expand(wanted);
  if (whole.endsWith("<script>")) {
    expect(shown.startsWith(whole.replace("<script>", ""))).toBe(true);
  } else if (whole.endsWith("<help text>")) {
    expect(shown.slice(0, 60)).toContain(whole.slice(0, whole.indexOf("<help text>")).slice(0, 40).trim().slice(0, 30));
  } else {
    expect(shown).toBe(whole);
  }
}

/** Exit code of a file that stays closed: the whole report is the original's. */
const NO_DATA_KEY = 128;
/** Texts that name no key. What gpg says of one depends on whether it is there. */
const BAD_KEY = /^encrypt bad (kms arn|gcp|azure|vault|hckms)$/;
const CHANGING = /^(rotate|updatekeys|groups|filestatus|set|unset|--set|exec-env|exec-file|edit|frobnicate)$/;

/** What the original said on stderr, where ours begins with the same: not where it shows a MAC, a key or a panic. */
function recordedSentence({ name, args, exit, stderr = "" }: Case): string | undefined {
  const whole = expand(stderr);
  if (exit === NO_DATA_KEY || BAD_KEY.test(name)) return sentence(whole).trim();
  if (!args.some((word) => CHANGING.test(word))) return undefined;
  if (/computed|invalid character|unknown recipient|panic|data key/.test(whole)) return undefined;
  return sentence(whole).replace("<repeated for ever>", "").trim();
}

/** Without the time and the folder of a run. */
function sentence(text: string): string {
  return text
    .replace(/time="[^"]*"/g, 'time="<TIME>"')
    .replace(/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d/gm, "<log date>")
    .replace(/\/\S*\/sealkit-test-[^/]*\/work\b/g, "/w")
    .replace(/\/\S*\/sealkit-\d+-[^/]*\//g, "/tmp/<n>/");
}

const compared = recorded.cases.filter((recordedCase) => reasonToSkip(recordedCase) === undefined);

describe("calls of the original", () => {
  test("are counted", () => {
    const counts: Record<string, number> = {};
    for (const recordedCase of recorded.cases) {
      const reason = reasonToSkip(recordedCase);
      if (reason !== undefined) counts[reason] = (counts[reason] ?? 0) + 1;
    }
    expect({ all: recorded.cases.length, compared: compared.length, ...counts }).toMatchInlineSnapshot(`
      {
        "a help page, which is our own": 3,
        "a path of the machine it was recorded on": 1,
        "all": 498,
        "compared": 494,
      }
    `);
  });

  test.each(compared)("$name", async (recordedCase) => {
    const {
      args,
      fixtures = [],
      stdin,
      env = {},
      cwd,
      identities: who = "a",
      exit,
      stdout = "",
      changed = {},
    } = recordedCase;
    const placed: Record<string, string> = {};
    for (const name of fixtures) placed[name] = files.get(name) ?? `no fixture ${name}`;
    for (const [name, text] of Object.entries(recordedCase.files ?? {})) placed[name] = fill(text);
    const config = recordedCase[".sops.yaml"];
    if (config !== undefined) placed[".sops.yaml"] = fill(config);
    const keys =
      who === "none"
        ? ""
        : who
            .split("+")
            .map((letter) => identities[letter])
            .join("\n");
    const base = mkdtempSync(join(tmpdir(), "sealkit-test-"));
    onTestFinished(() => rmSync(base, { recursive: true, force: true }));
    const work = join(base, "work");
    mkdirSync(work);
    for (const [name, text] of Object.entries(placed)) {
      mkdirSync(dirname(join(work, name)), { recursive: true });
      writeFileSync(join(work, name), text, { mode: name.endsWith(".sh") ? 0o755 : 0o644 });
    }
    const run = await runCli(["sops", ...args.map(fill)], {
      cwd: work,
      ...(cwd === undefined ? {} : { below: cwd }),
      ...(stdin === undefined ? {} : { stdin: fill(stdin) }),
      env: {
        ...(keys === "" ? {} : { SOPS_AGE_KEY: keys }),
        PATH: process.env["PATH"] ?? "",
        ...(exit === NO_DATA_KEY ? { HOME: "/home/u" } : {}),
        ...Object.fromEntries(
          Object.entries(env).map(([name, value]) => [name, fill(value).replace(/^\/w\//, `${work}/`)]),
        ),
      },
    });
    const wantedExit = DELIBERATE[recordedCase.name] ?? exit;
    expect({ code: run.code, stderr: run.code === wantedExit ? "" : run.stderr }).toEqual({
      code: wantedExit,
      stderr: "",
    });
    expect(run.stderr).not.toContain("AGE-SECRET-KEY-");
    const said = recordedSentence(recordedCase);
    if (said !== undefined) expect(normalise(sentence(run.stderr))).toContain(said);
    if (DELIBERATE[recordedCase.name] !== undefined) return;
    expectText(run.stdout.replaceAll(`${work}/`, "/w/"), stdout);
    for (const [name, text] of Object.entries(changed)) expectText(run.files[name]?.text ?? "", text ?? "");
    for (const [name, text] of Object.entries(placed)) {
      if (!(name in changed)) expect(run.files[name]?.text).toBe(text);
    }
  });
});
