import { forbiddenField, notSupported, tooLong } from "../kinds/causes.ts";
import { type Cause, invalid, methodNotAllowed } from "../status.ts";
import type { ApiRequest, Target } from "../world.ts";

/** Longest name of a field manager. */
const MAX_MANAGER = 128;
const APPLY = "application/apply-patch+yaml";

const OPTIONS: Readonly<Record<string, string>> = {
  POST: "CreateOptions",
  PUT: "UpdateOptions",
  PATCH: "PatchOptions",
};
const VALIDATIONS = ["", "Ignore", "Strict", "Warn"];

/**
 * Checks the options that all writes take, before anything is looked up.
 *
 * @throws StatusError 422
 */
export function checkOptions(request: ApiRequest): void {
  const kind = OPTIONS[request.method];
  if (kind === undefined) return;
  const { query } = request;
  const causes: Cause[] = [];
  const dryRun = query.getAll("dryRun").filter((value) => value !== "");
  if (dryRun.some((value) => value !== "All")) causes.push(notSupported("dryRun", dryRun, ["All"]));
  if (query.has("force") && !request.contentType.startsWith(APPLY) && kind === "PatchOptions") {
    causes.push(forbiddenField("force", "may not be specified for non-apply patch"));
  }
  const manager = query.get("fieldManager") ?? "";
  if (Buffer.byteLength(manager) > MAX_MANAGER) causes.push(tooLong("fieldManager", MAX_MANAGER));
  const validation = query.get("fieldValidation") ?? "";
  if (!VALIDATIONS.includes(validation)) causes.push(notSupported("fieldValidation", validation, VALIDATIONS));
  if (causes.length > 0) throw invalid({ group: "meta.k8s.io", kind }, "", causes);
}

/** Whether nothing is to be stored. @throws StatusError 422 for anything but `All` in the body of a deletion */
export function isDryRun(request: ApiRequest, fromBody: readonly unknown[] = []): boolean {
  const wanted = [...request.query.getAll("dryRun"), ...fromBody].filter((value) => value !== "");
  if (wanted.some((value) => value !== "All")) {
    throw invalid({ group: "meta.k8s.io", kind: "DeleteOptions" }, "", [notSupported("dryRun", wanted, ["All"])]);
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
  if (target.name === undefined) throw methodNotAllowed();
  return target.name;
}

export const flag = (request: ApiRequest, name: string): boolean => {
  const value = request.query.get(name);
  return value === "true" || value === "1" || value === "";
};
