/** Bounds of a waiting room. */
export interface PlaceLimits {
  /** Who may be in it at the same time; as many more may come in one of each namespace that has nobody in it. */
  readonly most: number;
  readonly mostOfOne: number;
}

/**
 * Places that namespaces share. A few namespaces that take all they may still leave one to each of the others, as long
 * as there are not as many of them as there are places.
 */
export class FairPlaces {
  readonly #limits: PlaceLimits;
  readonly #counts = new Map<string, number>();
  #all = 0;

  constructor(limits: PlaceLimits) {
    this.#limits = limits;
  }

  isFull(namespace: string): boolean {
    const { most, mostOfOne } = this.#limits;
    const own = this.#counts.get(namespace) ?? 0;
    return own >= mostOfOne || this.#all >= (own === 0 ? 2 * most : most);
  }

  /** Does work in a place; undefined when there is none. */
  async within<Result>(namespace: string, work: () => Promise<Result>): Promise<Result | undefined> {
    if (this.isFull(namespace)) return undefined;
    this.#count(namespace, 1);
    try {
      return await work();
    } finally {
      this.#count(namespace, -1);
    }
  }

  #count(namespace: string, by: 1 | -1): void {
    this.#all += by;
    const own = (this.#counts.get(namespace) ?? 0) + by;
    if (own === 0) this.#counts.delete(namespace);
    else this.#counts.set(namespace, own);
  }
}
