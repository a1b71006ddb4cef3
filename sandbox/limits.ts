/** Bounds of one sandbox. Everything that a client can make grow has one. */
export interface SandboxLimits {
  /** Bytes of one request body; above it 413. */
  readonly bodyBytes: number;
  /** Nesting of a request body; above it 400. */
  readonly bodyDepth: number;
  /** Events kept for watches that resume; older revisions answer 410. */
  readonly eventWindow: number;
  /** About how many bytes those events may hold; above it the oldest are forgotten earlier. */
  readonly eventBytes: number;
  /** Open watches at a time; above it 429. */
  readonly watchers: number;
  /** Requests in work at a time, watches not counted; above it 429. */
  readonly requestsInFlight: number;
  /** Objects in the whole store; above it 429, so that a runaway client cannot eat the memory. */
  readonly objects: number;
  /** About how many bytes all objects together may hold; above it 429. */
  readonly objectBytes: number;
  /** Bytes waiting in one watch's socket before the watch is closed. */
  readonly watchBufferBytes: number;
  /** Milliseconds between bookmarks on a watch that asked for them. */
  readonly bookmarkMs: number;
}

export const DEFAULT_LIMITS: SandboxLimits = {
  bodyBytes: 3 * 1024 * 1024,
  bodyDepth: 200,
  eventWindow: 20_000,
  eventBytes: 256 * 1024 * 1024,
  watchers: 1_000,
  requestsInFlight: 400,
  objects: 200_000,
  objectBytes: 1024 * 1024 * 1024,
  watchBufferBytes: 64 * 1024 * 1024,
  bookmarkMs: 60_000,
};
