import type { Change } from "../storage/event-log.ts";
import type { World } from "../world.ts";

/**
 * Runs `work` soon after changes that `wants` selects, once per turn of the event loop whatever their number, and again
 * while it says that there is more to do. What it throws would be a fault of the sandbox, so it is not caught.
 */
export function reactTo(world: World, wants: (change: Change) => boolean, work: () => boolean): () => void {
  let scheduled: NodeJS.Immediate | undefined;
  let stopped = false;
  const schedule = (): void => {
    if (stopped || scheduled !== undefined) return;
    scheduled = setImmediate(() => {
      scheduled = undefined;
      if (work()) schedule();
    });
  };
  const unsubscribe = world.store.subscribe((change) => {
    if (wants(change)) schedule();
  });
  return () => {
    stopped = true;
    if (scheduled !== undefined) clearImmediate(scheduled);
    unsubscribe();
  };
}
