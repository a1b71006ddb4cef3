import type { JsonObject } from "../../src/objects/index.ts";
import { discovery } from "../discovery/discovery.ts";
import { openApi } from "../openapi/openapi.ts";
import { apiVersionOf } from "../registry/resource-type.ts";
import type { World } from "../world.ts";
import type { PlainAnswer } from "./plain-answer.ts";

const HEALTH = /^\/(healthz|livez|readyz)(\/.*)?$/;

/** Health, version, discovery and OpenAPI; undefined for any other path. */
export function plainAnswer(
  world: World,
  path: string,
  query: URLSearchParams,
  accept: string,
): PlainAnswer | undefined {
  const trimmed = path.length > 1 ? path.replace(/\/+$/, "") : path;
  const health = HEALTH.exec(trimmed);
  if (health !== null)
    return { status: 200, contentType: "text/plain; charset=utf-8", body: healthText(health[1] ?? "", query) };
  if (trimmed === "/version") return json(world.builtin.version);
  if (trimmed === "/") return json({ paths: paths(world) });
  if (trimmed.startsWith("/openapi/")) {
    const document = openApi(world, trimmed, accept);
    return document === undefined ? undefined : document;
  }
  const found = discovery(world, trimmed, accept);
  return found === undefined ? undefined : json(found, contentTypeOf(found));
}

function contentTypeOf(answer: JsonObject): string {
  if (answer["kind"] !== "APIGroupDiscoveryList") return "application/json";
  const version = String(answer["apiVersion"]).split("/")[1] ?? "v2";
  return `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
}

const json = (value: unknown, contentType = "application/json"): PlainAnswer => ({
  status: 200,
  contentType,
  body: `${JSON.stringify(value)}\n`,
});

function healthText(name: string, query: URLSearchParams): string {
  return query.has("verbose") ? `[+]ping ok\n[+]etcd ok\n${name} check passed\n` : "ok";
}

function paths(world: World): string[] {
  const groups = world.registry
    .all()
    .flatMap((type) => (type.group === "" ? ["/api/v1"] : [`/apis/${type.group}`, `/apis/${apiVersionOf(type)}`]));
  const all = ["/api", "/apis", ...groups, "/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/readyz", "/version"];
  return [...new Set(all)].sort();
}
