import { fieldOf, type Keyring, type KeyService, KeyServiceError, type MasterKey } from "../../sops/index.ts";
import type { Method } from "./client-adapter.ts";
import { describeKey } from "./describe-key.ts";
import { GrpcFailure } from "./grpc-status.ts";
import { decodeRequest, encodeAnswer, type KeyServiceRequest } from "./messages.ts";
import { ProtobufError } from "./protobuf.ts";
import type { AnswerCall } from "./server-adapter.ts";

export interface AnswerOptions {
  /** Who does the work for which kind of key. */
  readonly keyring: Pick<Keyring, "servicesFor" | "askFor">;
  /** Whether a person lets it happen; asked before anything is done. Absent: all may. */
  readonly approve?: ((question: string) => Promise<boolean>) | undefined;
  /** Told of every call that was answered, or why it was not. Holds no data key. */
  readonly onCall?: ((method: Method, key: string, problem: string | undefined) => void) | undefined;
}

/** Answers the calls of a key service with the keys of this machine. */
export function answerWith({ keyring, approve, onCall }: AnswerOptions): AnswerCall {
  return async (method, message) => {
    const { key, content } = requestOf(message);
    if (key === undefined) throw new GrpcFailure("NotFound", "Must provide a key");
    const name = describeKey(key);
    try {
      const services = keyring.servicesFor(key.type);
      if (services.length === 0) throw new GrpcFailure("NotFound", "Unknown key type");
      if (approve !== undefined && !(await approve(`Received ${method.toLowerCase()} request using ${name}`))) {
        throw new GrpcFailure("PermissionDenied", "Request rejected by user");
      }
      const answer =
        method === "Encrypt"
          ? Buffer.from(await firstToDo(services, (service) => service.encrypt(key, content)))
          : await decrypt(keyring, withEnc(key, content));
      onCall?.(method, name, undefined);
      return encodeAnswer(answer);
    } catch (error) {
      const failure = failureOf(error);
      onCall?.(method, name, failure?.message ?? "an unforeseen error");
      throw failure ?? error;
    }
  };
}

async function decrypt(keyring: AnswerOptions["keyring"], key: MasterKey): Promise<Uint8Array> {
  const open = () => firstToDo(keyring.servicesFor(key.type), (service) => service.decrypt(key));
  try {
    return await open();
  } catch (error) {
    if (key.type !== "age" || !(error instanceof KeyServiceError)) throw error;
    if (await keyring.askFor(fieldOf(key, "recipient"))) return await open();
    throw error;
  }
}

/** @throws {KeyServiceError} that of the last one. */
async function firstToDo<T>(services: readonly KeyService[], work: (service: KeyService) => Promise<T>): Promise<T> {
  let last: unknown;
  for (const service of services) {
    try {
      return await work(service);
    } catch (error) {
      if (!(error instanceof KeyServiceError)) throw error;
      last = error;
    }
  }
  throw last;
}

function failureOf(error: unknown): GrpcFailure | undefined {
  if (error instanceof GrpcFailure) return error;
  return error instanceof KeyServiceError ? new GrpcFailure("Unknown", error.original) : undefined;
}

function requestOf(message: Uint8Array): KeyServiceRequest {
  try {
    return decodeRequest(message);
  } catch (error) {
    if (!(error instanceof ProtobufError)) throw error;
    throw new GrpcFailure("Internal", `Cannot read the request: ${error.message}`);
  }
}

function withEnc({ type, fields }: MasterKey, content: Uint8Array): MasterKey {
  return { type, fields: new Map([...fields, ["enc", Buffer.from(content).toString("utf8")]]) };
}
