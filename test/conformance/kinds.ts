import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type Api, fresh, newNamespace } from "./endpoint.ts";

interface Sample {
  readonly base: string;
  readonly plural: string;
  readonly namespaced: boolean;
  readonly object: { readonly apiVersion: string; readonly kind: string; readonly [field: string]: unknown };
}

const folder = join(import.meta.dirname, "../../fixtures/sandbox");
const recorded = join(folder, "kinds.answers.json");
const samples: readonly Sample[] = JSON.parse(readFileSync(join(folder, "kinds.json"), "utf8"));
const answers: Record<string, unknown> = existsSync(recorded) ? JSON.parse(readFileSync(recorded, "utf8")) : {};

/** Anything that differs from run to run gets a fixed word. */
function settled(value: unknown, names: Readonly<Record<string, string>>): unknown {
  let text = JSON.stringify(value);
  for (const [name, word] of Object.entries(names)) text = text.replaceAll(name, word);
  return JSON.parse(
    text
      .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}/g, "UID")
      .replace(/20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, "TIME")
      .replace(/"resourceVersion":"\d+"/g, '"resourceVersion":"REVISION"')
      .replace(/"10\.\d+\.\d+\.\d+"/g, '"ADDRESS"')
      .replace(/"nodePort":\d+/g, '"nodePort":1'),
  );
}

/**
 * Objects of many built-in kinds, created and applied: defaults, allocated fields and owners of fields have to be those
 * that a real API server gave (`fixtures/sandbox`). With `record`, the answers are written down instead.
 */
export function kindsConformance(api: () => Api, record: boolean): void {
  describe("kinds", () => {
    let namespace = "";
    afterAll(() => {
      const lines = Object.entries(answers).map(([key, answer]) => `${JSON.stringify(key)}:${JSON.stringify(answer)}`);
      if (record) writeFileSync(recorded, `{\n${lines.join(",\n")}\n}\n`);
    });
    test.each(samples.map((sample, index) => ({ ...sample, index })))(
      "$index: $object.kind",
      async ({ base, plural, namespaced, object, index }) => {
        if (namespace === "") namespace = await newNamespace(api());
        const path = namespaced ? `${base}/namespaces/${namespace}/${plural}` : `${base}/${plural}`;
        const got: unknown[] = [];
        for (const how of ["create", "apply"]) {
          const name = fresh("kind");
          const text = JSON.stringify({ ...object, metadata: { name, labels: { l: "1" } } }).replaceAll(
            "NAMESPACE",
            namespace,
          );
          const answer =
            how === "create"
              ? await api().post(`${path}?fieldManager=maker`, text)
              : await api().patch("apply", `${path}/${name}?fieldManager=maker`, text);
          got.push(
            settled({ status: answer.status, object: answer.json }, { [name]: "NAME", [namespace]: "NAMESPACE" }),
          );
          if (!namespaced) await api().delete(`${path}/${name}`);
        }
        const key = `${index} ${object.kind}`;
        if (record) answers[key] = got;
        expect(got).toEqual(answers[key]);
      },
    );
  });
}
