import { exchange } from "../http/exchange.ts";
import { codeOfFailure } from "../http/failure-code.ts";
import { type Refusal, refusal } from "../http/refusal.ts";
import type { KmsPorts } from "../ports.ts";
import { type IdentityRequest, withQuery } from "./identity-request.ts";

/**
 * The question to the agent of an Azure Arc server. Asked without a proof it names a file that only members of its group
 * may read; what stands in that file is the proof.
 *
 * Source: Microsoft's "Authenticate against Azure resources with Azure Arc-enabled servers".
 */
export async function arcRequest(ports: KmsPorts, endpoint: URL, resource: string): Promise<IdentityRequest | Refusal> {
  const url = withQuery(endpoint, { "api-version": "2020-06-01", resource });
  const headers = { metadata: "true" };
  const who = `the agent of Azure Arc at ${url.host}`;
  const outcome = await exchange(ports, () => ({ method: "GET", url, headers }), { limits: LIMITS });
  if (outcome.kind === "failure") return refusal(codeOfFailure(outcome.reason), `${who}: ${outcome.state}`);
  const path = keyFile(outcome.header("www-authenticate") ?? "");
  if (outcome.status !== 401 || path === undefined) {
    return refusal("KEY_SERVICE_BAD_ANSWER", `${who} answers ${outcome.status} and names no key of its own`);
  }
  const bytes = await ports.readFile(path);
  const key = bytes === undefined ? "" : new TextDecoder().decode(bytes);
  if (key.length <= MAX_KEY_CHARACTERS && /^[\x21-\x7e]+$/.test(key)) {
    return { method: "GET", url, headers: { ...headers, authorization: `Basic ${key}` } };
  }
  return refusal("KEY_SERVICE_NO_CREDENTIALS", `${who} wants the contents of ${path}, which cannot be read`, {
    hints: ["become a member of the group himds: sudo usermod -aG himds $USER"],
  });
}

const LIMITS = { timeoutMs: 2000, attempts: 2, maxAnswerBytes: 64 * 1024 };
const MAX_KEY_CHARACTERS = 4096;

/** Whoever answers at the endpoint must not choose which file is sent to it: only keys of the agent's own folder are. */
function keyFile(challenge: string): string | undefined {
  return /^Basic realm="?(\/var\/opt\/azcmagent\/tokens\/[\w-][\w.-]{0,200}\.key)"?$/i.exec(challenge.trim())?.[1];
}
