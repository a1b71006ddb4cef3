import { decodeUtf8 } from "../../bytes/utf8.ts";
import { exchange } from "../http/exchange.ts";
import { jsonObject, textField } from "../http/message.ts";
import type { KmsPorts } from "../ports.ts";
import { federatedKeys } from "./federation.ts";
import type { FoundHuawei, Problem } from "./lookup.ts";
import { podKeys } from "./pod.ts";

const METADATA = "http://169.254.169.254";
const METADATA_LIMITS = { timeoutMs: 3_000, attempts: 1, maxAnswerBytes: 64 * 1024 };

/** Credentials are fetched anew when less than this is left of them. */
const REFRESH_BEFORE_MS = 5 * 60_000;

/**
 * Looks for credentials where the SDK of Huawei Cloud does and in its order: the environment, the credentials file, the
 * metadata service of the machine, the agent of a pod. Found once, renewed before they end.
 */
export function huaweiCredentials(ports: KmsPorts): () => Promise<FoundHuawei | readonly Problem[]> {
  let kept: FoundHuawei | undefined;
  let underWay: Promise<FoundHuawei | readonly Problem[]> | undefined;
  return async () => {
    const leftMs = kept?.expires === undefined ? undefined : kept.expires.getTime() - ports.now().getTime();
    if (kept !== undefined && (leftMs === undefined || leftMs > REFRESH_BEFORE_MS)) return kept;
    underWay ??= look(ports).finally(() => {
      underWay = undefined;
    });
    const fresh = await underWay;
    if ("ak" in fresh) kept = fresh;
    else if (kept !== undefined && leftMs !== undefined && leftMs > 0) return kept;
    return fresh;
  };
}

async function look(ports: KmsPorts): Promise<FoundHuawei | readonly Problem[]> {
  const problems: Problem[] = [];
  for (const place of [fromEnvironment, fromFile, fromMachine, podKeys]) {
    const result = await place(ports);
    if ("ak" in result) return result;
    if (result.isFinal === true) return [result];
    problems.push(result);
  }
  return problems;
}

async function fromEnvironment(ports: KmsPorts): Promise<FoundHuawei | Problem> {
  const { env } = ports;
  const where = "HUAWEICLOUD_SDK_AK";
  const [ak, sk] = [env("HUAWEICLOUD_SDK_AK"), env("HUAWEICLOUD_SDK_SK")];
  const [idpId, tokenFile] = [env("HUAWEICLOUD_SDK_IDP_ID"), env("HUAWEICLOUD_SDK_ID_TOKEN_FILE")];
  if (idpId !== undefined && tokenFile !== undefined) {
    return await federatedKeys(ports, {
      ...{ idpId, tokenFile, projectId: env("HUAWEICLOUD_SDK_PROJECT_ID"), where: "HUAWEICLOUD_SDK_IDP_ID" },
      iamEndpoint: env("HUAWEICLOUD_SDK_IAM_ENDPOINT"),
    });
  }
  if (ak === undefined) return { where, problem: "not set" };
  if (sk === undefined) return { where, problem: "HUAWEICLOUD_SDK_SK is not set" };
  const securityToken = env("HUAWEICLOUD_SDK_SECURITY_TOKEN");
  return { ak, sk, securityToken, projectId: env("HUAWEICLOUD_SDK_PROJECT_ID"), where };
}

/** `~/.huaweicloud/credentials`, its section `[basic]`. */
async function fromFile(ports: KmsPorts): Promise<FoundHuawei | Problem> {
  const path = ports.env("HUAWEICLOUD_SDK_CREDENTIALS_FILE") ?? `${ports.home}/.huaweicloud/credentials`;
  const where = path.startsWith(`${ports.home}/`) ? `~${path.slice(ports.home.length)}` : path;
  const bytes = await ports.readFile(path);
  if (bytes === undefined) return { where, problem: "there is no such file, or it cannot be read" };
  const basic = sectionBasic(decodeUtf8(bytes) ?? "");
  const [ak, sk] = [basic.get("ak"), basic.get("sk")];
  const [idpId, tokenFile] = [basic.get("idp_id"), basic.get("id_token_file")];
  if (idpId && tokenFile) {
    return await federatedKeys(ports, {
      ...{ idpId, tokenFile, projectId: basic.get("project_id") || undefined, where: `${where}, [basic]` },
      iamEndpoint: basic.get("iam_endpoint") || ports.env("HUAWEICLOUD_SDK_IAM_ENDPOINT"),
    });
  }
  if (!ak || !sk) return { where, problem: "its section [basic] has no ak and sk" };
  return {
    ...{ ak, sk, where: `${where}, [basic]` },
    securityToken: basic.get("security_token") || undefined,
    projectId: basic.get("project_id") || undefined,
    iamEndpoint: basic.get("iam_endpoint") || undefined,
  };
}

function sectionBasic(text: string): ReadonlyMap<string, string> {
  const settings = new Map<string, string>();
  let isBasic = false;
  for (const line of text.split(/\r?\n/).map((raw) => raw.trim())) {
    if (line === "" || /^[#;]/.test(line)) continue;
    const title = /^\[(.*)\]$/.exec(line)?.[1];
    if (title !== undefined) isBasic = title.trim() === "basic";
    const at = line.search(/[=:]/);
    if (title === undefined && isBasic && at > 0) {
      settings.set(
        line.slice(0, at).trim(),
        line
          .slice(at + 1)
          .trim()
          .replace(/^(["'])(.*)\1$/, "$2"),
      );
    }
  }
  return settings;
}

/** Temporary keys of the agency of the machine: with a session of the metadata service where it has them. */
async function fromMachine(ports: KmsPorts): Promise<FoundHuawei | Problem> {
  const where = "ECS metadata service";
  const token = await exchange(
    ports,
    () => ({
      ...{ method: "PUT", url: new URL("/meta-data/latest/api/token", METADATA) },
      headers: { "x-metadata-token-ttl-seconds": "21600" },
    }),
    { limits: METADATA_LIMITS },
  );
  if (token.kind === "failure") return { where, problem: token.state };
  const session = token.status === 200 ? decodeUtf8(token.body)?.trim() : undefined;
  const isFit = session !== undefined && /^[\x21-\x7e]{1,1000}$/.test(session);
  const answer = await exchange(
    ports,
    () => ({
      ...{ method: "GET", url: new URL("/openstack/latest/securitykey", METADATA) },
      headers: isFit ? { "x-metadata-token": session } : {},
    }),
    { limits: METADATA_LIMITS },
  );
  if (answer.kind === "failure") return { where, problem: answer.state };
  const given = jsonObject(answer)?.["credential"];
  const [ak, sk] = [textField(given, "access"), textField(given, "secret")];
  if (answer.status !== 200 || !ak || !sk) {
    return { where, problem: `this machine has no agency: HTTP status ${answer.status}` };
  }
  const expires = new Date(textField(given, "expires_at") ?? "");
  const isTime = !Number.isNaN(expires.getTime());
  return { ak, sk, securityToken: textField(given, "securitytoken"), ...(isTime ? { expires } : {}), where };
}
