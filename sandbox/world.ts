import type { KeyObject } from "node:crypto";
import type { KubeObject } from "../src/objects/index.ts";
import type { TokenBook } from "./auth/tokens.ts";
import type { User } from "./auth/user.ts";
import type { SandboxLimits } from "./limits.ts";
import type { ServiceTargets } from "./proxy/service-targets.ts";
import type { Builtin } from "./registry/builtin.ts";
import type { Registry } from "./registry/registry.ts";
import type { ResourceType } from "./registry/resource-type.ts";
import type { Store } from "./storage/store.ts";

/** Everything that a request handler may touch. One per sandbox; nothing in this area is global. */
export interface World {
  readonly store: Store;
  readonly registry: Registry;
  readonly builtin: Builtin;
  readonly limits: SandboxLimits;
  readonly tokens: TokenBook;
  readonly services: ServiceTargets;
  /** Signs service account tokens. */
  readonly signingKey: KeyObject;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly uuid: () => string;
  /** A random lower-case word of `length` letters and digits, for generateName and allocations. */
  readonly word: (length: number) => string;
  /** Open watches. */
  readonly watchers: { count: number };
}

/** A request that has been routed to a resource. */
export interface Target {
  readonly type: ResourceType;
  /** Absent for cluster-scoped resources and for lists over all namespaces. */
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
}

/** The parts of a request that verbs look at. */
export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly contentType: string;
  readonly userAgent: string;
  readonly user: User;
  readonly body: Buffer;
  /** Texts for `Warning` headers; verbs add to it. */
  readonly warnings: string[];
}

/** What a verb that writes or reads one object ends with. */
export interface ObjectAnswer {
  readonly status: 200 | 201 | 202;
  readonly object: KubeObject;
}
