import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Artifact, digestOf, type PackedArtifact } from "./artifact.ts";
import { SourceError } from "./errors.ts";

/** The object that an artifact belongs to. */
export interface ArtifactOwner {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

export interface StorageOptions {
  /** Folder that holds everything; made when it is not there. */
  readonly root: string;
  /** `host:port` that others reach the storage's server by. */
  readonly advertisedAddress: () => string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Files younger than this stay although they are not the current one. */
  readonly retentionMs?: number;
  /** Files of one owner that stay at most, the current one included. */
  readonly retentionRecords?: number;
}

const DEFAULT_RETENTION_MS = 60_000;
const DEFAULT_RETENTION_RECORDS = 2;
const MAX_FILES_SCANNED = 1000;

/** Kubernetes names of objects and namespaces; anything else must not become a path. */
const SAFE_PART = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;

/** Artifacts on disk, as `<kind>/<namespace>/<name>/<file>`. A file is whole or not there. */
export class ArtifactStorage {
  readonly #options: StorageOptions;

  constructor(options: StorageOptions) {
    this.#options = options;
  }

  get root(): string {
    return this.#options.root;
  }

  /**
   * Makes the root and tries to write to it, so that a wrong folder is told at the start and not by the first artifact.
   *
   * @throws {SourceError} `SOURCE_STORAGE_FAILED`.
   */
  async prepare(): Promise<void> {
    const probe = join(this.#options.root, `.probe-${randomUUID()}`);
    try {
      await mkdir(this.#options.root, { recursive: true, mode: 0o700 });
      await (await open(probe, "wx", 0o600)).close();
      await rm(probe);
    } catch (cause) {
      throw storageFailed("store anything below", this.#options.root, cause);
    }
  }

  /**
   * Stores an artifact under `file` and tells how others find it.
   *
   * @throws {SourceError} `SOURCE_STORAGE_FAILED`, for example when the disk is full; an older file stays as it was.
   */
  async store(
    owner: ArtifactOwner,
    { file, revision, packed }: { readonly file: string; readonly revision: string; readonly packed: PackedArtifact },
  ): Promise<Artifact> {
    const path = this.#path(owner, file);
    const target = join(this.#options.root, path);
    const beside = `${target}.${randomUUID()}.part`;
    try {
      await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      const handle = await open(beside, "wx", 0o600);
      try {
        await handle.writeFile(packed.bytes);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(beside, target);
    } catch (cause) {
      await rm(beside, { force: true }).catch(() => undefined);
      throw storageFailed("store", path, cause);
    }
    return {
      path,
      url: this.url(path),
      revision,
      digest: packed.digest,
      lastUpdateTime: new Date(this.#options.now()).toISOString().replace(/\.\d{3}Z$/, "Z"),
      size: packed.bytes.length,
    };
  }

  /** Where others find what is stored at `path`; changes with the advertised address. */
  url(path: string): string {
    return `http://${this.#options.advertisedAddress()}/${path}`;
  }

  /** Whether what `artifact` describes is there and unchanged. */
  async verify(artifact: Pick<Artifact, "path" | "digest">): Promise<"intact" | "missing" | "damaged"> {
    if (!isStoragePath(artifact.path)) return "missing";
    try {
      const bytes = await readFile(join(this.#options.root, artifact.path));
      return digestOf(bytes) === artifact.digest ? "intact" : "damaged";
    } catch (cause) {
      if (isMissing(cause)) return "missing";
      throw storageFailed("read", artifact.path, cause);
    }
  }

  /** Removes what an owner no longer needs: older than the retention, or beyond the number of records. */
  async collectGarbage(owner: ArtifactOwner, currentPath: string | undefined): Promise<number> {
    const folder = join(this.#options.root, this.#folder(owner));
    const names = (await namesIn(folder)).slice(0, MAX_FILES_SCANNED);
    const files = await Promise.all(
      names.map(async (name) => ({ name, modified: (await stat(join(folder, name))).mtimeMs })),
    );
    const others = files
      .filter(({ name }) => `${this.#folder(owner)}/${name}` !== currentPath)
      .sort((left, right) => right.modified - left.modified);
    const keep = (this.#options.retentionRecords ?? DEFAULT_RETENTION_RECORDS) - (currentPath === undefined ? 0 : 1);
    const oldest = this.#options.now() - (this.#options.retentionMs ?? DEFAULT_RETENTION_MS);
    const old = others.filter(({ modified }, index) => index >= keep || modified < oldest);
    for (const { name } of old) await rm(join(folder, name), { force: true });
    return old.length;
  }

  /** Removes everything of an owner. */
  async removeAll(owner: ArtifactOwner): Promise<void> {
    const folder = this.#folder(owner);
    try {
      await rm(join(this.#options.root, folder), { recursive: true, force: true });
    } catch (cause) {
      throw storageFailed("remove", folder, cause);
    }
  }

  #path(owner: ArtifactOwner, file: string): string {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,200}$/.test(file)) throw new RangeError("file: expected a plain file name");
    return `${this.#folder(owner)}/${file}`;
  }

  #folder({ kind, namespace, name }: ArtifactOwner): string {
    const parts = [kind.toLowerCase(), namespace, name];
    if (!parts.every((part) => SAFE_PART.test(part))) throw new RangeError("owner: expected Kubernetes names");
    return parts.join("/");
  }
}

/** `kind/namespace/name/file`, each a plain name. */
export function isStoragePath(path: string): boolean {
  const parts = path.split("/");
  return (
    parts.length === 4 && parts.every((part) => /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(part)) && !path.endsWith(".part")
  );
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    if (isMissing(cause)) return [];
    throw storageFailed("list", folder, cause);
  }
}

function isMissing(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && (cause.code === "ENOENT" || cause.code === "ENOTDIR");
}

const HINTS: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full: free space, or give the storage a larger volume",
  EACCES: "choose a folder that this process may write to, with --storage-path",
  EROFS: "choose a folder that this process may write to, with --storage-path",
  ENOTDIR: "choose a folder, with --storage-path",
};

function storageFailed(action: string, path: string, cause: unknown): SourceError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown error";
  const hint = HINTS[code];
  const hints = hint === undefined ? [] : [hint];
  return new SourceError("SOURCE_STORAGE_FAILED", `Cannot ${action} "${path}": ${code}`, { cause, hints });
}
