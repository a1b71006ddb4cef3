import { describe, expect, test } from "vitest";
import { defineMissingKinds } from "../../../../cli/drill/stand-in-kinds.ts";
import type { KubeObject } from "../../../../src/objects/index.ts";
import { treeFromEntries } from "../../../../src/tree/index.ts";

/** A server that knows the kinds of `apps/v1`, and establishes every definition at once. */
function server() {
  const created: KubeObject[] = [];
  const conditions = [{ type: "Established", status: "True" }];
  const client = {
    raw: async ({ path }: { path: string }) => ({
      status: path === "/apis/example.com/v1" ? 200 : 404,
      headers: {},
      body: Buffer.from(JSON.stringify({ resources: [{ kind: "Known" }] })),
    }),
    create: async (_: unknown, object: KubeObject) => created.push(object),
    resourceFor: async () => ({}),
    get: async () => ({ status: { conditions } }),
  };
  return { client: client as never, created };
}

const object = (apiVersion: string, kind: string, namespace?: string) =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: x${namespace === undefined ? "" : `, namespace: ${namespace}`}}\n`;

async function define(files: Record<string, string | Uint8Array>) {
  const { client, created } = server();
  const entries = Object.entries(files).map(([path, content]) => ({ kind: "file", path, bytes: Buffer.from(content) }));
  const names = await defineMissingKinds(client, treeFromEntries(entries as never));
  return { names, created };
}

describe("defineMissingKinds()", () => {
  test.each([
    { name: "kinds of the core", text: object("v1", "Widget", "a") },
    { name: "kinds of groups without a dot", text: object("apps/v1", "Widget", "a") },
    { name: "kinds that the server has", text: object("example.com/v1", "Known", "a") },
    { name: "files for kustomize", text: object("kustomize.config.k8s.io/v1beta1", "Kustomization") },
    { name: "an odd version", text: object("example.com/latest", "Widget", "a") },
    { name: "an odd kind", text: object("example.com/v1", "wid-get", "a") },
    { name: "no manifest", text: "a: [\n" },
    { name: "bytes that are no UTF-8", text: Buffer.from([0xff, 0x0a]) },
    { name: "numbers for names", text: "apiVersion: 1\nkind: 2\n" },
    {
      name: "kinds that the repository defines",
      text: `${object("example.com/v1", "Widget", "a")}---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: widgets.example.com}\nspec: {group: example.com, names: {kind: Widget}}\n`,
    },
  ])("leaves $name alone", async ({ text }) => {
    expect(await define({ "a.yaml": text })).toEqual({ names: [], created: [] });
  });

  test.each([
    { kind: "Certificate", namespace: "a", plural: "certificates", scope: "Namespaced" },
    { kind: "Policy", namespace: "a", plural: "policies", scope: "Namespaced" },
    { kind: "Ingress", namespace: "a", plural: "ingresses", scope: "Namespaced" },
    { kind: "Gateway", namespace: "a", plural: "gateways", scope: "Namespaced" },
    { kind: "NodePool", namespace: undefined, plural: "nodepools", scope: "Cluster" },
  ])("defines $kind as $plural, $scope", async ({ kind, namespace, plural, scope }) => {
    const { names, created } = await define({ "a.yaml": object("example.com/v1", kind, namespace) });
    expect(names).toEqual([`${kind}.example.com`]);
    expect(created).toMatchObject([
      { metadata: { name: `${plural}.example.com` }, spec: { scope, names: { kind, plural } } },
    ]);
  });

  test("a namespace of a kustomization counts, but not for what is named after clusters; versions come together", async () => {
    const { created } = await define({
      "kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nnamespace: apps\n",
      "a.json": JSON.stringify({
        apiVersion: "v1",
        kind: "List",
        items: [{ apiVersion: "example.com/v1", kind: "Widget" }],
      }),
      "b.yml": `${object("example.com/v1beta1", "Widget")}---\n${object("example.com/v1", "ClusterWidget")}`,
      "c.txt": object("example.com/v1", "Unread"),
    });
    const seen = created.map(
      ({ spec }) => spec as { scope: string; names: { kind: string }; versions: { name: string }[] },
    );
    expect(seen.map(({ scope, names, versions }) => [names.kind, scope, ...versions.map(({ name }) => name)])).toEqual([
      ["Widget", "Namespaced", "v1", "v1beta1"],
      ["ClusterWidget", "Cluster", "v1"],
    ]);
  });
});
