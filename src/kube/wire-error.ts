import { KubeError } from "./errors.ts";

const NOT_SENT: readonly string[] = [
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
];

/**
 * What a failure on the wire means: whether anything was sent decides whether a call may be repeated.
 *
 * @param error what undici or Node threw.
 */
export function wireError(error: unknown, method: string, url: string): KubeError {
  if (error instanceof KubeError) return error;
  const code = codeOf(error);
  const origin = new URL(url).origin;
  const what = `Cannot reach ${origin}`;
  const verb = `${method.charAt(0)}${method.slice(1).toLowerCase()}`;
  const go = (cause: string) => `${verb} "${url}": ${cause}`;
  if (code === "ABORT_ERR" || code === "UND_ERR_ABORTED" || (error instanceof Error && error.name === "AbortError")) {
    return new KubeError("KUBE_ABORTED", `Cannot finish the request to ${origin}: it was given up`, { cause: error });
  }
  if (NOT_SENT.includes(code)) {
    const address = addressOf(error, origin);
    return new KubeError("KUBE_UNREACHABLE", `${what}: ${plain(code)}`, {
      apiMessage: go(`dial tcp ${address}: ${goCause(code)}`),
      cause: error,
      hints: ["check that the cluster runs, and which one is meant: kubectl config view --minify"],
    });
  }
  if (code === "UND_ERR_HEADERS_TIMEOUT" || code === "UND_ERR_BODY_TIMEOUT" || code === "ETIMEDOUT") {
    return new KubeError("KUBE_TIMEOUT", `${what}: it did not answer in time`, {
      apiMessage: go("context deadline exceeded"),
      cause: error,
    });
  }
  if (/CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO|ERR_OSSL/.test(code)) {
    return new KubeError("KUBE_TLS", `${what}: its certificate was not accepted (${code})`, {
      apiMessage: go(`tls: failed to verify certificate: ${messageOf(error)}`),
      cause: error,
      hints: ["check certificate-authority and tls-server-name of your kubeconfig"],
    });
  }
  return new KubeError("KUBE_CUT", `${what}: the connection broke (${code === "" ? messageOf(error) : code})`, {
    apiMessage: go("EOF"),
    cause: error,
  });
}

function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  if (!(error instanceof Error)) return "";
  if ("code" in error && typeof error.code === "string") return error.code;
  return error.cause === undefined ? "" : codeOf(error.cause);
}

function addressOf(error: unknown, origin: string): string {
  if (error instanceof AggregateError && error.errors.length > 0) return addressOf(error.errors[0], origin);
  if (error instanceof Error && "address" in error && "port" in error) return `${error.address}:${error.port}`;
  return new URL(origin).host;
}

function plain(code: string): string {
  if (code === "ECONNREFUSED") return "nothing listens there";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "its name is not known";
  if (code === "UND_ERR_CONNECT_TIMEOUT") return "no connection in time";
  return "there is no way to it";
}

function goCause(code: string): string {
  if (code === "ECONNREFUSED") return "connect: connection refused";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "lookup: no such host";
  return code === "UND_ERR_CONNECT_TIMEOUT" ? "i/o timeout" : "connect: no route to host";
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
