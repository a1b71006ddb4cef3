import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { KubeError } from "../errors.ts";
import type { ClusterConfig } from "./cluster-config.ts";
import { credentialsOf, pem } from "./credentials-adapter.ts";
import { inClusterConfig } from "./in-cluster-adapter.ts";
import {
  brokenKubeconfig,
  type FileOrData,
  type Kubeconfig,
  type KubeconfigCluster,
  type KubeconfigContext,
  type KubeconfigUser,
  mergeKubeconfigs,
  readKubeconfig,
} from "./kubeconfig.ts";
import { checkChosen } from "./kubeconfig-problems.ts";

/** Where to look for a cluster, and what the command line overrides. Names follow kubectl's flags. */
export interface ClusterSelection {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Relative paths start here. */
  readonly cwd: string;
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  readonly cluster?: string | undefined;
  readonly user?: string | undefined;
  readonly namespace?: string | undefined;
  readonly server?: string | undefined;
  readonly token?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly clientCertificate?: string | undefined;
  readonly clientKey?: string | undefined;
  readonly certificateAuthority?: string | undefined;
  readonly insecureSkipTlsVerify?: boolean | undefined;
  readonly tlsServerName?: string | undefined;
  readonly proxyUrl?: string | undefined;
  readonly as?: string | undefined;
  readonly asUid?: string | undefined;
  readonly asGroups?: readonly string[] | undefined;
}

/** What the Go clients print when there is no configuration at all. */
const NO_CONFIGURATION =
  "invalid configuration: no configuration has been provided, try setting KUBERNETES_MASTER environment variable";

/** Which API server is meant, and what its certificate is checked against: enough to tell clusters apart. */
export type ClusterAddress = Pick<ClusterConfig, "server" | "ca" | "insecureSkipTlsVerify" | "tlsServerName">;

/**
 * Finds the cluster that a person means: `kubeconfig`, else the files of `KUBECONFIG`, else `~/.kube/config`, else the
 * service account of the pod that we run in.
 *
 * @throws {KubeError} `KUBE_CONFIG_*` or `KUBE_CREDENTIALS`.
 */
export async function loadClusterConfig(selection: ClusterSelection): Promise<ClusterConfig> {
  const config = await loadKubeconfig(selection);
  const found = locate(config, selection);
  if (found.kind === "inside") return found.cluster;
  const { context, clusterName, cluster, address } = found;
  const userName = selection.user ?? context?.user;
  const user = userName === undefined ? undefined : config.users.get(userName);
  if (selection.user !== undefined && user === undefined) throw missing("auth info", selection.user);
  const { server } = address;
  const proxyUrl = selection.proxyUrl ?? cluster?.proxyUrl ?? proxyFromEnv(selection.env, server);
  const chosen = overridden(user, selection);
  const namespace = selection.namespace ?? context?.namespace;
  const ca = caOf(selection, cluster);
  checkChosen({ clusterName: clusterName ?? "", ca, proxyUrl, userName: userName ?? "", user: chosen }, whyUnreadable);
  // No password or token goes over a wire that anybody can read; the Go clients leave them out there, too.
  if (!/^https:/i.test(server)) {
    return { ...address, proxyUrl, namespace, authorize: withImpersonation(nobody, chosen, selection) };
  }
  const credentials = await credentialsOf({
    user: chosen,
    userName: userName ?? "",
    config,
    contextName: selection.context ?? config.currentContext,
    cluster: { name: clusterName ?? "", server },
  });
  return {
    ...address,
    clientCertificate: credentials.clientCertificate,
    clientKey: credentials.clientKey,
    proxyUrl,
    namespace,
    authorize: withImpersonation(credentials.authorize, chosen, selection),
  };
}

const nobody: ClusterConfig["authorize"] = () => Promise.resolve({});

function caOf(selection: ClusterSelection, cluster: KubeconfigCluster | undefined): FileOrData | undefined {
  return asked(selection.certificateAuthority, selection.cwd) ?? cluster?.certificateAuthority;
}

/** Go's word on a file that cannot be read. */
function whyUnreadable(file: FileOrData): string | undefined {
  if (file.kind === "data") return undefined;
  try {
    accessSync(resolve(file.folder, file.path), constants.R_OK);
    return undefined;
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : "";
    return code === "EACCES" ? "permission denied" : "no such file or directory";
  }
}

/** An address without a scheme is one of http, unless something of TLS was given with it. */
function withScheme(server: string, isTls: boolean): string {
  return server === "" || /^[a-z][a-z0-9+.-]*:\/\//i.test(server) ? server : `${isTls ? "https" : "http"}://${server}`;
}

/**
 * The address of the cluster that `loadClusterConfig` would find. Never looks at credentials.
 *
 * @throws {KubeError} `KUBE_CONFIG_*` or `KUBE_CREDENTIALS`.
 */
export async function clusterAddress(selection: ClusterSelection): Promise<ClusterAddress> {
  const found = locate(await loadKubeconfig(selection), selection);
  return found.kind === "inside" ? found.cluster : found.address;
}

type Located =
  | { readonly kind: "inside"; readonly cluster: ClusterConfig }
  | {
      readonly kind: "named";
      readonly context: KubeconfigContext | undefined;
      readonly clusterName: string | undefined;
      readonly cluster: KubeconfigCluster | undefined;
      readonly address: ClusterAddress;
    };

function locate(config: Kubeconfig, selection: ClusterSelection): Located {
  if (config.clusters.size === 0 && selection.server === undefined) {
    const inside = selection.kubeconfig === undefined ? inClusterConfig(selection.env) : undefined;
    if (inside !== undefined) return { kind: "inside", cluster: inside };
    throw noConfiguration(selection);
  }
  const context = contextOf(config, selection);
  const clusterName = selection.cluster ?? context?.cluster;
  const cluster = clusterName === undefined ? undefined : config.clusters.get(clusterName);
  if (selection.cluster !== undefined && cluster === undefined) throw missing("cluster", selection.cluster);
  const ca = caOf(selection, cluster);
  const insecureSkipTlsVerify = selection.insecureSkipTlsVerify ?? cluster?.insecureSkipTlsVerify;
  const server = withScheme(
    selection.server ?? cluster?.server ?? "",
    ca !== undefined || insecureSkipTlsVerify === true,
  );
  if (server === "") throw noConfiguration(selection);
  const why = ca === undefined ? undefined : whyUnreadable(ca);
  const address = {
    server,
    // Whatever is wrong with the file is told with all else that is wrong.
    ca: ca === undefined || why !== undefined ? undefined : pem(ca),
    insecureSkipTlsVerify,
    tlsServerName: selection.tlsServerName ?? cluster?.tlsServerName,
  };
  return { kind: "named", context, clusterName, cluster, address };
}

/** The namespace of the current context, `default` when it names none, undefined without any configuration. Never looks at credentials. */
export async function contextNamespace(selection: ClusterSelection): Promise<string | undefined> {
  const config = await loadKubeconfig(selection);
  if (config.clusters.size === 0) return inClusterConfig(selection.env)?.namespace;
  return contextOf(config, selection)?.namespace ?? "default";
}

async function loadKubeconfig(selection: ClusterSelection): Promise<Kubeconfig> {
  const { env } = selection;
  if (selection.kubeconfig !== undefined && selection.kubeconfig !== "") {
    return (await readFile(selection.kubeconfig, selection.cwd, "required")) ?? mergeKubeconfigs([]);
  }
  const listed = kubeconfigPaths(env);
  const home = env["HOME"];
  const paths = listed.length > 0 ? listed : home === undefined ? [] : [join(home, ".kube", "config")];
  const configs = await Promise.all(paths.map((path) => readFile(path, selection.cwd, "optional")));
  return mergeKubeconfigs(configs.filter((config) => config !== undefined));
}

/** The files that `KUBECONFIG` names. */
function kubeconfigPaths(env: ClusterSelection["env"]): readonly string[] {
  return (env["KUBECONFIG"] ?? "").split(":").filter((path) => path !== "");
}

async function readFile(path: string, cwd: string, need: "required" | "optional"): Promise<Kubeconfig | undefined> {
  const full = resolve(cwd, path);
  let text: string;
  try {
    text = readFileSync(full, "utf8");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : "";
    if (code === "ENOENT" && need === "optional") return undefined;
    if (code === "EISDIR") throw brokenKubeconfig(path, `read ${path}: is a directory`, cause);
    const state = code === "ENOENT" ? "there is no such file" : code === "EACCES" ? "no permission" : String(code);
    throw new KubeError("KUBE_CONFIG_UNREADABLE", `Cannot read the kubeconfig "${path}": ${state}`, {
      apiMessage: code === "ENOENT" ? `stat ${path}: no such file or directory` : `open ${path}: permission denied`,
      cause,
      hints: ["name another one with --kubeconfig or KUBECONFIG"],
    });
  }
  return readKubeconfig(await parse(text, path), path, dirname(full));
}

async function parse(text: string, path: string): Promise<unknown> {
  // Loaded here because most runs never see a kubeconfig.
  const { readManifests, YamlError } = await import("../../yaml/index.ts");
  try {
    return readManifests(text, { mode: "lenient", source: path }).manifests[0]?.value;
  } catch (cause) {
    if (!(cause instanceof YamlError)) throw cause;
    const said = cause.upstream ?? `yaml: line ${cause.at.line}: ${cause.problem}`;
    throw brokenKubeconfig(path, said, cause);
  }
}

function contextOf(config: Kubeconfig, selection: ClusterSelection): KubeconfigContext | undefined {
  if (selection.context !== undefined && selection.context !== "") {
    const context = config.contexts.get(selection.context);
    if (context === undefined) throw missing("context", selection.context);
    return context;
  }
  return config.contexts.get(config.currentContext);
}

function missing(what: string, name: string): KubeError {
  return new KubeError("KUBE_CONFIG_CONTEXT", `Cannot use ${what} "${name}": your kubeconfig has none of that name`, {
    apiMessage: `${what} "${name}" does not exist`,
    hints: ["list them with: kubectl config get-contexts"],
  });
}

function noConfiguration({ env, cwd, kubeconfig }: ClusterSelection): KubeError {
  const named = kubeconfig ?? "";
  const listed = named === "" ? kubeconfigPaths(env) : [];
  const details = listed.map((path) => `${path}: ${existsSync(resolve(cwd, path)) ? "it names none" : "no such file"}`);
  const state =
    named === "" ? "there is no kubeconfig and this is no pod" : `the kubeconfig ${JSON.stringify(named)} names none`;
  return new KubeError("KUBE_CONFIG_NONE", `Cannot find a cluster: ${state}`, {
    apiMessage: NO_CONFIGURATION,
    details,
    hints: ["name a kubeconfig with --kubeconfig or KUBECONFIG", "or start one here with: sealkit sandbox"],
  });
}

function overridden(user: KubeconfigUser | undefined, selection: ClusterSelection): KubeconfigUser | undefined {
  const { token, username, password, cwd } = selection;
  const clientCertificate = asked(selection.clientCertificate, cwd);
  const clientKey = asked(selection.clientKey, cwd);
  if ([token, username, password, clientCertificate, clientKey].every((part) => part === undefined)) return user;
  const base: KubeconfigUser = user ?? { needsPlugin: false, raw: {} };
  return {
    ...base,
    // A credential on the command line is the one that is meant: no plugin is asked for another.
    needsPlugin: false,
    ...(token === undefined ? {} : { token }),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(clientCertificate === undefined ? {} : { clientCertificate }),
    ...(clientKey === undefined ? {} : { clientKey }),
  };
}

function withImpersonation(
  authorize: ClusterConfig["authorize"],
  user: KubeconfigUser | undefined,
  selection: ClusterSelection,
): ClusterConfig["authorize"] {
  const as = selection.as ?? user?.as;
  const asUid = selection.asUid ?? user?.asUid;
  const given = selection.asGroups ?? [];
  const asGroups = given.length > 0 ? given : (user?.asGroups ?? []);
  if (as === undefined && asUid === undefined && asGroups.length === 0) return authorize;
  const headers: Record<string, string | string[]> = {};
  if (as !== undefined) headers["impersonate-user"] = as;
  if (asUid !== undefined) headers["impersonate-uid"] = asUid;
  if (asGroups.length > 0) headers["impersonate-group"] = [...asGroups];
  return async (refresh) => ({ ...(await authorize(refresh)), ...headers });
}

function asked(path: string | undefined, cwd: string): FileOrData | undefined {
  return path === undefined || path === "" ? undefined : { kind: "file", path, folder: cwd };
}

function proxyFromEnv(env: ClusterSelection["env"], server: string): string | undefined {
  const scheme = server.startsWith("http://") ? "http" : "https";
  const proxy = env[`${scheme.toUpperCase()}_PROXY`] ?? env[`${scheme}_proxy`];
  if (proxy === undefined || proxy === "") return undefined;
  const host = URL.canParse(server) ? new URL(server).hostname : "";
  if (host === "localhost" || host === "[::1]" || host.startsWith("127.")) return undefined;
  const exempt = (env["NO_PROXY"] ?? env["no_proxy"] ?? "").split(",").map((entry) => entry.trim());
  const isExempt = exempt.some(
    (entry) =>
      entry === "*" || (entry !== "" && (host === entry || host.endsWith(entry.startsWith(".") ? entry : `.${entry}`))),
  );
  return isExempt ? undefined : proxy;
}
