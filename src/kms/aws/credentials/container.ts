import { decodeUtf8 } from "../../../bytes/utf8.ts";
import { exchange } from "../../http/exchange.ts";
import type { KmsPorts } from "../../ports.ts";
import { absent, broken, type Lookup } from "./found.ts";
import { temporaryCredentials } from "./temporary.ts";

const ECS_HOST = "http://169.254.170.2";

/** Only these may be asked without TLS: the machine itself, and the agents of ECS and EKS on it. */
const CLEAR_HOSTS: ReadonlySet<string> = new Set([
  ...["localhost", "[::1]", "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"],
]);

/**
 * Credentials of the container that this runs in: ECS tasks, EKS pod identities.
 *
 * Source: the AWS SDK reference guide, "Container credential provider".
 */
export async function containerCredentials(ports: KmsPorts): Promise<Lookup> {
  const relative = ports.env("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  const full = ports.env("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  const where =
    relative !== undefined ? "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI" : "AWS_CONTAINER_CREDENTIALS_FULL_URI";
  if (relative === undefined && full === undefined) return absent("container credentials", "not set");
  const url = addressOf(relative, full);
  if (typeof url === "string") return broken(where, url);
  const token = await authorization(ports);
  if (token === "unreadable") {
    return broken(where, "the file that AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names cannot be read");
  }
  if (/[\r\n]/.test(token ?? "")) return broken(where, "the authorization token holds a line break");
  const headers = { accept: "application/json", ...(token === undefined ? {} : { authorization: token }) };
  const outcome = await exchange(ports, () => ({ method: "GET", url, headers }), { limits: { timeoutMs: 6_000 } });
  if (outcome.kind === "failure") return broken(`${where} (${url.host})`, outcome.state);
  if (outcome.status !== 200) return broken(`${where} (${url.host})`, `it answers with HTTP status ${outcome.status}`);
  return temporaryCredentials(outcome, where);
}

function addressOf(relative: string | undefined, full: string | undefined): URL | string {
  const text = relative !== undefined ? ECS_HOST + relative : (full ?? "");
  if (relative !== undefined && !relative.startsWith("/")) return "it does not begin with a slash";
  if (!URL.canParse(text)) return "it is no address";
  const url = new URL(text);
  if (url.username !== "" || url.password !== "") return "it holds a user name or password";
  const isOwn = CLEAR_HOSTS.has(url.hostname) || /^127(\.\d{1,3}){3}$/.test(url.hostname);
  if (url.protocol === "https:" || (url.protocol === "http:" && isOwn)) return url;
  return `its host ${url.hostname} is not allowed without TLS: only loopback and the addresses of ECS and EKS are`;
}

/** The token for the agent: a file is read anew each time, because EKS replaces it. */
async function authorization({ env, readFile }: KmsPorts): Promise<string | undefined> {
  const file = env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  if (file === undefined) return env("AWS_CONTAINER_AUTHORIZATION_TOKEN");
  const bytes = await readFile(file);
  return (bytes === undefined ? undefined : decodeUtf8(bytes)) ?? "unreadable";
}
