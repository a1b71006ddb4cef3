import { Buffer } from "node:buffer";
import { isRecord, isSecret, type KubeObject, objectId, subjectOf } from "../objects/index.ts";
import { type Owner, ownerLabels } from "./controls.ts";
import { ApplyError } from "./errors.ts";

/** Metadata that the server keeps: to send it would be to demand it. */
const SERVER_FIELDS = [
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "generation",
  "managedFields",
  "resourceVersion",
  "selfLink",
  "uid",
];

/**
 * An object as it is sent: with the owner's labels, without what the server keeps, a Secret's `stringData` folded into
 * `data`.
 *
 * @throws {ApplyError} `APPLY_BAD_SECRET` when a Secret's value is no text. The message names the key only.
 */
export function desiredObject(object: KubeObject, owner: Owner): KubeObject {
  const { status, ...rest } = object;
  const metadata = Object.fromEntries(
    Object.entries(object.metadata).filter(([field]) => !SERVER_FIELDS.includes(field)),
  );
  const desired: KubeObject = {
    ...rest,
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: { ...metadata, labels: { ...object.metadata.labels, ...ownerLabels(owner) } },
    ...(object.kind === "CustomResourceDefinition" && status !== undefined ? { status } : {}),
  };
  return isSecret(object) ? foldStringData(desired) : desired;
}

function foldStringData(secret: KubeObject): KubeObject {
  const { stringData, ...rest } = secret;
  const data = rest["data"];
  for (const [field, values] of [
    ["data", data],
    ["stringData", stringData],
  ] as const) {
    for (const [key, value] of isRecord(values) ? Object.entries(values) : []) {
      if (typeof value !== "string" && value !== null) throw badValue(secret, field, key);
    }
  }
  if (!isRecord(stringData))
    return { ...rest, apiVersion: secret.apiVersion, kind: secret.kind, metadata: secret.metadata };
  const folded = Object.entries(stringData).map(([key, value]) => [
    key,
    Buffer.from(String(value ?? "")).toString("base64"),
  ]);
  return {
    ...rest,
    apiVersion: secret.apiVersion,
    kind: secret.kind,
    metadata: secret.metadata,
    data: { ...(isRecord(data) ? data : {}), ...Object.fromEntries(folded) },
  };
}

function badValue(secret: KubeObject, field: string, key: string): ApplyError {
  return new ApplyError(
    "APPLY_BAD_SECRET",
    `Cannot apply ${subjectOf(objectId(secret))}: ${field}.${key} is not a text`,
    {
      hints: ["write the value in quotes"],
    },
  );
}
