import { execFileSync, spawnSync } from "node:child_process";
import {
  closeSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { withoutFirstLine } from "../../helpers/age-messages.ts";
import { peer } from "../../helpers/peers.ts";
import { runCli } from "../../helpers/run-cli.ts";

/**
 * The same command lines for the original and for ours, each in a folder of its own with the same files: exit code, output,
 * messages, and files with their modes must be the same. Left out: the line that asks to report to the author of age.
 */

interface Row {
  readonly name: string;
  readonly args: readonly string[];
  readonly stdin?: string;
  /** Lines on stderr that only we have. */
  readonly extra?: readonly RegExp[];
  /** What else differs on purpose, as text that replaces the original's. */
  readonly instead?: {
    readonly code?: number;
    readonly stderr?: RegExp;
    readonly stdout?: string;
    readonly files?: "none";
  };
  /** The output is a new age file: compared by what it decrypts to. */
  readonly makes?: "stdout" | string;
  /** Needs that there is no terminal to ask at. */
  readonly noTerminal?: boolean;
}

const NO_MATCH = [/^age: hint: its recipients are of type: /, /^age: hint: tried: /];

let base: string;
let A = "";
let B = "";
let SECRET = "";
let PQ = "";

function hasTerminal(): boolean {
  try {
    closeSync(openSync("/dev/tty", "r+"));
    return true;
  } catch {
    return false;
  }
}

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), "sealkit-age-cli-"));
  const files = join(base, "files");
  mkdirSync(files);
  const at = (name: string) => join(files, name);
  const put = (name: string, content: string | Uint8Array, encoding?: "latin1") =>
    writeFileSync(at(name), content, encoding);
  const age = (args: readonly string[], input = "") => execFileSync(peer("age"), args, { cwd: files, input });
  const keygen = () => execFileSync(peer("age-keygen"), { stdio: ["ignore", "pipe", "ignore"] }).toString();
  put("k.txt", keygen());
  put("kb.txt", keygen());
  const recipientIn = (name: string) => /public key: (\S+)/.exec(readFileSync(at(name), "utf8"))?.[1] ?? "";
  [A, B] = [recipientIn("k.txt"), recipientIn("kb.txt")];
  SECRET = /^AGE-SECRET-KEY-\S+$/m.exec(readFileSync(at("k.txt"), "utf8"))?.[0] ?? "";
  put("in.txt", "hello\n");
  put("in2.txt", "hello\n");
  const x = age(["-r", A], "hello\n");
  const asc = age(["-a", "-r", A], "hello\n").toString();
  const big = age(["-r", A], "z".repeat(140_000));
  put("x.age", x);
  put("x.asc", asc);
  put("ab.age", age(["-r", A, "-r", B], "hello\n"));
  put("b.age", age(["-r", B], "hello\n"));
  put("empty.age", age(["-r", A]));
  put("big.age", big);
  put("trunc.age", x.subarray(0, -3));
  put("tamper.age", Buffer.concat([x.subarray(0, -1), Buffer.of((x.at(-1) ?? 0) ^ 1)]));
  put("trail.age", Buffer.concat([x, Buffer.of(0)]));
  put("hdr.age", x.subarray(0, 40));
  const mac = x.indexOf("\n--- ") + 5;
  put("badmac.age", Buffer.from(x).fill(x[mac] === 0x41 ? "B" : "A", mac, mac + 1));
  put("crlf.age", Buffer.from(x.toString("latin1").replace("\n", "\r\n").replace(/\n/, "\r\n"), "latin1"));
  put("v2.age", Buffer.from(x.toString("latin1").replace("/v1", "/v2"), "latin1"));
  put("bigtrunc.age", big.subarray(0, 100_000));
  put("badasc.asc", asc.replace("\n", "\n!"));
  put("noend.asc", asc.replace(/-----END.*\n/, ""));
  put("blanks.asc", `\n\n  ${asc}\n\n`);
  put("trailasc.asc", `${asc}foo\n`);
  put("nostanza.age", x.toString("latin1").replace(/-> [\s\S]*?\n--- /, "--- "));
  put("garbage.age", "hello\n");
  put("zero.age", "");
  put("recips.txt", `# comment\n\n${A}\n${B}\n`);
  put("crlfrecips.txt", `# comment\r\n${A}\r\n`);
  put("badrecips.txt", `${A}\nnope\n`);
  put("blankrecips.txt", `${A}\n  \n`);
  put("emptyrecips.txt", "# comment\n");
  put("badid.txt", "hello\n");
  put("badkey.txt", "AGE-SECRET-KEY-1QQQ\n");
  put("emptyid.txt", "# comment\n");
  put("recipasid.txt", `${A}\n`);
  put("two.txt", readFileSync(at("k.txt"), "utf8") + readFileSync(at("kb.txt"), "utf8"));
  put("pem.txt", "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n");
  put("kpq.txt", execFileSync(peer("age-keygen"), ["-pq"], { stdio: ["ignore", "pipe", "ignore"] }));
  PQ = recipientIn("kpq.txt");
  put("pq.age", age(["-r", PQ], "hello\n"));
  put("badplugin.txt", "AGE-PLUGIN-FOO-1QQQQ\n");
  put("badpq.txt", "AGE-SECRET-KEY-PQ-1QQQ\n");
  const ssh = new URL("../../../fixtures/age/ssh/", import.meta.url);
  for (const name of readdirSync(ssh)) put(name, readFileSync(new URL(name, ssh)));
  put("ssh.pub", ["ed25519", "ecdsa", "rsa"].map((name) => readFileSync(at(`${name}.pub`), "utf8")).join(""));
  put("sshcut.pub", "ssh-ed25519 AAAA\n");
  put("cutkey", readFileSync(at("ed25519"), "utf8").slice(0, 120));
  put("longkey", readFileSync(at("ed25519"), "utf8") + "\n".repeat(17_000));
  put("pw.age", readFileSync(new URL("../../../fixtures/age/passphrase.age", import.meta.url)));
  put("kept.txt", "before");
  put("many.age", `age-encryption.org/v1\n${"-> a\n\n".repeat(1025)}--- x\n`);
  put("args.age", `age-encryption.org/v1\n-> ${"a ".repeat(129)}b\n\n--- x\n`);
  put("strange.age", x.toString("latin1").replace("-> X25519 ", "-> a<b&> "), "latin1");
  put("nononce.age", x.subarray(0, x.indexOf("\n--- ") + 60));
  put("secretfirst.age", `${SECRET}\n`);
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

interface Ending {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
  readonly files: Readonly<Record<string, string>>;
}

/** Every file of a folder with its mode. */
function listing(folder: string): Record<string, string> {
  const names = readdirSync(folder).sort();
  return Object.fromEntries(
    names.map((name) => {
      const mode = (statSync(join(folder, name)).mode & 0o777).toString(8);
      return [name, `${mode} ${readFileSync(join(folder, name)).toString("latin1")}`];
    }),
  );
}

function copy(name: string): string {
  const folder = join(base, name);
  rmSync(folder, { recursive: true, force: true });
  cpSync(join(base, "files"), folder, { recursive: true });
  return folder;
}

const real = (word: string) =>
  word.replaceAll("<a>", A).replaceAll("<b>", B).replaceAll("<pq>", PQ).replaceAll("<secret>", SECRET);

function toolNamed(name: string): "age" | "age-keygen" | "age-inspect" {
  return name === "age" || name === "age-inspect" ? name : "age-keygen";
}

function original(args: readonly string[], stdin: string): Ending {
  const [tool = "", ...rest] = args;
  const cwd = copy("original");
  const run = spawnSync(peer(toolNamed(tool)), rest, { cwd, input: stdin });
  const words = run.stderr.toString().replaceAll(peer("age"), "age");
  const stderr = words.replace(/^.*: report unexpected or unhelpful errors at .*\n/m, "");
  return { code: run.status, stdout: run.stdout, stderr, files: listing(cwd) };
}

async function own(args: readonly string[], stdin: string): Promise<Ending> {
  const cwd = copy("own");
  const run = await runCli(args, { cwd, stdin });
  return { code: run.code, stdout: Buffer.from(run.stdoutBytes), stderr: run.stderr, files: listing(cwd) };
}

const decrypted = (file: Buffer) =>
  execFileSync(
    peer("age"),
    ["-d", ...["two.txt", "kpq.txt", "ed25519", "rsa"].flatMap((key) => ["-i", join(base, "files", key)])],
    { input: file },
  ).toString();
const stanzas = (file: Buffer) => file.toString("latin1").match(/^-> .*? /gm);

const age = (line: string, more: Partial<Row> = {}): Row => ({
  name: `age ${line}`,
  args: ["age", ...line.split(" ").filter(Boolean)],
  ...more,
});
const keygen = (line: string, more: Partial<Row> = {}): Row => ({
  name: `age-keygen ${line}`,
  args: ["age-keygen", ...line.split(" ").filter(Boolean)],
  ...more,
});

const inspect = (line: string, more: Partial<Row> = {}): Row => ({
  name: `age-inspect ${line}`,
  args: ["age-inspect", ...line.split(" ").filter(Boolean)],
  ...more,
});

const ROWS: readonly Row[] = [
  ...["x.age", "ab.age", "pq.age", "pw.age", "ed25519.age", "rsa.age", "big.age", "empty.age", "strange.age"].flatMap(
    (name) => [inspect(name), inspect(`--json ${name}`)],
  ),
  ...["x.asc", "blanks.asc", "badasc.asc", "noend.asc", "trailasc.asc"].map((name) => inspect(`--json ${name}`)),
  ...["trail", "hdr", "v2", "bigtrunc", "nostanza", "garbage", "zero", "many", "secretfirst", "nononce"].map((name) =>
    inspect(`${name}.age`),
  ),
  inspect("x.asc"),
  inspect("", { stdin: "garbage" }),
  inspect("-", { stdin: "" }),
  inspect("nope"),
  inspect("."),
  inspect("--version"),
  age("-r <a>", { stdin: "hello\n", makes: "stdout" }),
  age("-a -r <a>", { stdin: "hello\n", makes: "stdout" }),
  age("--armor --recipient <a> -", { stdin: "hello\n", makes: "stdout" }),
  age("-r <a> -o out.age in.txt", { makes: "out.age" }),
  age("-r <a> -o kept.txt in.txt", { makes: "kept.txt" }),
  age("-e -r <a> in.txt", { makes: "stdout" }),
  age("-r=<a> in.txt", { makes: "stdout" }),
  age("--encrypt=true -r <a> -- in.txt", { makes: "stdout" }),
  age("in.txt"),
  age("-r foo in.txt"),
  age("-r age1abc in.txt"),
  age("-r <a>q in.txt"),
  age("-r github:foo in.txt"),
  age("-r AGE1JE9S3UDAW60JAV7R7KZ50JM3TTJFZL29PE7CR0Y65QD9EX2J8PHSL4JQNE in.txt"),
  age("-r <secret> in.txt", {
    // The original prints the secret key.
    extra: [/^age: hint: /],
    instead: { stderr: /^age: error: unknown recipient type: it looks like a secret key$/m },
  }),
  age("-r <a> -r <b> in.txt", { makes: "stdout" }),
  age("-r <a> -r <a> in.txt", { makes: "stdout" }),
  age("-R recips.txt in.txt", { makes: "stdout" }),
  age("-R crlfrecips.txt in.txt", { makes: "stdout" }),
  age("-R recips.txt -r <b> in.txt", { makes: "stdout" }),
  age("-R badrecips.txt in.txt"),
  age("-R blankrecips.txt in.txt"),
  age("-R emptyrecips.txt in.txt"),
  age("-R nope.txt in.txt"),
  age("-R . in.txt"),
  age("-R k.txt in.txt", { extra: [/^age: hint: write the recipients/] }),
  age("-R - in.txt", { stdin: "<a>\n", makes: "stdout" }),
  age("-R -", { stdin: "<a>\n" }),
  age("-i k.txt in.txt"),
  age("-e -i k.txt in.txt", { makes: "stdout" }),
  age("-e -i two.txt -r <a> in.txt", { makes: "stdout" }),
  age("-p -r <a> in.txt"),
  age("-p -R recips.txt in.txt"),
  age("-e -p -i k.txt in.txt"),
  age("-p in.txt", { noTerminal: true }),
  age("-e -d -r <a> in.txt"),
  age("-r <a> nope.txt"),
  age("-r <a> in.txt in2.txt"),
  age("in.txt -r <a>"),
  age("-a in.txt -r <a>"),
  age("-r <a> -o in.txt in.txt"),
  age("-r <a> -o ./in.txt in.txt"),
  age("-R recips.txt -o recips.txt in.txt"),
  age("-r <a> -o no/out in.txt"),
  age("-r <a> -o . in.txt"),
  age("-r <a> -o /dev/full in.txt"),
  age("-r <a> x.age", { makes: "stdout" }),
  age("-r <a> x.asc", { makes: "stdout" }),
  age("-r age1pq1qqqq in.txt"),
  age("-r age1tag1qqqq in.txt"),
  age("-r age1tagpq1qqqq in.txt"),
  age("-r age1yubikey1qqqq in.txt"),
  age("-r age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t in.txt"),
  age("-e -j nope in.txt"),
  age("-e -i k.txt -r <b> -j nope in.txt"),
  age("-e -j a/b in.txt"),
  age("-d -j nope x.age"),
  age("-d -j nope -i k.txt x.age"),
  age("-d -i k.txt -j nope pw.age"),
  age("-d -i badplugin.txt x.age"),
  age("-r <pq> in.txt", { makes: "stdout" }),
  age("-r <pq> -r <pq> in.txt", { makes: "stdout" }),
  age("-e -i kpq.txt in.txt", { makes: "stdout" }),
  age("-r <pq> -r <a> in.txt", { extra: [/^age: hint: use age1pq1/] }),
  age("-R recips.txt -r <pq> in.txt", { extra: [/^age: hint: use age1pq1/] }),
  age("-r <pq> -R ed25519.pub in.txt", { extra: [/^age: hint: use age1pq1/] }),
  age("-d -i kpq.txt pq.age"),
  age("-d -i k.txt pq.age", { extra: NO_MATCH }),
  age("-d -i k.txt -i kpq.txt pq.age"),
  age("-d -i kpq.txt x.age", { extra: NO_MATCH }),
  age("-d -i badpq.txt x.age"),
  age("-r ssh-ed25519 in.txt"),
  age("-r ssh-ed25519=AAAA in.txt"),
  age("-R ed25519.pub in.txt", { makes: "stdout" }),
  age("-R rsa.pub -r <a> in.txt", { makes: "stdout" }),
  age("-R ssh.pub in.txt", { makes: "stdout" }),
  age("-R ecdsa.pub in.txt"),
  age("-R rsa-1024.pub in.txt"),
  age("-R sshcut.pub in.txt"),
  age("-e -i ed25519 in.txt", { makes: "stdout" }),
  age("-e -i rsa -i ed25519-ctr in.txt", { makes: "stdout" }),
  ...["ed25519", "rsa", "rsa-pkcs1", "rsa-pkcs8"].map((name) => age(`-d -i ${name} ${name}.age`)),
  age("-d -i rsa ed25519.age", { extra: NO_MATCH }),
  age("-d -i ed25519-ctr ed25519.age", { extra: NO_MATCH }),
  age("-d -i ed25519-ctr ed25519-ctr.age", { noTerminal: true }),
  age("-d -i cutkey ed25519.age"),
  age("-d -i longkey ed25519.age"),
  age("-d -i ecdsa ed25519.age", {
    extra: [/^age: hint: keys of type/],
    instead: {
      stderr: /^age: error: reading "ecdsa": malformed SSH identity in "ecdsa": unsupported SSH identity type: /m,
    },
  }),
  age("-d -i k.txt x.age"),
  age("-d -i k.txt x.asc"),
  age("--decrypt --identity k.txt --output out x.age"),
  age("-d -i k.txt -o kept.txt x.age"),
  age("-d -i k.txt -o out empty.age"),
  age("-d -i k.txt empty.age"),
  age("-d -i k.txt big.age"),
  age("-d x.age"),
  age("-d -i kb.txt x.age", { extra: NO_MATCH }),
  age("-d -i kb.txt -i k.txt x.age"),
  age("-d -i k.txt -i k.txt x.age"),
  age("-d -i two.txt b.age"),
  age("-d -i kb.txt ab.age"),
  age("-d -i nope.txt x.age"),
  age("-d -i badid.txt x.age", { extra: [/^age: hint: an identity is one word/] }),
  age("-d -i badkey.txt x.age"),
  age("-d -i emptyid.txt x.age"),
  age("-d -i recipasid.txt x.age", { extra: [/^age: hint: to decrypt, the secret key is needed/] }),
  age("-d -i pem.txt x.age"),
  age("-d -i . x.age"),
  age("-d -i x.age x.asc"),
  age("-d -r <a> x.age"),
  age("-d -R recips.txt x.age"),
  age("-d -p x.age"),
  age("-d -a -i k.txt x.age"),
  age("-d -i k.txt nope.age"),
  ...[
    "trunc",
    "tamper",
    "trail",
    "hdr",
    "badmac",
    "v2",
    "bigtrunc",
    "nostanza",
    "garbage",
    "zero",
    "many",
    "args",
    "secretfirst",
  ].map((name) => age(`-d -i k.txt ${name}.age`)),
  age("-d -i k.txt crlf.age", {
    extra: [/^age: hint: PowerShell/],
    instead: { stderr: /^age: error: invalid header intro$/m },
  }),
  ...["badasc", "noend", "blanks", "trailasc"].map((name) => age(`-d -i k.txt ${name}.asc`)),
  age("-d -i k.txt -o out tamper.age"),
  age("-d -i k.txt -o out hdr.age"),
  // The original leaves the first chunk in the file.
  age("-d -i k.txt -o out bigtrunc.age", { instead: { files: "none" } }),
  age("-d -i k.txt k.txt"),
  age("-d -i k.txt -o k.txt x.age"),
  age("-d -i k.txt -o x.age x.age"),
  age("-d -i k.txt -o no/out x.age"),
  age("-d pw.age", { noTerminal: true }),
  age("-d -i k.txt pw.age"),
  age("-d -i -", { stdin: "<secret>\n" }),
  age("-d -i - x.age", { stdin: "<secret>\n" }),
  age("-d -i k.txt", { stdin: "garbage" }),
  age("--version"),
  age("-version"),
  keygen("-y k.txt"),
  keygen("-y two.txt"),
  keygen("-y kpq.txt"),
  keygen("-y ed25519"),
  keygen("-y badpq.txt"),
  keygen("-y", { stdin: "<secret>\n" }),
  keygen("-y -", { stdin: "# c\n\n<secret>\n" }),
  keygen("-y -o out k.txt"),
  keygen("-y badid.txt"),
  keygen("-y badkey.txt"),
  keygen("-y recipasid.txt"),
  keygen("-y emptyid.txt"),
  keygen("-y badplugin.txt", { extra: [/^age-keygen: hint: only the plugin/] }),
  keygen("-y nope"),
  keygen("-y -pq k.txt"),
  keygen("-y k.txt kb.txt"),
  keygen("-o k.txt"),
  keygen("-o no/k"),
  keygen("foo"),
  keygen("--version"),
];

test("enough rows", () => expect(ROWS.length).toBeGreaterThan(100));

describe("the same as the original", () => {
  const terminal = hasTerminal();
  test.each(ROWS.filter(({ noTerminal }) => !(noTerminal === true && terminal)))("$name", async (row) => {
    const args = row.args.map(real);
    const [theirs, ours] = [original(args, real(row.stdin ?? "")), await own(args, real(row.stdin ?? ""))];
    expect(ours.code).toBe(row.instead?.code ?? theirs.code);
    const messages = ours.stderr.split("\n").filter((line) => !row.extra?.some((pattern) => pattern.test(line)));
    if (row.instead?.stderr === undefined) expect(messages.join("\n")).toBe(withoutFirstLine(theirs.stderr));
    else expect(ours.stderr).toMatch(row.instead.stderr);
    expect(ours.stderr).not.toContain(SECRET);
    if (row.makes === undefined) {
      expect(ours.stdout.toString("latin1")).toBe(theirs.stdout.toString("latin1"));
      expect(ours.files).toEqual(row.instead?.files === "none" ? listing(join(base, "files")) : theirs.files);
      return;
    }
    const fileOf = (end: Ending) =>
      row.makes === "stdout" ? end.stdout : Buffer.from((end.files[row.makes ?? ""] ?? "").slice(4), "latin1");
    expect(fileOf(ours).length).toBe(fileOf(theirs).length);
    expect(stanzas(fileOf(ours))).toEqual(stanzas(fileOf(theirs)));
    expect(decrypted(fileOf(ours))).toBe(decrypted(fileOf(theirs)));
    const without = ({ files }: Ending) =>
      Object.entries(files).map(([name, text]) => [name, name === row.makes ? text.slice(0, 3) : text]);
    expect(without(ours)).toEqual(without(theirs));
  });
});

describe("usage", () => {
  test.each([
    "age",
    "age --nope",
    "age -o",
    "age -d=maybe -i k.txt",
    "age -h",
    "age --help",
    "age-keygen --nope",
    "age-keygen -h",
    "age-inspect --nope",
    "age-inspect a b",
    "age-inspect --help",
  ])("%s", async (line) => {
    const [theirs, ours] = [original(line.split(" "), ""), await own(line.split(" "), "")];
    const shape = ({ code, stdout, stderr }: Ending) => ({
      code,
      stdout: stdout.toString(),
      stderr: stderr.replace(/Usage:[\s\S]*/, "Usage:"),
    });
    expect(shape(ours)).toEqual(shape(theirs));
  });

  test("new keys look as the original's", async () => {
    const shape = ({ code, stdout, stderr, files }: Ending) => {
      const mask = (text: string) =>
        text
          .replace(/age1pq1\w+/g, "<age1pq1>")
          .replace(/age1\w+/g, "<age1>")
          .replace(/AGE-SECRET-KEY-PQ-1\w+/g, "<secret-pq>")
          .replace(/AGE-SECRET-KEY-1\w+/g, "<secret>")
          .replace(/created: .*/g, "created: <time>");
      return [code, mask(stdout.toString()), mask(stderr), mask(files["new.txt"] ?? "")];
    };
    for (const line of ["age-keygen", "age-keygen -o new.txt", "age-keygen -pq", "age-keygen -pq -o new.txt"]) {
      expect(shape(await own(line.split(" "), ""))).toEqual(shape(original(line.split(" "), "")));
    }
  });
});
