import { randomBytes } from "node:crypto";
import type { RawAnswer, RawRequest } from "./raw-server.ts";
import { checkSigV4, type Principal } from "./sigv4-check.ts";

export interface FakeRole {
  readonly arn: string;
  /** ARNs of principals that may take it. */
  readonly trusts?: readonly string[];
  /** Web identity tokens that stand for it. */
  readonly tokens?: readonly string[];
  /** Whether another web identity token stands for it. */
  readonly trustsToken?: (token: string) => boolean;
  readonly externalId?: string;
}

export interface FakeSts {
  readonly roles: readonly FakeRole[];
  /** Sessions are added here. */
  readonly principals: Principal[];
  readonly nowMs: () => number;
  /** Regions in which it answers; a request signed for another is refused. */
  readonly region: string;
}

const KNOWN_FIELDS: Readonly<Record<string, readonly string[]>> = {
  AssumeRole: ["Action", "Version", "RoleArn", "RoleSessionName", "DurationSeconds", "ExternalId"],
  AssumeRoleWithWebIdentity: ["Action", "Version", "RoleArn", "RoleSessionName", "DurationSeconds", "WebIdentityToken"],
};

/** The Security Token Service as a strict fake: `AssumeRole` and `AssumeRoleWithWebIdentity`, in its XML. */
export function answerSts(request: RawRequest, sts: FakeSts): RawAnswer {
  const form = new URLSearchParams(request.body.toString("utf8"));
  const field = (name: string) => form.get(name) ?? "";
  const action = field("Action");
  const known = KNOWN_FIELDS[action];
  if (request.method !== "POST" || request.target !== "/" || known === undefined || field("Version") !== "2011-06-15") {
    return failed("InvalidAction", `Could not find operation ${action}`, 400);
  }
  const odd = [...form.keys()].find((name, at, all) => !known.includes(name) || all.indexOf(name) !== at);
  if (odd !== undefined) return failed("ValidationError", `odd parameter ${odd}`, 400);
  if (!/^[\w+=,.@-]{2,64}$/.test(field("RoleSessionName")))
    return failed("ValidationError", "bad RoleSessionName", 400);
  const seconds = Number(form.get("DurationSeconds") ?? 3600);
  if (!(seconds >= 900 && seconds <= 43_200)) return failed("ValidationError", "bad DurationSeconds", 400);
  const role = sts.roles.find(({ arn }) => arn === field("RoleArn"));
  if (action === "AssumeRole") {
    const verdict = checkSigV4(request, sts.principals, { service: "sts", nowMs: sts.nowMs() });
    if ("error" in verdict) return failed(STS_CODES[verdict.error] ?? verdict.error, verdict.message, 403);
    if (verdict.region !== sts.region)
      return failed("SignatureDoesNotMatch", "Credential should be scoped to a valid region.", 403);
    const { arn } = verdict.principal;
    if (!role?.trusts?.includes(arn) || (role.externalId ?? "") !== field("ExternalId")) {
      const message = `User: ${arn} is not authorized to perform: sts:AssumeRole on resource: ${field("RoleArn")}`;
      return failed("AccessDenied", message, 403);
    }
  } else {
    if (request.headers.has("authorization")) return failed("ValidationError", "not to be signed", 400);
    const token = field("WebIdentityToken");
    if (role?.tokens?.includes(token) !== true && role?.trustsToken?.(token) !== true) {
      return failed("InvalidIdentityToken", "Couldn't retrieve verification key from your identity provider", 400);
    }
  }
  const session: Principal = {
    accessKeyId: `ASIA${randomBytes(8).toString("hex").toUpperCase()}`,
    secretAccessKey: randomBytes(20).toString("hex"),
    sessionToken: randomBytes(30).toString("base64"),
    arn: `${field("RoleArn").replace(":iam:", ":sts:").replace(":role/", ":assumed-role/")}/${field("RoleSessionName")}`,
    expiresMs: sts.nowMs() + seconds * 1000,
  };
  sts.principals.push(session);
  return granted(action, session);
}

const STS_CODES: Readonly<Record<string, string>> = {
  InvalidSignature: "SignatureDoesNotMatch",
  UnrecognizedClient: "InvalidClientTokenId",
};

function granted(
  action: string,
  { accessKeyId, secretAccessKey, sessionToken, expiresMs = 0, arn }: Principal,
): RawAnswer {
  const expiration = new Date(expiresMs).toISOString().replace(/\.\d+/, "");
  const body = `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <${action}Result>
    <AssumedRoleUser><AssumedRoleId>AROA123:x</AssumedRoleId><Arn>${arn}</Arn></AssumedRoleUser>
    <Credentials>
      <AccessKeyId>${accessKeyId}</AccessKeyId>
      <SecretAccessKey>${secretAccessKey}</SecretAccessKey>
      <SessionToken>${sessionToken}</SessionToken>
      <Expiration>${expiration}</Expiration>
    </Credentials>
  </${action}Result>
  <ResponseMetadata><RequestId>c6104cbe-af31-11e0-8154-cbc7ccf896c7</RequestId></ResponseMetadata>
</${action}Response>`;
  return { status: 200, headers: { "content-type": "text/xml" }, body };
}

function failed(code: string, message: string, status: number): RawAnswer {
  const body = `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>c6104cbe</RequestId></ErrorResponse>`;
  return { status, headers: { "content-type": "text/xml" }, body };
}
