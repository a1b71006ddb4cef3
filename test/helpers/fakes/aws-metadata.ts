import type { RawAnswer, RawRequest } from "./raw-server.ts";

/** What containers, machines and sign-in portals give. */
export const METADATA_CREDENTIALS = {
  AccessKeyId: "ASIAMETADATA",
  SecretAccessKey: "canary-metadata-secret",
  Token: "canary-metadata-session",
  Expiration: "2026-11-21T16:00:00Z",
} as const;

const SESSION = "imds-session";
const ROLES = "/latest/meta-data/iam/security-credentials/";

/** The metadata service of EC2: sessions by PUT, nothing without one. */
export function answerImds(
  state: "role" | "no role" | "v1 only" | "broken",
  credentials: object = METADATA_CREDENTIALS,
): (request: RawRequest) => RawAnswer {
  return ({ method, target, headers }) => {
    if (method === "PUT" && target === "/latest/api/token") {
      const seconds = Number(headers.get("x-aws-ec2-metadata-token-ttl-seconds"));
      if (state === "v1 only") return { status: 403 };
      if (!(seconds >= 1 && seconds <= 21_600)) return { status: 400 };
      return { status: 200, headers: { "x-aws-ec2-metadata-token-ttl-seconds": String(seconds) }, body: SESSION };
    }
    if (method !== "GET") return { status: 405 };
    if (state !== "v1 only" && headers.get("x-aws-ec2-metadata-token") !== SESSION) return { status: 401 };
    if (target === ROLES) return state === "no role" ? { status: 404 } : { status: 200, body: "app-role\n" };
    if (target !== `${ROLES}app-role`) return { status: 404 };
    return {
      status: 200,
      body: state === "broken" ? "<html>" : JSON.stringify({ Code: "Success", ...credentials }),
    };
  };
}

/** The agents of ECS and EKS: one path, and a token where they want one. */
export function answerEcs(
  path: string,
  token: string | undefined,
  credentials: object = METADATA_CREDENTIALS,
): (request: RawRequest) => RawAnswer {
  return ({ method, target, headers }) => {
    if (method !== "GET" || target !== path) return { status: 404 };
    if (headers.get("authorization") !== token) return { status: 401 };
    return { status: 200, body: JSON.stringify({ RoleArn: "arn:aws:iam::1:role/x", ...credentials }) };
  };
}

/** The portal of IAM Identity Center. */
export function answerSso(token: string): (request: RawRequest) => RawAnswer {
  return ({ method, target, headers }) => {
    if (method !== "GET" || target !== "/federation/credentials?role_name=dev&account_id=111122223333")
      return { status: 404 };
    if (headers.get("x-amz-sso_bearer_token") !== token) return { status: 401 };
    const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, Token: sessionToken } = METADATA_CREDENTIALS;
    const roleCredentials = { accessKeyId, secretAccessKey, sessionToken, expiration: Date.UTC(2026, 10, 21, 16) };
    return { status: 200, body: JSON.stringify({ roleCredentials }) };
  };
}
