import type { ClusterSelection } from "../../src/kube/index.ts";
import { durationMs } from "../flag.ts";
import type { Io } from "../io.ts";
import { type FlagProblem, goBool, parseFlags, splitCommaList } from "../pflag.ts";
import { KUBESEAL_FLAGS, KUBESEAL_SPECS, SCOPES, type ScopeName } from "./flags.ts";

/** A command line of kubeseal, understood. Empty texts count as not given, as in the original. */
export interface KubesealOptions {
  readonly allowEmptyData: boolean;
  /** Files and URLs, one for each cluster to seal for; a single empty one: the controller. Without `--each-cert` the last. */
  readonly certs: readonly string[];
  /** `SHA256:…` of the keys that may be sealed for; none: any. */
  readonly certFingerprints: readonly string[];
  /** 0: no cache. */
  readonly certMaxAgeMs: number;
  readonly controllerName: string;
  readonly controllerNamespace: string;
  readonly fetchCert: boolean;
  /** As typed; checked only where something is printed. */
  readonly format: string;
  readonly fromFile: readonly string[];
  readonly help: boolean;
  readonly mergeInto: string;
  readonly name: string;
  /** Given by flag or environment, without a `ns/` prefix; empty when not given. */
  readonly namespace: string;
  readonly raw: boolean;
  readonly reEncrypt: boolean;
  /** `--rotate` was typed: the original says on stdout that it is deprecated. */
  readonly usedRotate: boolean;
  readonly recoveryPrivateKey: readonly string[];
  readonly recoveryUnseal: boolean;
  readonly scope: ScopeName;
  readonly sealedSecretFile: string;
  readonly secretFile: string;
  readonly strict: boolean;
  readonly validate: boolean;
  /** Logging level, 0 and up. */
  readonly verbosity: number;
  readonly version: boolean;
  readonly selection: ClusterSelection;
  /** As typed. */
  readonly requestTimeout: string;
}

export type OptionsResult =
  | { readonly ok: true; readonly options: KubesealOptions }
  | { readonly ok: false; readonly problem: FlagProblem };

/** Understands flags and `SEALED_SECRETS_*` variables. Flags win; for lists both count, the variable first. */
export function readOptions(words: readonly string[], io: Pick<Io, "env" | "cwd">): OptionsResult {
  const result = parseFlags(KUBESEAL_SPECS, words);
  if (!result.ok) return result;
  const { given } = result.parsed;
  const env = fromEnvironment(io.env);
  const texts = (name: string) => [...(env.get(name) ?? []), ...(given.get(name) ?? [])];
  const text = (name: string, fallback = "") => texts(name).at(-1) ?? fallback;
  const isOn = (name: string) => text(name) === "true";
  const some = (name: string) => text(name) || undefined;
  return {
    ok: true,
    options: {
      allowEmptyData: isOn("allow-empty-data"),
      certs: isOn("each-cert") ? (given.get("cert") ?? env.get("cert") ?? [""]) : [text("cert")],
      certFingerprints: texts("cert-fingerprint"),
      certMaxAgeMs: durationMs(text("cert-max-age", "0")) ?? 0,
      controllerName: text("controller-name", "sealed-secrets-controller"),
      controllerNamespace: text("controller-namespace", "kube-system"),
      fetchCert: isOn("fetch-cert"),
      format: text("format", "json"),
      fromFile: texts("from-file"),
      help: isOn("help"),
      mergeInto: text("merge-into"),
      name: text("name"),
      namespace: namespaceName(text("namespace")),
      raw: isOn("raw"),
      reEncrypt: isOn("re-encrypt") || isOn("rotate"),
      usedRotate: given.has("rotate"),
      recoveryPrivateKey: texts("recovery-private-key"),
      recoveryUnseal: isOn("recovery-unseal"),
      scope: SCOPES.find((scope) => scope === text("scope")) ?? "strict",
      sealedSecretFile: text("sealed-secret-file"),
      secretFile: text("secret-file"),
      strict: isOn("strict"),
      validate: isOn("validate"),
      verbosity: Number(text("v", "0")),
      version: isOn("version"),
      requestTimeout: text("request-timeout", "0"),
      selection: {
        env: io.env,
        cwd: io.cwd,
        kubeconfig: some("kubeconfig"),
        context: some("context"),
        cluster: some("cluster"),
        user: some("user"),
        server: some("server"),
        token: some("token"),
        username: some("username"),
        password: some("password"),
        clientCertificate: some("client-certificate"),
        clientKey: some("client-key"),
        certificateAuthority: some("certificate-authority"),
        insecureSkipTlsVerify: isOn("insecure-skip-tls-verify") || undefined,
        tlsServerName: some("tls-server-name"),
        proxyUrl: some("proxy-url"),
        as: some("as"),
        asUid: some("as-uid"),
        asGroups: texts("as-group"),
      },
    },
  };
}

/** Values of the environment; what the flag would refuse is ignored. */
function fromEnvironment(env: Io["env"]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const { name, kind, check, logging } of KUBESEAL_FLAGS) {
    const value = logging ? undefined : env[`SEALED_SECRETS_${name.toUpperCase().replaceAll("-", "_")}`];
    if (value === undefined || check?.(value) !== undefined) continue;
    if (kind === "bool") {
      const read = goBool(value);
      if (read !== undefined) found.set(name, [String(read)]);
    } else found.set(name, kind === "slice" ? (splitCommaList(value) ?? []) : [value]);
  }
  return found;
}

/** kubectl's habit: `ns/x`, `namespace/x` and `namespaces/x` name the namespace `x`. */
function namespaceName(given: string): string {
  return given.replace(/^(?:ns|namespaces?)\//i, "");
}
