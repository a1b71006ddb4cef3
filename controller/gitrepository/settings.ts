import type { TreeLimits } from "../../src/tree/index.ts";

/** What the source controllers can be told; names follow Flux's flags. Spans in milliseconds. */
export interface SourceSettings {
  /** Folder for artifacts. */
  readonly storagePath: string;
  /** `HOST:PORT` that artifacts are served on; port 0 takes a free one. */
  readonly storageAddress: string;
  /** `HOST[:PORT]` that others reach it by; default the address it listens on. */
  readonly storageAdvertisedAddress?: string | undefined;
  readonly artifactRetentionMs: number;
  readonly artifactRetentionRecords: number;
  readonly concurrency: number;
  readonly intervalJitterPercent: number;
  /** Where fetches put their temporary files; the system's folder by default. */
  readonly tempFolder?: string | undefined;
  readonly limits?: Partial<TreeLimits> | undefined;
  readonly labelSelector?: string | undefined;
}

export const defaultSourceSettings: Omit<SourceSettings, "storagePath"> = {
  storageAddress: "127.0.0.1:0",
  artifactRetentionMs: 60_000,
  artifactRetentionRecords: 2,
  concurrency: 2,
  intervalJitterPercent: 5,
};
