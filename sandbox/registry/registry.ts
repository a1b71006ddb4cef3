import type { ResourceType } from "./resource-type.ts";

/** All resources that are served at the moment; custom ones come and go. */
export class Registry {
  readonly #types = new Map<string, ResourceType>();
  #revision = 0;

  constructor(builtin: readonly ResourceType[]) {
    for (const type of builtin) this.#types.set(keyOf(type.group, type.version, type.plural), type);
  }

  /** Grows with every change, so that discovery and OpenAPI documents can be cached. */
  get revision(): number {
    return this.#revision;
  }

  find(group: string, version: string, plural: string): ResourceType | undefined {
    return this.#types.get(keyOf(group, version, plural));
  }

  findKind(group: string, version: string, kind: string): ResourceType | undefined {
    return this.all().find((type) => type.group === group && type.version === version && type.kind === kind);
  }

  /** Any served version of a resource. */
  findAnyVersion(group: string, plural: string): ResourceType | undefined {
    return this.all().find((type) => type.group === group && type.plural === plural);
  }

  all(): readonly ResourceType[] {
    return [...this.#types.values()];
  }

  add(type: ResourceType): void {
    this.#types.set(keyOf(type.group, type.version, type.plural), type);
    this.#revision += 1;
  }

  /** Removes every version of what one CustomResourceDefinition defined. */
  removeCustom(definitionName: string): void {
    for (const [key, type] of this.#types) {
      if (type.custom?.definitionName === definitionName) this.#types.delete(key);
    }
    this.#revision += 1;
  }
}

const keyOf = (group: string, version: string, plural: string) => `${group}/${version}/${plural}`;
