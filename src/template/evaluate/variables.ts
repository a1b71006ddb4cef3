import type { GoValue } from "../value/go-value.ts";

/** A variable at run time. */
export interface Variable {
  readonly name: string;
  value: GoValue;
  /** The value came out of an interface. */
  boxed: boolean;
  /** The older variable of the same name. */
  readonly hidden: Variable | undefined;
}

/** The variables of one template call: a stack, in which the newest of a name is found at once. */
export class Variables {
  private readonly stack: Variable[] = [];
  private readonly newest = new Map<string, Variable>();

  get size(): number {
    return this.stack.length;
  }

  declare(name: string, value: GoValue): void {
    const variable: Variable = { name, value, boxed: false, hidden: this.newest.get(name) };
    this.stack.push(variable);
    this.newest.set(name, variable);
  }

  find(name: string): Variable | undefined {
    return this.newest.get(name);
  }

  /** A variable by its place from the top of the stack, 1 being the newest. */
  fromTop(place: number): Variable | undefined {
    return this.stack.at(-place);
  }

  /** Forgets all that came after there were `size`. */
  leave(size: number): void {
    while (this.stack.length > size) {
      const gone = this.stack.pop();
      if (gone === undefined) return;
      if (gone.hidden === undefined) this.newest.delete(gone.name);
      else this.newest.set(gone.name, gone.hidden);
    }
  }
}
