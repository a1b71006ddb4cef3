import type { CompiledSelector } from "./selector.ts";

/**
 * The comments that speak for a value: those before it since the last item of its mapping or list, and those that speak
 * for the mappings and lists around it.
 */
export class ActiveComments {
  readonly #selector: CompiledSelector;
  /** How many matching comments each open mapping or list holds. */
  readonly #frames: number[] = [];
  #total = 0;

  constructor(selector: CompiledSelector) {
    this.#selector = selector;
  }

  get anyMatches(): boolean {
    return this.#total > 0;
  }

  /** A mapping or list begins. */
  open(): void {
    this.#frames.push(0);
  }

  /** It ends: its comments fall silent. */
  close(): void {
    this.#total -= this.#frames.pop() ?? 0;
  }

  /** Hears a comment; returns whether this one matches. */
  add(text: string): boolean {
    if (!this.#selector.matches(text)) return false;
    this.#frames.push((this.#frames.pop() ?? 0) + 1);
    this.#total++;
    return true;
  }

  /** An item that is no comment has ended: the comments before it were for it. */
  itemDone(): void {
    this.#total -= this.#frames.pop() ?? 0;
    this.#frames.push(0);
  }
}
