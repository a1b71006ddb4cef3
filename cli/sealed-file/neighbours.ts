import type { SealedInput } from "./inputs.ts";

/** Names and namespaces that an item may have been sealed for before its manifest was copied or renamed. */
export interface Neighbours {
  readonly names: readonly string[];
  readonly namespaces: readonly string[];
}

/** Those that were named, then those of all SealedSecrets of the inputs. */
export function neighboursOf(inputs: readonly SealedInput[], tryFirst: Neighbours): Neighbours {
  const names = new Set(tryFirst.names);
  const namespaces = new Set(tryFirst.namespaces);
  for (const { sealed } of inputs) {
    for (const { view } of sealed) {
      for (const { name, namespace } of [view.metadata, view.template.metadata ?? {}]) {
        if (name !== undefined && name !== "") names.add(name);
        if (namespace !== undefined && namespace !== "") namespaces.add(namespace);
      }
    }
  }
  return { names: [...names], namespaces: [...namespaces] };
}
