import { Server, ServerCredentials, type ServiceDefinition } from "@grpc/grpc-js";

export interface AnyKeyService {
  /** `tcp://127.0.0.1:PORT` */
  readonly address: string;
  end(): void;
}

const asIs = (bytes: Buffer) => bytes;
const method = (path: string) => ({
  path,
  requestStream: false,
  responseStream: false,
  requestSerialize: asIs,
  requestDeserialize: asIs,
  responseSerialize: asIs,
  responseDeserialize: asIs,
});
const SERVICE: ServiceDefinition = { Encrypt: method("/KeyService/Encrypt"), Decrypt: method("/KeyService/Decrypt") };

/** One field of bytes, number 1, in the encoding of protocol buffers. */
const message = (text: string) => Buffer.concat([Buffer.from([10, text.length]), Buffer.from(text)]);

/**
 * A key service that encrypts to whatever key it is told, so that keys of all services can be compared without any of
 * them. It answers `ANY`, and decrypts nothing.
 */
export async function startAnyKeyService(): Promise<AnyKeyService> {
  const server = new Server();
  server.addService(SERVICE, {
    Encrypt: (_call: unknown, answer: (error: null, bytes: Buffer) => void) => answer(null, message("ANY")),
    Decrypt: (_call: unknown, answer: (error: Error) => void) => answer(new Error("never")),
  });
  const port = await new Promise<number>((done, failed) =>
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? done(bound) : failed(error),
    ),
  );
  return { address: `tcp://127.0.0.1:${port}`, end: () => server.forceShutdown() };
}
