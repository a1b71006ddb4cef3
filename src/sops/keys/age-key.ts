import type { MasterKey } from "../metadata/metadata.ts";

/** The master key of an age recipient, which holds no data key yet. */
export function ageKey(recipient: string): MasterKey {
  return { type: "age", fields: new Map([["recipient", recipient]]) };
}
