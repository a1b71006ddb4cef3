/** The outcomes of a call, by number. Source: gRPC, "Status codes and their use"; spelt as the original prints them. */
const CODES = [
  "OK",
  "Canceled",
  "Unknown",
  "InvalidArgument",
  "DeadlineExceeded",
  "NotFound",
  "AlreadyExists",
  "PermissionDenied",
  "ResourceExhausted",
  "FailedPrecondition",
  "Aborted",
  "OutOfRange",
  "Unimplemented",
  "Internal",
  "Unavailable",
  "DataLoss",
  "Unauthenticated",
] as const;

export type GrpcCode = (typeof CODES)[number];

export function grpcCodeOf(number: number): GrpcCode {
  return CODES[number] ?? "Unknown";
}

export function grpcNumberOf(code: GrpcCode): number {
  return CODES.indexOf(code);
}

/** A call that did not succeed. `message` travels to the other side: it must hold nothing secret. */
export class GrpcFailure extends Error {
  override readonly name = "GrpcFailure";
  readonly code: GrpcCode;

  constructor(code: GrpcCode, message: string) {
    super(message);
    this.code = code;
  }
}
