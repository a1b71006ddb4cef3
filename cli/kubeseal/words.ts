import { KubeError } from "../../src/kube/index.ts";
import { SecretsError } from "../../src/secrets/index.ts";
import { X509Error } from "../../src/x509/index.ts";
import { YamlError } from "../../src/yaml/index.ts";
import { KubesealError } from "./errors.ts";

/** The library's errors in the words of kubeseal; what it says beyond them stands behind. Others stay as they are. */
export function inKubesealWords(error: unknown): unknown {
  if (error instanceof KubesealError) return error;
  if (error instanceof KubeError) return reworded(error, "KUBESEAL_CLUSTER", error.apiMessage);
  if (error instanceof X509Error) return reworded(error, "KUBESEAL_CERTIFICATE", error.original);
  if (error instanceof YamlError) return reworded(error, "KUBESEAL_BAD_INPUT", error.upstream ?? error.message);
  if (error instanceof SecretsError) return reworded(error, CODES[error.code] ?? "KUBESEAL_BAD_INPUT", error.original);
  return error;
}

const CODES: Partial<Record<SecretsError["code"], KubesealError["code"]>> = {
  SECRETS_DATA_EMPTY: "KUBESEAL_EMPTY_DATA",
  SECRETS_NAME_MISSING: "KUBESEAL_NAME_MISSING",
  SECRETS_NAMESPACE_MISSING: "KUBESEAL_NAMESPACE",
  SECRETS_NAMESPACE_MISMATCH: "KUBESEAL_NAMESPACE",
  SECRETS_UNSEAL_FAILED: "KUBESEAL_UNSEAL",
  SECRETS_LEGACY_DATA: "KUBESEAL_UNSEAL",
  SECRETS_TEMPLATE_FAILED: "KUBESEAL_UNSEAL",
};

function reworded(
  error: KubeError | X509Error | YamlError | SecretsError,
  code: KubesealError["code"],
  message: string,
): KubesealError {
  const repeats = (line: string) => line === message || message.endsWith(line);
  const details = error.details.filter((line) => !repeats(line));
  return new KubesealError(code, message, { details, hints: error.hints, cause: error });
}
