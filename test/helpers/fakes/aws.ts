import { answerKms, type FakeKmsKey, fakeKmsKey } from "./aws-kms.ts";
import { answerS3, type FakeBucket } from "./aws-s3.ts";
import { answerSts, type FakeRole } from "./aws-sts.ts";
import { type RawAnswer, type RawRequest, type RawServer, startRawServer } from "./raw-server.ts";
import type { Principal } from "./sigv4-check.ts";

export const ALICE: Principal = {
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  arn: "arn:aws:iam::111122223333:user/alice",
};

export interface FakeAwsState {
  readonly keys: FakeKmsKey[];
  readonly roles: FakeRole[];
  readonly principals: Principal[];
  readonly buckets: Map<string, FakeBucket>;
  /** Moves the clock of the services away from ours. */
  skewMs: number;
}

export interface FakeAws extends FakeAwsState {
  /** KMS, STS and S3 of one region, told apart by what they are asked. */
  answer(request: RawRequest): RawAnswer;
}

/** KMS, STS and S3 of one region, with one key and one user. */
export function fakeAws(region = "eu-central-1", ourNowMs: () => number = Date.now): FakeAws {
  const state: FakeAwsState = { keys: [fakeKmsKey()], roles: [], principals: [ALICE], buckets: new Map(), skewMs: 0 };
  const nowMs = () => ourNowMs() + state.skewMs;
  return Object.assign(state, {
    answer(request: RawRequest) {
      if (request.headers.has("x-amz-target")) return answerKms(request, { ...state, nowMs });
      if (request.method === "POST" && request.target === "/") return answerSts(request, { ...state, nowMs, region });
      return answerS3(request, { ...state, nowMs, region });
    },
  });
}

/** The same on loopback, as `AWS_ENDPOINT_URL` gives it to any client. */
export async function startAws(region?: string): Promise<FakeAws & RawServer> {
  const aws = fakeAws(region);
  return Object.assign(aws, await startRawServer((request) => aws.answer(request)));
}
