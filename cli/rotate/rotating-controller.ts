import type { AskController } from "../../src/keys/index.ts";
import { type Clock, sleep } from "../../src/kube/index.ts";
import { printJson } from "../../src/yaml/index.ts";
import type { Io } from "../io.ts";
import { type Controller, type ControllerAddress, findController } from "../kubeseal/controller.ts";
import { KubesealError } from "../kubeseal/errors.ts";

/** A controller that is asked at the rate that it allows. */
export interface RotatingController {
  readonly ask: AskController;
  close(): Promise<void>;
}

/** How often one object is asked for again while the controller says that it is asked too much. */
const MAX_ATTEMPTS = 30;
const MAX_PAUSE_MS = 30_000;
const FIRST_PAUSE_MS = 1_000;

/** A controller, of ours or the original one, that seals objects anew. @throws {KubesealError} `KUBESEAL_CLUSTER` */
export async function openRotatingController(
  address: ControllerAddress,
  io: Io,
  clock: Clock,
): Promise<RotatingController> {
  const controller = await findController(address, io);
  return { ask: askAtItsRate(controller, clock, io.signal), close: () => controller.close() };
}

/** Asks for one object at a time: more would only use up the rate that the controller allows. */
export function askAtItsRate(
  controller: Pick<Controller, "askToRotate">,
  clock: Clock,
  signal: AbortSignal,
): AskController {
  let before: Promise<unknown> = Promise.resolve();
  const askOne: AskController = async (object) => {
    const body = printJson(object, { sortKeys: true });
    for (let attempt = 0; ; attempt++) {
      const { status, headers, text } = await controller.askToRotate(body);
      if (status === 429 && attempt < MAX_ATTEMPTS) {
        await sleep(clock, pauseOf(headers["retry-after"], attempt), signal);
        signal.throwIfAborted();
        continue;
      }
      if (status === 429) return { why: "the controller goes on saying that it is asked too often" };
      // The original says 500 to an object that none of its keys opens.
      if (status === 409 || status === 500) return { why: "the controller opens it with none of its keys" };
      if (status >= 400) throw refused(status);
      return { answer: answerOf(text) };
    }
  };
  return (object) => {
    const asked = before.then(() => askOne(object));
    before = asked.catch(() => undefined);
    return asked;
  };
}

function pauseOf(retryAfter: string | undefined, attempt: number): number {
  const seconds = /^[0-9]{1,4}$/.test(retryAfter ?? "") ? Number(retryAfter) : 0;
  const backoff = FIRST_PAUSE_MS * 2 ** Math.min(attempt, 5);
  return Math.min(MAX_PAUSE_MS, Math.max(seconds * 1000, backoff));
}

/** Undefined for what is no JSON: it holds no items either. */
function answerOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refused(status: number): KubesealError {
  return new KubesealError("KUBESEAL_CLUSTER", "Cannot rotate through the controller: it refuses", {
    details: [`it answered with status ${status}`],
    hints:
      status === 401 || status === 403
        ? ['this takes the right to "create" "services/proxy" of the controller\'s Service: see docs/deploy.md']
        : [],
  });
}
