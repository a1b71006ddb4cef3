import { beforeAll, describe, expect, test } from "vitest";
import { runPeer } from "../../helpers/peer-cli.ts";
import { runCli } from "../../helpers/run-cli.ts";
import { makeSealingKey } from "../../helpers/sealing-keys.ts";

/** `spec.template.data` as it stands in the object, and the items, if they are others than the sealed ones. */
interface Shape {
  readonly data: unknown;
  readonly items?: "none" | "broken" | "one-broken";
}

const SHAPES: readonly Shape[] = [
  ...[
    { t: "u={{ .user }}" },
    { t: 5 },
    { t: true },
    { t: ["a"] },
    "x",
    5,
    null,
    {},
    { t: null },
    { user: null, t: "{{ .user }}" },
    { user: "tpl", t: "{{ .user }}{{ .t }}" },
    { t: "" },
    { b: '{{ .bin }}x{{ len .bin }}{{ printf "%q" .bin }}' },
    { t: "{{ fail .user }}" },
    { t: "{{ toYaml . }}", u: "{{", v: '{{ fail "x" }}' },
    { "a b": "{{ .nope.foo }}" },
    { t: '{{ define "x" }}hi{{ end }}{{ template "x" }}', u: '{{ template "x" }}' },
    { t: "{{ range $k, $v := . }}{{ $k }}={{ len $v }};{{ end }}" },
    { t: "x\n{{ if }}" },
    { t: "\0 nul {{ .user }}" },
    { user: '{{ fail "x" }}' },
    { zz: null, t: "{{ .zz }}{{ range $k, $v := . }}{{ $k }} {{ end }}" },
    { t: "{{ toJson . }}" },
    { t: '{{ get . "q" }}' },
    { t: '{{ index . "nope" }}|{{ printf "%v" .nope }}|{{ .a.b }}' },
    { t: "{{ .quote | toRawJson }}{{ .quote | quote }}{{ html .quote }}{{ js .quote }}" },
    { t: "{{ b64enc .bin }}{{ .bin | b64enc | b64dec | len }}{{ sha256sum .bin }}" },
    { é: "{{ .user }}" },
    { t: '{{ env "HOME" }}' },
  ].map((data) => ({ data })),
  { data: { t: "a", z: "{{ .t }}|{{ .z }}" }, items: "none" },
  { data: { t: "{{ .user }}" }, items: "broken" },
  { data: { t: "{{ fail .user }}" }, items: "one-broken" },
];

/** Recovery by both programs of one object: same Secret, same errors, in whatever order. */
describe("templates in --recovery-unseal, as the original", () => {
  let key = "";
  let sealed: { spec: { encryptedData: Record<string, string>; template: Record<string, unknown> } };
  beforeAll(async () => {
    const pair = await makeSealingKey();
    key = pair.privateKeyPem;
    const data = { user: "YWRtaW4=", bin: "//79", quote: "YSI8Yg==" };
    const { stdout } = await runCli("kubeseal --cert c.pem -o json", {
      stdin: JSON.stringify({ apiVersion: "v1", kind: "Secret", metadata: { name: "a", namespace: "n" }, data }),
      files: { "c.pem": pair.certificatePem },
    });
    sealed = JSON.parse(stdout);
  });

  test.each(SHAPES.map((shape) => ({ name: JSON.stringify(shape), ...shape })))("$name", async ({ data, items }) => {
    const { encryptedData } = sealed.spec;
    const broken = items === "broken" ? { user: "!!" } : { ...encryptedData, bin: "!!" };
    const own = items === undefined ? encryptedData : items === "none" ? {} : broken;
    const template = { ...sealed.spec.template, data };
    const stdin = JSON.stringify({ ...sealed, spec: { template, encryptedData: own } });
    const args = ["--recovery-unseal", "--recovery-private-key", "k.pem", "-o", "json"];
    const theirs = await runPeer("kubeseal", args, { stdin, files: { "k.pem": key } });
    const ours = await runCli(["kubeseal", ...args], { stdin, files: { "k.pem": key } });
    expect([ours.code, ours.stdout]).toEqual([theirs.code, theirs.stdout]);
    const lines = (stderr: string) =>
      stderr
        .trimEnd()
        .replace(/^error: /, "")
        .split("\n");
    // Behind the original's lines we say more, indented or as hints.
    const said = lines(ours.stderr).filter((line) => !/^( |hint: )/.test(line));
    expect(said.sort()).toEqual(lines(theirs.stderr).sort());
  });
});
