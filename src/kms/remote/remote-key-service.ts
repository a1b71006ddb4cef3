import {
  type KeyService,
  KeyServiceError,
  type KeyServiceErrorCode,
  type MasterKey,
  masterKeyName,
} from "../../sops/index.ts";
import { type ServiceAddress, serviceAddressText } from "./address.ts";
import type { CallService, Method } from "./client-adapter.ts";
import { GrpcFailure } from "./grpc-status.ts";
import { decodeAnswer, encodeRequest } from "./messages.ts";
import { ProtobufError } from "./protobuf.ts";

/**
 * The keys of another machine or process, of whatever kind: it is told the key and what to encrypt or decrypt. Data keys
 * travel in clear: over TCP only where the network itself can be trusted, else over a socket.
 */
export function remoteKeyService(service: ServiceAddress, call: CallService): KeyService {
  const name = `key service ${serviceAddressText(service)}`;
  const ask = async (method: Method, key: MasterKey, content: Uint8Array): Promise<Uint8Array> => {
    try {
      return decodeAnswer(await call(method, encodeRequest({ key, content })));
    } catch (error) {
      throw failure(method, key, name, error);
    }
  };
  return {
    name,
    encrypt: async (key, dataKey) => Buffer.from(await ask("Encrypt", key, dataKey)).toString("utf8"),
    decrypt: async (key) => {
      const enc = key.fields.get("enc");
      return await ask("Decrypt", key, Buffer.from(typeof enc === "string" ? enc : ""));
    },
  };
}

function failure(method: Method, key: MasterKey, name: string, error: unknown): unknown {
  const reason = reasonOf(error);
  if (reason === undefined) return error;
  const what = `Cannot ${method.toLowerCase()} a data key with ${masterKeyName(key)}`;
  return new KeyServiceError(reason.kind, `${what}: the ${name} ${reason.state}`, {
    details: reason.details,
    original: `rpc error: code = ${reason.code} desc = ${reason.text}`,
    cause: error,
  });
}

interface Reason {
  readonly kind: KeyServiceErrorCode;
  readonly code: string;
  readonly text: string;
  /** Goes on the first line, behind the name of the service. */
  readonly state: string;
  readonly details: readonly string[];
}

/** Longest text of the other side that is shown. */
const MAX_TEXT = 2_000;

/** Undefined for what nobody foresaw. */
function reasonOf(error: unknown): Reason | undefined {
  if (error instanceof ProtobufError) {
    const text = `grpc: failed to unmarshal the received message: ${error.message}`;
    const state = "sent an answer that cannot be read";
    return { kind: "KEY_SERVICE_BAD_ANSWER", code: "Internal", text, state, details: [error.message] };
  }
  if (!(error instanceof GrpcFailure)) return undefined;
  const { code } = error;
  const text = error.message.slice(0, MAX_TEXT);
  const [kind, state] = STATES[code] ?? ["KEY_SERVICE_FAILED", "refused"];
  return { kind, code, text, state, details: text.split("\n").map((line) => `it said: ${line}`) };
}

const STATES: Readonly<Partial<Record<GrpcFailure["code"], readonly [KeyServiceErrorCode, string]>>> = {
  Canceled: ["KEY_SERVICE_FAILED", "was not waited for"],
  DeadlineExceeded: ["KEY_SERVICE_TIMEOUT", "did not answer in time"],
  PermissionDenied: ["KEY_SERVICE_DENIED", "has somebody who refused"],
  ResourceExhausted: ["KEY_SERVICE_THROTTLED", "has too much to do, or the message is too long"],
  Unavailable: ["KEY_SERVICE_UNREACHABLE", "cannot be reached"],
  Unimplemented: ["KEY_SERVICE_BAD_ANSWER", "is none that speaks this protocol"],
};
