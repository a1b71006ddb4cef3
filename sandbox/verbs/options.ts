import { notSupported } from "../kinds/causes.ts";
import { invalid, StatusError } from "../status.ts";
import type { ApiRequest, Target } from "../world.ts";

/** Longest name of a field manager. */
const MAX_MANAGER = 128;

/** @throws StatusError 422 for anything but `All` */
export function isDryRun(request: ApiRequest, fromBody: readonly unknown[] = []): boolean {
  const wanted = [...request.query.getAll("dryRun"), ...fromBody].filter((value) => value !== "");
  for (const value of wanted) {
    if (value !== "All") {
      const options =
        request.method === "POST" ? "CreateOptions" : request.method === "PUT" ? "UpdateOptions" : "PatchOptions";
      throw invalid({ group: "meta.k8s.io", kind: options }, "", [notSupported("dryRun", [value], ["All"])]);
    }
  }
  return wanted.length > 0;
}

/** Who owns the fields of this write: the parameter, or the first word of the user agent. */
export function fieldManager(request: ApiRequest): string {
  const given = request.query.get("fieldManager") ?? "";
  if (given !== "") return given;
  const agent = (request.userAgent.split("/")[0] ?? "").replace(/[^\x20-\x7e]/g, "");
  return (agent === "" ? "unknown" : agent).slice(0, MAX_MANAGER);
}

/** The name in the path, which routing has made sure of. */
export function nameOf(target: Target): string {
  if (target.name === undefined)
    throw new StatusError({ code: 405, reason: "MethodNotAllowed", message: "name is required" });
  return target.name;
}

export const flag = (request: ApiRequest, name: string): boolean => {
  const value = request.query.get(name);
  return value === "true" || value === "1" || value === "";
};
