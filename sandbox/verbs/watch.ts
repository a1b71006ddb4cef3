import type { JsonObject, KubeObject } from "../../src/objects/index.ts";
import { forbiddenField } from "../kinds/causes.ts";
import { cloneObject } from "../object.ts";
import { apiVersionOf } from "../registry/resource-type.ts";
import type { Predicate } from "../selectors.ts";
import { expired, invalid } from "../status.ts";
import type { Change } from "../storage/event-log.ts";
import type { ApiRequest, Target, World } from "../world.ts";
import { present } from "./get.ts";
import { readRevision, selector } from "./list.ts";
import { flag } from "./options.ts";

/** One event as it goes to the client, before it is turned into the wanted representation. */
export interface WatchItem {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  readonly object: KubeObject | JsonObject;
}

export interface WatchPlan {
  /** Milliseconds after which the server ends the watch. */
  readonly timeoutMs: number;
  readonly bookmarks: boolean;
  /** What happened before the watch was opened, or the initial state. */
  readonly initial: readonly WatchItem[];
  /** The watch ends after `initial`: its start is too old. */
  readonly over: boolean;
  /** Turns a change of the store into an event; undefined when it is of no interest. */
  readonly translate: (change: Change) => WatchItem | undefined;
  readonly bookmark: () => WatchItem;
}

const MIN_TIMEOUT_S = 1_800;

/** A watch's start: from a revision, or from the present state. Nothing is subscribed yet. */
export function planWatch(world: World, request: ApiRequest, target: Target): WatchPlan {
  const { query } = request;
  const wanted = selector(request, target);
  const stream = readStreaming(request);
  const from = readRevision(query.get("resourceVersion") ?? "");
  const translate = translator(target, wanted);
  const seconds = Number(query.get("timeoutSeconds") ?? 0);
  const timeoutMs = (seconds > 0 ? seconds : MIN_TIMEOUT_S * (1 + Math.random())) * 1000;
  const bookmark = (): WatchItem => ({ type: "BOOKMARK", object: bookmarkObject(world, target, false) });
  const plan = { timeoutMs, bookmarks: flagOf(request, "allowWatchBookmarks"), translate, bookmark };
  if (stream || from === 0) {
    const initial = state(world, target, wanted);
    if (stream) initial.push({ type: "BOOKMARK", object: bookmarkObject(world, target, true) });
    return { ...plan, initial, over: false };
  }
  if (from < world.store.log.compacted) {
    const message = `too old resource version: ${from} (${world.store.log.compacted + 1})`;
    return { ...plan, initial: [{ type: "ERROR", object: expired(message).toStatus() }], over: true };
  }
  const missed = world.store.log.since(from).map(translate);
  return { ...plan, initial: missed.filter((item): item is WatchItem => item !== undefined), over: false };
}

const flagOf = (request: ApiRequest, name: string) => request.query.has(name) && flag(request, name);

/** The streaming list: initial state, then a bookmark that says so, then changes. */
function readStreaming(request: ApiRequest): boolean {
  const { query } = request;
  const match = query.get("resourceVersionMatch") ?? "";
  const given = query.get("sendInitialEvents");
  const options = { group: "meta.k8s.io", kind: "ListOptions" };
  if (given === null) {
    if (match === "") return false;
    const why = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided";
    throw invalid(options, "", [forbiddenField("resourceVersionMatch", why)]);
  }
  if (match !== "NotOlderThan") {
    const why = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
    throw invalid(options, "", [forbiddenField("resourceVersionMatch", why)]);
  }
  if (!flagOf(request, "allowWatchBookmarks") && flag(request, "sendInitialEvents")) {
    const why = "sendInitialEvents is forbidden for watch unless allowWatchBookmarks is true";
    throw invalid(options, "", [forbiddenField("sendInitialEvents", why)]);
  }
  return flag(request, "sendInitialEvents");
}

function state(world: World, target: Target, wanted: Predicate): WatchItem[] {
  const prefix = target.namespace === undefined ? "" : `${target.namespace}/`;
  return world.store
    .list(target.type.table, prefix)
    .filter(wanted)
    .map((object) => ({ type: "ADDED", object: present(object, target.type) }));
}

/** An object that begins to match is ADDED for this watch, one that stops to match is DELETED. */
function translator(target: Target, wanted: Predicate): (change: Change) => WatchItem | undefined {
  const { type, namespace } = target;
  const prefix = namespace === undefined ? "" : `${namespace}/`;
  return (change) => {
    if (change.table !== type.table || !change.key.startsWith(prefix)) return undefined;
    const before = change.previous !== undefined && wanted(change.previous);
    const now = change.type !== "DELETED" && wanted(change.object);
    if (!before && !now) return undefined;
    if (now) return { type: before ? "MODIFIED" : "ADDED", object: present(change.object, type) };
    return { type: "DELETED", object: present(leaving(change), type) };
  };
}

/** What a watch shows of an object that left it: its last matching state, with the revision of the change. */
function leaving(change: Change): KubeObject {
  if (change.type === "DELETED" || change.previous === undefined) return change.object;
  const copy = cloneObject(change.previous);
  copy.metadata.resourceVersion = String(change.revision);
  return copy;
}

function bookmarkObject(world: World, target: Target, endsInitial: boolean): KubeObject {
  return {
    kind: target.type.kind,
    apiVersion: apiVersionOf(target.type),
    metadata: {
      resourceVersion: String(world.store.revision),
      ...(endsInitial ? { annotations: { "k8s.io/initial-events-end": "true" } } : {}),
    },
  };
}
