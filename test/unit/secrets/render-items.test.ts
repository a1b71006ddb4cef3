import { beforeAll, describe, expect, test } from "vitest";
import { ClearText } from "../../../src/clear-text.ts";
import type { Rendered, TemplateRenderer } from "../../../src/secrets/index.ts";
import { originalText, safeText } from "../../../src/secrets/render/templates.ts";
import { renderJobHere } from "../../../src/secrets/render/this-thread-adapter.ts";
import { testRenderer } from "../../helpers/render-worker.ts";

const here: TemplateRenderer = { render: renderJobHere };
let thread: TemplateRenderer;
beforeAll(async () => {
  thread = (await testRenderer({ quickMs: 10_000, slowMs: 10_000, heapMb: 64 }))();
});

const VALUES = {
  user: new TextEncoder().encode("admin"),
  bin: Uint8Array.of(255, 254, 0, 10),
  "dotted.key": new TextEncoder().encode("dot"),
};

function render(renderer: TemplateRenderer, templates: Readonly<Record<string, string>>): Promise<Rendered> {
  return renderer.render({
    namespace: "apps",
    templates: new Map(Object.entries(templates)),
    values: new Map(Object.entries(VALUES).map(([item, bytes]) => [item, new ClearText(bytes)])),
  });
}

async function texts(renderer: TemplateRenderer, templates: Readonly<Record<string, string>>) {
  const found = await render(renderer, templates);
  if (found.kind !== "rendered") throw new Error(found.kind === "failed" ? safeText(found.problems) : found.kind);
  return Object.fromEntries(
    [...found.data].map(([item, value]) => [item, Buffer.from(value.reveal()).toString("latin1")]),
  );
}

async function problems(renderer: TemplateRenderer, templates: Readonly<Record<string, string>>) {
  const found = await render(renderer, templates);
  if (found.kind !== "failed") throw new Error(`it is ${found.kind}`);
  return { safe: safeText(found.problems), original: originalText(found.problems) };
}

describe.each([
  ["in this thread", () => here],
  ["in a thread of its own", () => thread],
])("rendering %s", (_, renderer) => {
  test.each<[what: string, templates: Readonly<Record<string, string>>, want: Readonly<Record<string, string>>]>([
    ["an item by its name", { t: "u={{ .user }}" }, { t: "u=admin" }],
    ["an item whose name is no identifier", { t: '{{ index . "dotted.key" }}' }, { t: "dot" }],
    ["bytes as they are", { t: "{{ .bin }}" }, { t: "\xff\xfe\0\n" }],
    ["lengths in bytes", { t: "{{ len .bin }}" }, { t: "4" }],
    ["a name that is not there", { t: "{{ .nope }}{{ .nope.foo }}" }, { t: "<no value><no value>" }],
    ["another template's source, unrendered", { a: "{{ .user }}", t: "{{ .a }}" }, { a: "admin", t: "{{ .user }}" }],
    ["its own source", { t: "{{ .t }}" }, { t: "{{ .t }}" }],
    ["an item before a source of the same name", { user: "x", t: "{{ .user }}" }, { user: "x", t: "admin" }],
    [
      "definitions, which other templates do not see",
      { t: '{{ define "x" }}1{{ end }}{{ template "x" }}' },
      { t: "1" },
    ],
    ["an empty template", { t: "" }, { t: "" }],
    ["HTML in JSON, escaped", { t: '{{ toJson "<" }}' }, { t: '"\\u003c"' }],
    ["cryptography", { t: '{{ derivePassword 3 "pin" "pass wörd" "ann" "shop.test" }}' }, { t: "5733" }],
  ])("gives %s", async (_what, templates, want) => {
    expect(await texts(renderer(), templates)).toEqual(want);
  });

  test.each<[source: string, safe: string, original: string]>([
    [
      "\n{{ fail .user }}",
      "template: t:2: error calling fail (t)",
      'template: t:2:3: executing "t" at <fail .user>: error calling fail: admin (t)',
    ],
    ["{{", "template: t:1: it cannot be parsed (t)", "template: t:1: unclosed action (t)"],
    [
      "{{ toYaml . }}",
      'template: t:1: function "toYaml" not defined (t)',
      'template: t:1: function "toYaml" not defined (t)',
    ],
    [
      '{{ env "HOME" }}',
      'template: t:1: function "env" not defined (t)',
      'template: t:1: function "env" not defined (t)',
    ],
    [
      '{{ template "other" }}',
      "template: t:1: it cannot be executed (t)",
      'template: t:1:12: executing "t" at <{{template "other"}}>: template "other" not defined (t)',
    ],
  ])("%j is told safely, and in full only to whoever renders at home", async (source, safe, original) => {
    const told = renderer() === here ? original : " (t)";
    expect(await problems(renderer(), { t: source })).toEqual({ safe, original: told });
  });

  test("what many templates say when they fail is kept within bounds", async () => {
    const source = '{{ fail (repeat 1000000 "x") }}';
    const found = await render(renderer(), Object.fromEntries(Array.from("abcdefgh", (item) => [item, source])));
    const sizes = found.kind === "failed" ? found.problems.map(({ text }) => text.byteLength) : [];
    expect(sizes).toHaveLength(8);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(renderer() === here ? 1024 * 1024 : 0);
  });

  test("nothing that was rendered comes back when another template fails", async () => {
    const found = await render(renderer(), { a: "fine", b: "{{ fail .user }}" });
    expect(found).not.toHaveProperty("data");
  });

  test.each([
    '{{ fail "LITERAL" }}',
    '{{ "LITERAL" }',
    '{{ template "LITERAL" }}',
    '{{ if "LITERAL" }}',
    '{{ index . "user" "LITERAL" }}',
    '{{ semver "LITERAL" }}',
    "{{ .LITERAL.x.y | fail }}",
    '{{ "LITERAL" | mustToDate "2006" }}',
  ])("no literal of %j is told", async (source) => {
    expect((await problems(renderer(), { t: source })).safe).not.toContain("LITERAL");
  });

  test("every template that fails is told", async () => {
    const { safe } = await problems(renderer(), { a: "{{ fail .user }}", b: "fine", c: "{{" });
    expect(safe).toBe("template: a:1: error calling fail (a)\ntemplate: c:1: it cannot be parsed (c)");
  });

  test.each([
    ["a loop", "{{ range until 1000000000 }}{{ end }}"],
    ["recursion", '{{ define "x" }}{{ template "x" }}{{ end }}{{ template "x" }}'],
    ["repetition", '{{ repeat 1000000000 "x" }}'],
    ["repetition of repetition", '{{ $x := repeat 10000 "x" }}{{ range until 10000 }}{{ $x }}{{ end }}'],
    ["a wide number", '{{ range until 1000 }}{{ printf "%1000000d" 1 }}{{ end }}'],
    ["a great indent", '{{ indent 2000000000 "x" }}'],
    ["random text", "{{ randAlphaNum 2000000000 }}"],
    ["doubling", '{{ $x := "xx" }}{{ range until 64 }}{{ $x = cat $x $x }}{{ end }}'],
  ])("%s without end is ended by its own bounds", async (_what, source) => {
    const { safe } = await problems(renderer(), { t: source });
    expect(safe).toMatch(
      /^template: t(:\d+)?: (it needs more steps, output or depth than is allowed|it uses too much memory) \(t\)$/,
    );
  });

  test("an evil pattern runs in linear time", async () => {
    const source = '{{ regexMatch "^(a+)+$" (cat (repeat 5000 "a") "b") }}';
    expect(await texts(renderer(), { t: source })).toEqual({ t: "false" });
  });
});
