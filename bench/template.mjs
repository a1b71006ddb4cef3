// Parsing and executing templates in this process, beside Go's text/template in its own.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { peersFolder } from "../tools/peers.mjs";
import { line } from "./measure.mjs";
import { importTypeScript } from "./typescript.mjs";

const LOOP = `{{ range $i := 10000 }}{{ if eq $i 5000 }}half{{ else }}{{ $i }},{{ end }}{{ end }}`;

const MANIFEST = `{{- define "labels" -}}
app.kubernetes.io/name: {{ .name | quote }}
app.kubernetes.io/instance: {{ printf "%s-%s" .release .name }}
{{- end -}}
{{- $root := . -}}
{{- range $name, $service := .services }}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ $name | trunc 63 | trimSuffix "-" }}
  labels:
    {{- template "labels" (dict "name" $name "release" $root.release) }}
spec:
  type: {{ default "ClusterIP" $service.type }}
  ports:
    {{- range $at, $port := $service.ports }}
    - name: port-{{ $at }}
      port: {{ $port }}
      {{- if and (gt $at 0) $root.verbose }}
      # {{ upper "another" }} port
      {{- end }}
    {{- end }}
  selector:
{{ toJson $service.selector | indent 4 }}
{{- end }}
`;

const services = Object.fromEntries(
  Array.from({ length: 50 }, (_, at) => [
    `service-${at}`,
    { type: at % 2 ? "NodePort" : "", ports: [80 + at, 443, 8080], selector: { app: `a${at}`, tier: "back" } },
  ]),
);

export async function run(_folder, { rounds = 400 } = {}) {
  const ours = await importTypeScript("bench/template-rounds.ts");
  const row = (what, mine, theirs, note) =>
    line(`template: ${what}`, { ours: mine / 1e6, theirs: theirs / 1e6, unit: "ms", rival: "text/template", note });
  const measured = [
    { name: "10,000 rounds of a loop", text: LOOP, data: {} },
    { name: "50 manifests", text: MANIFEST, data: { services, release: "blue", verbose: true } },
  ].map(({ name, text, data }) => ({ name, ours: ours.measure(text, data, rounds), go: askGo(text, data, rounds) }));
  for (const { name, ours: mine, go } of measured) {
    if (mine.output !== go.output) throw new Error(`${name}: not the output of Go`);
  }
  const [loop, manifests] = measured;
  return [
    row(`${loop.name}, executed`, loop.ours.executing, loop.go.executing),
    row(`${manifests.name}, executed`, manifests.ours.executing, manifests.go.executing),
    row("their template parsed", manifests.ours.parsing, manifests.go.parsing),
  ];
}

function askGo(text, data, repeat) {
  const input = `${JSON.stringify({ templates: [{ name: "t", text }], data, repeat })}\n`;
  const asked = spawnSync(join(peersFolder(), "template-oracle"), { input, encoding: "utf8", maxBuffer: 1 << 28 });
  const answer = JSON.parse(asked.stdout);
  if (answer.error) throw new Error(answer.error);
  return answer;
}
