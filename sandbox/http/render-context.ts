import type { ResourceType } from "../registry/resource-type.ts";
import type { Form } from "./negotiate.ts";

/** What rendering needs to know beside the objects. */
export interface RenderContext {
  readonly form: Form;
  readonly type: ResourceType;
  /** Milliseconds since the epoch, for ages. */
  readonly now: number;
  /** `includeObject` of the query. */
  readonly includeObject: string;
}
