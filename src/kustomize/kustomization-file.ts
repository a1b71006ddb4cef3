import { fieldAt, isRecord } from "../objects/index.ts";
import type { FileTree } from "../tree/index.ts";
import { KustomizeError } from "./errors.ts";
import { readDocuments } from "./manifest-file.ts";

const NAMES = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/** What a kustomization file asks for, as far as it is implemented. */
export interface Kustomization {
  readonly file: string;
  readonly resources: readonly string[];
}

/** The kustomization file of a directory, if there is one. */
export function kustomizationFileIn(tree: FileTree, directory: string): string | undefined {
  const found = NAMES.map((name) => (directory === "" ? name : `${directory}/${name}`)).filter((path) =>
    hasFile(tree, path),
  );
  if (found.length > 1) {
    throw new KustomizeError("KUSTOMIZE_MULTIPLE_FILES", `Found multiple kustomization files under: ${directory}`, {
      details: found,
      hints: ["keep one of them"],
    });
  }
  return found[0];
}

/** Whether the tree has this file. */
export function hasFile(tree: FileTree, path: string): boolean {
  // Paths are sorted, but by bytes: a set per tree is cheaper than a search for each question.
  let known = FILES.get(tree);
  if (known === undefined) {
    known = new Set(tree.paths());
    FILES.set(tree, known);
  }
  return known.has(path);
}

const FILES = new WeakMap<FileTree, ReadonlySet<string>>();

const KNOWN_FIELDS = ["apiVersion", "kind", "metadata", "resources"];

/**
 * Reads a kustomization file. Only its first document counts.
 *
 * @throws {KustomizeError} `KUSTOMIZE_FIELD_UNSUPPORTED` for a field that is not implemented and asks for something.
 */
export async function readKustomization(tree: FileTree, file: string): Promise<Kustomization> {
  const bytes = (await tree.read(file)) ?? new Uint8Array();
  const value = readDocuments(file, bytes)[0]?.value;
  if (value === undefined) throw badFile(file, "it is empty");
  if (!isRecord(value)) throw badFile(file, "it is not a mapping");
  for (const [field, content] of Object.entries(value)) {
    if (!KNOWN_FIELDS.includes(field) && !asksForNothing(content)) throw unsupported(file, field);
  }
  checkType(file, value);
  const resources = value["resources"] ?? [];
  if (!Array.isArray(resources)) throw badFile(file, '"resources" is not a list');
  return {
    file,
    resources: resources.map((entry, index) => {
      if (typeof entry !== "string" || entry === "") throw badFile(file, `"resources[${index}]" is not a path`);
      return entry;
    }),
  };
}

function checkType(file: string, value: unknown): void {
  const kind = fieldAt(value, "kind") ?? "Kustomization";
  if (kind !== "Kustomization") throw badFile(file, `kind ${JSON.stringify(kind)} is not supported here`);
  const apiVersion = fieldAt(value, "apiVersion") ?? "kustomize.config.k8s.io/v1beta1";
  if (apiVersion !== "kustomize.config.k8s.io/v1beta1") {
    throw badFile(file, "apiVersion for Kustomization should be kustomize.config.k8s.io/v1beta1");
  }
}

function asksForNothing(content: unknown): boolean {
  if (content === null || content === undefined || content === "" || content === false) return true;
  if (Array.isArray(content)) return content.length === 0;
  return isRecord(content) && Object.keys(content).length === 0;
}

function unsupported(file: string, field: string): KustomizeError {
  const shown = JSON.stringify(field.slice(0, 100));
  return new KustomizeError(
    "KUSTOMIZE_FIELD_UNSUPPORTED",
    `Cannot build ${JSON.stringify(file)}: ${shown} is not supported yet`,
    {
      file,
      details: ['only "resources" is; to leave a field out could change what reaches the cluster'],
      hints: ["run kustomize build, and commit what it prints"],
    },
  );
}

function badFile(file: string, why: string): KustomizeError {
  return new KustomizeError("KUSTOMIZE_BAD_FILE", `Cannot read ${JSON.stringify(file)} as a kustomization: ${why}`, {
    file,
  });
}
