import type { JsonObject, KubeObject } from "../../src/objects/index.ts";
import type { Schema } from "../schema/schema.ts";
import type { Cause } from "../status.ts";

/** One column of the table that `kubectl get` prints. */
export interface Column {
  readonly name: string;
  readonly type: string;
  readonly format: string;
  readonly description?: string;
  readonly priority: number;
  /** Custom resources: where the cell comes from. Built-in kinds have code instead. */
  readonly jsonPath?: string;
}

export interface Subresource {
  readonly name: string;
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly verbs: readonly string[];
}

/** What `prepare` and `validate` may know beside the object. */
export interface WriteContext {
  /** The stored object that is replaced; undefined on create. */
  readonly old: KubeObject | undefined;
  readonly subresource: string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Whether something of this group and plural exists; for allocations that have to be unique. */
  readonly taken: (group: string, plural: string, matches: (object: KubeObject) => boolean) => boolean;
}

/** What is particular to one kind. Everything else is the same for all kinds. */
export interface Strategy {
  /** A PUT to a name that does not exist creates the object. */
  readonly createOnUpdate?: boolean;
  /** `metadata.generation` counts changes of everything but metadata and status. */
  readonly generation?: boolean;
  /** Annotations count for the generation, too. */
  readonly generationOfAnnotations?: boolean;
  /** Normalises and defaults an object, in place. What is set here belongs to whoever writes the object. */
  readonly prepare?: (object: KubeObject, context: WriteContext) => void;
  /** Sets what the server itself gives an object (addresses, generated labels), in place. Nobody owns it. */
  readonly allocate?: (object: KubeObject, context: WriteContext) => void;
  /** What is wrong with an object that is about to be stored. */
  readonly validate?: (object: KubeObject, context: WriteContext) => readonly Cause[];
  /** Told with every answer. */
  readonly warning?: string;
  /** Which names are allowed; default a DNS subdomain. */
  readonly nameRule?: "subdomain" | "label" | "label-1035" | "path-segment";
  /** Field selectors beyond metadata.name and metadata.namespace. */
  readonly selectable?: Readonly<Record<string, (object: KubeObject) => string>>;
}

/** One version of one resource, as served. */
export interface ResourceType {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly listKind: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly verbs: readonly string[];
  readonly subresources: ReadonlyMap<string, Subresource>;
  readonly columns: readonly Column[];
  readonly schema: Schema;
  /** The OpenAPI definition's name; built-in kinds only. */
  readonly definition: string | undefined;
  readonly strategy: Strategy;
  /** Where its objects are stored; versions of one resource, and the two event APIs, share it. */
  readonly table: string;
  /** Set for custom resources. */
  readonly custom: CustomType | undefined;
}

/** What a CustomResourceDefinition says beyond a built-in kind. */
export interface CustomType {
  readonly definitionName: string;
  readonly storageVersion: string;
  /** The schema as the definition has it, for OpenAPI. */
  readonly rawSchema: JsonObject;
}

export const apiVersionOf = ({ group, version }: { group: string; version: string }) =>
  group === "" ? version : `${group}/${version}`;

export const tableOf = (group: string, plural: string) => `${group}/${plural}`;
