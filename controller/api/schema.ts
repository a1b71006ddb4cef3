import type { Json } from "../../src/objects/index.ts";

/** A structural OpenAPI v3 schema, as far as our resources need it. */
export interface Schema {
  readonly type?: "object" | "array" | "string" | "boolean" | "integer";
  readonly description?: string;
  readonly format?: "int64" | "date-time" | "byte";
  readonly pattern?: string;
  readonly enum?: readonly string[];
  readonly default?: Json;
  readonly nullable?: boolean;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly "x-kubernetes-preserve-unknown-fields"?: boolean;
  readonly "x-kubernetes-validations"?: readonly { readonly rule: string; readonly message: string }[];
}

/** What any schema may carry beside its type. */
type More = Omit<Schema, "type" | "properties" | "items" | "additionalProperties" | "description">;

export function text(description: string, more: More = {}): Schema {
  return { type: "string", description, ...more };
}

export function flag(description: string, more: More = {}): Schema {
  return { type: "boolean", description, ...more };
}

export function int64(description: string): Schema {
  return { type: "integer", format: "int64", description };
}

export function time(description: string): Schema {
  return { type: "string", format: "date-time", description };
}

export function list(description: string, items: Schema, more: More = {}): Schema {
  return { type: "array", description, items, ...more };
}

export function texts(description: string, more: More = {}): Schema {
  return list(description, { type: "string" }, more);
}

/** A map of strings by free names, such as labels. */
export function textMap(description: string, more: More = {}): Schema {
  return { type: "object", description, additionalProperties: { type: "string" }, ...more };
}

export function object(description: string, properties: Readonly<Record<string, Schema>>, more: More = {}): Schema {
  return { type: "object", description, properties, ...more };
}

/** `{name}`: an object of the same namespace. */
export function localReference(description: string): Schema {
  return object(description, { name: text("Name of the object.") }, { required: ["name"] });
}

/** A Go duration such as `1m30s`, in the units that the original admits. */
export function duration(description: string, more: More = {}): Schema {
  return text(description, { pattern: "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$", ...more });
}

/** A Go duration in units up to minutes. */
export function shortDuration(description: string, more: More = {}): Schema {
  return text(description, { pattern: "^([0-9]+(\\.[0-9]+)?(ms|s|m))+$", ...more });
}

/** The standard list of conditions (`metav1.Condition`), with the limits that Kubernetes itself sets. */
export function conditions(): Schema {
  const condition = object(
    "One aspect of the state.",
    {
      type: text("Name of the aspect.", {
        maxLength: 316,
        pattern:
          "^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$",
      }),
      status: text("Whether it holds.", { enum: ["True", "False", "Unknown"] }),
      observedGeneration: { ...int64("Generation of the spec that this speaks of."), minimum: 0 },
      lastTransitionTime: time("When the status last changed."),
      reason: text("Why, in one word for machines.", {
        minLength: 1,
        maxLength: 1024,
        pattern: "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$",
      }),
      message: text("Why, in a sentence for people.", { maxLength: 32768 }),
    },
    { required: ["lastTransitionTime", "message", "reason", "status", "type"] },
  );
  return list("The state of the object, aspect by aspect.", condition);
}

/** What a source has produced and where it is served. */
export function artifact(description: string): Schema {
  return object(
    description,
    {
      path: text("Path below the artifact storage."),
      url: text("Where the artifact is served."),
      revision: text("What was fetched, e.g. `main@sha1:<commit>`."),
      digest: text("Digest of the artifact file, `<algorithm>:<hex>`.", {
        pattern: "^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$",
      }),
      lastUpdateTime: time("When the artifact was stored."),
      size: int64("Bytes of the artifact file."),
      metadata: textMap("Annotations of the origin."),
    },
    { required: ["digest", "lastUpdateTime", "path", "revision", "url"] },
  );
}
