/** The variables that can be seen. One name can be there many times, and be looked for as often. */
export class Scope {
  private readonly names: string[] = [];
  private readonly counts = new Map<string, number>([["$", 1]]);

  get size(): number {
    return this.names.length;
  }

  has(name: string): boolean {
    return (this.counts.get(name) ?? 0) > 0;
  }

  enter(name: string): void {
    this.names.push(name);
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }

  /** Forgets all that came after there were `size`. */
  leave(size: number): void {
    for (const name of this.names.splice(size)) this.counts.set(name, (this.counts.get(name) ?? 1) - 1);
  }
}
