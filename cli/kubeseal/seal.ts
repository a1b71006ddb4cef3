import { type Secret, sealSecret } from "../../src/secrets/index.ts";
import type { ObtainedCertificate } from "../certificates/sealing-certificates.ts";
import type { Context } from "./context.ts";
import { fallbackNamespace } from "./namespace.ts";
import { readSecrets } from "./secret.ts";

/**
 * The usual mode: every Secret of the input becomes a SealedSecret. For several certificates the whole input is sealed
 * for the first, then for the second, and so on.
 */
export async function sealMode(context: Context, certificates: readonly ObtainedCertificate[]): Promise<void> {
  const secrets = await readSecrets(context);
  for (const obtained of certificates) await sealAll(secrets, obtained, context);
}

async function sealAll(secrets: readonly Secret[], obtained: ObtainedCertificate, context: Context): Promise<void> {
  const { options } = context;
  const { allowEmptyData, name, namespace, scope } = options;
  for (const secret of secrets) {
    const isPlaced = (secret.metadata.namespace ?? "") !== "" || namespace !== "" || secret.data.size === 0;
    const defaultNamespace = isPlaced || scope === "cluster-wide" ? undefined : await fallbackNamespace(options);
    const settings = { spki: obtained.certificate.spki, allowEmptyData, name, namespace, scope, defaultNamespace };
    const sealed = await sealSecret(secret, settings);
    await context.printObject(sealed);
  }
}
