import { mergeInto } from "../../src/secrets/index.ts";
import { isSameFile } from "../age/same-file-adapter.ts";
import type { ObtainedCertificate } from "../certificates/sealing-certificates.ts";
import type { Context } from "./context.ts";
import { KubesealError } from "./errors.ts";
import { readFileGo, replaceFileGo } from "./files.ts";
import { printObject } from "./print.ts";
import { readSealedSecret } from "./sealed-secret.ts";
import { readSecrets } from "./secret.ts";

/** `--merge-into`: the items of the first Secret of the input are added to the SealedSecret in a file. */
export async function mergeMode(context: Context, certificates: readonly ObtainedCertificate[]): Promise<void> {
  const { options, io } = context;
  const { mergeInto: path, allowEmptyData, namespace, scope, sealedSecretFile } = options;
  const [obtained, other] = certificates;
  if (obtained === undefined || other !== undefined) {
    throw new KubesealError(
      "KUBESEAL_BAD_OPTION",
      "Cannot merge for several certificates: an item has one ciphertext",
      {
        hints: ["run it once for each certificate, each with a file of its own"],
      },
    );
  }
  const [secret, second] = await readSecrets(context);
  const target = readSealedSecret(await readFileGo(io, path, { forWriting: true }))?.object;
  if (target === undefined || secret === undefined) {
    throw new KubesealError("KUBESEAL_BAD_INPUT", `Cannot merge into "${path}": it holds no SealedSecret`);
  }
  if (second !== undefined) await context.doubt(["only the first document of the input is merged"]);
  const settings = {
    spki: obtained.certificate.spki,
    allowEmptyData,
    namespace,
    scope: scope === "strict" ? undefined : scope,
  };
  const merged = await mergeInto(target, secret, settings);
  const text = printObject(merged, context.format);
  // The output file is written last, and empty otherwise: where it is the target, that would lose everything.
  if (sealedSecretFile !== "" && (await isSameFile(io, path, sealedSecretFile))) await context.print(text);
  else await replaceFileGo(io, path, text, { keepMode: true });
}
