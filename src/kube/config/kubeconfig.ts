import { KubeError } from "../errors.ts";

/** The parts of a kubeconfig that name a cluster, as data. Maps go by name. */
export interface Kubeconfig {
  readonly currentContext: string;
  readonly clusters: ReadonlyMap<string, KubeconfigCluster>;
  readonly users: ReadonlyMap<string, KubeconfigUser>;
  readonly contexts: ReadonlyMap<string, KubeconfigContext>;
}

export interface KubeconfigCluster {
  readonly server: string;
  readonly certificateAuthority?: FileOrData;
  readonly insecureSkipTlsVerify: boolean;
  readonly tlsServerName?: string;
  readonly proxyUrl?: string;
}

export interface KubeconfigUser {
  readonly token?: string;
  readonly tokenFile?: FileOrData;
  readonly username?: string;
  readonly password?: string;
  readonly clientCertificate?: FileOrData;
  readonly clientKey?: FileOrData;
  /** Whom the user acts as. */
  readonly as?: string;
  readonly asUid?: string;
  readonly asGroups?: readonly string[];
  /** The user logs in through a plugin or an identity provider. */
  readonly needsPlugin: boolean;
  /** As written, for the plugin. */
  readonly raw: Readonly<Record<string, unknown>>;
}

export interface KubeconfigContext {
  readonly cluster: string;
  readonly user: string;
  readonly namespace?: string;
}

/** Bytes in the file itself, or a path (absolute, or relative to `folder`, that of the kubeconfig). */
export type FileOrData =
  | { readonly kind: "data"; readonly base64: string }
  | { readonly kind: "file"; readonly path: string; readonly folder: string };

/**
 * Reads one kubeconfig that was parsed from YAML or JSON.
 *
 * @param source for error messages; `folder` for relative paths in it.
 * @throws {KubeError} `KUBE_CONFIG_BROKEN` when it is no mapping or a part has the wrong shape.
 */
export function readKubeconfig(parsed: unknown, source: string, folder: string): Kubeconfig {
  if (parsed === null || parsed === undefined) return emptyKubeconfig;
  const root = record(parsed);
  if (root === undefined) throw brokenKubeconfig(source, "it is not a mapping");
  return {
    currentContext: string(root["current-context"]) ?? "",
    clusters: named(root["clusters"], "cluster", source, (cluster) => {
      const ca = fileOrData(cluster, "certificate-authority", folder);
      const tlsServerName = string(cluster["tls-server-name"]);
      const proxyUrl = string(cluster["proxy-url"]);
      return {
        server: string(cluster["server"]) ?? "",
        insecureSkipTlsVerify: cluster["insecure-skip-tls-verify"] === true,
        ...(ca === undefined ? {} : { certificateAuthority: ca }),
        ...(tlsServerName === undefined ? {} : { tlsServerName }),
        ...(proxyUrl === undefined ? {} : { proxyUrl }),
      };
    }),
    users: named(root["users"], "user", source, (user) => {
      const clientCertificate = fileOrData(user, "client-certificate", folder);
      const clientKey = fileOrData(user, "client-key", folder);
      const token = string(user["token"]);
      const tokenFile = string(user["tokenFile"]);
      const username = string(user["username"]);
      const password = string(user["password"]);
      const as = string(user["as"]);
      const asUid = string(user["as-uid"]);
      const groups = user["as-groups"];
      return {
        needsPlugin: user["exec"] !== undefined || user["auth-provider"] !== undefined,
        raw: user,
        ...(as === undefined ? {} : { as }),
        ...(asUid === undefined ? {} : { asUid }),
        ...(Array.isArray(groups) ? { asGroups: groups.filter((group) => typeof group === "string") } : {}),
        ...(token === undefined ? {} : { token }),
        ...(tokenFile === undefined ? {} : { tokenFile: { kind: "file" as const, path: tokenFile, folder } }),
        ...(username === undefined ? {} : { username }),
        ...(password === undefined ? {} : { password }),
        ...(clientCertificate === undefined ? {} : { clientCertificate }),
        ...(clientKey === undefined ? {} : { clientKey }),
      };
    }),
    contexts: named(root["contexts"], "context", source, (context) => {
      const namespace = string(context["namespace"]);
      return {
        cluster: string(context["cluster"]) ?? "",
        user: string(context["user"]) ?? "",
        ...(namespace === undefined ? {} : { namespace }),
      };
    }),
  };
}

const emptyKubeconfig: Kubeconfig = {
  currentContext: "",
  clusters: new Map(),
  users: new Map(),
  contexts: new Map(),
};

/** Several files as one, as kubectl does it: of two entries with one name the first counts. */
export function mergeKubeconfigs(configs: readonly Kubeconfig[]): Kubeconfig {
  const merge = <T>(maps: readonly ReadonlyMap<string, T>[]): ReadonlyMap<string, T> =>
    new Map(maps.toReversed().flatMap((map) => [...map]));
  return {
    currentContext: configs.find((config) => config.currentContext !== "")?.currentContext ?? "",
    clusters: merge(configs.map((config) => config.clusters)),
    users: merge(configs.map((config) => config.users)),
    contexts: merge(configs.map((config) => config.contexts)),
  };
}

export function brokenKubeconfig(source: string, state: string, cause?: unknown): KubeError {
  return new KubeError("KUBE_CONFIG_BROKEN", `Cannot read the kubeconfig "${source}": ${state}`, {
    apiMessage: `error loading config file "${source}": ${state}`,
    cause,
    hints: ["compare it with the output of: kubectl config view"],
  });
}

function named<T>(
  list: unknown,
  field: string,
  source: string,
  read: (value: Readonly<Record<string, unknown>>) => T,
): ReadonlyMap<string, T> {
  const entries = new Map<string, T>();
  if (list === undefined || list === null) return entries;
  if (!Array.isArray(list)) throw brokenKubeconfig(source, `"${field}s" is not a list`);
  for (const item of list) {
    const entry = record(item);
    const name = string(entry?.["name"]);
    if (name === undefined) throw brokenKubeconfig(source, `an entry of "${field}s" has no name`);
    if (!entries.has(name)) entries.set(name, read(record(entry?.[field]) ?? {}));
  }
  return entries;
}

function fileOrData(from: Readonly<Record<string, unknown>>, name: string, folder: string): FileOrData | undefined {
  const base64 = string(from[`${name}-data`]);
  if (base64 !== undefined) return { kind: "data", base64 };
  const path = string(from[name]);
  return path === undefined ? undefined : { kind: "file", path, folder };
}

function record(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}

function string(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
