import { renderItems } from "./render-items.ts";
import {
  type RenderAnswer,
  type Rendered,
  type RenderJob,
  type RenderRequest,
  renderedOf,
  requestOf,
} from "./templates.ts";

/** Renders in this thread, with the clock and the time zone of the process. */
export function renderHere(request: RenderRequest, begin?: (item: string) => void): Promise<RenderAnswer> {
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
  return renderItems(request, { nowNanoseconds, timeZone, ...(begin === undefined ? {} : { begin }) });
}

/** Renders a whole job in this thread: for people's own manifests on their own machine. */
export async function renderJobHere(job: RenderJob): Promise<Rendered> {
  return renderedOf(await renderHere(requestOf(job)));
}

/** As exact as the clock of the process is, which is less than nanoseconds. */
function nowNanoseconds(): bigint {
  const milliseconds = performance.timeOrigin + performance.now();
  const whole = Math.floor(milliseconds);
  return BigInt(whole) * 1_000_000n + BigInt(Math.floor((milliseconds - whole) * 1_000_000));
}
