import { printJson, readManifests, type YamlValue } from "../../src/yaml/index.ts";
import type { Context } from "./context.ts";
import { type Controller, findController } from "./controller.ts";
import { KubesealError } from "./errors.ts";
import { readInput } from "./input.ts";
import { isObject } from "./sealed-secret.ts";

/** `--validate`: asks the controller about every document; silent when it can open them all. */
export async function validateMode(context: Context): Promise<void> {
  await eachDocument(context, async (controller, document) => {
    if (await controller.verify(printJson(document, { sortKeys: true }))) return;
    throw new KubesealError("KUBESEAL_UNSEAL", `unable to decrypt sealed secret: ${nameOf(document)}`, {
      hints: [
        "it opens only with the keys of this cluster, and for the scope, name and namespace that it was sealed for",
        "sealkit kubeseal --fetch-cert, then seal the Secret again",
      ],
    });
  });
}

/** `--re-encrypt`: has the controller seal every document again. */
export async function reEncryptMode(context: Context): Promise<void> {
  await eachDocument(context, async (controller, document) => {
    const rotated = await controller.rotate(printJson(document, { sortKeys: true }));
    if (rotated === undefined) throw new KubesealError("KUBESEAL_UNSEAL", "unable to rotate secret");
    const value = readManifests(rotated, { mode: "lenient" }).manifests[0]?.value;
    const object = isObject(value) ? value : {};
    await context.printObject({ ...object, kind: "SealedSecret", apiVersion: "bitnami.com/v1alpha1" });
  });
}

async function eachDocument(
  context: Context,
  work: (controller: Controller, document: YamlValue) => Promise<void>,
): Promise<void> {
  const controller = await findController(context.options, context.io);
  try {
    const { documents, warnings } = readInput(await context.readInput());
    await context.doubt(warnings);
    if (documents.length === 0) await context.doubt(["the input holds no object: nothing was asked"]);
    for (const { value } of documents) await work(controller, value);
  } finally {
    await controller.close();
  }
}

function nameOf(document: YamlValue): string {
  const metadata = isObject(document) ? document["metadata"] : undefined;
  const name = isObject(metadata) ? metadata["name"] : undefined;
  return typeof name === "string" ? name : "";
}
