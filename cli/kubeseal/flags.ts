import { fingerprintProblem } from "../certificates/fingerprint.ts";
import { durationMs } from "../flag.ts";
import type { FlagKind, FlagSpec } from "../pflag.ts";
import { levelProblem, modulesProblem, severityProblem, sizeProblem, traceProblem } from "./logging-flags.ts";

/** A flag of kubeseal with what its usage list says. */
export interface KubesealFlag {
  readonly name: string;
  readonly short?: string;
  readonly kind: FlagKind;
  /** Type word of the usage list; absent for switches. */
  readonly type?: string;
  readonly usage: string;
  /** Default as the usage list shows it. */
  readonly shownDefault?: string;
  /** Flags of the logging library cannot be set by environment variables; they are accepted and do nothing here. */
  readonly logging?: true;
  readonly hidden?: true;
  readonly check?: (value: string) => string | undefined;
  readonly notBoolean?: string;
}

export const SCOPES = ["strict", "namespace-wide", "cluster-wide"] as const;
export type ScopeName = (typeof SCOPES)[number];

const isScope = (value: string) =>
  value === "" || SCOPES.some((scope) => scope === value) ? undefined : `must be one of: ${SCOPES.join(", ")}`;

const isDuration = (value: string) =>
  durationMs(value) === undefined ? "it is not a duration such as 90m, 12h or 7d" : undefined;

const bool = (name: string, usage: string): KubesealFlag => ({ name, kind: "bool", usage });
const text = (name: string, usage: string, more: Partial<KubesealFlag> = {}): KubesealFlag => ({
  name,
  kind: "string",
  type: "string",
  usage,
  ...more,
});

const flags: readonly KubesealFlag[] = [
  bool("allow-empty-data", "Seal Secrets that hold no data"),
  text("as", "User to impersonate"),
  { name: "as-group", kind: "array", type: "stringArray", usage: "Group to impersonate, may be repeated" },
  text("as-uid", "UID to impersonate"),
  {
    ...text("cert", "Certificate file or URL to seal with; the cluster is not asked then"),
    // Of several the last one counts, unless --each-cert is given.
    kind: "array",
  },
  {
    name: "cert-fingerprint",
    kind: "array",
    type: "stringArray",
    usage: "(sealkit) Refuse a certificate whose key is not this one: SHA256:…",
    check: fingerprintProblem,
  },
  text("cert-max-age", "(sealkit) Use the controller's certificate again while it is not older than this; 0 is never", {
    shownDefault: '"0"',
    check: isDuration,
  }),
  text("certificate-authority", "Certificate file of the API server's authority"),
  text("client-certificate", "Client certificate file for TLS"),
  text("client-key", "Client key file for TLS"),
  text("cluster", "Cluster of the kubeconfig to use"),
  text("context", "Context of the kubeconfig to use"),
  text("controller-name", "Service of the controller", { shownDefault: '"sealed-secrets-controller"' }),
  text("controller-namespace", "Namespace of the controller", { shownDefault: '"kube-system"' }),
  bool("disable-compression", "Ask the API server for uncompressed answers"),
  bool("each-cert", "(sealkit) Seal for every --cert, not for the last one only"),
  bool("fetch-cert", "Print the controller's certificate, to be used with --cert later"),
  text("format", "Output format: json or yaml", { short: "o", shownDefault: '"json"' }),
  {
    name: "from-file",
    kind: "slice",
    type: "strings",
    usage: "(with --raw) File that holds the value, optionally as key=file",
  },
  bool("help", "Print this list"),
  bool("insecure-skip-tls-verify", "Do not check the API server's certificate. This makes the connection insecure"),
  text("kubeconfig", "Kubeconfig file"),
  text("merge-into", "Add the items of the input to this SealedSecret file"),
  text("name", "Name of the SealedSecret (needed with --raw in the strict scope)"),
  text("namespace", "Namespace of the Secret", { short: "n" }),
  text("password", "Password for basic authentication to the API server"),
  text("proxy-url", "Proxy to reach the API server through"),
  bool("raw", "Seal one value instead of a whole Secret"),
  bool("re-encrypt", "Have the controller seal the input again, with its newest key"),
  {
    name: "recovery-private-key",
    kind: "slice",
    type: "strings",
    usage: "Private keys for --recovery-unseal: PEM files, or key Secrets (also in a List) as YAML or JSON",
  },
  bool("recovery-unseal", "Decrypt a SealedSecret offline with the keys of --recovery-private-key"),
  text("request-timeout", "How long one request to the API server may take (1s, 2m, 3h); 0 is for ever", {
    shownDefault: '"0"',
  }),
  { ...bool("rotate", "Same as --re-encrypt"), hidden: true },
  {
    name: "scope",
    kind: "string",
    type: "string",
    usage: "What the sealed values are bound to: strict, namespace-wide, cluster-wide",
    shownDefault: '"strict"',
    check: isScope,
  },
  text("sealed-secret-file", "Output file; .yaml and .yml choose that format", { short: "w" }),
  text("secret-file", "Input file", { short: "f" }),
  text("server", "Address of the API server"),
  bool("strict", "(sealkit) Make every warning an error"),
  text("tls-server-name", "Name to expect in the API server's certificate"),
  text("token", "Bearer token for the API server"),
  text("user", "User of the kubeconfig to use"),
  text("username", "User name for basic authentication to the API server"),
  bool("validate", "Ask the controller whether it can decrypt the input"),
  bool("version", "Print the version"),
  ...loggingFlags(),
];

/** Every flag of kubeseal 0.40 and our own `--strict`, by name. */
export const KUBESEAL_FLAGS = flags.toSorted((left, right) => (left.name < right.name ? -1 : 1));

function loggingFlags(): KubesealFlag[] {
  const usage = "(logging, no effect)";
  const verbosity = "From 1 on: say on stderr which key is sealed for";
  const switches = [
    "add_dir_header",
    "alsologtostderr",
    "legacy_stderr_threshold_behavior",
    "logtostderr",
    "one_output",
    "skip_headers",
    "skip_log_headers",
  ];
  const typed: readonly (readonly [name: string, type: string, check?: KubesealFlag["check"]])[] = [
    ["alsologtostderrthreshold", "severity", severityProblem],
    ["log_backtrace_at", "traceLocation", traceProblem],
    ["log_dir", "string"],
    ["log_file", "string"],
    ["log_file_max_size", "uint", sizeProblem],
    ["stderrthreshold", "severity", severityProblem],
    ["vmodule", "moduleSpec", modulesProblem],
  ];
  return [
    ...switches.map((name): KubesealFlag => ({ name, kind: "bool", usage, logging: true, notBoolean: "parse error" })),
    ...typed.map(
      ([name, type, check]): KubesealFlag => ({
        name,
        kind: "string",
        type,
        usage,
        logging: true,
        ...(check === undefined ? {} : { check }),
      }),
    ),
    { name: "v", short: "v", kind: "string", type: "Level", usage: verbosity, logging: true, check: levelProblem },
  ];
}

/** The same flags for the parser. */
export const KUBESEAL_SPECS: readonly FlagSpec[] = KUBESEAL_FLAGS.map(({ name, short, kind, check, notBoolean }) => ({
  name,
  short,
  kind,
  check,
  notBoolean,
}));
