import { quoteGo } from "../src/bytes/go-quote.ts";
import { type Clock, type KubeClient, stopwatch } from "../src/kube/index.ts";
import type { KubeObject } from "../src/objects/index.ts";
import { errorText } from "./error-text.ts";
import type { Log } from "./log.ts";
import type { EventNote } from "./pass.ts";
import { rfc3339 } from "./status/conditions.ts";

const EVENTS = { group: "", version: "v1", plural: "events", kind: "Event", namespaced: true } as const;

/** Limits of client-go's recorder, which people's alerts are tuned to. */
const BURST = 25;
const REFILL_MS = 300_000;
/** Events and objects that are remembered for counting; the oldest are forgotten first. */
const REMEMBERED = 4096;
/** Events that wait for being sent; while the API cannot be reached the newest are dropped. */
const QUEUED = 4096;
const SENDERS = 4;
/** The API refuses longer notes. */
const MESSAGE_CHARS = 1024;
const STEM_CHARS = 200;

interface Sent {
  readonly name: string;
  readonly namespace: string;
  count: number;
  /** Ends when the last write of this event has ended: a repeat must not overtake its first. */
  written: Promise<boolean>;
}

export interface EventRecorder {
  /** Never waits and never fails. */
  record(object: KubeObject, note: EventNote, component: string): void;
  /** Resolves when everything recorded so far was sent or given up. */
  flush(): Promise<void>;
}

/**
 * Core v1 Events about objects. The same event about the same object again becomes a higher `count` of the one that
 * exists; and an object that causes many gets at most a burst of 25 and then one every five minutes.
 */
export function createEventRecorder(options: {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  /** Makes names unique between processes. */
  readonly instance: string;
}): EventRecorder {
  const { client, clock } = options;
  const sent = new Map<string, Sent>();
  const budgets = new Map<string, { tokens: number; atMs: number }>();
  const waiting: (() => Promise<void>)[] = [];
  let sending = 0;
  let idle: (() => void)[] = [];
  let serial = 0;
  const elapsed = stopwatch(clock);

  const pump = () => {
    while (sending < SENDERS) {
      const job = waiting.shift();
      if (job === undefined) break;
      sending += 1;
      void job().finally(() => {
        sending -= 1;
        pump();
      });
    }
    if (sending === 0 && waiting.length === 0) {
      for (const done of idle) done();
      idle = [];
    }
  };

  const mayRecord = (object: KubeObject, component: string): boolean => {
    const key = `${component}\0${object.metadata.uid ?? object.metadata.name}`;
    const now = elapsed();
    const budget = budgets.get(key) ?? { tokens: BURST, atMs: now };
    budget.tokens = Math.min(BURST, budget.tokens + (now - budget.atMs) / REFILL_MS);
    budget.atMs = now;
    remember(budgets, key, budget);
    if (budget.tokens < 1) return false;
    budget.tokens -= 1;
    return true;
  };

  const create = async (object: KubeObject, note: EventNote, entry: Sent, component: string): Promise<boolean> => {
    const time = rfc3339(clock.now());
    const { namespace, name, uid, resourceVersion } = object.metadata;
    return attempt(() =>
      client.create(EVENTS, {
        apiVersion: "v1",
        kind: "Event",
        metadata: {
          name: entry.name,
          namespace: entry.namespace,
          ...(note.annotations === undefined ? {} : { annotations: { ...note.annotations } }),
        },
        involvedObject: { apiVersion: object.apiVersion, kind: object.kind, namespace, name, uid, resourceVersion },
        type: note.type,
        reason: note.reason,
        message: note.message,
        count: 1,
        firstTimestamp: time,
        lastTimestamp: time,
        source: { component },
        reportingComponent: component,
        reportingInstance: "",
      }),
    );
  };

  const repeat = (entry: Sent, count: number): Promise<boolean> =>
    attempt(() =>
      client.patch(
        EVENTS,
        { namespace: entry.namespace, name: entry.name },
        { count, lastTimestamp: rfc3339(clock.now()) },
        { type: "merge" },
      ),
    );

  const attempt = async (call: () => Promise<unknown>): Promise<boolean> => {
    try {
      await call();
      return true;
    } catch (error) {
      options.log.debug("Cannot record an event", {
        error: errorText(error),
      });
      return false;
    }
  };

  return {
    record(object, given, component) {
      const note = { ...given, message: shortened(given.message) };
      options.log.info(mirrored(object, note));
      if (!mayRecord(object, component) || waiting.length >= QUEUED) return;
      const key = [component, object.metadata.uid, note.type, note.reason, note.message].join("\0");
      const known = sent.get(key);
      const entry = known ?? {
        name: `${stem(object.metadata.name ?? "")}.${options.instance}${(serial++).toString(16)}`,
        namespace: object.metadata.namespace ?? "default",
        count: 0,
        written: Promise.resolve(false),
      };
      entry.count += 1;
      const { count } = entry;
      remember(sent, key, entry);
      const before = entry.written;
      entry.written = new Promise((resolve) => {
        waiting.push(async () => {
          // An event that the API has dropped meanwhile (they live for an hour) is made anew.
          const isThere = await before;
          const ok = isThere && (await repeat(entry, count));
          resolve(ok || (await create(object, note, entry, component)));
        });
      });
      pump();
    },
    flush: () =>
      new Promise((resolve) => {
        if (sending === 0 && waiting.length === 0) resolve();
        else idle.push(resolve);
      }),
  };
}

/**
 * An event as one log line, so that who looks only into logs sees it too.
 *
 * Source: the text that client-go's recorder hands to a logger.
 */
function mirrored({ apiVersion, kind, metadata }: KubeObject, note: EventNote): string {
  const { namespace = "", name = "", uid = "", resourceVersion = "" } = metadata;
  const fields = Object.entries({
    Kind: kind,
    Namespace: namespace,
    Name: name,
    UID: uid,
    APIVersion: apiVersion,
    ResourceVersion: resourceVersion,
    FieldPath: "",
  }).map(([field, value]) => `${field}:${quoteGo(value)}`);
  return `Event(v1.ObjectReference{${fields.join(", ")}}): type: '${note.type}' reason: '${note.reason}' ${note.message}`;
}

function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= REMEMBERED) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    break;
  }
}

/** The name of an object may be as long as a name can be: an event's needs room for what makes it unique. */
function stem(name: string): string {
  return name.slice(0, STEM_CHARS).replace(/[^a-z0-9]+$/, "");
}

function shortened(message: string): string {
  return message.length <= MESSAGE_CHARS ? message : `${message.slice(0, MESSAGE_CHARS - 3)}...`;
}
