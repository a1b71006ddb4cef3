import { isRecord, type KubeObject, listAt, textAt } from "../objects/index.ts";
import type { FileTree } from "../tree/index.ts";
import { readManifests, YamlError } from "../yaml/index.ts";
import { type BuiltObject, type Origin, originText } from "./built.ts";
import { KustomizeError } from "./errors.ts";
import type { BuildLimits } from "./limits.ts";

const MAX_LIST_DEPTH = 4;

/**
 * The objects of one file, in its order; lists are replaced by their items. Undefined when there is no such file.
 *
 * @throws {KustomizeError} `KUSTOMIZE_BAD_FILE` with file and line, `KUSTOMIZE_BAD_OBJECT` with file and document.
 */
export async function readObjects(
  tree: FileTree,
  file: string,
  limits: BuildLimits,
): Promise<readonly BuiltObject[] | undefined> {
  const bytes = await tree.read(file);
  if (bytes === undefined) return undefined;
  if (bytes.length > limits.maxFileBytes) {
    throw new KustomizeError("KUSTOMIZE_TOO_LARGE", `Cannot read ${JSON.stringify(file)}: ${bytes.length} bytes`, {
      file,
      details: [`at most ${limits.maxFileBytes} bytes are allowed`],
    });
  }
  return readDocuments(file, bytes).flatMap(({ value, document, line }) =>
    toObjects(value, { file, document, line }, 0).map((object) => ({ object, origin: { file, document, line } })),
  );
}

/** The documents of a YAML or JSON file. */
export function readDocuments(file: string, bytes: Uint8Array) {
  try {
    return readManifests(bytes, { source: file }).manifests;
  } catch (cause) {
    if (!(cause instanceof YamlError)) throw cause;
    const { line, column } = cause.at;
    const place = `document ${documentAt(bytes, line)}, line ${line}, column ${column}`;
    const message = `failed to decode Kubernetes YAML from ${file}: ${place}: ${cause.problem}`;
    throw new KustomizeError("KUSTOMIZE_BAD_FILE", message, {
      file,
      details: cause.details,
      hints: cause.hints,
      cause,
    });
  }
}

/** The 1-based document that a line belongs to; separators before any content begin none. */
function documentAt(bytes: Uint8Array, line: number): number {
  let document = 1;
  let hasContent = false;
  for (const text of new TextDecoder().decode(bytes).split("\n", line)) {
    if (/^---(?:\s|$)/.test(text)) {
      if (hasContent) document += 1;
      hasContent = true;
    } else if (/^\s*[^\s#]/.test(text)) {
      hasContent = true;
    }
  }
  return document;
}

function toObjects(value: unknown, origin: Origin, depth: number): readonly KubeObject[] {
  if (!isRecord(value)) throw badObject(origin, "it is not an object");
  const kind = textAt(value, "kind") ?? "";
  if (kind.endsWith("List") && Array.isArray(value["items"])) {
    if (depth >= MAX_LIST_DEPTH) throw badObject(origin, "its lists nest too deep");
    return listAt(value, "items").flatMap((item) => toObjects(item, origin, depth + 1));
  }
  if (!isKubeObject(value)) throw badObject(origin, missing(value));
  const inexact = inexactField(value, "");
  if (inexact !== undefined) throw badObject(origin, `the integer in ${inexact} is beyond 2^53`);
  return [value];
}

/** The first field with an integer that a number does not hold exactly: it would reach the cluster changed. */
function inexactField(value: unknown, path: string): string | undefined {
  if (typeof value === "bigint") return path;
  if (typeof value !== "object" || value === null) return undefined;
  for (const [key, part] of Object.entries(value)) {
    const found = inexactField(part, path === "" ? key : `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What every object needs before it can be named. */
function isKubeObject(value: unknown): value is KubeObject {
  return [["apiVersion"], ["kind"], ["metadata", "name"]].every((path) => (textAt(value, ...path) ?? "") !== "");
}

function missing(value: unknown): string {
  if ((textAt(value, "apiVersion") ?? "") === "") return "it has no apiVersion";
  if ((textAt(value, "kind") ?? "") === "") return "it has no kind";
  return "it has no metadata.name";
}

function badObject(origin: Origin, why: string): KustomizeError {
  return new KustomizeError(
    "KUSTOMIZE_BAD_OBJECT",
    `Cannot read ${originText(origin)} as a Kubernetes object: ${why}`,
    {
      file: origin.file,
      hints: [
        "every .yaml file below the path has to hold Kubernetes objects; a kustomization.yaml can choose among them",
      ],
    },
  );
}
