import type { Answer, Question } from "./listener.ts";

const PLAIN = { "Content-Type": "text/plain; charset=utf-8" };

/** `/healthz` (the process answers) and `/readyz` (it has read the cluster); undefined for other paths. */
export function probeAnswer({ path }: Question, isReady: boolean): Answer | undefined {
  if (path === "/healthz") return { status: 200, headers: PLAIN, body: "ok\n" };
  if (path !== "/readyz") return undefined;
  return isReady
    ? { status: 200, headers: PLAIN, body: "ok\n" }
    : { status: 503, headers: { ...PLAIN, "X-Content-Type-Options": "nosniff" }, body: "not ready\n" };
}
