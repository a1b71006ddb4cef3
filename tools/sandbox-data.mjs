// Writes sandbox/data/builtin.json: the built-in resources of a Kubernetes API server, as that server describes them
// itself (discovery, OpenAPI v3, table columns, bootstrap roles). Run it against a freshly started kube-apiserver:
//   node tools/sandbox-data.mjs https://127.0.0.1:6443 TOKEN > sandbox/data/builtin.json
import { request } from "node:https";

const [url, token] = process.argv.slice(2);
if (url === undefined || token === undefined) throw new Error("Usage: sandbox-data.mjs URL TOKEN");

function get(path, accept = "application/json") {
  return new Promise((resolve, reject) => {
    const call = request(
      new URL(path, url),
      { rejectUnauthorized: false, headers: { authorization: `Bearer ${token}`, accept } },
      (answer) => {
        const chunks = [];
        answer.on("data", (chunk) => chunks.push(chunk));
        answer.on("end", () => resolve(JSON.parse(Buffer.concat(chunks).toString("utf8"))));
      },
    );
    call.on("error", reject);
    call.end();
  });
}

const isZero = (value) => value === "" || value === 0 || value === false || JSON.stringify(value) === "{}";

/** The structural part of a schema: no prose, no defaults that equal the zero value, references by bare name. */
function structural(schema) {
  const kept = {};
  for (const [key, value] of Object.entries(schema)) {
    if (key === "description") continue;
    // A default of {} marks a struct that is always there, as opposed to one that may be absent.
    if (key === "default" && isZero(value)) {
      if (typeof value === "object" && schema.type !== "array") kept["x-struct"] = true;
      continue;
    }
    if (key === "properties") {
      kept[key] = Object.fromEntries(Object.entries(value).map(([name, child]) => [name, structural(child)]));
    } else if ((key === "items" || key === "additionalProperties") && typeof value === "object") {
      kept[key] = structural(value);
    } else if (key === "allOf" && value.length === 1 && value[0].$ref !== undefined) {
      kept.$ref = value[0].$ref.split("/").at(-1);
    } else if (key === "$ref") {
      kept.$ref = value.split("/").at(-1);
    } else if (key !== "x-kubernetes-group-version-kind" || value.length === 1) {
      kept[key] = value;
    }
  }
  return kept;
}

const DISCOVERY = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
const TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io";
const resources = [];
for (const root of ["/api", "/apis"]) {
  for (const group of (await get(root, DISCOVERY)).items) {
    for (const version of group.versions) {
      for (const resource of version.resources) {
        const name = group.metadata.name ?? "";
        const base = root === "/api" ? `/api/${version.version}` : `/apis/${name}/${version.version}`;
        const table = resource.verbs.includes("list") ? await get(`${base}/${resource.resource}`, TABLE) : undefined;
        const kindOf = (kind) => ({
          group: kind.group || name,
          version: kind.version || version.version,
          kind: kind.kind,
        });
        resources.push({
          group: name,
          version: version.version,
          plural: resource.resource,
          singular: resource.singularResource,
          kind: resource.responseKind.kind,
          namespaced: resource.scope === "Namespaced",
          shortNames: resource.shortNames,
          categories: resource.categories,
          verbs: resource.verbs,
          subresources: resource.subresources?.map((sub) => ({
            name: sub.subresource,
            ...(sub.responseKind === undefined ? {} : kindOf(sub.responseKind)),
            verbs: sub.verbs,
          })),
          columns: table?.columnDefinitions?.map(({ description: _, ...column }) => column),
        });
      }
    }
  }
}

const definitions = {};
for (const [path, { serverRelativeURL }] of Object.entries((await get("/openapi/v3")).paths)) {
  if (!/^(api\/v1|apis\/[^/]+\/[^/]+)$/.test(path)) continue;
  const document = await get(serverRelativeURL);
  for (const [name, schema] of Object.entries(document.components.schemas)) definitions[name] = structural(schema);
}

const rbac = "/apis/rbac.authorization.k8s.io/v1";
const bootstrap = [];
for (const [plural, kind] of [
  ["clusterroles", "ClusterRole"],
  ["clusterrolebindings", "ClusterRoleBinding"],
]) {
  for (const item of (await get(`${rbac}/${plural}`)).items) {
    if (
      /^system:(controller|node|kube-|volume|persistent|certificates|kubelet|service-account-issuer|monitoring|aggregate-to-)/.test(
        item.metadata.name,
      ) &&
      !item.metadata.name.startsWith("system:aggregate-to-")
    )
      continue;
    const { labels, annotations, name } = item.metadata;
    bootstrap.push({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind,
      ...item,
      metadata: { name, labels, annotations },
    });
  }
}

const lines = (entries) => entries.join(",\n");
process.stdout.write(
  `{"version":${JSON.stringify(await get("/version"))},\n"resources":[\n${lines(resources.map((r) => JSON.stringify(r)))}\n],\n` +
    `"bootstrap":[\n${lines(bootstrap.map((r) => JSON.stringify(r)))}\n],\n` +
    `"definitions":{\n${lines(
      Object.keys(definitions)
        .sort()
        .map((name) => `${JSON.stringify(name)}:${JSON.stringify(definitions[name])}`),
    )}\n}}\n`,
);
