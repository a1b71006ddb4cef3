import { type BuiltObject, build } from "../../src/kustomize/index.ts";
import type { DecryptingTree } from "../../src/secrets/index.ts";
import { type Artifact, SourceError } from "../../src/sources/index.ts";
import { type FileTree, fromTarGz, type TreeLimits } from "../../src/tree/index.ts";
import { errorLines } from "../error-lines.ts";
import {
  type DecryptionPorts,
  decryptingView,
  decryptSecretData,
  refuseEncryptedSecrets,
  refuseOptOuts,
  refuseSpilledClearText,
} from "./decryption.ts";
import { failed, Halt, waiting } from "./halt.ts";
import type { KustomizationSpec } from "./spec.ts";

/** Gives the bytes of an artifact, checked against its digest. */
export type ArtifactReader = (
  artifact: Artifact,
  options: { timeoutMs: number; signal: AbortSignal },
) => Promise<Uint8Array>;

/** The tree of an artifact, when it has the object's path. */
export async function loadTree(
  artifact: Artifact,
  spec: KustomizationSpec,
  ports: {
    readonly readArtifact: ArtifactReader;
    readonly limits?: Partial<TreeLimits> | undefined;
    readonly requeueMs: number;
    readonly signal: AbortSignal;
  },
): Promise<{ readonly tree: FileTree; readonly path: string }> {
  let tree: FileTree;
  try {
    const bytes = await ports.readArtifact(artifact, { timeoutMs: spec.timeoutMs, signal: ports.signal });
    tree = await fromTarGz(bytes, {
      ...(ports.limits === undefined ? {} : { limits: ports.limits }),
      badLinks: "leave-out",
    });
  } catch (error) {
    // The source stores it again, or tells its new address; that is not for this object's interval to decide.
    if (error instanceof SourceError) throw waiting("ArtifactFailed", errorLines(error), ports.requeueMs);
    throw failed("ArtifactFailed", errorLines(error), spec.retryIntervalMs);
  }
  const { path } = spec;
  if (path === undefined) {
    throw failed("ArtifactFailed", "kustomization path not found: it leads out of the artifact", spec.retryIntervalMs);
  }
  if (path !== "" && !tree.hasDirectory(path)) {
    const message = `kustomization path not found: no directory ${JSON.stringify(path)} in revision '${artifact.revision}'`;
    throw failed("ArtifactFailed", message, spec.retryIntervalMs);
  }
  return { tree, path };
}

export interface Built {
  readonly objects: readonly BuiltObject[];
  readonly view: DecryptingTree | undefined;
}

/** Decrypts and builds. Nothing is applied before all of it is known to be good. */
export async function buildObjects(
  { tree, path }: { readonly tree: FileTree; readonly path: string },
  spec: KustomizationSpec,
  options: { readonly namespace: string; readonly ports: DecryptionPorts; readonly clearTextKinds: readonly string[] },
): Promise<Built> {
  try {
    const view = await decryptingView(tree, spec, options);
    const objects = await decryptSecretData(await build(view ?? tree, path), view, spec);
    refuseOptOuts(objects, view);
    refuseEncryptedSecrets(objects, spec);
    refuseSpilledClearText(objects, view, options.clearTextKinds);
    return { objects, view };
  } catch (error) {
    if (error instanceof Halt) throw error;
    throw failed("BuildFailed", errorLines(error), spec.retryIntervalMs);
  }
}
