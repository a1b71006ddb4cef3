import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { KubeError } from "../errors.ts";
import type { ClusterConfig } from "./cluster-config.ts";
import type { FileOrData, Kubeconfig, KubeconfigUser } from "./kubeconfig.ts";

export interface Credentials {
  readonly authorize: ClusterConfig["authorize"];
  readonly clientCertificate?: string | undefined;
  readonly clientKey?: string | undefined;
}

export interface CredentialRequest {
  readonly user: KubeconfigUser | undefined;
  readonly userName: string;
  readonly config: Kubeconfig;
  readonly contextName: string;
  readonly cluster: { readonly name: string; readonly server: string };
}

/** How long a token from a file or a plugin is used before it is looked at again. */
const TOKEN_MS = 60_000;

/**
 * How this user proves who they are. Tokens, passwords and certificates are read here; login plugins and identity
 * providers are left to `@kubernetes/client-node`, which is loaded only then because loading it takes most of a second.
 *
 * @throws {KubeError} `KUBE_CREDENTIALS`.
 */
export async function credentialsOf(request: CredentialRequest): Promise<Credentials> {
  const { user } = request;
  if (user === undefined) return { authorize: () => Promise.resolve({}) };
  if (user.needsPlugin && user.token === undefined) return pluginCredentials(request);
  const certificates = {
    clientCertificate: user.clientCertificate === undefined ? undefined : pem(user.clientCertificate),
    clientKey: user.clientKey === undefined ? undefined : pem(user.clientKey),
  };
  const { token, tokenFile, username, password } = user;
  if (token !== undefined) return { ...certificates, authorize: constant(`Bearer ${token}`) };
  if (tokenFile?.kind === "file") {
    return { ...certificates, authorize: tokenFromFile(resolve(tokenFile.folder, tokenFile.path)) };
  }
  if (username !== undefined) {
    const basic = Buffer.from(`${username}:${password ?? ""}`).toString("base64");
    return { ...certificates, authorize: constant(`Basic ${basic}`) };
  }
  return { ...certificates, authorize: () => Promise.resolve({}) };
}

/** A bearer token that something else renews in a file, as the kubelet does. */
export function tokenFromFile(path: string): ClusterConfig["authorize"] {
  return remembered(() => {
    try {
      return Promise.resolve({ authorization: `Bearer ${readFileSync(path, "utf8").trim()}` });
    } catch (cause) {
      throw new KubeError("KUBE_CREDENTIALS", `Cannot read the token file "${path}"`, { cause });
    }
  });
}

function constant(authorization: string): ClusterConfig["authorize"] {
  const headers = Promise.resolve({ authorization });
  return () => headers;
}

function remembered(fetch: () => Promise<Readonly<Record<string, string>>>): ClusterConfig["authorize"] {
  let held: { readonly untilMs: number; readonly headers: Promise<Readonly<Record<string, string>>> } | undefined;
  return async (refresh) => {
    if (held === undefined || refresh || Date.now() >= held.untilMs) {
      const headers = fetch();
      held = { untilMs: Date.now() + TOKEN_MS, headers };
      headers.catch(() => {
        held = undefined;
      });
    }
    return held.headers;
  };
}

async function pluginCredentials(request: CredentialRequest): Promise<Credentials> {
  const { KubeConfig } = await import("@kubernetes/client-node");
  const { user, userName, cluster } = request;
  const loader = new KubeConfig();
  const login = async () => {
    loader.loadFromOptions({
      clusters: [{ name: cluster.name, server: cluster.server, skipTLSVerify: false }],
      users: [{ name: userName, exec: user?.raw["exec"], authProvider: user?.raw["auth-provider"] }],
      contexts: [{ name: "selected", cluster: cluster.name, user: userName }],
      currentContext: "selected",
    });
    const options: { headers?: Record<string, unknown>; cert?: unknown; key?: unknown } = {};
    try {
      await loader.applyToHTTPSOptions(options);
    } catch (cause) {
      throw new KubeError("KUBE_CREDENTIALS", `Cannot log in as "${userName}": its login plugin failed`, {
        // The plugin's own output may hold a token, so only its kind of failure is repeated.
        details: cause instanceof Error && "code" in cause ? [String(cause.code)] : [],
        hints: ["run the command of users[].user.exec in your kubeconfig by hand and see what it says"],
      });
    }
    return options;
  };
  const first = await login();
  const headersOf = (options: { readonly headers?: Record<string, unknown> }) => {
    const header = options.headers?.["Authorization"] ?? options.headers?.["authorization"];
    return typeof header === "string" ? { authorization: header } : {};
  };
  return {
    authorize: remembered(async () => headersOf(await login())),
    clientCertificate: textOf(first.cert),
    clientKey: textOf(first.key),
  };
}

/** The PEM text that a kubeconfig holds or points to. */
export function pem(source: FileOrData): string {
  if (source.kind === "data") return Buffer.from(source.base64, "base64").toString("utf8");
  try {
    return readFileSync(resolve(source.folder, source.path), "utf8");
  } catch (cause) {
    throw new KubeError("KUBE_CREDENTIALS", `Cannot read "${source.path}", which your kubeconfig points to`, {
      apiMessage: `unable to read ${source.path}: no such file or directory`,
      cause,
    });
  }
}

function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  return value instanceof Uint8Array ? Buffer.from(value).toString("utf8") : undefined;
}
