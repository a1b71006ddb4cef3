import { chmodSync } from "node:fs";
import { createServer, type Server as SocketServer } from "node:net";
import process from "node:process";
import { isMainThread } from "node:worker_threads";
import type { ServerUnaryCall, sendUnaryData } from "@grpc/grpc-js";
import type { ServiceAddress } from "./address.ts";
import type { Method } from "./client-adapter.ts";
import { GrpcFailure, grpcNumberOf } from "./grpc-status.ts";
import { REMOTE_LIMITS, type RemoteLimits } from "./limits.ts";

/** Answers one message. What it throws beside `GrpcFailure` the caller learns nothing of. */
export type AnswerCall = (method: Method, message: Uint8Array) => Promise<Uint8Array>;

export interface CallServer {
  /** Where it listens; with the port that was chosen for port 0. */
  readonly service: ServiceAddress;
  /** Ends calls that are under way, and removes the socket. */
  close(): Promise<void>;
}

const METHODS: readonly Method[] = ["Encrypt", "Decrypt"];
const GRACE_MS = 1_000;

/**
 * Listens for calls over gRPC. A socket can be connected to by its owner alone.
 *
 * @throws the system's error when it cannot listen there.
 */
export async function serveCalls(
  service: ServiceAddress,
  answer: AnswerCall,
  limits: RemoteLimits = REMOTE_LIMITS,
): Promise<CallServer> {
  const { Server, ServerCredentials } = await import("@grpc/grpc-js");
  const grpc = new Server({
    "grpc.max_receive_message_length": limits.maxMessageBytes,
    "grpc.max_send_message_length": limits.maxMessageBytes,
    "grpc.max_concurrent_streams": limits.maxConcurrentCalls,
    "grpc.max_connection_idle_ms": limits.maxIdleMs,
  });
  const handle = handlerOf(answer, limits);
  for (const method of METHODS) {
    grpc.register(
      `/KeyService/${method}`,
      (call: ServerUnaryCall<Uint8Array, Uint8Array>, done: sendUnaryData<Uint8Array>) =>
        void handle(method, call.request).then(
          (bytes) => done(null, bytes),
          ({ code, message }: GrpcFailure) => done({ code: grpcNumberOf(code), details: message }),
        ),
      (bytes: Uint8Array) => Buffer.from(bytes),
      (bytes: Buffer): Uint8Array => bytes,
      "unary",
    );
  }
  const injector = grpc.createConnectionInjector(ServerCredentials.createInsecure());
  const sockets = createServer((socket) => injector.injectConnection(socket));
  sockets.maxConnections = limits.maxConnections;
  const bound = await listen(sockets, service);
  return {
    service: bound,
    async close() {
      const closed = new Promise<void>((done) => sockets.close(() => done()));
      injector.drain(GRACE_MS);
      injector.destroy();
      grpc.forceShutdown();
      await closed;
    },
  };
}

/** Bounds the calls in number and time. What goes on after its time is up still counts as one. */
function handlerOf(answer: AnswerCall, { maxConcurrentCalls, callTimeoutMs }: RemoteLimits): AnswerCall {
  let running = 0;
  return async (method, message) => {
    if (running >= maxConcurrentCalls) throw new GrpcFailure("ResourceExhausted", "Too many calls at once");
    running++;
    const work = answer(method, message).finally(() => {
      running--;
    });
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, failed) => {
      const expire = () => failed(new GrpcFailure("DeadlineExceeded", "The key was not available in time"));
      timer = setTimeout(expire, callTimeoutMs);
    });
    try {
      return await Promise.race([work, timeout]);
    } catch (error) {
      throw error instanceof GrpcFailure ? error : new GrpcFailure("Internal", "The key service made a mistake");
    } finally {
      clearTimeout(timer);
    }
  };
}

async function listen(sockets: SocketServer, service: ServiceAddress): Promise<ServiceAddress> {
  return await new Promise((done, failed) => {
    sockets.once("error", failed);
    sockets.once("listening", () => {
      const address = sockets.address();
      if (service.network === "unix" || typeof address !== "object" || address === null) done(service);
      else done({ network: "tcp", address: service.address.replace(/:\d+$/, `:${address.port}`) });
    });
    if (service.network === "unix") listenAtPath(sockets, service.address);
    else {
      const [, host = "", port = ""] = /^\[?(.*?)\]?:(\d+)$/.exec(service.address) ?? [];
      // Without a host it listens on all of them, as everywhere.
      sockets.listen({ port: Number(port), ...(host === "" ? {} : { host }) });
    }
  });
}

/** The socket is there when `listen` returns: nobody else can connect in between. */
function listenAtPath(sockets: SocketServer, path: string): void {
  // A worker shares the mask with its program and may not change it.
  const before = isMainThread ? process.umask(0o177) : undefined;
  try {
    sockets.listen({ path });
  } finally {
    if (before !== undefined) process.umask(before);
  }
  if (sockets.listening) chmodSync(path, 0o600);
}
