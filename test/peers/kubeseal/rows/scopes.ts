import type { Invocation } from "../../../helpers/kubeseal/comparison.ts";

const PREFIX = "sealedsecrets.bitnami.com";
const ANNOTATIONS: Readonly<Record<string, string>> = {
  "no annotation": "",
  "namespace-wide": `    ${PREFIX}/namespace-wide: "true"\n`,
  "cluster-wide": `    ${PREFIX}/cluster-wide: "true"\n`,
  both: `    ${PREFIX}/cluster-wide: "true"\n    ${PREFIX}/namespace-wide: "true"\n`,
  others: `    ${PREFIX}/cluster-wide: "True"\n    ${PREFIX}/namespace-wide: "1"\n    ${PREFIX}/managed: "true"\n`,
};
const SCOPES = [[], ["--scope", "strict"], ["--scope=namespace-wide"], ["--scope", "cluster-wide"]];
const NAMESPACES = [[], ["-n", "apps"], ["-n", "other"]];
const KUBECONFIGS = [{}, { KUBECONFIG: "kc" }, { KUBECONFIG: "kc-ns" }];

function secret(annotations: string, namespace: string | undefined): string {
  const notes = annotations === "" ? "" : `  annotations:\n${annotations}`;
  const place = namespace === undefined ? "" : `  namespace: ${namespace}\n`;
  return `apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n${place}${notes}data:\n  user: YWRtaW4=\n`;
}

/** Every scope flag on every annotation, with and without namespaces in the input, on the command line, in the context. */
export function scopeRows(): Invocation[] {
  const rows: Invocation[] = [];
  for (const [annotation, text] of Object.entries(ANNOTATIONS)) {
    for (const scope of SCOPES) {
      for (const namespace of NAMESPACES) {
        for (const own of ["apps", undefined]) {
          // The rest is dealt out in turn: three kubeconfigs and two formats over 120 rows.
          const env = KUBECONFIGS[rows.length % KUBECONFIGS.length] ?? {};
          const format = rows.length % 2 === 0 ? ["-o", "yaml"] : [];
          rows.push({
            name: `seal ${[...scope, ...namespace].join(" ")} of ${annotation}, in ${own ?? "no namespace"} (${rows.length})`,
            args: ["--cert", "cert.pem", ...scope, ...namespace, ...format],
            stdin: secret(text, own),
            env,
          });
        }
      }
    }
  }
  return rows;
}

/** `--raw` over the same ground. */
export function rawRows(): Invocation[] {
  const rows: Invocation[] = [];
  for (const scope of SCOPES) {
    for (const name of [[], ["--name", "db"], ["--name="]]) {
      for (const namespace of NAMESPACES.slice(0, 2)) {
        const env = KUBECONFIGS[rows.length % KUBECONFIGS.length] ?? {};
        rows.push({
          name: `raw ${[...scope, ...name, ...namespace].join(" ")} (${rows.length})`,
          args: ["--raw", "--cert", "cert.pem", ...scope, ...name, ...namespace],
          stdin: "a value\n",
          env,
        });
      }
    }
  }
  const cluster = ["--raw", "--cert", "cert.pem", "--scope", "cluster-wide"];
  const from = (...args: string[]): Invocation => ({
    name: `raw ${args.join(" ")}`,
    args: [...cluster, ...args],
    stdin: "from stdin",
    files: { v: "from v\n", "v=w": "from v=w", "a,b": "from a,b", "sub/v": "deep" },
  });
  rows.push(
    from("--from-file", "v"),
    from("--from-file=v"),
    from("--from-file", "k=v"),
    from("--from-file", "k=v=w"),
    from("--from-file", "=v"),
    from("--from-file", "v="),
    from("--from-file", ""),
    from("--from-file", '"a,b"'),
    from("--from-file", "v,v"),
    from("--from-file", "sub/v"),
    from("--from-file", "sub"),
    from("--from-file", "none"),
    from("--from-file", "k=none"),
    from("--from-file", "v", "--from-file", "none"),
    from("-w", "out.json"),
    from("-w", "out.yaml"),
    from("-f", "none"),
    from("-f", "v"),
    from("--allow-empty-data"),
    from("-o", "xml"),
    { ...from(), name: "raw of bytes", stdin: Uint8Array.from({ length: 256 }, (_, at) => at) },
    { ...from(), name: "raw of a megabyte", stdin: "x".repeat(1 << 20) },
    { ...from(), name: "raw of nothing", stdin: "" },
    { ...from(), name: "raw, file from the environment", env: { SEALED_SECRETS_FROM_FILE: "v" } },
    { ...from("--from-file", "v"), name: "raw, files add up", env: { SEALED_SECRETS_FROM_FILE: "v" } },
    {
      name: "raw, all by the environment",
      args: [],
      stdin: "v",
      env: {
        SEALED_SECRETS_RAW: "true",
        SEALED_SECRETS_CERT: "cert.pem",
        SEALED_SECRETS_NAME: "db",
        SEALED_SECRETS_NAMESPACE: "apps",
      },
    },
    {
      name: "raw, namespace prefix",
      args: ["--raw", "--cert", "cert.pem", "--name", "db", "-n", "ns/apps"],
      stdin: "v",
    },
    {
      name: "raw, name with a slash",
      args: ["--raw", "--cert", "cert.pem", "--name", "a/b", "-n", "apps"],
      stdin: "v",
    },
  );
  return rows;
}
