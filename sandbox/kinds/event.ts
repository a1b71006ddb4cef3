import type { JsonObject, KubeObject } from "../../src/objects/index.ts";
import { at, cloneObject, numberAt, textAt } from "../object.ts";
import type { Strategy } from "../registry/resource-type.ts";

/**
 * Events have two APIs over one storage: core v1, in whose form they are kept, and events.k8s.io. The pairs below are
 * the same field under two names.
 */
const RENAMED = [
  ["involvedObject", "regarding"],
  ["message", "note"],
  ["count", "deprecatedCount"],
  ["firstTimestamp", "deprecatedFirstTimestamp"],
  ["lastTimestamp", "deprecatedLastTimestamp"],
  ["source", "deprecatedSource"],
  ["reportingComponent", "reportingController"],
] as const;

export const eventStrategy: Strategy = {
  createOnUpdate: true,
  prepare: (event) => {
    event["source"] ??= {};
    event["firstTimestamp"] ??= null;
    event["lastTimestamp"] ??= null;
    event["eventTime"] ??= null;
    event["reportingComponent"] ??= "";
    event["reportingInstance"] ??= "";
  },
  selectable: {
    "involvedObject.kind": (event) => textAt(event, "involvedObject", "kind"),
    "involvedObject.namespace": (event) => textAt(event, "involvedObject", "namespace"),
    "involvedObject.name": (event) => textAt(event, "involvedObject", "name"),
    "involvedObject.uid": (event) => textAt(event, "involvedObject", "uid"),
    "involvedObject.apiVersion": (event) => textAt(event, "involvedObject", "apiVersion"),
    "involvedObject.resourceVersion": (event) => textAt(event, "involvedObject", "resourceVersion"),
    "involvedObject.fieldPath": (event) => textAt(event, "involvedObject", "fieldPath"),
    reason: (event) => textAt(event, "reason"),
    reportingComponent: (event) => textAt(event, "reportingComponent"),
    source: (event) => textAt(event, "source", "component") || textAt(event, "reportingComponent"),
    type: (event) => textAt(event, "type"),
  },
};

/** The same, written in the form of events.k8s.io. */
export const modernEventStrategy: Strategy = {
  ...eventStrategy,
  prepare: (event) => {
    event["deprecatedSource"] ??= {};
    event["deprecatedFirstTimestamp"] ??= null;
    event["deprecatedLastTimestamp"] ??= null;
    event["eventTime"] ??= null;
  },
};

/** The same event in the form of events.k8s.io/v1. */
export function coreToEvents(event: KubeObject): KubeObject {
  const copy = cloneObject(event);
  copy.apiVersion = "events.k8s.io/v1";
  for (const [core, modern] of RENAMED) rename(copy, core, modern);
  return copy;
}

/** An events.k8s.io/v1 event in the form that is stored. */
export function eventsToCore(event: KubeObject): void {
  event.apiVersion = "v1";
  for (const [core, modern] of RENAMED) rename(event, modern, core);
}

function rename(object: JsonObject, from: string, to: string): void {
  if (object[from] === undefined) return;
  object[to] = object[from];
  delete object[from];
}

/** How often and when last an event was seen, whichever form it was written in. */
export function lastSeen(event: KubeObject): string {
  return (
    textAt(event, "series", "lastObservedTime") ||
    textAt(event, "lastTimestamp") ||
    textAt(event, "eventTime") ||
    textAt(event, "firstTimestamp")
  );
}

export const countOf = (event: KubeObject): number =>
  numberAt(at(event, "series"), "count") ?? numberAt(event, "count") ?? 1;
