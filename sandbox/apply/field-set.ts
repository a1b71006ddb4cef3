/**
 * A set of fields of one object, as a tree. A step of a path is written as in `managedFields`: `f:name` a field,
 * `k:{…}` a list item by its keys, `v:…` a list item by its value.
 */
export class FieldSet {
  readonly members = new Set<string>();
  readonly children = new Map<string, FieldSet>();

  insert(path: readonly string[]): void {
    const last = path.at(-1);
    if (last === undefined) return;
    let node: FieldSet = this;
    for (const step of path.slice(0, -1)) node = node.childAt(step);
    node.members.add(last);
  }

  /** The set below `step`, made when it is not there. */
  childAt(step: string): FieldSet {
    const found = this.children.get(step);
    if (found !== undefined) return found;
    const made = new FieldSet();
    this.children.set(step, made);
    return made;
  }

  get isEmpty(): boolean {
    return this.members.size === 0 && [...this.children.values()].every((child) => child.isEmpty);
  }

  /** Every path of the set, parents before children. */
  *paths(prefix: readonly string[] = []): Generator<readonly string[]> {
    for (const member of [...this.members].sort()) yield [...prefix, member];
    for (const [step, child] of [...this.children].sort(([left], [right]) => (left < right ? -1 : 1))) {
      yield* child.paths([...prefix, step]);
    }
  }
}

export function union(left: FieldSet, right: FieldSet | undefined): FieldSet {
  const result = new FieldSet();
  for (const set of right === undefined ? [left] : [left, right]) {
    for (const member of set.members) result.members.add(member);
  }
  for (const step of new Set([...left.children.keys(), ...(right?.children.keys() ?? [])])) {
    result.children.set(step, union(left.children.get(step) ?? EMPTY, right?.children.get(step)));
  }
  return result;
}

/** Paths of `left` that are not in `right`. */
export function difference(left: FieldSet, right: FieldSet | undefined): FieldSet {
  const result = new FieldSet();
  for (const member of left.members) if (right?.members.has(member) !== true) result.members.add(member);
  for (const [step, child] of left.children) {
    const rest = difference(child, right?.children.get(step));
    if (!rest.isEmpty) result.children.set(step, rest);
  }
  return result;
}

/** Paths of `left` that are neither in `right` nor below a path of it. */
export function differenceBelow(left: FieldSet, right: FieldSet | undefined): FieldSet {
  const result = new FieldSet();
  for (const member of left.members) if (right?.members.has(member) !== true) result.members.add(member);
  for (const [step, child] of left.children) {
    if (right?.members.has(step) === true) continue;
    const rest = differenceBelow(child, right?.children.get(step));
    if (!rest.isEmpty) result.children.set(step, rest);
  }
  return result;
}

export function intersection(left: FieldSet, right: FieldSet): FieldSet {
  const result = new FieldSet();
  for (const member of left.members) if (right.members.has(member)) result.members.add(member);
  for (const [step, child] of left.children) {
    const other = right.children.get(step);
    const common = other === undefined ? undefined : intersection(child, other);
    if (common !== undefined && !common.isEmpty) result.children.set(step, common);
  }
  return result;
}

export const sameSet = (left: FieldSet, right: FieldSet): boolean =>
  difference(left, right).isEmpty && difference(right, left).isEmpty;

const EMPTY: FieldSet = new FieldSet();
