import { describe, expect, test } from "vitest";
import { build } from "../../../src/kustomize/index.ts";
import { treeFromEntries } from "../../../src/tree/index.ts";

const treeOf = (files: Record<string, string>) =>
  treeFromEntries(
    Object.entries(files).map(
      ([path, text]) => ({ kind: "file", path, bytes: new TextEncoder().encode(text) }) as const,
    ),
  );
const map = (name: string, namespace = "apps") =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}, namespace: ${namespace}}\n`;
const resources = (...entries: string[]) => `resources: ${JSON.stringify(entries)}\n`;
const names = async (files: Record<string, string>, path = "") =>
  (await build(treeOf(files), path)).map(({ object }) => object.metadata.name);

describe("build()", () => {
  test.each<[string, Record<string, string>, string, string[]]>([
    [
      "files in order",
      { "kustomization.yaml": resources("b.yaml", "a.yaml"), "a.yaml": map("a"), "b.yaml": map("b") },
      "",
      ["b", "a"],
    ],
    ["all three names of the file", { "x/Kustomization": resources("a.yaml"), "x/a.yaml": map("a") }, "x", ["a"]],
    [
      "a base beside",
      {
        "o/kustomization.yml": resources("../base"),
        "base/kustomization.yaml": resources("a.yaml"),
        "base/a.yaml": map("a"),
      },
      "o",
      ["a"],
    ],
    ["a file beside", { "o/kustomization.yaml": resources("../a.yaml"), "a.yaml": map("a") }, "o", ["a"]],
    ["any extension when named", { "kustomization.yaml": resources("a.txt"), "a.txt": map("a") }, "", ["a"]],
    [
      "only what is named",
      { "kustomization.yaml": resources("a.yaml"), "a.yaml": map("a"), "values.yaml": "x: 1" },
      "",
      ["a"],
    ],
    ["nothing", { "kustomization.yaml": "resources: []\n", "a.yaml": map("a") }, "", []],
    [
      "empty fields ask for nothing",
      { "kustomization.yaml": "namespace: ''\npatches: []\nimages:\ncommonLabels: {}\n" },
      "",
      [],
    ],
    ["generated: every YAML file", { "a.yaml": map("a"), "d/b.yml": map("b"), "README.md": "x" }, "", ["a", "b"]],
    [
      "generated: a directory with its own file is one",
      {
        "x/d/kustomization.yaml": resources("b.yaml"),
        "x/d/b.yaml": map("b"),
        "x/d/values.yaml": "a: 1",
        "x/d/sub/c.yaml": "no: object",
      },
      "x",
      ["b"],
    ],
    [
      "generated: a parent's file is irrelevant",
      { "kustomization.yaml": "namePrefix: no\n", "x/a.yaml": map("a") },
      "x",
      ["a"],
    ],
    ["many documents, empty ones between", { "a.yaml": `${map("a")}---\n---\n# c\n---\n${map("b")}` }, "", ["a", "b"]],
    [
      "lists are their items",
      {
        "a.yaml": `apiVersion: v1\nkind: List\nitems:\n- ${map("a").replaceAll("\n", "\n  ").trim()}\n- ${map("b").replaceAll("\n", "\n  ").trim()}\n`,
      },
      "",
      ["a", "b"],
    ],
    [
      "JSON",
      {
        "kustomization.yaml": resources("a.json"),
        "a.json": '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}',
      },
      "",
      ["a"],
    ],
    ["an empty file", { "a.yaml": "" }, "", []],
    ["nothing below the path", { "a.yaml": map("a") }, "x", []],
    ["the same name in another namespace", { "a.yaml": map("a", "one"), "b.yaml": map("a", "two") }, "", ["a", "a"]],
  ])("%s", async (_name, files, path, want) => {
    expect(await names(files, path)).toEqual(want);
  });

  const deep = Object.fromEntries(
    Array.from({ length: 60 }, (_, n) => [`d${n}/kustomization.yaml`, resources(`../d${n + 1}`)]),
  );
  const fan = Object.fromEntries(
    Array.from({ length: 21 }, (_, n) => [
      `f${n}/kustomization.yaml`,
      n === 20 ? "resources: []" : resources(...Array<string>(4).fill(`../f${n + 1}`)),
    ]),
  );

  test.each<[string, Record<string, string>, string, string]>([
    ["a field that is not supported", { "kustomization.yaml": "namePrefix: x\n" }, "", "KUSTOMIZE_FIELD_UNSUPPORTED"],
    ["a generator", { "kustomization.yaml": "secretGenerator: [{name: x}]\n" }, "", "KUSTOMIZE_FIELD_UNSUPPORTED"],
    ["a typing mistake", { "kustomization.yaml": "resource: [a.yaml]\n" }, "", "KUSTOMIZE_FIELD_UNSUPPORTED"],
    ["plugins", { "kustomization.yaml": "generators: [x]\n" }, "", "KUSTOMIZE_FIELD_UNSUPPORTED"],
    [
      "a component",
      { "kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n" },
      "",
      "KUSTOMIZE_BAD_FILE",
    ],
    [
      "another API version",
      { "kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v2\n" },
      "",
      "KUSTOMIZE_BAD_FILE",
    ],
    ["an empty kustomization", { "kustomization.yaml": "# nothing\n" }, "", "KUSTOMIZE_BAD_FILE"],
    ["a list as kustomization", { "kustomization.yaml": "- a\n" }, "", "KUSTOMIZE_BAD_FILE"],
    ["resources of numbers", { "kustomization.yaml": "resources: [1]\n" }, "", "KUSTOMIZE_BAD_FILE"],
    ["resources as text", { "kustomization.yaml": "resources: a.yaml\n" }, "", "KUSTOMIZE_BAD_FILE"],
    ["an empty resource", { "kustomization.yaml": "resources: ['']\n" }, "", "KUSTOMIZE_BAD_FILE"],
    [
      "two kustomization files",
      { "kustomization.yaml": "resources: []", "kustomization.yml": "resources: []" },
      "",
      "KUSTOMIZE_MULTIPLE_FILES",
    ],
    ["a file that is not there", { "kustomization.yaml": resources("a.yaml") }, "", "KUSTOMIZE_RESOURCE_NOT_FOUND"],
    [
      "a directory without a file",
      { "kustomization.yaml": resources("d"), "d/a.yaml": map("a") },
      "",
      "KUSTOMIZE_RESOURCE_NOT_FOUND",
    ],
    ["a path out of the tree", { "x/kustomization.yaml": resources("../../etc/passwd") }, "x", "KUSTOMIZE_OUTSIDE"],
    ["an absolute path", { "kustomization.yaml": resources("/etc/passwd") }, "", "KUSTOMIZE_OUTSIDE"],
    [
      "https",
      { "kustomization.yaml": resources("https://user:hunter2@example.com/a.yaml") },
      "",
      "KUSTOMIZE_REMOTE_REFUSED",
    ],
    ["git over ssh", { "kustomization.yaml": resources("git@example.com:a/b") }, "", "KUSTOMIZE_REMOTE_REFUSED"],
    [
      "a short GitHub form",
      { "kustomization.yaml": resources("github.com/a/b?ref=v1") },
      "",
      "KUSTOMIZE_REMOTE_REFUSED",
    ],
    ["an ext transport", { "kustomization.yaml": resources("ext::sh -c id") }, "", "KUSTOMIZE_REMOTE_REFUSED"],
    ["itself", { "kustomization.yaml": resources(".") }, "", "KUSTOMIZE_CYCLE"],
    [
      "a circle",
      { "a/kustomization.yaml": resources("../b"), "b/kustomization.yaml": resources("../a") },
      "a",
      "KUSTOMIZE_CYCLE",
    ],
    [
      "a directory above",
      { "a/b/kustomization.yaml": resources("../../a"), "a/kustomization.yaml": resources("b") },
      "a",
      "KUSTOMIZE_CYCLE",
    ],
    ["depth", deep, "d0", "KUSTOMIZE_TOO_LARGE"],
    ["bases that multiply", fan, "f0", "KUSTOMIZE_TOO_LARGE"],
    ["the same object twice", { "a.yaml": map("a"), "b.yaml": map("a") }, "", "KUSTOMIZE_DUPLICATE"],
    [
      "the same file twice",
      { "kustomization.yaml": resources("a.yaml", "./a.yaml"), "a.yaml": map("a") },
      "",
      "KUSTOMIZE_DUPLICATE",
    ],
    ["values of a chart", { "values.yaml": "replicas: 1\n" }, "", "KUSTOMIZE_BAD_OBJECT"],
    ["a scalar document", { "a.yaml": "hello\n" }, "", "KUSTOMIZE_BAD_OBJECT"],
    ["no name", { "a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n" }, "", "KUSTOMIZE_BAD_OBJECT"],
    ["no kind", { "a.yaml": "apiVersion: v1\nmetadata: {name: a}\n" }, "", "KUSTOMIZE_BAD_OBJECT"],
    [
      "an integer that would change",
      { "a.yaml": `${map("a")}x: {y: 9223372036854775807}\n` },
      "",
      "KUSTOMIZE_BAD_OBJECT",
    ],
    ["broken YAML", { "a.yaml": "a: [\n" }, "", "KUSTOMIZE_BAD_FILE"],
    ["duplicate keys", { "a.yaml": `${map("a")}kind: Secret\n` }, "", "KUSTOMIZE_BAD_FILE"],
    [
      "a bomb of aliases",
      {
        "a.yaml": `a: &a [x,x,x,x,x,x,x,x]\n${"bcdefghijkl"
          .split("")
          .map((c, n) => `${c}: &${c} [${Array(8).fill(`*${"abcdefghijk"[n]}`)}]`)
          .join("\n")}`,
      },
      "",
      "KUSTOMIZE_BAD_FILE",
    ],
  ])("refuses %s", async (_name, files, path, code) => {
    const error = await build(treeOf(files), path).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code });
    expect(JSON.stringify(error) + String(error)).not.toContain("hunter2");
  });

  test("errors name file, document and line", async () => {
    const files = { "kustomization.yaml": resources("d/a.yaml"), "d/a.yaml": `${map("a")}---\nkind: ConfigMap\n` };
    await expect(build(treeOf(files), "")).rejects.toMatchObject({
      message: 'Cannot read "d/a.yaml" (document 2, line 5) as a Kubernetes object: it has no apiVersion',
      file: "d/a.yaml",
    });
  });

  test("each object remembers where it was written", async () => {
    const built = await build(treeOf({ "a.yaml": `# head\n${map("a")}---\n${map("b")}` }), "");
    expect(built.map(({ origin }) => origin)).toEqual([
      { file: "a.yaml", document: 0, line: 2 },
      { file: "a.yaml", document: 1, line: 6 },
    ]);
  });

  test("a prototype in a manifest pollutes nothing", async () => {
    await build(
      treeOf({ "a.yaml": `${map("a")}__proto__: {polluted: true}\nconstructor: {prototype: {polluted: true}}\n` }),
      "",
    );
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});
