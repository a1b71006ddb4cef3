import { primitives } from "#primitives";
import { encodeHex } from "../bytes/hex.ts";
import { type FileTree, toTarGz } from "../tree/index.ts";

/** What a source hands to others, as its `status.artifact` says it. */
export interface Artifact {
  /** Below the storage's root. */
  readonly path: string;
  readonly url: string;
  readonly revision: string;
  /** `sha256:<hex>` of the file as it is stored, compressed. */
  readonly digest: string;
  /** RFC 3339. */
  readonly lastUpdateTime: string;
  /** Bytes of the file. */
  readonly size: number;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** A tree packed for storage. */
export interface PackedArtifact {
  readonly bytes: Uint8Array;
  readonly digest: string;
}

/** Packs a tree so that the same content always has the same digest. */
export async function packArtifact(tree: FileTree): Promise<PackedArtifact> {
  const bytes = await toTarGz(tree);
  return { bytes, digest: digestOf(bytes) };
}

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${encodeHex(primitives.sha256(bytes))}`;
}
