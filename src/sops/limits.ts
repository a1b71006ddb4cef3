/** Bounds for SOPS files that come from somebody else. */
export interface SopsLimits {
  /** Largest file in bytes. */
  readonly maxFileBytes: number;
  /** Deepest nesting of mappings and lists. */
  readonly maxDepth: number;
  /** Most key groups, and most master keys in all groups together. */
  readonly maxMasterKeys: number;
  /** Largest encrypted data key (`enc`) in characters: an age file for one recipient has some 400. */
  readonly maxEncryptedKeyLength: number;
}

export const SOPS_LIMITS: SopsLimits = {
  maxFileBytes: 256 * 1024 * 1024,
  maxDepth: 1_000,
  maxMasterKeys: 1_000,
  maxEncryptedKeyLength: 64 * 1024,
};
