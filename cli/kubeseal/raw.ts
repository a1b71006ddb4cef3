import { encodeBase64 } from "../../src/bytes/base64.ts";
import { scopeLabel, sealItem } from "../../src/sealed/index.ts";
import type { ObtainedCertificate } from "../certificates/sealing-certificates.ts";
import type { Context } from "./context.ts";
import { KubesealError } from "./errors.ts";
import { readFileGo, readStdinGo } from "./files.ts";
import { fallbackNamespace } from "./namespace.ts";

const NO_CONFIGURATION =
  "invalid configuration: no configuration has been provided, try setting KUBERNETES_MASTER environment variable";

/** `--raw`: one value in, one sealed item out, without a line end; for several certificates one line for each. */
export async function rawMode(context: Context, certificates: readonly ObtainedCertificate[]): Promise<void> {
  const { options, io } = context;
  const { scope, name, fromFile } = options;
  const namespace = scope === "cluster-wide" ? "" : await fallbackNamespace(options);
  if (namespace === undefined) {
    const hints = ["name the namespace with -n NAMESPACE"];
    throw new KubesealError("KUBESEAL_NAMESPACE", NO_CONFIGURATION, { hints });
  }
  if (scope === "strict" && name === "") {
    throw new KubesealError("KUBESEAL_NAME_MISSING", "must provide the --name flag with --raw and --scope strict");
  }
  if (fromFile.length > 1) {
    throw new KubesealError(
      "KUBESEAL_BAD_OPTION",
      "must provide only one --from-file when encrypting a single item with --raw",
    );
  }
  const [source] = fromFile;
  const plain = source === undefined ? await readStdinGo(io) : await readFileGo(io, source.replace(/^[^=]*=/, ""));
  const label = scopeLabel(scope, namespace, name);
  for (const { certificate } of certificates) {
    const sealed = encodeBase64(await sealItem(certificate.spki, plain, label));
    await context.print(certificates.length === 1 ? sealed : `${sealed}\n`);
  }
}
