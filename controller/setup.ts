import type { Clock, KubeClient } from "../src/kube/index.ts";
import type { KindController } from "./controller.ts";
import type { EventRecorder } from "./events.ts";
import type { Answer, Question } from "./http/listener.ts";
import type { Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";

/** What a family of kinds is given to set itself up. */
export interface SetupPorts {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly events: EventRecorder;
  /** The controllers' own namespace. */
  readonly namespace: string;
  readonly version: string;
  /** Everything that was started for this family ends when it aborts. */
  readonly signal: AbortSignal;
  /** True once this process leads; never resolves, or with false, in one that does not. */
  readonly leads: Promise<boolean>;
}

/** A family of kinds, ready to be run by the manager. */
export interface SetUp {
  readonly controllers: readonly KindController<never>[];
  /** Resolves when passes may begin, e.g. once there is a key. */
  readonly ready: Promise<void>;
  /** Paths that this family answers on the main port; undefined for a path that is not its own. */
  readonly answer?: (question: Question, isReady: () => boolean) => Promise<Answer | undefined>;
  /** Makes a new sealing key now. */
  readonly renewKey?: () => Promise<void>;
  /** After the last pass. */
  readonly stop?: () => Promise<void>;
}
