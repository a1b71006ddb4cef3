import type { ServerResponse } from "node:http";
import type { WatchItem, WatchPlan } from "../verbs/watch.ts";
import type { World } from "../world.ts";
import { renderWatchItem } from "./render.ts";
import type { RenderContext } from "./render-context.ts";

/** Runs a watch over one response until the client leaves, the time is over, or the client reads too slowly. */
export function streamWatch(world: World, response: ServerResponse, plan: WatchPlan, context: RenderContext): void {
  response.writeHead(200, { "Content-Type": "application/json", "Cache-Control": "no-cache, private" });
  response.flushHeaders();
  let first = true;
  const write = (item: WatchItem): void => {
    response.write(`${JSON.stringify(renderWatchItem(item, { ...context, now: world.now() }, first))}\n`);
    first = false;
    // The client has to resume from its last revision; keeping everything for it would keep it in memory.
    if (response.writableLength > world.limits.watchBufferBytes) stop();
  };
  let stopped = false;
  const endings: (() => void)[] = [];
  const stop = (): void => {
    if (stopped) return;
    stopped = true;
    for (const end of endings) end();
    world.watchers.count -= 1;
    response.end();
  };
  world.watchers.count += 1;
  response.on("close", stop);
  for (const item of plan.initial) write(item);
  if (plan.over) {
    stop();
    return;
  }
  endings.push(
    world.store.subscribe((change) => {
      const item = plan.translate(change);
      if (item !== undefined && !stopped) write(item);
    }),
  );
  const timer = setTimeout(
    () => {
      if (plan.bookmarks) write(plan.bookmark());
      stop();
    },
    Math.min(plan.timeoutMs, 2 ** 31 - 1),
  );
  endings.push(() => clearTimeout(timer));
  if (plan.bookmarks) {
    const bookmarks = setInterval(() => write(plan.bookmark()), world.limits.bookmarkMs);
    endings.push(() => clearInterval(bookmarks));
  }
}
