/** Bounds for what one side of a key service takes from the other. */
export interface RemoteLimits {
  /** Largest request or answer in bytes: an encrypted data key has some hundred, and 64 KiB at most. */
  readonly maxMessageBytes: number;
  /** How long a call may take, a person who is asked included. */
  readonly callTimeoutMs: number;
  /** Most requests that are worked on at once; others are turned away. */
  readonly maxConcurrentCalls: number;
  readonly maxConnections: number;
  /** After how long without a call a connection is closed. */
  readonly maxIdleMs: number;
}

export const REMOTE_LIMITS: RemoteLimits = {
  maxMessageBytes: 256 * 1024,
  callTimeoutMs: 120_000,
  maxConcurrentCalls: 64,
  maxConnections: 256,
  maxIdleMs: 600_000,
};
