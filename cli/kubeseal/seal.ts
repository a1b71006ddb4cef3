import { sealSecret } from "../../src/secrets/index.ts";
import { checkNotExpired, type SealingCertificate } from "../../src/x509/index.ts";
import type { Context } from "./context.ts";
import { fallbackNamespace } from "./namespace.ts";
import { readSecrets } from "./secret.ts";

/** The usual mode: every Secret of the input becomes a SealedSecret. */
export async function sealMode(context: Context, certificate: SealingCertificate): Promise<void> {
  const { options, io } = context;
  const { allowEmptyData, name, namespace, scope } = options;
  for (const secret of await readSecrets(context)) {
    const isPlaced = (secret.metadata.namespace ?? "") !== "" || namespace !== "" || secret.data.size === 0;
    const defaultNamespace = isPlaced || scope === "cluster-wide" ? undefined : await fallbackNamespace(options);
    const settings = { spki: certificate.spki, allowEmptyData, name, namespace, scope, defaultNamespace };
    const sealed = await sealSecret(secret, settings);
    checkNotExpired(certificate, io.now());
    await context.printObject(sealed);
  }
}
