import { type AwsCredentials, signV4 } from "../../aws/sigv4.ts";
import { exchange } from "../../http/exchange.ts";
import { jsonObject, textField } from "../../http/message.ts";
import { type Refusal, refusal } from "../../http/refusal.ts";
import type { KmsPorts } from "../../ports.ts";
import { percentEncode } from "../../signing/canonical-request.ts";
import type { AwsSource } from "./subject-source.ts";

/**
 * A request to AWS that is signed and never sent from here: Google sends it, and hears from AWS who we are there.
 *
 * Source: Google's "Configure workload identity federation with AWS"; recorded runs of sops 3.13.3.
 */
export async function awsSubject(ports: KmsPorts, source: AwsSource, audience: string): Promise<string | Refusal> {
  const metadata = metadataOf(ports, source);
  const credentials = fromEnvironment(ports) ?? (await fromMachine(source, metadata));
  if ("kind" in credentials) return credentials;
  const region = await regionOf(ports, source, metadata);
  if (typeof region !== "string") return region;
  const url = verificationUrl(source.verificationUrl.replaceAll("{region}", region));
  if (typeof url === "string") return noCredentials(`regional_cred_verification_url cannot be used: ${url}`);
  const plain = { method: "POST" as const, url, headers: { "x-goog-cloud-target-resource": audience } };
  const { headers } = signV4(plain, credentials, { service: "sts", region, now: ports.now() });
  const listed = Object.entries({ ...headers, host: url.host })
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => ({ key: key.replace(/(^|-)[a-z]/g, (first) => first.toUpperCase()), value }));
  return percentEncode(JSON.stringify({ url: url.href, method: "POST", headers: listed })).replaceAll("%20", "+");
}

/** Whoever gets the signed request can send it: so it may ask who we are, and nothing else. */
function verificationUrl(text: string): URL | string {
  if (/[\s\p{Cc}\\]/u.test(text) || !URL.canParse(text)) return "it is no URL";
  const url = new URL(text);
  const isSts = /(^|\.)sts(-fips)?\.([a-z0-9.-]+\.)?amazonaws\.com(\.cn)?$/.test(url.host);
  if (url.protocol !== "https:" || !isSts) return "it is none of AWS STS";
  const isQuestion = url.searchParams.get("Action") === "GetCallerIdentity" && url.pathname === "/";
  return isQuestion && url.username === "" && url.hash === "" ? url : "it asks for more than GetCallerIdentity";
}

function fromEnvironment({ env }: KmsPorts): AwsCredentials | undefined {
  const [accessKeyId, secretAccessKey] = [env("AWS_ACCESS_KEY_ID"), env("AWS_SECRET_ACCESS_KEY")];
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined;
  return { accessKeyId, secretAccessKey, sessionToken: env("AWS_SESSION_TOKEN") };
}

type Metadata = (url: URL) => Promise<Uint8Array | Refusal>;

const LIMITS = { timeoutMs: 2000, attempts: 2, maxAnswerBytes: 64 * 1024 };

/** Asks the metadata service of a machine of AWS, in one session where it wants one. */
function metadataOf(ports: KmsPorts, { sessionUrl }: AwsSource): Metadata {
  let session: Promise<string | Refusal> | undefined;
  const ask = async (method: "GET" | "PUT", url: URL, headers: Record<string, string>) => {
    const outcome = await exchange(ports, () => ({ method, url, headers }), { limits: LIMITS });
    const who = `the metadata service ${url.host}`;
    if (outcome.kind === "failure") return noCredentials(`${who}: ${outcome.state}`);
    return outcome.status === 200 ? outcome.body : noCredentials(`${who} answers ${outcome.status}`);
  };
  const openSession = async (url: URL): Promise<string | Refusal> => {
    const answer = await ask("PUT", url, { "x-aws-ec2-metadata-token-ttl-seconds": "300" });
    if (!(answer instanceof Uint8Array)) return answer;
    const text = lineOf(answer);
    return /^[\x21-\x7e]{1,1024}$/.test(text) ? text : noCredentials("the metadata service gives no session");
  };
  return async (url) => {
    if (sessionUrl !== undefined) session ??= openSession(sessionUrl);
    const token = await session;
    if (token !== undefined && typeof token !== "string") return token;
    return await ask("GET", url, token === undefined ? {} : { "x-aws-ec2-metadata-token": token });
  };
}

async function fromMachine({ credentialsUrl }: AwsSource, metadata: Metadata): Promise<AwsCredentials | Refusal> {
  if (credentialsUrl === undefined) {
    return noCredentials("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set, and credential_source has no url");
  }
  const roles = await metadata(credentialsUrl);
  if (!(roles instanceof Uint8Array)) return roles;
  const role = lineOf(roles);
  if (!/^[\w+=,.@-]{1,128}$/.test(role)) return noCredentials("this machine has no role in AWS");
  const url = new URL(credentialsUrl);
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/${role}`;
  const answer = await metadata(url);
  if (!(answer instanceof Uint8Array)) return answer;
  const body = jsonObject({ body: answer });
  const [accessKeyId, secretAccessKey] = [textField(body, "AccessKeyId"), textField(body, "SecretAccessKey")];
  if (!accessKeyId || !secretAccessKey) return noCredentials("the metadata service gives no credentials");
  return { accessKeyId, secretAccessKey, sessionToken: textField(body, "Token") || undefined };
}

async function regionOf(ports: KmsPorts, { regionUrl }: AwsSource, metadata: Metadata): Promise<string | Refusal> {
  const named = ports.env("AWS_REGION") ?? ports.env("AWS_DEFAULT_REGION");
  if (named === undefined && regionUrl === undefined) {
    return noCredentials("AWS_REGION is not set, and credential_source has no region_url");
  }
  const answer = named !== undefined || regionUrl === undefined ? undefined : await metadata(regionUrl);
  if (answer !== undefined && !(answer instanceof Uint8Array)) return answer;
  // A machine knows its zone: that is the region and a letter.
  const region = named ?? lineOf(answer ?? new Uint8Array()).slice(0, -1);
  return /^[a-z0-9-]{1,40}$/.test(region) ? region : noCredentials("the region of AWS is malformed");
}

function lineOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).split(/\r?\n/)[0] ?? "";
}

function noCredentials(state: string): Refusal {
  return refusal("KEY_SERVICE_NO_CREDENTIALS", `the external account: ${state}`);
}
