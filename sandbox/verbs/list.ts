import { isJsonObject, type KubeObject } from "../../src/objects/index.ts";
import { parseJsonObject } from "../http/body.ts";
import { forbiddenField } from "../kinds/causes.ts";
import { keyOfObject, labelsOf } from "../object.ts";
import { type Predicate, parseFieldSelector, parseLabelSelector } from "../selectors.ts";
import { badRequest, expired, invalid, StatusError, timeout } from "../status.ts";
import type { ApiRequest, Target, World } from "../world.ts";

/** A page of objects, oldest form: the objects are the stored ones. */
export interface ListAnswer {
  readonly items: readonly KubeObject[];
  readonly resourceVersion: string;
  readonly continueToken: string;
  readonly remaining: number | undefined;
}

/** GET of a collection: selectors, paging over one consistent revision. */
export function list(world: World, request: ApiRequest, target: Target): ListAnswer {
  const { query } = request;
  const wanted = selector(request, target);
  const limit = readLimit(query.get("limit"));
  const start = readStart(world, query);
  const rows = rowsAt(world, target, start);
  const found: KubeObject[] = [];
  let more = false;
  let last = "";
  for (const row of rows) {
    const key = keyOfObject(row);
    if (start.after !== "" && key <= start.after) continue;
    if (!wanted(row)) continue;
    if (limit > 0 && found.length === limit) {
      more = true;
      break;
    }
    found.push(row);
    last = key;
  }
  const selective = hasSelector(query) || target.name !== undefined;
  return {
    items: found,
    resourceVersion: String(start.revision),
    continueToken: more ? encodeToken({ revision: start.revision, after: last }) : "",
    remaining: more && !selective ? countAfter(rows, last) : undefined,
  };
}

const hasSelector = (query: URLSearchParams) => !!query.get("labelSelector") || !!query.get("fieldSelector");

function countAfter(rows: readonly KubeObject[], last: string): number {
  return rows.reduce((count, row) => (keyOfObject(row) > last ? count + 1 : count), 0);
}

/** Which objects a list, watch or deletecollection is about. */
export function selector(request: ApiRequest, target: Target): Predicate {
  const labels = request.query.get("labelSelector") ?? "";
  const fields = request.query.get("fieldSelector") ?? "";
  const byLabels = labels === "" ? undefined : parseLabelSelector(labels);
  const byFields = fields === "" ? undefined : parseFieldSelector(fields, target.type);
  const { name } = target;
  return (object) =>
    (name === undefined || object.metadata.name === name) &&
    (byLabels === undefined || byLabels(labelsOf(object.metadata))) &&
    (byFields === undefined || byFields(object));
}

function readLimit(text: string | null): number {
  if (text === null || text === "") return 0;
  if (/^-\d{1,9}$/.test(text)) return 0;
  if (!/^\d{1,9}$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}

interface Start {
  readonly revision: number;
  /** Key of the last object of the page before. */
  readonly after: string;
}

function readStart(world: World, query: URLSearchParams): Start {
  const token = query.get("continue") ?? "";
  const version = query.get("resourceVersion") ?? "";
  const match = query.get("resourceVersionMatch") ?? "";
  checkMatch(token, version, match);
  if (token !== "") {
    if (version !== "" && version !== "0") {
      throw badRequest("specifying resource version is not allowed when using continue");
    }
    const { revision, after } = decodeToken(token);
    if (revision < 0) return { revision: world.store.revision, after };
    if (revision < world.store.log.compacted) throw expiredToken(after);
    return { revision, after };
  }
  const wanted = readRevision(version);
  if (wanted > world.store.revision) throw tooLargeRevision(wanted, world.store.revision);
  const exact = match === "Exact";
  if (exact && wanted > 0 && wanted < world.store.log.compacted) {
    throw expired(`The resourceVersion for the provided list is too old.`);
  }
  return { revision: exact && wanted > 0 ? wanted : world.store.revision, after: "" };
}

/** @throws StatusError 500 as the real server does for text that is not a number */
export function readRevision(text: string): number {
  if (text === "") return 0;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const why = `strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`;
  throw new StatusError({
    code: 500,
    reason: "",
    message: `resourceVersion: Invalid value: ${JSON.stringify(text)}: ${why}`,
  });
}

function checkMatch(token: string, version: string, match: string): void {
  if (match === "") return;
  const options = { group: "meta.k8s.io", kind: "ListOptions" };
  const field = "resourceVersionMatch";
  if (version === "") {
    throw invalid(options, "", [
      forbiddenField(field, "resourceVersionMatch is forbidden unless resourceVersion is provided"),
    ]);
  }
  if (token !== "") {
    throw invalid(options, "", [forbiddenField(field, "resourceVersionMatch is forbidden when continue is provided")]);
  }
  if (match !== "Exact" && match !== "NotOlderThan") {
    const message = `Unsupported value: ${JSON.stringify(match)}: supported values: "Exact", "NotOlderThan", ""`;
    throw invalid(options, "", [{ reason: "FieldValueNotSupported", message, field }]);
  }
  if (match === "Exact" && version === "0") {
    throw invalid(options, "", [
      forbiddenField(field, `resourceVersionMatch "exact" is forbidden for resourceVersion "0"`),
    ]);
  }
}

function tooLargeRevision(wanted: number, current: number): StatusError {
  return timeout(`Timeout: Too large resource version: ${wanted}, current: ${current}`, {
    causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
    retryAfterSeconds: 1,
  });
}

function rowsAt(world: World, target: Target, start: Start): readonly KubeObject[] {
  const prefix = target.namespace === undefined ? "" : `${target.namespace}/`;
  const rows = world.store.listAt(target.type.table, prefix, start.revision);
  if (rows === undefined) throw expiredToken(start.after);
  return rows;
}

/** The page cannot be had any more; the token in the answer goes on with newer data. */
function expiredToken(after: string): StatusError {
  const error = expired(
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.",
  );
  return new ContinueExpired(error, encodeToken({ revision: -1, after }));
}

/** 410 with a token that goes on without consistency. */
class ContinueExpired extends StatusError {
  readonly #token: string;

  constructor(error: StatusError, token: string) {
    super({ code: error.code, reason: error.reason, message: error.message });
    this.#token = token;
  }

  override toStatus(): Record<string, unknown> {
    return { ...super.toStatus(), metadata: { continue: this.#token } };
  }
}

function encodeToken({ revision, after }: { revision: number; after: string }): string {
  const token = { v: "meta.k8s.io/v1", rv: revision, start: `${after}\u0000` };
  return Buffer.from(JSON.stringify(token)).toString("base64url");
}

function decodeToken(token: string): Start {
  const content = parseJsonObject(Buffer.from(token, "base64url").toString("utf8"));
  const revision = content?.["rv"];
  const start = content?.["start"];
  if (
    !isJsonObject(content) ||
    typeof revision !== "number" ||
    typeof start !== "string" ||
    !start.endsWith("\u0000")
  ) {
    throw badRequest("invalid continue token: continue key is not valid: it was not made by this server");
  }
  return { revision, after: start.slice(0, -1) };
}
