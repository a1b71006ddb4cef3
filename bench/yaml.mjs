// Throughput of reading and printing YAML, in this process: a stream of resource definitions of a few megabytes.
import jsYaml from "js-yaml";
import * as yaml from "yaml";
import { line } from "./measure.mjs";
import { importTypeScript } from "./typescript.mjs";

export async function run(_folder, { definitions = 300, rounds = 7 } = {}) {
  const { parseYaml, printSigs, printV3, readManifests } = await importTypeScript("src/yaml/index.ts");
  const text = Array.from({ length: definitions }, (_, at) => definition(at)).join("---\n");
  const values = readManifests(text).manifests.map(({ value }) => value);
  const { documents } = parseYaml(text);
  const best = bestOf(rounds, {
    read: () => readManifests(text),
    readJsYaml: () => jsYaml.loadAll(text),
    nodes: () => parseYaml(text),
    nodesYaml: () => yaml.parseAllDocuments(text).map((document) => document.toJS()),
    print: () => values.map((value) => printSigs(value)),
    printJsYaml: () => values.map((value) => jsYaml.dump(value, { lineWidth: 80 })),
    printNodes: () => printV3(documents),
  });
  const megabytes = text.length / 1e6;
  const note = (ms) => `${(megabytes / (ms / 1000)).toFixed(0)} MB/s`;
  const row = (what, ours, theirs, rival, limit) =>
    line(`yaml: ${what}, ${megabytes.toFixed(1)} MB`, { ours, theirs, unit: "ms", rival, limit, note: note(ours) });
  return [
    row("manifests to values", best.read, best.readJsYaml, "js-yaml"),
    row("text to nodes with comments", best.nodes, best.nodesYaml, "yaml", 0.2),
    row("values to manifests", best.print, best.printJsYaml, "js-yaml"),
    row("nodes with comments to text", best.printNodes, best.nodesYaml, "yaml, reading"),
  ];
}

/** The best time of each in milliseconds, taken in turn. */
function bestOf(rounds, contenders) {
  const best = Object.fromEntries(Object.keys(contenders).map((name) => [name, Number.POSITIVE_INFINITY]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, work] of Object.entries(contenders)) {
      const started = performance.now();
      work();
      best[name] = Math.min(best[name], performance.now() - started);
    }
  }
  return best;
}

function definition(at) {
  const versions = Array.from({ length: 6 }, (_, version) => {
    const properties = Array.from(
      { length: 8 },
      (_, field) => `          field${field}:
            description: |-
              The field number ${field} of this resource. It is used by the controller to decide
              what to do next, and it may be left out.
            type: string
            maxLength: 253
            enum:
            - "Always"
            - Never
            default: Always
`,
    );
    return `  - name: v${version}
    served: true
    storage: ${version === 0}
    # The schema is written by hand.
    schema:
      openAPIV3Schema:
        description: A thing is something that the operator reconciles into pods
        type: object
        properties:
${properties.join("")}`;
  });
  return `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: things${at}.example.com
  annotations:
    controller-gen.kubebuilder.io/version: v0.14.0
spec:
  group: example.com
  versions:
${versions.join("")}`;
}
