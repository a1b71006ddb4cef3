import type { Burst } from "./script.ts";

/**
 * A script that still fails, with as much left out as can be found within `budgetMs`: first whole bursts, then single
 * operations, in halves, quarters and so on.
 */
export async function shrunk(
  script: readonly Burst[],
  fails: (script: readonly Burst[]) => Promise<boolean>,
  budgetMs: number,
): Promise<readonly Burst[]> {
  const deadline = Date.now() + budgetMs;
  const bursts = await smallest(script, fails, deadline);
  const operations = bursts.flatMap((burst, at) => burst.map((operation) => ({ at, operation })));
  const left = await smallest(operations, (some) => fails(regrouped(some)), deadline);
  return regrouped(left);
}

function regrouped(operations: readonly { at: number; operation: Burst[number] }[]): Burst[] {
  const groups = new Map<number, Burst[number][]>();
  for (const { at, operation } of operations) groups.set(at, [...(groups.get(at) ?? []), operation]);
  return [...groups.values()];
}

async function smallest<T>(
  items: readonly T[],
  fails: (items: readonly T[]) => Promise<boolean>,
  deadline: number,
): Promise<readonly T[]> {
  let left = items;
  for (let size = Math.ceil(left.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = left.length; from > 0; from -= size) {
      if (Date.now() > deadline) return left;
      const without = [...left.slice(0, Math.max(0, from - size)), ...left.slice(from)];
      if (without.length < left.length && (await fails(without))) left = without;
    }
  }
  return left;
}

/** A script as text that can be pasted into a test. */
export function written(script: readonly Burst[]): string {
  return script.map((burst) => `[\n${burst.map((one) => `  ${JSON.stringify(one)},`).join("\n")}\n],`).join("\n");
}
