import { showUtf8 } from "../../bytes/utf8.ts";
import { KeyServiceError, type KeyServiceErrorCode, type KeyServiceErrorContext } from "../../sops/index.ts";
import { exchange } from "../http/exchange.ts";
import { codeOfFailure, codeOfStatus } from "../http/failure-code.ts";
import type { HttpLimits } from "../http/limits.ts";
import type { HttpAnswer, HttpRequest } from "../http/message.ts";
import type { KmsPorts } from "../ports.ts";
import { percentEncode } from "../signing/canonical-request.ts";
import { isTransient, skewMs } from "./answers.ts";
import { withCaBundle } from "./ca-bundle.ts";
import { endpointOf, isRegion } from "./endpoint.ts";
import { awsIdentities, type Identities } from "./identities.ts";
import { type AwsCredentials, signV4 } from "./sigv4.ts";
import { element } from "./sts.ts";

/** Where an object is: `s3://BUCKET/KEY`. */
export interface S3Location {
  readonly bucket: string;
  readonly key: string;
}

export interface S3Options {
  /** That of the bucket; default `AWS_REGION`, `AWS_DEFAULT_REGION`, then that of the profile. */
  readonly region?: string | undefined;
  readonly profile?: string | undefined;
  /** These and no others. Addresses of services are still those of the environment. */
  readonly credentials?: AwsCredentials | undefined;
}

/** Objects are longer than answers of key services, and lines are slow. */
const LIMITS = { timeoutMs: 120_000, attempts: 3 };
const MAX_OBJECT_BYTES = 64 * 1024 * 1024;

/**
 * Puts an object in a bucket, over what is there. One request: up to 5 GiB by the service's rules.
 *
 * @throws {KeyServiceError}
 */
export async function putObject(
  ports: KmsPorts,
  location: S3Location,
  body: Uint8Array,
  { contentType, ...options }: S3Options & { readonly contentType?: string | undefined } = {},
): Promise<void> {
  const question = { ports: withCaBundle(ports), location, options, doing: "upload to", limits: LIMITS };
  const headers: Record<string, string> = contentType === undefined ? {} : { "content-type": contentType };
  const answer = await ask(question, { method: "PUT", headers, body: Uint8Array.from(body) });
  if (answer.status !== 200) throw refused(question, answer);
}

/**
 * The bytes of an object; undefined when there is none of this name.
 *
 * @throws {KeyServiceError} also when it is longer than `maxBytes`.
 */
export async function getObject(
  ports: KmsPorts,
  location: S3Location,
  { maxBytes = MAX_OBJECT_BYTES, ...options }: S3Options & { readonly maxBytes?: number | undefined } = {},
): Promise<Uint8Array | undefined> {
  const limits = { ...LIMITS, maxAnswerBytes: maxBytes };
  const question = { ports: withCaBundle(ports), location, options, doing: "download", limits };
  const answer = await ask(question, { method: "GET", headers: {} });
  if (answer.status === 200) return answer.body;
  if (answer.status === 404 && errorCode(answer) === "NoSuchKey") return undefined;
  throw refused(question, answer);
}

interface Question {
  readonly ports: KmsPorts;
  readonly location: S3Location;
  readonly options: S3Options;
  readonly doing: string;
  readonly limits: Partial<HttpLimits>;
}

async function ask(question: Question, request: Omit<HttpRequest, "url">): Promise<HttpAnswer> {
  const { ports, location, options } = question;
  checkLocation(question);
  const identities = awsIdentities(ports, options.credentials);
  const profile = options.profile ?? "";
  const region = options.region ?? (await regionOf(ports, identities, profile));
  if (region === undefined || !isRegion(region)) {
    throw failed(question, "KEY_SERVICE_BAD_SETTINGS", "no region is set", {
      hints: ["export AWS_REGION=eu-central-1"],
    });
  }
  const who = await identities.credentials({ region, profile, role: "" });
  if (who.kind !== "found") {
    const tried = who.kind === "none" ? who.tried : [who];
    throw failed(question, "KEY_SERVICE_NO_CREDENTIALS", "no credentials for AWS were found", {
      details: tried.map(({ where, problem }) => `${where}: ${problem}`),
    });
  }
  const url = objectUrl(location, endpointOf(ports, "s3", region, await identities.endpoints(profile)));
  if (url === undefined) {
    throw failed(question, "KEY_SERVICE_BAD_SETTINGS", "AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL is no address");
  }
  let offsetMs = 0;
  const outcome = await exchange(
    ports,
    () => {
      const now = new Date(ports.now().getTime() + offsetMs);
      return signV4({ ...request, url }, who.credentials, { service: "s3", region, now });
    },
    {
      limits: question.limits,
      isTransient(answer) {
        const skew = offsetMs === 0 ? skewMs(answer, errorCode(answer), ports.now()) : 0;
        offsetMs += skew;
        return skew !== 0 || isTransient(errorCode(answer));
      },
    },
  );
  if (outcome.kind === "answer") return outcome;
  throw failed(question, codeOfFailure(outcome.reason), outcome.state, { details: [`asked at ${url.host}`] });
}

async function regionOf({ env }: KmsPorts, identities: Identities, profile: string): Promise<string | undefined> {
  return env("AWS_REGION") ?? env("AWS_DEFAULT_REGION") ?? (await identities.setting(profile, "region"));
}

/** The bucket becomes part of the host name where it may: a name with dots would not fit the certificate. */
function objectUrl({ bucket, key }: S3Location, endpoint: URL | undefined): URL | undefined {
  if (endpoint === undefined) return undefined;
  const path = key.split("/").map(percentEncode).join("/");
  const url = new URL(endpoint);
  if (/\.(amazonaws\.(com(\.cn)?|eu)|api\.aws)$/.test(url.hostname) && !bucket.includes(".")) {
    url.hostname = `${bucket}.${url.hostname}`;
    url.pathname = `/${path}`;
  } else {
    url.pathname = `${url.pathname.replace(/\/$/, "")}/${bucket}/${path}`;
  }
  return url;
}

function checkLocation(question: Question): void {
  const { bucket, key } = question.location;
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket) || bucket.includes("..")) {
    throw failed(question, "KEY_SERVICE_BAD_KEY", "this cannot be the name of a bucket");
  }
  // Such parts of a path are taken out on the way, and another object would be meant.
  if (key === "" || key.split("/").some((part) => part === "." || part === "..")) {
    throw failed(question, "KEY_SERVICE_BAD_KEY", 'the name of the object is empty, or has a part "." or ".."');
  }
}

function errorCode(answer: HttpAnswer): string | undefined {
  const code = element(showUtf8(answer.body), "Code");
  return code !== undefined && /^\w{1,100}$/.test(code) ? code : undefined;
}

const CODES: Readonly<Record<string, KeyServiceErrorCode>> = {
  AccessDenied: "KEY_SERVICE_DENIED",
  ExpiredToken: "KEY_SERVICE_DENIED",
  InvalidAccessKeyId: "KEY_SERVICE_DENIED",
  NoSuchBucket: "KEY_SERVICE_MISSING_KEY",
  SignatureDoesNotMatch: "KEY_SERVICE_DENIED",
  SlowDown: "KEY_SERVICE_THROTTLED",
};

/** Only the code of an answer is shown: what stands beside it may be a canonical request with a session token. */
function refused(question: Question, answer: HttpAnswer): KeyServiceError {
  const code = errorCode(answer) ?? "an error without a code";
  const region = answer.header("x-amz-bucket-region") ?? "";
  return failed(
    question,
    Object.hasOwn(CODES, code) ? (CODES[code] ?? "KEY_SERVICE_FAILED") : codeOfStatus(answer.status),
    `S3 answers ${code}`,
    {
      details: [`HTTP status ${answer.status}`],
      original: `operation error S3: https response error StatusCode: ${answer.status}, api error ${code}`,
      hints:
        isRegion(region) && answer.status !== 404 ? [`the bucket is in ${region}: export AWS_REGION=${region}`] : [],
    },
  );
}

function failed(
  { location: { bucket, key }, doing }: Question,
  code: KeyServiceErrorCode,
  state: string,
  more: Partial<KeyServiceErrorContext> = {},
): KeyServiceError {
  return new KeyServiceError(code, `Cannot ${doing} s3://${bucket}/${key}: ${state}`, { original: state, ...more });
}
