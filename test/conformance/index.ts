import { accessConformance } from "./access.ts";
import { applyConformance } from "./apply.ts";
import { customResourcesConformance } from "./custom-resources.ts";
import type { Api } from "./endpoint.ts";
import { garbageConformance } from "./garbage.ts";
import { kindsConformance } from "./kinds.ts";
import { listsConformance } from "./lists.ts";
import { objectsConformance } from "./objects.ts";
import { watchesConformance } from "./watches.ts";

/**
 * What both the sandbox and a real API server have to do; `api` is asked for once the server runs. `record` writes
 * down what a real server answers where the suite compares with a recording.
 */
export function conformance(api: () => Api, options: { readonly record?: boolean } = {}): void {
  kindsConformance(api, options.record === true);
  objectsConformance(api);
  listsConformance(api);
  watchesConformance(api);
  applyConformance(api);
  customResourcesConformance(api);
  garbageConformance(api);
  accessConformance(api);
}
