import { showUtf8 } from "../../bytes/utf8.ts";
import { exchange } from "../http/exchange.ts";
import type { HttpAnswer, HttpRequest } from "../http/message.ts";
import { serverWords } from "../http/server-words.ts";
import type { KmsPorts } from "../ports.ts";
import { isTransient, skewMs } from "./answers.ts";
import { broken, found, type Lookup } from "./credentials/found.ts";
import { timeOf } from "./credentials/temporary.ts";
import { type EndpointSettings, endpointOf } from "./endpoint.ts";
import { type AwsCredentials, signV4 } from "./sigv4.ts";

/** A question to the Security Token Service. */
export interface RoleRequest {
  readonly action: "AssumeRole" | "AssumeRoleWithWebIdentity";
  readonly roleArn: string;
  readonly sessionName: string;
  readonly region: string;
  /** Seconds; the service decides when it is not given. */
  readonly durationSeconds?: number | undefined;
  readonly externalId?: string | undefined;
  /** With `AssumeRoleWithWebIdentity`: the token that stands for credentials. */
  readonly webIdentityToken?: string | undefined;
  /** With `AssumeRole`. */
  readonly credentials?: AwsCredentials | undefined;
  readonly endpoints?: EndpointSettings | undefined;
  /** Who wants it, for errors: `role arn:… of AWS_ROLE_ARN`. */
  readonly where: string;
}

const API_VERSION = "2011-06-15";

/**
 * Credentials of a role.
 *
 * Source: the AWS STS API reference, `AssumeRole` and `AssumeRoleWithWebIdentity`.
 */
export async function assumeRole(ports: KmsPorts, request: RoleRequest): Promise<Lookup> {
  const { where, region } = request;
  const endpoint = endpointOf(ports, "sts", region, request.endpoints);
  if (endpoint === undefined) return broken(where, "AWS_ENDPOINT_URL_STS or AWS_ENDPOINT_URL is no address");
  const body = formOf(request);
  const plain: HttpRequest = {
    ...{ method: "POST", url: endpoint, body },
    headers: { "content-type": "application/x-www-form-urlencoded; charset=utf-8" },
  };
  let offsetMs = 0;
  const outcome = await exchange(
    ports,
    () => {
      const now = new Date(ports.now().getTime() + offsetMs);
      const { credentials } = request;
      return credentials === undefined ? plain : signV4(plain, credentials, { service: "sts", region, now });
    },
    {
      isTransient(answer) {
        const skew = offsetMs === 0 ? skewMs(answer, errorCode(answer), ports.now()) : 0;
        offsetMs += skew;
        return skew !== 0 || isTransient(errorCode(answer));
      },
    },
  );
  if (outcome.kind === "failure") return broken(`AWS STS (${endpoint.host})`, `${where}: ${outcome.state}`);
  if (outcome.status !== 200) {
    const code = errorCode(outcome) ?? "UnknownError";
    const words = messageOf(outcome, request);
    return broken(
      where,
      `AWS STS refuses it: HTTP status ${outcome.status}, ${code}${words === "" ? "" : `: ${words}`}`,
      {
        original: `operation error STS: ${request.action}, https response error StatusCode: ${outcome.status}, RequestID: ${requestId(outcome)}, api error ${code}: ${words}`,
      },
    );
  }
  return credentialsOf(showUtf8(outcome.body), where);
}

function formOf(request: RoleRequest): string {
  const fields = new URLSearchParams({
    Action: request.action,
    Version: API_VERSION,
    RoleArn: request.roleArn,
    RoleSessionName: request.sessionName,
  });
  if (request.durationSeconds !== undefined) fields.set("DurationSeconds", String(request.durationSeconds));
  if (request.externalId !== undefined) fields.set("ExternalId", request.externalId);
  if (request.webIdentityToken !== undefined) fields.set("WebIdentityToken", request.webIdentityToken);
  return fields.toString();
}

function credentialsOf(xml: string, where: string): Lookup {
  const accessKeyId = element(xml, "AccessKeyId");
  const secretAccessKey = element(xml, "SecretAccessKey");
  const sessionToken = element(xml, "SessionToken");
  const expires = timeOf(element(xml, "Expiration"));
  if (!accessKeyId || !secretAccessKey || !sessionToken || !(expires instanceof Date)) {
    return broken(where, "what AWS STS answers holds no credentials");
  }
  return found({ accessKeyId, secretAccessKey, sessionToken, expires, where });
}

function errorCode(answer: HttpAnswer): string | undefined {
  const code = element(showUtf8(answer.body), "Code");
  return code !== undefined && /^[\w.:-]{1,100}$/.test(code) ? code : undefined;
}

/** What the service says, without what it was sent. */
function messageOf(answer: HttpAnswer, { credentials, webIdentityToken }: RoleRequest): string {
  const secrets = [credentials?.secretAccessKey, credentials?.sessionToken, webIdentityToken];
  const sent = secrets.filter((text) => text !== undefined);
  return serverWords(element(showUtf8(answer.body), "Message") ?? "", sent);
}

function requestId(answer: HttpAnswer): string {
  const id = element(showUtf8(answer.body), "RequestId") ?? "";
  return /^[\w-]{1,64}$/.test(id) ? id : "";
}

/** The text of the first element of this name: the answers are flat, and none of what is wanted has markup in it. */
export function element(xml: string, name: string): string | undefined {
  const open = `<${name}>`;
  const start = xml.indexOf(open);
  const end = start < 0 ? -1 : xml.indexOf(`</${name}>`, start);
  if (end < 0) return undefined;
  const text = xml.slice(start + open.length, end).trim();
  return text.includes("<")
    ? undefined
    : text.replaceAll(/&(amp|lt|gt|quot|apos);/g, (_, entity) => ENTITIES[entity] ?? "");
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
