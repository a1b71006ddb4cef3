import type { ClientUnaryCall, ServiceError } from "@grpc/grpc-js";
import type { ServiceAddress } from "./address.ts";
import { GrpcFailure, grpcCodeOf } from "./grpc-status.ts";
import { REMOTE_LIMITS, type RemoteLimits } from "./limits.ts";

export type Method = "Encrypt" | "Decrypt";

/** Calls a key service: message to message. @throws {GrpcFailure} */
export type CallService = (method: Method, message: Uint8Array) => Promise<Uint8Array>;

/**
 * Calls over gRPC without TLS, as the original speaks it. The connection is made with the first call and kept; it does
 * not keep the program from ending. Proxies of the environment are not used.
 */
export function serviceCaller(
  service: ServiceAddress,
  { signal, limits = REMOTE_LIMITS }: { signal?: AbortSignal | undefined; limits?: RemoteLimits } = {},
): CallService {
  let connected: ReturnType<typeof connect> | undefined;
  return async (method, message) => {
    connected ??= connect(service, limits);
    const { client, Metadata } = await connected;
    return await new Promise<Uint8Array>((done, failed) => {
      let call: ClientUnaryCall | undefined;
      const stop = () => call?.cancel();
      const ended = (error: ServiceError | null, answer?: Uint8Array) => {
        signal?.removeEventListener("abort", stop);
        if (error === null) done(answer ?? new Uint8Array());
        else failed(failureOf(error, service));
      };
      call = client.makeUnaryRequest(
        `/KeyService/${method}`,
        (bytes: Uint8Array) => Buffer.from(bytes),
        (bytes: Buffer): Uint8Array => bytes,
        message,
        new Metadata(),
        { deadline: Date.now() + limits.callTimeoutMs },
        ended,
      );
      if (signal?.aborted === true) stop();
      else signal?.addEventListener("abort", stop, { once: true });
    });
  };
}

async function connect({ network, address }: ServiceAddress, { maxMessageBytes }: RemoteLimits) {
  const { Client, credentials, Metadata } = await import("@grpc/grpc-js");
  const target = network === "unix" ? `unix:${address}` : `dns:${address}`;
  const client = new Client(target, credentials.createInsecure(), {
    "grpc.enable_http_proxy": 0,
    "grpc.enable_retries": 0,
    // Else an attempt of another client that failed just now would answer for this one.
    "grpc.use_local_subchannel_pool": 1,
    "grpc.max_receive_message_length": maxMessageBytes,
    "grpc.max_send_message_length": maxMessageBytes,
  });
  return { client, Metadata };
}

function failureOf({ code, details }: ServiceError, service: ServiceAddress): GrpcFailure {
  const name = grpcCodeOf(code);
  return new GrpcFailure(name, name === "Unavailable" ? unavailable(details, service) : details);
}

/** The system's answers in the words of the original. */
const DIAL_STATES: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset by peer",
  EHOSTUNREACH: "no route to host",
  ENETUNREACH: "network is unreachable",
  ENOENT: "no such file or directory",
  ETIMEDOUT: "connection timed out",
};

function unavailable(details: string, { network, address }: ServiceAddress): string {
  if (details.startsWith("Name resolution failed")) return "name resolver error: produced zero addresses";
  const code = /\b(E[A-Z]{4,})\b/.exec(details)?.[1] ?? "";
  const state = DIAL_STATES[code];
  if (state === undefined) return details;
  return `connection error: desc = "transport: Error while dialing: dial ${network} ${address}: connect: ${state}"`;
}
