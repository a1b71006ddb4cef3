import { decodeUtf8 } from "../../../bytes/utf8.ts";
import { exchange } from "../../http/exchange.ts";
import type { HttpOutcome } from "../../http/message.ts";
import type { KmsPorts } from "../../ports.ts";
import { absent, broken, type Lookup } from "./found.ts";
import { temporaryCredentials } from "./temporary.ts";

const IPV4 = "http://169.254.169.254";
const IPV6 = "http://[fd00:ec2::254]";
const TOKEN_SECONDS = "21600";

/** Off EC2 nobody answers at this address, and nobody should wait long to learn that. */
const LIMITS = { timeoutMs: 1_000, attempts: 2, maxAnswerBytes: 64 * 1024 };
const ROLES = "/latest/meta-data/iam/security-credentials/";

/**
 * Credentials of the EC2 machine that this runs on, by version 2 of its metadata service: version 1 gives them to anybody
 * who gets a program here to open a link.
 *
 * Source: the EC2 user guide, "Use the Instance Metadata Service".
 */
export async function machineCredentials(ports: KmsPorts): Promise<Lookup> {
  const where = "EC2 metadata service";
  if (ports.env("AWS_EC2_METADATA_DISABLED")?.toLowerCase() === "true") {
    return absent(where, "disabled by AWS_EC2_METADATA_DISABLED");
  }
  const base =
    ports.env("AWS_EC2_METADATA_SERVICE_ENDPOINT") ??
    (ports.env("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE")?.toLowerCase() === "ipv6" ? IPV6 : IPV4);
  if (!URL.canParse(base)) return broken("AWS_EC2_METADATA_SERVICE_ENDPOINT", "it is no address");

  const ask = async (method: "GET" | "PUT", path: string, headers: Record<string, string>): Promise<HttpOutcome> =>
    await exchange(ports, () => ({ method, url: new URL(path, base), headers }), { limits: LIMITS });

  const session = await ask("PUT", "/latest/api/token", { "x-aws-ec2-metadata-token-ttl-seconds": TOKEN_SECONDS });
  if (session.kind === "failure") return absent(where, session.state);
  const token = lineOf(session);
  if (token === undefined) return absent(where, `it gives no session: HTTP status ${session.status}`);
  const headers = { "x-aws-ec2-metadata-token": token };

  const roles = await ask("GET", ROLES, headers);
  if (roles.kind === "failure") return broken(where, roles.state);
  const role = lineOf(roles);
  if (role === undefined || !/^[\w+=,.@-]{1,128}$/.test(role)) return absent(where, "this machine has no role");

  const answer = await ask("GET", ROLES + role, headers);
  if (answer.kind === "failure") return broken(where, answer.state);
  if (answer.status !== 200) return broken(where, `it answers with HTTP status ${answer.status}`);
  return temporaryCredentials(answer, `${where}, role ${role}`);
}

/** The first line of a good answer. */
function lineOf(outcome: HttpOutcome): string | undefined {
  if (outcome.kind === "failure" || outcome.status !== 200) return undefined;
  return decodeUtf8(outcome.body)?.split(/\r?\n/)[0] || undefined;
}
