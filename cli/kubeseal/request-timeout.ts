import { type KubeClient, KubeError } from "../../src/kube/index.ts";
import { durationMs } from "../flag.ts";
import { KubesealError } from "./errors.ts";

/** A limit for one request: for us in milliseconds, and as the API server is told. */
export interface RequestTimeout {
  readonly ms: number;
  readonly text: string;
}

/**
 * The value of `--request-timeout`; undefined for none.
 *
 * @throws {KubesealError} `KUBESEAL_BAD_OPTION`
 */
export function readTimeout(typed: string): RequestTimeout | undefined {
  if (typed === "") return undefined;
  const text = /^-?[0-9]+$/.test(typed) ? `${typed}s` : typed;
  const [, sign = "", amount = ""] = /^(-?)(.*)$/.exec(text) ?? [];
  const size = amount.includes("d") ? undefined : durationMs(amount);
  if (size === undefined) {
    throw new KubesealError(
      "KUBESEAL_BAD_OPTION",
      "Invalid timeout value. Timeout must be a single integer in seconds, or an integer followed by a corresponding time unit (e.g. 1s | 2m | 3h)",
    );
  }
  const ms = sign === "-" ? -size : size;
  return ms === 0 ? undefined : { ms, text: goDuration(ms) };
}

/** The client, with each request limited here and, by a parameter of its address, at the server. */
export function withTimeout(
  client: KubeClient,
  timeout: RequestTimeout | undefined,
  server: string,
): Pick<KubeClient, "raw" | "close"> {
  if (timeout === undefined) return client;
  return {
    close: () => client.close(),
    async raw(request) {
      const path = `${request.path}${request.path.includes("?") ? "&" : "?"}timeout=${timeout.text}`;
      // Go's client knows no limit below zero.
      if (timeout.ms < 0) return await client.raw({ ...request, path });
      const limit = AbortSignal.timeout(timeout.ms);
      const signal = request.signal === undefined ? limit : AbortSignal.any([limit, request.signal]);
      try {
        return await client.raw({ ...request, path, signal });
      } catch (cause) {
        if (!limit.aborted) throw cause;
        const verb = request.method === "GET" ? "Get" : "Post";
        throw new KubeError("KUBE_TIMEOUT", "Cannot finish the request: the API server did not answer in time", {
          apiMessage: `${verb} "${server}${path}": net/http: request canceled (Client.Timeout exceeded while awaiting headers)`,
          cause,
          hints: ["give it more time with --request-timeout, or see what it does: kubectl get --raw /readyz"],
        });
      }
    },
  };
}

/** As Go prints a duration: `1m30s`, `300ms`. */
function goDuration(ms: number): string {
  if (ms < 0) return `-${goDuration(-ms)}`;
  if (ms < 1000) return `${ms}ms`;
  const seconds = ms / 1000;
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  const rest = `${Number((seconds % 60).toFixed(3))}s`;
  if (hours > 0) return `${hours}h${minutes}m${rest}`;
  return minutes > 0 ? `${minutes}m${rest}` : rest;
}
