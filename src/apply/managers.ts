import { fieldAt, isRecord, type KubeObject, textAt } from "../objects/index.ts";

/** Traces of other tools that an object loses when it comes under our care. */
const OLD_ANNOTATIONS = [
  "kubectl.kubernetes.io/last-applied-configuration",
  "kustomize.toolkit.fluxcd.io/checksum",
  "fluxcd.io/sync-checksum",
];
const OLD_LABELS = ["fluxcd.io/sync-gc-mark"];

interface JsonPatchOperation {
  readonly op: "replace" | "remove";
  readonly path: string;
  readonly value?: unknown;
}

/**
 * The JSON patch by which the fields of `kubectl` and its like become ours, and their annotations go; undefined when
 * there is nothing to take over. Without it, a field that is removed from Git would stay, held by its former manager.
 */
export function takeoverPatch(
  live: KubeObject,
  { manager, overrides = [] }: { readonly manager: string; readonly overrides?: readonly string[] },
): readonly JsonPatchOperation[] | undefined {
  const operations: JsonPatchOperation[] = [
    ...OLD_ANNOTATIONS.flatMap((key) => removal("annotations", key, live.metadata.annotations)),
    ...OLD_LABELS.flatMap((key) => removal("labels", key, live.metadata.labels)),
  ];
  const managed = Array.isArray(live.metadata["managedFields"]) ? live.metadata["managedFields"] : [];
  const taken = managed.filter((entry) => isTaken(entry, manager, overrides));
  if (taken.length > 0)
    operations.push({
      op: "replace",
      path: "/metadata/managedFields",
      value: merged(managed, taken, { live, manager }),
    });
  return operations.length === 0 ? undefined : operations;
}

function isTaken(entry: unknown, manager: string, overrides: readonly string[]): boolean {
  // A subresource is managed in its own right; status is not ours to take.
  if (fieldAt(entry, "subresource") !== undefined) return false;
  const name = textAt(entry, "manager") ?? "";
  const operation = textAt(entry, "operation");
  if (name === "flux-client-side-apply") return false;
  if (name === "before-first-apply" || overrides.includes(name)) return true;
  if (name === manager) return operation === "Update";
  return name === "kubectl" || name.startsWith("kubectl-");
}

/** One Apply entry of ours that owns what it and all taken entries own; the others as they are. */
function merged(
  managed: readonly unknown[],
  taken: readonly unknown[],
  { live, manager }: { readonly live: KubeObject; readonly manager: string },
): readonly unknown[] {
  const isOurs = (entry: unknown) =>
    textAt(entry, "manager") === manager &&
    textAt(entry, "operation") === "Apply" &&
    fieldAt(entry, "subresource") === undefined;
  const ours = managed.find(isOurs);
  const sources = [...(ours === undefined ? [] : [ours]), ...taken];
  return [
    ...managed.filter((entry) => entry !== ours && !taken.includes(entry)),
    {
      manager,
      operation: "Apply",
      apiVersion: textAt(ours, "apiVersion") ?? live.apiVersion,
      fieldsType: "FieldsV1",
      fieldsV1: sources.map((entry) => fieldAt(entry, "fieldsV1")).reduce(union, {}),
    },
  ];
}

function union(left: unknown, right: unknown): unknown {
  if (!isRecord(left)) return right ?? {};
  if (!isRecord(right)) return left;
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  return Object.fromEntries([...keys].map((key) => [key, union(left[key] ?? {}, right[key] ?? {})]));
}

function removal(
  field: "annotations" | "labels",
  key: string,
  values: Readonly<Record<string, string>> | undefined,
): JsonPatchOperation[] {
  if (values?.[key] === undefined) return [];
  return [{ op: "remove", path: `/metadata/${field}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}` }];
}
