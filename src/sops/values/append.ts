/** Adds items to a list, however many: a call takes fewer arguments than a file may have comments. */
export function append<Item>(list: Item[], more: readonly Item[]): void {
  for (const item of more) list.push(item);
}
