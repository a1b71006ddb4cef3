import type { KubeObject } from "../../src/objects/index.ts";
import { decodeSealedSecret, SecretsError } from "../../src/secrets/index.ts";
import { jsonValue, parseJson, printJson, YamlError } from "../../src/yaml/index.ts";
import { isBlank } from "./blank.ts";
import type { Context } from "./context.ts";
import { type Controller, findController } from "./controller.ts";
import { KubesealError } from "./errors.ts";
import { type InputDocument, readInput } from "./input.ts";

/** `--validate`: asks the controller about every document; silent when it can open them all. */
export async function validateMode(context: Context): Promise<void> {
  await eachDocument(context, "unable to decrypt sealed secret", async (controller, object) => {
    if (await controller.verify(onTheWire(object))) return;
    throw new KubesealError("KUBESEAL_UNSEAL", `unable to decrypt sealed secret: ${object.metadata.name ?? ""}`, {
      hints: [
        "it opens only with the keys of this cluster, and for the scope, name and namespace that it was sealed for",
        "sealkit kubeseal --fetch-cert, then seal the Secret again",
      ],
    });
  });
}

/** `--re-encrypt`: has the controller seal every document again. */
export async function reEncryptMode(context: Context): Promise<void> {
  await eachDocument(context, undefined, async (controller, object) => {
    const rotated = await controller.rotate(onTheWire(object));
    if (rotated === undefined) throw new KubesealError("KUBESEAL_UNSEAL", "unable to rotate secret");
    const answer = readAnswer(rotated);
    const { creationTimestamp: _, generation: __, ...metadata } = answer.metadata;
    await context.printObject({ ...answer, metadata, kind: "SealedSecret", apiVersion: "bitnami.com/v1alpha1" });
  });
}

function onTheWire(object: KubeObject): string {
  return printJson(Object.fromEntries(Object.entries(object).filter(([, value]) => value !== "")), { sortKeys: true });
}

/** The object that the controller answered with; it need not say its kind. */
function readAnswer(text: string): KubeObject {
  if (text.trim() === "") throw badAnswer("unexpected end of JSON input");
  try {
    const value = jsonValue(parseJson(text, { mode: "lenient" }));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return decodeSealedSecret(value, { scalarsAsText: false });
    }
    const kind = Array.isArray(value) ? "array" : typeof value;
    throw badAnswer(`json: cannot unmarshal ${kind} into Go value of type v1alpha1.SealedSecret`);
  } catch (cause) {
    if (cause instanceof SecretsError) throw badAnswer(withoutFrame(cause), cause);
    if (!(cause instanceof YamlError)) throw cause;
    throw badAnswer(`invalid character '${text.trim()[0]}' looking for beginning of value`, cause);
  }
}

function badAnswer(message: string, cause?: unknown): KubesealError {
  return new KubesealError("KUBESEAL_CLUSTER", message, {
    details: ["the answer to the request to re-encrypt is no SealedSecret"],
    cause,
  });
}

/** The original reads all documents before it asks about the first. `frame` replaces what is wrong with one of them. */
async function eachDocument(
  context: Context,
  frame: string | undefined,
  work: (controller: Controller, object: KubeObject) => Promise<void>,
): Promise<void> {
  const controller = await findController(context.options, context.io);
  try {
    const { documents, warnings } = readInput(await context.readInput());
    await context.doubt(warnings);
    if (documents.length === 0) await context.doubt(["the input holds no object: nothing was asked"]);
    const objects = documents.filter(({ value }) => !isBlank(value)).map((document) => readDocument(document, frame));
    for (const object of objects) await work(controller, object);
  } finally {
    await controller.close();
  }
}

function readDocument({ value, number, isJson }: InputDocument, frame: string | undefined): KubeObject {
  try {
    return decodeSealedSecret(value, { scalarsAsText: !isJson });
  } catch (cause) {
    if (!(cause instanceof SecretsError)) throw cause;
    const reason = isJson ? withoutFrame(cause) : cause.original;
    const details = [`in document ${number} of the input`, ...(frame === undefined ? [] : [reason])];
    throw new KubesealError("KUBESEAL_BAD_INPUT", frame ?? reason, { details, cause });
  }
}

function withoutFrame({ original }: SecretsError): string {
  return original.replace("error unmarshaling JSON: while decoding JSON: ", "");
}
