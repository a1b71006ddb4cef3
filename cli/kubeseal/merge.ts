import { mergeInto } from "../../src/secrets/index.ts";
import { checkNotExpired, type SealingCertificate } from "../../src/x509/index.ts";
import type { Context } from "./context.ts";
import { KubesealError } from "./errors.ts";
import { readFileGo, replaceFileGo } from "./files.ts";
import { printObject } from "./print.ts";
import { readSealedSecret } from "./sealed-secret.ts";
import { readSecrets } from "./secret.ts";

/** `--merge-into`: the items of the first Secret of the input are added to the SealedSecret in a file. */
export async function mergeMode(context: Context, certificate: SealingCertificate): Promise<void> {
  const { options, io } = context;
  const { mergeInto: path, allowEmptyData, namespace, scope, format } = options;
  const [secret, second] = await readSecrets(context);
  const target = readSealedSecret(await readFileGo(io, path));
  if (target === undefined || secret === undefined) {
    throw new KubesealError("KUBESEAL_BAD_INPUT", `Cannot merge into "${path}": it holds no SealedSecret`);
  }
  if (second !== undefined) await context.doubt(["only the first document of the input is merged"]);
  const settings = { spki: certificate.spki, allowEmptyData, namespace, scope: scope === "strict" ? undefined : scope };
  const merged = await mergeInto(target, secret, settings);
  checkNotExpired(certificate, io.now());
  await replaceFileGo(io, path, printObject(merged, format), { keepMode: true });
}
