import { afterAll, describe, expect, test } from "vitest";
import { type Api, eventually, fresh, newNamespace } from "./endpoint.ts";

/** CustomResourceDefinitions and the resources that they define. */
export function customResourcesConformance(api: () => Api): void {
  describe("custom resources", () => {
    const group = `${fresh("g")}.example.com`;
    const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    let namespace = "";
    const widgets = () => `/apis/${group}/v1/namespaces/${namespace}/widgets`;
    const widget = (name: string, spec?: unknown, more: object = {}) => ({
      apiVersion: `${group}/v1`,
      kind: "Widget",
      metadata: { name },
      ...(spec === undefined ? {} : { spec }),
      ...more,
    });
    const begin = async () => {
      if (namespace !== "") return;
      namespace = await newNamespace(api());
      await api().post(definitions, definition(group));
      await eventually("the definition is established", async () => {
        const seen = await api().get(`${definitions}/widgets.${group}`);
        const established = seen.json.status?.conditions?.find((each: { type: string }) => each.type === "Established");
        return established?.status === "True" && (await api().get(widgets())).status === 200 ? true : undefined;
      });
    };
    afterAll(async () => {
      await api().delete(`${definitions}/widgets.${group}`);
    });

    test("a definition is accepted, established and discovered", async () => {
      await begin();
      const seen = await api().get(`${definitions}/widgets.${group}`);
      expect(seen.json.spec.names).toMatchObject({ singular: "widget", listKind: "WidgetList" });
      expect(seen.json.status).toMatchObject({ acceptedNames: { kind: "Widget" }, storedVersions: ["v1"] });
      const found = await api().get(`/apis/${group}/v1`);
      expect(found.json.resources.map((each: { name: string }) => each.name)).toEqual(["widgets", "widgets/status"]);
      expect((await api().get(widgets())).json).toMatchObject({
        kind: "WidgetList",
        apiVersion: `${group}/v1`,
        items: [],
      });
    });

    test("unknown fields are pruned, defaults set, nulls dropped or kept", async () => {
      await begin();
      const name = fresh("w");
      const spec = { size: 1, zz: 1, opt: null, color: null, items: [{ name: "q", yy: 1 }], free: { a: { b: [1] } } };
      const made = await api().post(widgets(), widget(name, spec, { status: { ok: true }, more: 1 }));
      expect(made.status).toBe(201);
      expect(made.json.spec).toEqual({
        size: 1,
        opt: null,
        color: "red",
        items: [{ name: "q", v: 3 }],
        free: { a: { b: [1] } },
      });
      expect(made.json.status).toBeUndefined();
      expect(made.json.more).toBeUndefined();
      expect(made.json.metadata.generation).toBe(1);
      expect((await api().get(widgets())).json.items[0].kind).toBe("Widget");
    });

    test.each([
      { what: "a missing field", spec: {}, causes: ["spec.size: Required value"] },
      {
        what: "too small",
        spec: { size: 0 },
        causes: ["spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1"],
      },
      {
        what: "too large",
        spec: { size: 11 },
        causes: ["spec.size: Invalid value: 11: spec.size in body should be less than or equal to 10"],
      },
      {
        what: "not of the list",
        spec: { size: 1, color: "green" },
        causes: ['spec.color: Unsupported value: "green": supported values: "red", "blue"'],
      },
      {
        what: "too short",
        spec: { size: 1, name: "a" },
        causes: ['spec.name: Invalid value: "a": spec.name in body should be at least 2 chars long'],
      },
      {
        what: "too long",
        spec: { size: 1, name: "abcdef" },
        causes: ["spec.name: Too long: may not be more than 5 bytes"],
      },
      {
        what: "not matching",
        spec: { size: 1, name: "A1" },
        causes: ["spec.name: Invalid value: \"A1\": spec.name in body should match '^[a-z]+$'"],
      },
      {
        what: "too many",
        spec: { size: 1, tags: ["a", "b", "c"] },
        causes: ["spec.tags: Too many: 3: must have at most 2 items"],
      },
      {
        what: "of another type",
        spec: { size: "x" },
        causes: ['spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"'],
      },
      {
        what: "an item without its key",
        spec: { size: 1, items: [{ v: 1 }] },
        causes: ["spec.items[0].name: Required value"],
      },
      {
        what: "an item twice",
        spec: { size: 1, items: [{ name: "a" }, { name: "a" }] },
        causes: ['spec.items[1]: Duplicate value: {"name":"a"}'],
      },
      { what: "a null that is not allowed", spec: { size: null }, causes: ["spec.size: Required value"] },
    ])("validation refuses $what", async ({ spec, causes }) => {
      await begin();
      const answer = await api().post(widgets(), widget("bad", spec));
      expect(answer.json).toMatchObject({
        code: 422,
        reason: "Invalid",
        details: { name: "bad", group, kind: "Widget" },
      });
      const got = answer.json.details.causes.map(
        (cause: { field: string; message: string }) => `${cause.field}: ${cause.message}`,
      );
      expect(got).toEqual(causes);
      expect(answer.json.message).toBe(
        `Widget.${group} "bad" is invalid: ${causes.length === 1 ? causes[0] : `[${causes.join(", ")}]`}`,
      );
    });

    test("strict field validation names the unknown fields", async () => {
      await begin();
      const answer = await api().post(
        `${widgets()}?fieldValidation=Strict`,
        widget("s", { size: 1, zz: 1, items: [{ name: "a", yy: 1 }] }),
      );
      expect(answer.status).toBe(400);
      expect(answer.json.message).toContain(
        'strict decoding error: unknown field "spec.items[0].yy", unknown field "spec.zz"',
      );
    });

    test("kind and version must be those of the path", async () => {
      await begin();
      expect((await api().post(widgets(), { ...widget("x", { size: 1 }), kind: "Other" })).json.message).toContain(
        'kind: Invalid value: "Other": must be Widget',
      );
      expect(
        (await api().post(widgets(), { ...widget("x", { size: 1 }), apiVersion: `${group}/v2` })).json,
      ).toMatchObject({
        code: 400,
        message: `the API version in the data (${group}/v2) does not match the expected API version (${group}/v1)`,
      });
    });

    test("an update needs a revision; the generation counts the spec", async () => {
      await begin();
      const name = fresh("w");
      const made = await api().post(widgets(), widget(name, { size: 1 }));
      const blind = await api().put(`${widgets()}/${name}`, widget(name, { size: 2 }));
      expect(blind.json).toMatchObject({
        code: 422,
        message: `widgets.${group} "${name}" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update`,
      });
      const updated = await api().put(`${widgets()}/${name}`, { ...made.json, spec: { size: 2 } });
      expect(updated.json).toMatchObject({ metadata: { generation: 2 }, spec: { size: 2, color: "red" } });
      const labelled = await api().patch("merge", `${widgets()}/${name}`, { metadata: { labels: { a: "b" } } });
      expect(labelled.json.metadata.generation).toBe(2);
      expect((await api().patch("strategic", `${widgets()}/${name}`, {})).status).toBe(415);
    });

    test("status is written only through its subresource", async () => {
      await begin();
      const name = fresh("w");
      await api().post(widgets(), widget(name, { size: 1 }));
      const main = await api().patch("merge", `${widgets()}/${name}`, { status: { ok: true } });
      expect(main.json.status).toBeUndefined();
      const status = await api().patch("merge", `${widgets()}/${name}/status`, {
        spec: { size: 9 },
        status: { ok: true },
        metadata: { labels: { a: "b" } },
      });
      expect(status.json).toMatchObject({ spec: { size: 1 }, status: { ok: true }, metadata: { generation: 1 } });
      expect(status.json.metadata.labels).toBeUndefined();
      expect((await api().get(`${widgets()}/${name}/status`)).json.status).toEqual({ ok: true });
    });

    test("owners: containers on update, leaves on apply", async () => {
      await begin();
      const name = fresh("w");
      const made = await api().post(
        `${widgets()}?fieldManager=maker`,
        widget(name, { size: 1, items: [{ name: "q" }] }),
      );
      expect(made.json.metadata.managedFields[0].fieldsV1).toEqual({
        "f:spec": {
          ".": {},
          "f:color": {},
          "f:items": { ".": {}, 'k:{"name":"q"}': { ".": {}, "f:name": {}, "f:v": {} } },
          "f:size": {},
        },
      });
      const other = fresh("w");
      const applied = await api().patch(
        "apply",
        `${widgets()}/${other}?fieldManager=one`,
        widget(other, { size: 2, items: [{ name: "x" }] }),
      );
      expect(applied.json.spec).toEqual({ size: 2, color: "red", items: [{ name: "x", v: 3 }] });
      expect(applied.json.metadata.managedFields[0].fieldsV1).toEqual({
        "f:spec": { "f:items": { 'k:{"name":"x"}': { ".": {}, "f:name": {} } }, "f:size": {} },
      });
    });

    test.each([
      { what: "an unknown field", spec: { size: 1, zz: 1 }, message: ".spec.zz: field not declared in schema" },
      {
        what: "an item twice",
        spec: { size: 1, items: [{ name: "x" }, { name: "x" }] },
        message: '.spec.items: duplicate entries for key [name="x"]',
      },
      {
        what: "an item without key",
        spec: { size: 1, items: [{ v: 1 }] },
        message:
          '.spec.items: element 0: associative list with keys has an element that omits all key fields ["name"] (and doesn\'t have default values for any key fields)',
      },
    ])("an apply with $what is refused", async ({ spec, message }) => {
      await begin();
      const answer = await api().patch("apply", `${widgets()}/bad?fieldManager=one`, widget("bad", spec));
      expect(answer.status).toBe(500);
      expect(answer.json.message).toContain(message);
    });

    test("printer columns come from the definition", async () => {
      await begin();
      const name = fresh("w");
      await api().post(widgets(), widget(name, { size: 4 }));
      const table = await api().get(`${widgets()}/${name}`, { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" });
      expect(table.json.columnDefinitions.map((column: { name: string }) => column.name)).toEqual([
        "Name",
        "Size",
        "Age",
      ]);
      expect(table.json.rows[0].cells.slice(0, 2)).toEqual([name, 4]);
    });

    test.each([
      {
        what: "a name that does not fit",
        change: { metadata: { name: "other.example.com" } },
        message: /metadata\.name: Invalid value: "other\.example\.com": must be spec\.names\.plural\+"\."\+spec\.group/,
      },
      {
        what: "no schema",
        change: { versions: [{ name: "v1", served: true, storage: true }] },
        message: /spec\.versions\[0\]\.schema\.openAPIV3Schema: Required value/,
      },
      {
        what: "no storage version",
        change: {
          versions: [{ name: "v1", served: true, storage: false, schema: { openAPIV3Schema: { type: "object" } } }],
        },
        message: /must have exactly one version marked as storage version/,
      },
    ])("a definition with $what is refused", async ({ change, message }) => {
      const base = definition(`${fresh("bad")}.example.com`);
      const body =
        "versions" in change ? { ...base, spec: { ...base.spec, versions: change.versions } } : { ...base, ...change };
      const answer = await api().post(definitions, body);
      expect(answer.status).toBe(422);
      expect(answer.json.message).toMatch(message);
    });

    test("deleting a definition deletes its resources", async () => {
      const own = `${fresh("del")}.example.com`;
      const space = await newNamespace(api());
      const path = `/apis/${own}/v1/namespaces/${space}/widgets`;
      await api().post(definitions, definition(own));
      await eventually("served", async () => ((await api().get(path)).status === 200 ? true : undefined));
      await eventually("stored", async () => {
        const made = await api().post(path, {
          apiVersion: `${own}/v1`,
          kind: "Widget",
          metadata: { name: "a" },
          spec: { size: 1 },
        });
        return made.status === 201 || made.json.reason === "AlreadyExists" ? true : undefined;
      });
      expect((await api().delete(`${definitions}/widgets.${own}`)).status).toBe(200);
      await eventually("gone", async () =>
        (await api().get(`${definitions}/widgets.${own}`)).status === 404 ? true : undefined,
      );
      await eventually("no longer served", async () => ((await api().get(path)).status === 404 ? true : undefined));
    });
  });
}

function definition(group: string) {
  const schema = {
    type: "object",
    properties: {
      spec: {
        type: "object",
        required: ["size"],
        properties: {
          size: { type: "integer", minimum: 1, maximum: 10 },
          color: { type: "string", enum: ["red", "blue"], default: "red" },
          port: { "x-kubernetes-int-or-string": true },
          name: { type: "string", pattern: "^[a-z]+$", maxLength: 5, minLength: 2 },
          tags: { type: "array", items: { type: "string" }, maxItems: 2 },
          free: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
          opt: { type: "string", nullable: true },
          items: {
            type: "array",
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"],
            items: {
              type: "object",
              required: ["name"],
              properties: { name: { type: "string" }, v: { type: "integer", default: 3 } },
            },
          },
        },
      },
      status: { type: "object", properties: { ok: { type: "boolean" } } },
    },
  };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `widgets.${group}` },
    spec: {
      group,
      names: { kind: "Widget", plural: "widgets" },
      scope: "Namespaced",
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          schema: { openAPIV3Schema: schema },
          subresources: { status: {} },
          additionalPrinterColumns: [
            { name: "Size", type: "integer", jsonPath: ".spec.size" },
            { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
          ],
        },
      ],
    },
  };
}
